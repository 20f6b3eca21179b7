"""Names cut to a width where they stay different: for terminals and for paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

__all__ = ["shortened"]

_SHARES = (0.5, 0.75, 0.25, 1.0, 0.0)
"""Of the width that a cut name may take, so much is before the cut."""

_CUT = "…"


def shortened(names: Sequence[str], width: float, width_of: Callable[[str], float]) -> list[str]:
    """The names in at most this width, cut where they stay different: in the middle, or nearer to
    an end. Names that no cut keeps apart end with their numbers.

    Args:
        names: one after the other, all different or not.
        width: in the units of `width_of`.
        width_of: the width of a single sign.
    """
    for share in _SHARES:
        short = [_cut(name, width, width_of, share) for name in names]
        if len(set(short)) == len(set(names)):
            return short
    numbers = [f" #{number}" for number in range(1, len(names) + 1)]
    return [
        _cut(name, max(1, width - sum(map(width_of, number))), width_of, _SHARES[0]) + number
        for name, number in zip(names, numbers, strict=True)
    ]


def _cut(text: str, width: float, width_of: Callable[[str], float], share: float) -> str:
    if sum(map(width_of, text)) <= width:
        return text
    room = max(0, width - width_of(_CUT))
    head = _first(text, min(room, math.ceil(room * share)), width_of)
    tail = _first(text[::-1], room - sum(map(width_of, head)), width_of)[::-1]
    return f"{head}{_CUT}{tail}"


def _first(text: str, width: float, width_of: Callable[[str], float]) -> str:
    """The longest beginning that fits."""
    used = 0.0
    for at, sign in enumerate(text):
        used += width_of(sign)
        if used > width:
            return text[:at]
    return text
