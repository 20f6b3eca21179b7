"""Paired differences between scores of the same risk targets, and tests of them.

Two models, or two runs, on one task: the difference of the macro means over the cases scored in
both. Two tasks of one model: the plain mean over the targets scored in both, since image and text
tasks have different taxonomies and so no hierarchy in common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from unisafe_tasks.errors import RunError
from unisafe_tasks.metric_facts import SCORES, TABLE_METRICS
from unisafe_tasks.statistics.estimates import (
    Estimate,
    Hierarchy,
    Leaf,
    Leaves,
    is_flat,
    stretched,
)
from unisafe_tasks.statistics.intervals import Interval, exact
from unisafe_tasks.statistics.resampling import Resampler

__all__ = [
    "Difference",
    "between_runs",
    "between_tasks",
    "difference_interval",
    "holm",
    "paired_leaves",
]

_NO_HIERARCHY = ("", "")
_SPREADLESS = 1e-12


@dataclass(frozen=True)
class Difference:
    """Second minus first, over `pairs` targets that have both scores; None is an unknown value.

    `p` is two-sided and belongs to this comparison alone; `holm` corrects for several.
    """

    value: float | None
    interval: Interval | None
    p: float | None
    pairs: int

    def as_json(self, adjusted: float | None = None) -> dict[str, Any]:
        """The difference as written; `p_holm` is the p-value corrected for its family."""
        return {
            "difference": self.value,
            "interval": self.interval and self.interval.as_json(),
            "p": self.p,
            "p_holm": adjusted,
            "pairs": self.pairs,
        }


def between_runs(first: Leaves, second: Leaves, resampler: Resampler) -> dict[str, Difference]:
    """The differences of two models' or runs' scores on one task, paired by case.

    Raises:
        RunError: a case is in another subcategory in the other run.
    """
    return _differences(paired_leaves(first, second), resampler)


def paired_leaves(first: Leaves, second: Leaves) -> Leaves:
    """Second minus first for each case of one task that is in both.

    Raises:
        RunError: a case is in another subcategory in the other run.
    """
    cell_of = {target: cell for cell, leaf in first.items() for target in leaf.targets}
    paired: Leaves = {}
    for cell, other in second.items():
        for target in other.targets:
            if cell_of.get(target, cell) != cell:
                raise RunError(
                    f"case {target} is in subcategory {cell_of[target][1]} in one run and in "
                    f"{cell[1]} in the other: their data differ"
                )
        if cell in first and (leaf := _paired(first[cell], other)) is not None:
            paired[cell] = leaf
    return paired


def between_tasks(first: Leaves, second: Leaves, resampler: Resampler) -> dict[str, Difference]:
    """The mean differences between two tasks of one model over the targets scored in both."""
    leaf = _paired(_flattened(first), _flattened(second))
    return _differences({} if leaf is None else {_NO_HIERARCHY: leaf}, resampler)


def difference_interval(estimate: Estimate, metric: str) -> Interval | None:
    """The 95 % interval of an estimate that is a mean of paired differences; None if it is unknown.

    Stretched quantiles of the draws. If no pair differs, the exact interval says how many might.
    """
    column, highest = estimate.scores.index(metric), TABLE_METRICS[metric].highest
    value = float(estimate.values[column])
    if estimate.draws is None or estimate.stretch is None or math.isnan(value):
        return None
    draws = estimate.draws[column]
    if is_flat(draws):
        return _spreadless(value, estimate.size, highest)
    return stretched(draws, value, float(estimate.stretch[column]), -highest, highest)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for the number of comparisons (Holm, 1979, Scand. J. Statist. 6).

    A comparison without a p-value takes no part.
    """
    known = sorted((p, index) for index, p in enumerate(values) if p is not None)
    adjusted: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (p, index) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        adjusted[index] = highest
    return adjusted


def _paired(first: Leaf, second: Leaf) -> Leaf | None:
    """Second minus first for the targets of both leaves; None if the leaves share no target."""
    second_rows = {target: row for row, target in enumerate(second.targets)}
    rows = [row for row, target in enumerate(first.targets) if target in second_rows]
    if not rows:
        return None
    shared = tuple(first.targets[row] for row in rows)
    others = [second_rows[target] for target in shared]
    change = second.values[others] - first.values[rows]
    return Leaf(shared, change, asked=first.asked, scores=first.scores)


def _flattened(leaves: Leaves) -> Leaf:
    pairs = sorted(
        (target, cell, row)
        for cell, leaf in leaves.items()
        for row, target in enumerate(leaf.targets)
    )
    values = [leaves[cell].values[row] for _, cell, row in pairs]
    targets = tuple(target for target, _, _ in pairs)
    asked = sorted(target for leaf in leaves.values() for target in leaf.asked or leaf.targets)
    return Leaf(targets, np.array(values).reshape(-1, len(SCORES)), asked=tuple(asked))


def _differences(leaves: Leaves, resampler: Resampler) -> dict[str, Difference]:
    pairs = sum(len(leaf.targets) for leaf in leaves.values())
    if not leaves:
        return dict.fromkeys(SCORES, Difference(None, None, None, 0))
    hierarchy = Hierarchy.of(leaves, resampler)
    return {metric: _difference(leaves, hierarchy, pairs, metric) for metric in SCORES}


def _difference(leaves: Leaves, hierarchy: Hierarchy, pairs: int, metric: str) -> Difference:
    column = SCORES.index(metric)
    total, spread = hierarchy.total, hierarchy.spread
    value = float(total.values[column])
    if math.isnan(value):
        return Difference(None, None, None, pairs)
    if total.draws is None or spread is None:
        return Difference(value, None, None, pairs)
    if is_flat(total.draws[column]):
        steps = np.concatenate([leaf.values[:, column] for leaf in leaves.values()])
        return Difference(value, difference_interval(total, metric), _sign_test(steps), pairs)
    t = -abs(value) / float(spread.error[column])
    p = 2 * float(stdtr(float(spread.freedom[column]), t))
    return Difference(value, difference_interval(total, metric), p, pairs)


def _spreadless(value: float, size: float, highest: float) -> Interval | None:
    """The interval if no pair differs. The exact interval of 0 of `size` says how many pairs might
    differ, and each of them might differ by `highest`."""
    if abs(value) > _SPREADLESS:
        return None
    most = exact(0, size).high * highest
    return Interval(-most, most, "exact")


def _sign_test(steps: npt.NDArray[np.float64]) -> float | None:
    """An exact test for differences without spread; None if the signs are mixed."""
    moved = steps[np.abs(steps) > _SPREADLESS]
    if not len(moved):
        return 1.0
    same = bool(np.all(moved > 0) or np.all(moved < 0))
    return float(min(1.0, 2.0 ** (1 - len(moved)))) if same else None
