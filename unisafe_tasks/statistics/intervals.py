"""Intervals for one proportion or bounded mean, and the type every interval has."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

__all__ = [
    "CONFIDENCE",
    "Interval",
    "Measure",
    "balanced_accuracy",
    "exact",
    "independent_difference",
    "newcombe",
    "percentile",
    "wilson",
]

CONFIDENCE = 0.95
"""Of every interval."""

_TAIL = (1 - CONFIDENCE) / 2
_Z = NormalDist().inv_cdf(1 - _TAIL)
_DIGITS = 6


@dataclass(frozen=True)
class Interval:
    """A 95 % interval, in the units of its score, and how it was found."""

    low: float
    high: float
    method: Literal["bootstrap", "wilson", "exact", "normal", "newcombe", "census", "mover"]

    def as_json(self) -> dict[str, Any]:
        """Rounded, so that the last bits of a sum, which differ among machines, do not show."""
        low, high = (round(value, _DIGITS) + 0.0 for value in (self.low, self.high))
        return {"low": low, "high": high, "method": self.method}


@dataclass(frozen=True)
class Measure:
    """A value and its interval; the interval is None where only the value is known."""

    value: float
    interval: Interval | None = None

    def as_json(self) -> dict[str, Any]:
        bounds = self.interval.as_json() if self.interval else {}
        return {"value": self.value, "low": bounds.get("low"), "high": bounds.get("high")}


def percentile(draws: npt.NDArray[np.float64]) -> Interval:
    """The interval between the 2.5 % and the 97.5 % quantile of bootstrap draws, shape (draws,)."""
    low, high = np.quantile(draws, (_TAIL, 1 - _TAIL))
    return Interval(float(low), float(high), "bootstrap")


def wilson(share: float, n: float) -> Interval:
    """Wilson's score interval of a proportion `share` of `n` (Wilson, 1927, JASA 22).

    `n` may be an effective number of cases and so no integer. For the mean of values between 0 and
    1 that are no proportion it is too wide, never too narrow, since their variance is smaller.
    """
    z2 = _Z * _Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return Interval(low, high, "wilson")


def exact(hits: float, n: float) -> Interval:
    """The interval of Clopper and Pearson (1934, Biometrika 26) for `hits` of `n`."""
    low = float(betaincinv(hits, n - hits + 1, _TAIL)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - _TAIL)) if hits < n else 1.0
    return Interval(low, high, "exact")


def newcombe(one: float, n_one: int, other: float, n_other: int) -> Interval:
    """The interval of `one - other`, shares of `n_one` and `n_other` cases that are all different.

    Newcombe's hybrid score interval (1998, Statistics in Medicine 17:873, method 10). Unlike the
    normal approximation it does not shrink to a point where both shares are 0 or 1.
    """
    bounds = independent_difference(one, wilson(one, n_one), other, wilson(other, n_other))
    return Interval(bounds.low, bounds.high, "newcombe")


def independent_difference(one: float, first: Interval, other: float, second: Interval) -> Interval:
    """The interval of `one - other`, two shares of different cases, from the interval of each.

    The method of variance estimates recovery (Zou and Donner, 2008, Stat. Med. 27):

        low = one - other - sqrt((one - low_one)^2 + (high_other - other)^2), likewise for high.

    So it is as good near 0 and 1 as the two intervals are. It holds where the errors of both shares
    are independent, and is too wide where they rise and fall together.
    """
    gap = one - other
    low = gap - math.hypot(one - first.low, second.high - other)
    high = gap + math.hypot(first.high - one, other - second.low)
    return Interval(max(-1.0, low), min(1.0, high), "mover")


def balanced_accuracy(
    recall: float, n_positive: int, false_alarms: float, n_negative: int
) -> Measure:
    """(recall + 1 - false alarms) / 2, which is 0.5 for answers that know nothing.

    `recall` is a share of `n_positive` cases, `false_alarms` one of `n_negative` others. The
    interval is Newcombe's of their difference, and None below two cases of a kind.
    """
    value = (recall + 1 - false_alarms) / 2
    if min(n_positive, n_negative) < 2:
        return Measure(value)
    gap = newcombe(recall, n_positive, false_alarms, n_negative)
    return Measure(value, Interval((1 + gap.low) / 2, (1 + gap.high) / 2, gap.method))
