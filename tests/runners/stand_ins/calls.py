"""What a stand-in was called with, as lines of JSON in the file that STAND_IN_LOG names."""

from __future__ import annotations

import json
import os
from typing import Any


def note(name: str, **arguments: Any) -> None:
    line = json.dumps({"name": name, "arguments": arguments}, default=in_words)
    with open(os.environ["STAND_IN_LOG"], "a", encoding="utf-8") as log:
        log.write(line + "\n")


def in_words(value: Any) -> Any:
    """An image by its size, a generator by its seed, and all else by its form in text."""
    if hasattr(value, "initial_seed"):
        return f"seed {value.initial_seed()}"
    if hasattr(value, "size") and hasattr(value, "getbbox"):
        return f"image {value.size[0]}x{value.size[1]}"
    return str(value)
