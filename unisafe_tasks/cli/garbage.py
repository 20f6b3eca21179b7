"""Python's search for garbage, left out where there is none, and rare where there is little."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["holds_many_cases", "keeps_what_it_reads"]

_SELDOM = (10_000, 20, 20)


@contextmanager
def keeps_what_it_reads() -> Iterator[None]:
    """For a command that reads runs, shows them and ends: its data hold no cycles.

    Python would look for cycles again and again, in ever more data: a sixth of a report's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def holds_many_cases() -> Iterator[None]:
    """For a command in which thousands of cases wait for their verdicts.

    Python would look through all of them each time that some have come: a fifth of the time. What
    few cycles there are still go.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
