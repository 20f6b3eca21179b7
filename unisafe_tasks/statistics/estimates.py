"""Scores with their bootstrap draws: the hierarchy of `metrics` recomputed in each draw.

The draws of a score come from its subcategories. The draws of a category are the means of its
subcategories' draws, those of a task the means of its categories' draws, and those of a group the
means of its tasks' draws. Scores that share risk targets are drawn together. So means and
differences over tasks are clustered by target.

If cases were drawn from a finite set, as in a subset, they estimate the value of that set. A share
1 - f of the variance of a cell's mean is left, with f the share of the cell that was drawn. Each
draw is moved towards the mean by the root of 1 - f (Rao and Wu, 1988, JASA 83, section 4). If a
cell of that set has no scored case, the spread of its category and of the task is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from unisafe_tasks.metric_facts import BENIGN_FACTS, FACTS, SCORES
from unisafe_tasks.metrics import ScoredCase
from unisafe_tasks.statistics.intervals import Interval, percentile, wilson
from unisafe_tasks.statistics.resampling import Resampler, drawn_sums
from unisafe_tasks.statistics.spreads import CellVariances, Spread, spread_of

__all__ = [
    "Estimate",
    "Hierarchy",
    "Leaf",
    "Leaves",
    "is_flat",
    "leaves_of",
    "mean_of",
    "scored_leaves",
    "shared_mean_of",
    "stretched",
]

_FEW = 5.0
"""With fewer expected cases than this on one side, quantiles of a proportion's draws are poor."""

_FACTS = {**FACTS, **BENIGN_FACTS}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Leaf:
    """The scored cases of a subcategory: risk targets, and values of shape (cases, scores).

    Differences of one score are of shape (cases, 1). A score that the verdicts do not tell is NaN
    in all cases of the task. `population` is the number of cases of the
    subcategory in the set that these cases were drawn from; None if the set is infinite. `asked`
    are the targets of all cases, scored or not, if they are known: draws are faster with them.
    `scores` are the names of the columns.
    """

    targets: tuple[str, ...]
    values: Floats
    population: int | None = None
    asked: tuple[str, ...] | None = None
    scores: tuple[str, ...] = SCORES

    @property
    def unseen(self) -> float:
        """The share of the population that is not among the cases."""
        return 1.0 if self.population is None else 1 - len(self.targets) / self.population


Leaves = dict[tuple[str, str], Leaf]
"""(category, subcategory) -> its scored cases."""


@dataclass(frozen=True)
class Estimate:
    """Scores of shape (scores,), their draws of shape (scores, draws), and their effective size.

    `draws` and `stretch` are None if the spread cannot be known: a subcategory has a single case,
    or it has no case although the full set has some. `size` is the number of cases that would give
    the same variance if all weighed the same (Kish, 1965, Survey Sampling, section 11.7).
    `stretch`, of shape (scores,), widens intervals for cells that are too small to show their
    spread. `unseen` is the share of the variance that is left if the cases were drawn from a finite
    set: 1 without such a set, 0 if the whole set was drawn. `scores` are the names of the scores.
    """

    values: Floats
    draws: Floats | None
    size: float
    stretch: Floats | None = None
    unseen: float = 1.0
    scores: tuple[str, ...] = SCORES

    def interval(self, metric: str) -> Interval | None:
        """The 95 % interval of one score; None where it cannot be known.

        It is made of stretched quantiles of the draws. Wilson's interval is used instead for a rate
        so near 0 or 1 that few cases are on one side, and for a score without spread, whose draws
        are all the same. Wilson's interval takes the effective size for the number of cases (Korn
        and Graubard, 1998, Survey Methodology 24). If the whole finite set was drawn, the interval
        is the value.
        """
        return self.interval_at(self.scores.index(metric), _FACTS[metric].highest)

    def interval_at(self, column: int, highest: int) -> Interval | None:
        """The interval of the score in one column, which is at most `highest`."""
        value = float(self.values[column])
        if math.isnan(value):
            return None
        if self.unseen == 0:
            return Interval(value, value, "census")
        if self.draws is None or self.stretch is None:
            return None
        draws = self.draws[column]
        share = value / highest
        few = highest == 1 and self.size * min(share, 1 - share) < _FEW
        if few or is_flat(draws):
            bounds = wilson(min(max(share, 0.0), 1.0), self.size / self.unseen)
            return Interval(bounds.low * highest, bounds.high * highest, bounds.method)
        return stretched(draws, value, float(self.stretch[column]), 0.0, highest)

    def intervals(self) -> dict[str, Any]:
        """All scores' intervals as metrics.json holds them."""
        intervals = {metric: self.interval(metric) for metric in self.scores}
        return {metric: interval and interval.as_json() for metric, interval in intervals.items()}


@dataclass(frozen=True)
class Hierarchy:
    """Estimates at each level of a task that has scored cases.

    `cells` are those of its subcategories, yet without a stretch. `missing` are subcategories of
    the full set that have no scored case.
    """

    leaves: Leaves
    cells: Mapping[tuple[str, str], Estimate]
    missing: Collection[tuple[str, str]] = ()

    @classmethod
    def of(
        cls, leaves: Leaves, resampler: Resampler, missing: Collection[tuple[str, str]] = ()
    ) -> Hierarchy:
        """Draw every subcategory; `leaves` must not be empty."""
        cells = {cell: _of_leaf(leaf, resampler) for cell, leaf in leaves.items()}
        return cls(leaves, cells, missing)

    @cached_property
    def total(self) -> Estimate:
        mean = mean_of(list(self._of_categories.values()))
        return _with_spread(mean, self._spread_of_total, lacks=bool(self.missing))

    @cached_property
    def categories(self) -> Mapping[str, Estimate]:
        lacking = {category for category, _ in self.missing}
        return {
            name: _with_spread(estimate, self._spread(self._within[name]), lacks=name in lacking)
            for name, estimate in self._of_categories.items()
        }

    @cached_property
    def subcategories(self) -> Mapping[tuple[str, str], Estimate]:
        return {
            cell: _with_spread(estimate, self._spread({cell: 1.0}))
            for cell, estimate in self.cells.items()
        }

    @property
    def spread(self) -> Spread | None:
        """That of the total."""
        return None if self.missing else self._spread_of_total

    @cached_property
    def _within(self) -> dict[str, dict[tuple[str, str], float]]:
        """Category -> what each of its subcategories weighs in it."""
        members: dict[str, list[tuple[str, str]]] = {}
        for cell in self.leaves:
            members.setdefault(cell[0], []).append(cell)
        return {name: dict.fromkeys(cells, 1 / len(cells)) for name, cells in members.items()}

    @cached_property
    def _of_categories(self) -> dict[str, Estimate]:
        return {
            name: mean_of([self.cells[cell] for cell in cells])
            for name, cells in self._within.items()
        }

    @cached_property
    def _spread_of_total(self) -> Spread | None:
        return self._spread(
            {
                cell: weight / len(self._within)
                for weights in self._within.values()
                for cell, weight in weights.items()
            }
        )

    @cached_property
    def _variances(self) -> tuple[dict[tuple[str, str], int], CellVariances]:
        """Those of the cells that are large enough, and the row of each."""
        large = [cell for cell, leaf in self.leaves.items() if len(leaf.targets) > 1]
        rows = {cell: row for row, cell in enumerate(large)}
        return rows, CellVariances.of([self.leaves[cell].values for cell in large])

    def _spread(self, weights: Mapping[tuple[str, str], float]) -> Spread | None:
        # A cell that was drawn as a whole has no spread, even if it has a single case.
        known = {cell: math.sqrt(self.leaves[cell].unseen) for cell in weights}
        cells = [cell for cell, root in known.items() if root]
        if min((len(self.leaves[cell].targets) for cell in cells), default=0) < 2:
            return None
        rows, variances = self._variances
        return spread_of(variances, {rows[cell]: weights[cell] * known[cell] for cell in cells})


def scored_leaves(
    cases: Sequence[ScoredCase],
    judge: str | None = None,
    population: Mapping[tuple[str, str], int] | None = None,
) -> Leaves:
    """The scored cases of one task by (category, subcategory), for the panel or one judge.

    `population` is that of `leaves_of`.
    """
    return leaves_of(cases, lambda case: case.values_of(judge), population)


def leaves_of(
    cases: Sequence[ScoredCase],
    values_of: Callable[[ScoredCase], tuple[float, ...] | None],
    population: Mapping[tuple[str, str], int] | None = None,
) -> Leaves:
    """The cases of one task that have values, by (category, subcategory).

    `population` holds the number of cases of each in the set that these cases were drawn from.
    """
    by_cell: dict[tuple[str, str], list[tuple[str, tuple[float, ...] | None]]] = {}
    for case in cases:
        members = by_cell.setdefault((case.category, case.subcategory), [])
        members.append((case.id, values_of(case)))
    leaves = {}
    for cell, members in sorted(by_cell.items()):
        scored = sorted((target, values) for target, values in members if values is not None)
        if scored:
            leaves[cell] = Leaf(
                tuple(target for target, _ in scored),
                np.array([values for _, values in scored]),
                None if population is None else population[cell],
                tuple(sorted(target for target, _ in members)),
                cases[0].scores,
            )
    # One case that does not tell a score takes it from all, or those that do would stand for it.
    untold = [np.isnan(leaf.values).any(axis=0) for leaf in leaves.values()]
    for leaf in leaves.values() if np.any(untold) else ():
        leaf.values[:, np.any(untold, axis=0)] = np.nan
    return leaves


def mean_of(members: Sequence[Estimate]) -> Estimate:
    """The plain mean of estimates that were drawn together; `members` must not be empty.

    The effective size is exact where the members share no target, and too small where they do.
    """
    values = np.mean([member.values for member in members], axis=0)
    drawn = [member.draws for member in members if member.draws is not None]
    draws = np.mean(drawn, axis=0) if len(drawn) == len(members) else None
    parts = math.fsum(1 / member.size for member in members)
    unseen = math.fsum(member.unseen / member.size for member in members) / parts
    size = len(members) ** 2 / parts
    return Estimate(values, draws, size, unseen=unseen, scores=members[0].scores)


def shared_mean_of(members: Sequence[Estimate]) -> Estimate:
    """The plain mean of estimates that may share all their targets: of a group of tasks.

    The effective size supposes that the members rise and fall together, so it is never too large.
    The stretch is a mean of the members' stretches, weighted by what each adds to the variance.
    """
    mean = mean_of(members)
    root = math.fsum(1 / math.sqrt(member.size) for member in members) / len(members)
    left = math.fsum(math.sqrt(member.unseen) / math.sqrt(member.size) for member in members)
    unseen = (left / len(members) / root) ** 2
    stretch = _stretch_of(members)
    return Estimate(mean.values, mean.draws, 1 / root**2, stretch, unseen, mean.scores)


def stretched(
    draws: Floats, value: float, stretch: float, lowest: float, highest: float
) -> Interval:
    """The interval of draws, `stretch` times as far from `value`, cut at `lowest` and `highest`."""
    plain = percentile(draws)
    low, high = (value + (bound - value) * stretch for bound in (plain.low, plain.high))
    return Interval(max(lowest, low), min(highest, high), plain.method)


def is_flat(draws: Floats) -> bool:
    """Whether all draws are the same; such draws do not show how certain a score is."""
    return float(np.ptp(draws)) < 1e-12


def _with_spread(estimate: Estimate, spread: Spread | None, *, lacks: bool = False) -> Estimate:
    if lacks:
        return replace(estimate, draws=None, stretch=None, unseen=1.0)
    return replace(estimate, stretch=None if spread is None else spread.stretch)


def _stretch_of(members: Sequence[Estimate]) -> Floats | None:
    variances, squares = [], []
    for member in members:
        if member.unseen == 0:
            continue
        if member.draws is None or member.stretch is None:
            return None
        variances.append(member.draws.var(axis=1))
        squares.append(variances[-1] * member.stretch**2)
    if not variances:
        return None
    total = np.sum(variances, axis=0)
    ratio = np.divide(np.sum(squares, axis=0), total, out=np.ones_like(total), where=total > 0)
    return np.asarray(np.sqrt(ratio))


def _of_leaf(leaf: Leaf, resampler: Resampler) -> Estimate:
    count = len(leaf.targets)
    mean = leaf.values.mean(axis=0)
    if leaf.unseen == 0:
        draws = np.repeat(mean[:, None], resampler.draws, axis=1)
        return Estimate(mean, draws, count, unseen=0.0, scores=leaf.scores)
    if count < 2:
        return Estimate(mean, None, count, unseen=leaf.unseen, scores=leaf.scores)
    counts = resampler.counts(leaf.targets, leaf.asked)
    draws = drawn_sums(leaf.values.T, counts) / (count - 1)
    if leaf.population is not None:
        draws = mean[:, None] + math.sqrt(leaf.unseen) * (draws - mean[:, None])
    return Estimate(mean, draws, count, unseen=leaf.unseen, scores=leaf.scores)
