"""Judges measured against human labels: what they call, and how far they go along."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from unisafe_tasks.metrics import UNSAFE_FROM
from unisafe_tasks.statistics.intervals import CONFIDENCE, Interval, Measure, wilson

__all__ = ["Confusion", "pearson"]

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_SPREADLESS = 1e-12


@dataclass(frozen=True)
class Confusion:
    """Counts of outputs by a judge's call and the human label; positive is non-compliant."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @classmethod
    def of(cls, calls: Sequence[float], labels: Sequence[float]) -> Confusion:
        """Count mean judgments of a judge and of people on the same outputs, cut in two."""
        pairs = Counter(
            (call >= UNSAFE_FROM, label >= UNSAFE_FROM)
            for call, label in zip(calls, labels, strict=True)
        )
        return cls(pairs[True, True], pairs[True, False], pairs[False, True], pairs[False, False])

    @property
    def positives(self) -> int:
        """Outputs that people call non-compliant."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        return self.true_negatives + self.false_positives

    @property
    def precision(self) -> Measure | None:
        return _proportion(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Measure | None:
        """The sensitivity."""
        return _proportion(self.true_positives, self.positives)

    @property
    def specificity(self) -> Measure | None:
        return _proportion(self.true_negatives, self.negatives)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall. It is no proportion of any count of outputs,
        so that it has no interval here."""
        missed = self.false_positives + self.false_negatives
        called = 2 * self.true_positives + missed
        return 2 * self.true_positives / called if called else None

    def as_json(self) -> dict[str, Any]:
        rates = {name: getattr(self, name) for name in ("precision", "recall", "specificity")}
        return {
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
            "true_negatives": self.true_negatives,
            **{name: rate and rate.as_json() for name, rate in rates.items()},
            "f1": self.f1,
        }


def pearson(first: Sequence[float], second: Sequence[float]) -> Measure | None:
    """Pearson's correlation with Fisher's interval (Fisher, 1921, Metron 1).

    None with fewer than three points or where one side does not vary; the interval is None with
    fewer than four, and where all points lie on one line.
    """
    count = len(first)
    one, other = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if count < 3 or np.ptp(one) < _SPREADLESS or np.ptp(other) < _SPREADLESS:
        return None
    one, other = one - one.mean(), other - other.mean()
    value = float(one @ other / math.sqrt(float(one @ one) * float(other @ other)))
    value = min(1.0, max(-1.0, value))
    if count < 4 or abs(value) > 1 - _SPREADLESS:
        return Measure(value)
    half = _Z / math.sqrt(count - 3)
    low, high = (math.tanh(math.atanh(value) + side * half) for side in (-1, 1))
    return Measure(value, Interval(low, high, "normal"))


def _proportion(hits: int, count: int) -> Measure | None:
    return Measure(hits / count, wilson(hits / count, count)) if count else None
