"""Names that this package or another distribution gives to backends and rubrics.

Another distribution names an object in an entry point. The object is loaded when its name is used,
and never before: a broken distribution stops only the panels that need it.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TypeVar

from unisafe_judges.errors import PanelError

__all__ = ["installed", "known_names", "look_up"]

T = TypeVar("T")


def installed(group: str) -> EntryPoints:
    """The entry points of a group that the distributions installed here have."""
    return _installed(group, tuple((folder, _changed(folder)) for folder in sys.path))


@lru_cache(maxsize=16)
def _installed(group: str, path: tuple[tuple[str, int], ...]) -> EntryPoints:
    # A file of each distribution is read, hundreds at times.
    return entry_points(group=group)


def _changed(folder: str) -> int:
    """When something was last installed into a folder."""
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def known_names(group: str, built_in: Iterable[str]) -> list[str]:
    """The built-in names, then those that other distributions add; nothing is loaded."""
    return list(dict.fromkeys([*built_in, *sorted(installed(group).names)]))


def look_up(
    name: str,
    built_in: Mapping[str, T],
    *,
    group: str,
    kind: str,
    read: Callable[[str, object], T],
) -> T:
    """What a name stands for.

    Args:
        name: as a panel file has it.
        built_in: what this package gives names to.
        group: the entry points that add names.
        kind: what sentences call such a thing, such as `rubric`.
        read: makes a name and the object of its entry point what is returned, or raises a
            ValueError whose text ends the sentence "the rubric 'short' of ...".

    Raises:
        PanelError: nothing has the name, more than one thing has it, or the object cannot be used.
    """
    added = sorted(installed(group).select(name=name), key=_distribution)
    distributions = " and ".join(_distribution(entry_point) for entry_point in added)
    if name in built_in and added:
        raise PanelError(
            f"the {kind} {name!r} is built in, and the distribution {distributions} adds another "
            f"one of that name (entry point {added[0].value}): uninstall it, or rename its entry "
            "point"
        )
    if name in built_in:
        return built_in[name]
    if not added:
        known = known_names(group, built_in)
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise PanelError(f"there is no {kind} {name!r}{hint}; choose one of: {', '.join(known)}")
    if len(added) > 1:
        raise PanelError(
            f"the distributions {distributions} both add a {kind} {name!r}: uninstall one of them"
        )
    (entry_point,) = added
    subject = f"the {kind} {name!r} of the distribution {distributions}"
    try:
        value = entry_point.load()
    except Exception as error:
        reason = _one_line(f"{type(error).__name__}: {error}")
        raise PanelError(
            f"{subject} cannot be imported (entry point {entry_point.value}): {reason}"
        ) from error
    try:
        return read(name, value)
    except ValueError as error:
        reason = _one_line(str(error))
        raise PanelError(f"{subject} {reason} (entry point {entry_point.value})") from error


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _distribution(entry_point: EntryPoint) -> str:
    return entry_point.dist.name if entry_point.dist is not None else "of an unknown name"
