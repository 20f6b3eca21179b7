"""What the name of a data source says: whether it is the demo set, and whether a subset of what."""

from __future__ import annotations

import re

__all__ = ["DEMO", "DEMO_NOTE", "is_demo", "original_name", "size_in_words"]

DEMO = "demo"
DEMO_NOTE = "Demo data: these are not UniSAFE results and must not be reported as such."

_SUBSET = re.compile(r"(?P<original>.+)-subset-[0-9a-f]{12}", re.DOTALL)


def is_demo(name: str | None) -> bool:
    """Whether a source of this name is the demo set or a subset of it."""
    return name is not None and original_name(name) == DEMO


def original_name(name: str) -> str:
    """The source's name where `name` is a subset's; else `name`."""
    match = _SUBSET.fullmatch(name)
    return match["original"] if match else name


def size_in_words(per_subcategory: int) -> str:
    """How large a subset is, as people are told."""
    return f"{per_subcategory:,} target{'' if per_subcategory == 1 else 's'} a subcategory"
