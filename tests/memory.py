"""How much memory Python takes while something is done."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

__all__ = ["peak_of"]


def peak_of(do: Callable[[], object]) -> int:
    """The most bytes that a call takes at once: of two calls, those of the one that takes less.

    What is made once, at whatever moment, is no part of what each call takes: an import, or the
    interpreter's table of interned strings, which takes 8 or 15 MB at once when it is doubled.
    """
    return min(_peak_of_one(do), _peak_of_one(do))


def _peak_of_one(do: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        do()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
