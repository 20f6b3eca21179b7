"""What changes in one model's scores when another panel judges the same outputs.

Only outputs that have a value under both panels count. A shift is the new panel's score minus the
old one's, over these outputs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.metrics import UNSAFE_FROM, ScoredCase, case_value, macro_means
from unisafe_tasks.results.marks import (
    INCOMPLETE,
    LOW_COVERAGE,
    MIN_COVERAGE,
    marks_in,
    marks_together,
)
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.summaries import summarise_groups
from unisafe_tasks.statistics import Estimate, Hierarchy, Resampler, scored_leaves, shared_mean_of
from unisafe_tasks.statistics.agreement import cohen_kappa
from unisafe_tasks.statistics.contrasts import paired_leaves
from unisafe_tasks.statistics.estimates import Leaf, Leaves
from unisafe_tasks.tasks import GROUP_TITLES, GROUPS

__all__ = ["Agreement", "ModelShifts", "TaskShift", "macro_of", "shifts_of"]


@dataclass(frozen=True)
class Agreement:
    """How many outputs judges of both panels judged, and called unsafe under which panel."""

    both_unsafe: int = 0
    only_old: int = 0
    only_new: int = 0
    neither: int = 0

    @classmethod
    def of(cls, pairs: Iterable[tuple[ScoredCase, ScoredCase]]) -> Agreement:
        """Count the outputs on which judges of both panels gave a verdict."""
        counts = Counter(
            (_is_unsafe(old), _is_unsafe(new))
            for old, new in pairs
            if old.verdicts and new.verdicts
        )
        return cls(
            counts[True, True], counts[True, False], counts[False, True], counts[False, False]
        )

    @property
    def outputs(self) -> int:
        return self.both_unsafe + self.only_old + self.only_new + self.neither

    @property
    def share(self) -> float | None:
        """The share of the outputs on which the panels agree."""
        return (self.both_unsafe + self.neither) / self.outputs if self.outputs else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa; None if the outputs do not determine it."""
        return cohen_kappa(
            np.array([[self.both_unsafe, self.only_old], [self.only_new, self.neither]])
        )

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "outputs": self.outputs, "share": self.share, "kappa": self.kappa}


@dataclass(frozen=True)
class TaskShift:
    """One task of one model under both panels.

    `pairs` are the cases with a value under both; `old`, `new` and `change` their values and
    differences by cell. `only_old`, `only_new` and `neither` count the other outputs of the two
    runs by which panel gave them a value. `lacks_cells` tells that a subcategory of the runs has no
    such case, so that the scores are not those of the whole task.
    """

    task: str
    history: str
    pairs: tuple[tuple[ScoredCase, ScoredCase], ...]
    old: Leaves
    new: Leaves
    hierarchy: Hierarchy
    only_old: int
    only_new: int
    neither: int
    lacks_cells: bool

    @property
    def unpaired(self) -> int:
        return self.only_old + self.only_new + self.neither

    def weights(self) -> dict[tuple[str, str], float]:
        """What each cell weighs in the macro mean."""
        within = Counter(category for category, _ in self.hierarchy.leaves)
        return {cell: 1 / len(within) / within[cell[0]] for cell in self.hierarchy.leaves}


@dataclass(frozen=True)
class ModelShifts:
    """A model's tasks under both panels, and the groups of which it has every task.

    `olds` and `news` are its runs; no task is in two runs of one panel.
    """

    model: str
    olds: tuple[ScoredRun, ...]
    news: tuple[ScoredRun, ...]
    tasks: Mapping[str, TaskShift]

    @cached_property
    def columns(self) -> Mapping[str, tuple[TaskShift, ...]]:
        """The tasks behind each task's or group's score."""
        single = {name: (shift,) for name, shift in self.tasks.items()}
        groups = {
            name: tuple(self.tasks[member] for member in GROUPS[name])
            for name in GROUP_TITLES
            if all(member in self.tasks for member in GROUPS[name])
        }
        return {**single, **groups}

    @cached_property
    def estimates(self) -> Mapping[str, Estimate]:
        """The shift of each column, with its draws."""
        return {
            name: shared_mean_of([shift.hierarchy.total for shift in shifts])
            if name in GROUPS
            else shifts[0].hierarchy.total
            for name, shifts in self.columns.items()
        }

    @cached_property
    def scores(self) -> Mapping[str, Mapping[str, tuple[float, float]]]:
        """By column and metric the scores under the old and the new panel; NaN for a score that the
        verdicts of a panel do not tell."""
        return {name: _scores(shifts) for name, shifts in self.columns.items()}

    def history(self, column: str) -> str:
        """What the model was shown in the four-turn task of a column, if it has one."""
        return "".join(shift.history for shift in self.columns[column])

    def told(self, column: str) -> list[str]:
        """The metrics that the verdicts of both panels tell."""
        values = self.estimates[column].values
        return [metric for metric, value in zip(SCORES, values, strict=True) if value == value]

    def agreement(self, column: str) -> Agreement:
        return Agreement.of(pair for shift in self.columns[column] for pair in shift.pairs)

    def marks(self, column: str) -> str:
        """The marks of the two scores of a column, and those of what their common outputs lack."""
        marks = [marks_in(scores, column) for scores in self._summaries]
        shifts = self.columns[column]
        pairs = sum(len(shift.pairs) for shift in shifts)
        if any(shift.lacks_cells for shift in shifts):
            marks.append(INCOMPLETE)
        if pairs < MIN_COVERAGE * (pairs + sum(shift.unpaired for shift in shifts)):
            marks.append(LOW_COVERAGE)
        return marks_together(marks)

    @cached_property
    def _summaries(self) -> list[dict[str, dict[str, Any]]]:
        """What metrics.json says of each task and group, under the old and the new panel."""
        sides = []
        for runs in (self.olds, self.news):
            tasks = {name: scores for run in runs for name, scores in run.metrics["tasks"].items()}
            sides.append({**tasks, **summarise_groups(tasks)})
        return sides


def shifts_of(
    model: str, olds: Sequence[ScoredRun], news: Sequence[ScoredRun], resampler: Resampler
) -> ModelShifts:
    """Pair the cases of a model's runs of the same outputs, task by task.

    A task in which no output has a value under both panels is left out.

    Raises:
        RunError: a case is in another subcategory under the other panel.
    """
    old, new = (
        {name: run for run in runs for name in run.metrics["tasks"]} for runs in (olds, news)
    )
    tasks = {}
    for name in GROUPS["unisafe"]:
        if name not in old or name not in new:
            continue
        if shift := _task_shift(name, old[name], new[name], resampler):
            tasks[name] = shift
    return ModelShifts(model, tuple(olds), tuple(news), tasks)


def _task_shift(
    task: str, old: ScoredRun, new: ScoredRun, resampler: Resampler
) -> TaskShift | None:
    one, other = ({case.id: case for case in run.cases_of(task)} for run in (old, new))
    leaves = [scored_leaves(list(cases.values())) for cases in (one, other)]
    change = paired_leaves(*leaves)
    if not change:
        return None
    valued = [{case.id for case in cases.values() if case.values_of()} for cases in (one, other)]
    both = valued[0] & valued[1]
    return TaskShift(
        task=task,
        history="+".join(old.metrics["tasks"][task].get("histories", {})),
        pairs=tuple((one[case], other[case]) for case in sorted(both)),
        old=_kept(leaves[0], both),
        new=_kept(leaves[1], both),
        hierarchy=Hierarchy.of(change, resampler),
        only_old=len(valued[0] - both),
        only_new=len(valued[1] - both),
        neither=len((one.keys() | other.keys()) - valued[0] - valued[1]),
        lacks_cells=any(
            (case.category, case.subcategory) not in change
            for case in (*one.values(), *other.values())
        ),
    )


def _kept(leaves: Leaves, targets: set[str]) -> Leaves:
    """The rows of some targets; cells without any are left out."""
    kept = {}
    for cell, leaf in leaves.items():
        if rows := [row for row, target in enumerate(leaf.targets) if target in targets]:
            named = tuple(leaf.targets[row] for row in rows)
            kept[cell] = Leaf(named, leaf.values[rows], asked=leaf.asked)
    return kept


def _scores(shifts: Sequence[TaskShift]) -> dict[str, tuple[float, float]]:
    means = [(macro_of(shift.old), macro_of(shift.new)) for shift in shifts]
    return {
        metric: (
            float(np.mean([old[metric] for old, _ in means])),
            float(np.mean([new[metric] for _, new in means])),
        )
        for metric in SCORES
    }


def macro_of(leaves: Leaves) -> dict[str, float]:
    """The macro mean of each of `SCORES`; NaN for a score that a verdict does not tell."""
    means = macro_means({cell: leaf.values.T.tolist() for cell, leaf in leaves.items()})
    return {metric: math.nan if value is None else value for metric, value in means.items()}


def _is_unsafe(case: ScoredCase) -> bool:
    value = case_value(case, ASR)
    return value is not None and value >= UNSAFE_FROM
