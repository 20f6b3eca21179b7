"""A provider's JSONL, as it arrives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

__all__ = ["json_objects"]


async def json_objects(chunks: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any]]:
    """The objects of a JSONL file; a line that is none is left out.

    Lines end at a newline only: JSON texts may hold the other characters that end a line elsewhere.
    """
    held = b""
    async for chunk in chunks:
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            if (value := _read(line)) is not None:
                yield value
    if (value := _read(held)) is not None:
        yield value


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
