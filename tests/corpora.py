"""One test for many texts: each is checked, and those that fail are named together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

Item = TypeVar("Item")


def assert_each(check: Callable[[Item], None], named: Mapping[str, Item]) -> None:
    """Fails with the names of all items that the check, which asserts, fails for."""
    assert named
    failures: dict[str, str] = {}
    for name, item in named.items():
        try:
            check(item)
        except (Exception, pytest.fail.Exception) as error:
            failures[name] = f"{type(error).__name__}: {str(error)[:500]}"
    lines = [f"{name[:100]}: {said}" for name, said in failures.items()]
    assert not failures, f"{len(lines)} of {len(named)} failed:\n" + "\n".join(lines)


def by_text(*texts: str) -> dict[str, str]:
    """Texts that are their own names, as they can be printed."""
    return {ascii(text): text for text in texts}
