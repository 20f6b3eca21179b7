"""Rank ranges of models, from paired differences on shared targets.

Every two models are compared over the cases scored in both, with all p-values corrected together
(Holm, 1979). With a probability of 95 % all true ranks are in their ranges (Mogstad, Romano, Shaikh
and Wilhelm, 2024, Rev. Econ. Stud. 91). A target's cases in several tasks count as one draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from unisafe_tasks.statistics.contrasts import holm
from unisafe_tasks.statistics.estimates import Leaves
from unisafe_tasks.statistics.intervals import CONFIDENCE
from unisafe_tasks.statistics.spreads import satterthwaite

__all__ = ["RankRange", "rank_ranges"]

Floats = npt.NDArray[np.float64]

_SPREADLESS = 1e-12


@dataclass(frozen=True)
class RankRange:
    """The ranks, from 1, that a model may have."""

    best: int
    worst: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


def rank_ranges(models: Sequence[Mapping[str, Leaves]], score: str) -> list[RankRange]:
    """The rank range of each model; the lowest score has rank 1.

    The score is the plain mean of the tasks' macro means. A model's best rank is 1 and the number
    of models that are lower beyond chance, its worst that of all models less those that are higher.
    Two models whose difference has an unknown spread are not told apart.

    Args:
        models: for each model the scored cases of each task; all have the same tasks.
        score: which of the cases' scores.
    """
    if len(models) < 2:
        return [RankRange(1, 1) for _ in models]
    pairs = list(combinations(range(len(models)), 2))
    values, p_values = _differences([_Task.of([m[t] for m in models], score) for t in models[0]])
    adjusted = holm([_known(p_values[pair]) for pair in pairs])
    lower = np.zeros((len(models), len(models)), dtype=bool)
    for (first, second), p in zip(pairs, adjusted, strict=True):
        if p is not None and p < 1 - CONFIDENCE:
            is_lower = bool(values[first, second] > 0)
            lower[first, second], lower[second, first] = is_lower, not is_lower
    return [
        RankRange(1 + int(lower[:, one].sum()), len(models) - int(lower[one].sum()))
        for one in range(len(models))
    ]


def _known(p: float) -> float | None:
    return None if np.isnan(p) else float(p)


@dataclass(frozen=True)
class _Task:
    """One task's cases, sorted by cell.

    `values` has the shape (models, cases), with NaN where a case is not scored. `starts` holds the
    first case of each cell, and `categories` the number of each cell's category.
    """

    targets: tuple[str, ...]
    values: Floats
    starts: npt.NDArray[np.intp]
    categories: npt.NDArray[np.intp]

    @classmethod
    def of(cls, models: Sequence[Leaves], score: str) -> _Task:
        cases = sorted(
            {
                (cell, target)
                for leaves in models
                for cell, leaf in leaves.items()
                for target in leaf.targets
            }
        )
        columns = {case: column for column, case in enumerate(cases)}
        values = np.full((len(models), len(cases)), np.nan)
        for row, leaves in enumerate(models):
            for cell, leaf in leaves.items():
                at = [columns[cell, target] for target in leaf.targets]
                values[row, at] = leaf.values[:, leaf.scores.index(score)]
        cells = sorted({cell for cell, _ in cases})
        names = {name: number for number, (name, _) in enumerate(cells)}
        first = {cell: column for column, (cell, _) in reversed(list(enumerate(cases)))}
        return cls(
            tuple(target for _, target in cases),
            values,
            np.array([first[cell] for cell in cells], dtype=np.intp),
            np.array([names[name] for name, _ in cells], dtype=np.intp),
        )


@dataclass(frozen=True)
class _Paired:
    """One model against each later one, on one task.

    `difference`, of shape (models,), is NaN where no case is in both. `parts`, of shape (models,
    cases), are what each case adds to the difference beyond the mean of its cell, and `shares` what
    its value weighs in it. `is_lone` says whether a cell has a single case.
    """

    difference: Floats
    parts: Floats
    shares: Floats
    is_lone: npt.NDArray[np.bool_]


def _differences(tasks: Sequence[_Task]) -> tuple[Floats, Floats]:
    """Second minus first for each two models, and its two-sided p; NaN if it is not known."""
    strata = _strata(tasks)
    rows = {target: row for row, target in enumerate(strata)}
    columns = [np.array([rows[target] for target in task.targets]) for task in tasks]
    starts = np.unique(list(strata.values()), return_index=True)[1]
    count = len(tasks[0].values)
    values, p_values = np.full((2, count, count), np.nan)
    for first in range(count - 1):
        paired = [_paired(task, first) for task in tasks]
        parts, shares, moved = np.zeros((3, count - first - 1, len(strata)))
        for one, at, task in zip(paired, columns, tasks, strict=True):
            parts[:, at] += one.parts / len(tasks)
            shares[:, at] += one.shares / len(tasks)
            moved[:, at] += np.nan_to_num(task.values[first + 1 :] - task.values[first])
        difference = np.mean([one.difference for one in paired], axis=0)
        is_lone = np.any([one.is_lone for one in paired], axis=0)
        values[first, first + 1 :] = difference
        p_values[first, first + 1 :] = np.where(
            is_lone | np.isnan(difference), np.nan, _p_values(parts, shares, starts, difference)
        )
        for row in np.flatnonzero(~is_lone & ~np.any(np.abs(parts) > _SPREADLESS, axis=1)):
            p_values[first, first + 1 + row] = _sign_test(moved[row])
    return values, p_values


def _strata(tasks: Sequence[_Task]) -> dict[str, int]:
    """The targets in the order of their strata, each with the number of its stratum.

    A target's stratum is its cell in the first task that has it.
    """
    cells: dict[str, tuple[int, int]] = {}
    for number, task in enumerate(tasks):
        of_case = np.searchsorted(task.starts, np.arange(len(task.targets)), side="right")
        for target, cell in zip(task.targets, of_case.tolist(), strict=True):
            cells.setdefault(target, (number, cell))
    ordered = sorted(cells, key=lambda target: (cells[target], target))
    numbers = {cell: number for number, cell in enumerate(sorted(set(cells.values())))}
    return {target: numbers[cells[target]] for target in ordered}


def _paired(task: _Task, first: int) -> _Paired:
    steps = task.values[first + 1 :] - task.values[first]
    both = ~np.isnan(steps)
    steps = np.where(both, steps, 0.0)
    sizes = np.add.reduceat(both, task.starts, axis=1, dtype=float)
    lengths = np.diff([*task.starts, steps.shape[1]])
    sums = np.add.reduceat(steps, task.starts, axis=1)
    means = np.divide(sums, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    deviations = np.where(both, steps - np.repeat(means, lengths, axis=1), 0.0)
    weights = _weights(sizes > 0, task.categories)
    shares = np.divide(weights, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    scale = shares * np.sqrt(sizes / np.maximum(sizes - 1, 1))
    return _Paired(
        np.where(both.any(axis=1), (weights * means).sum(axis=1), np.nan),
        deviations * np.repeat(scale, lengths, axis=1),
        both * np.repeat(shares, lengths, axis=1),
        (sizes == 1).any(axis=1),
    )


def _weights(present: npt.NDArray[np.bool_], categories: npt.NDArray[np.intp]) -> Floats:
    """What each cell's mean weighs in the macro mean over the cells present, (models, cells)."""
    members = np.stack([present[:, categories == one].sum(axis=1) for one in np.unique(categories)])
    of_cell = members[np.unique(categories, return_inverse=True)[1]].T
    weights = np.divide(present, of_cell, out=np.zeros(present.shape), where=of_cell > 0)
    return np.asarray(weights / (members > 0).sum(axis=0).clip(min=1)[:, None])


def _p_values(
    parts: Floats, shares: Floats, starts: npt.NDArray[np.intp], difference: Floats
) -> Floats:
    """The p-value of each model's difference, from what each target adds to it.

    The targets of a stratum show its variance, whichever tasks they are in.

    Args:
        parts: what a target adds beyond the means of its cells, of shape (models, targets).
        shares: what it weighs, of that shape.
        starts: the first target of each stratum.
        difference: of shape (models,).
    """
    sizes = np.add.reduceat(shares > 0, starts, axis=1, dtype=float)
    weights = np.add.reduceat(shares, starts, axis=1)
    squares = np.add.reduceat(parts**2, starts, axis=1)
    of_sum = np.divide(squares * sizes, weights**2, out=np.zeros_like(sizes), where=weights > 0)
    freedom = np.maximum(sizes - 1, 0)
    pooled = (freedom * of_sum).sum(axis=1) / freedom.sum(axis=1).clip(min=1)
    variance, degrees = satterthwaite(of_sum.T, sizes.T, pooled, weights.T, borrows=len(starts) > 1)
    error = np.sqrt(variance)
    t = np.divide(np.abs(difference), error, out=np.zeros_like(error), where=error > 0)
    return np.asarray(2 * stdtr(degrees, -t))


def _sign_test(steps: Floats) -> float:
    """An exact test of targets that all moved alike; NaN if their signs are mixed."""
    moved = steps[np.abs(steps) > _SPREADLESS]
    if len(moved) and not (np.all(moved > 0) or np.all(moved < 0)):
        return float("nan")
    return min(1.0, 2.0 ** (1 - len(moved)))
