"""How long tests wait for what is to happen."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["LIMIT_S", "wait_until"]

LIMIT_S = 600
"""Longer than anything in a test takes on a busy machine: it only turns a hang into a failure."""


def wait_until(is_so: Callable[[], object], otherwise: str) -> None:
    """Return as soon as something is so; if it never is, fail with what is wrong then."""
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)
