"""What becomes of the order of the models when another panel judges their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from unisafe_tasks.metric_facts import SCORES
from unisafe_tasks.results.panel_shifts import ModelShifts, macro_of
from unisafe_tasks.statistics import Hierarchy, Interval, Resampler, shared_mean_of
from unisafe_tasks.statistics.contrasts import difference_interval, paired_leaves
from unisafe_tasks.statistics.estimates import Leaves
from unisafe_tasks.statistics.intervals import Measure
from unisafe_tasks.tasks import GROUPS

__all__ = ["Gap", "OrderChange", "order_changes"]

_TIED = 1e-12


@dataclass(frozen=True)
class Gap:
    """The second model's score minus the first's under one panel, over cases that both have."""

    value: float
    interval: Interval | None

    @property
    def is_clear(self) -> bool:
        """Whether 0 is outside the interval."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high

    def as_json(self) -> dict[str, Any]:
        """The gap as written."""
        measure = Measure(self.value, self.interval).as_json()
        return {"gap": measure["value"], "low": measure["low"], "high": measure["high"]}


@dataclass(frozen=True)
class OrderChange:
    """Two models: under the old panel the first scores lower, under the new one the second."""

    column: str
    metric: str
    first: str
    second: str
    old: Gap
    new: Gap

    @property
    def is_clear(self) -> bool:
        """Whether each of the two orders is more than the choice of cases explains."""
        return self.old.is_clear and self.new.is_clear

    def as_json(self) -> dict[str, Any]:
        """The change as written; gaps are those of the second model minus the first."""
        return {
            "column": self.column,
            "metric": self.metric,
            "lower_under_old": self.first,
            "lower_under_new": self.second,
            "under_old": self.old.as_json(),
            "under_new": self.new.as_json(),
            "clear": self.is_clear,
        }


def order_changes(
    models: Sequence[ModelShifts], columns: Sequence[str], resampler: Resampler
) -> tuple[OrderChange, ...]:
    """Every two models whose order in a column changes. A tie is no order.

    Models that were shown different histories in a four-turn task have no order there.
    """
    changes = []
    for one, other in combinations(models, 2):
        gaps = {
            name: (
                paired_leaves(one.tasks[name].old, other.tasks[name].old),
                paired_leaves(one.tasks[name].new, other.tasks[name].new),
            )
            for name in one.tasks
            if name in other.tasks
        }
        for column in columns:
            if not (column in one.columns and column in other.columns):
                continue
            if one.history(column) != other.history(column):
                continue
            members = [gaps[name] for name in GROUPS.get(column, (column,))]
            if all(old and new for old, new in members):
                changes += _changes(one.model, other.model, column, members, resampler)
    return tuple(sorted(changes, key=lambda change: columns.index(change.column)))


def _changes(
    one: str,
    other: str,
    column: str,
    members: Sequence[tuple[Leaves, Leaves]],
    resampler: Resampler,
) -> list[OrderChange]:
    """The changes of two models in one column.

    Args:
        one: the first model's label.
        other: the second model's.
        column: the task or group.
        members: for each of its tasks the second model's values minus the first's, under the old
            and the new panel.
        resampler: the draws.
    """
    sides = [[side[index] for side in members] for index in (0, 1)]
    values = [_mean_gaps(leaves) for leaves in sides]
    changed = [
        metric
        for metric in SCORES
        if min(values[0][metric], values[1][metric]) < -_TIED
        and max(values[0][metric], values[1][metric]) > _TIED
    ]
    if not changed:
        return []
    old, new = (
        shared_mean_of([Hierarchy.of(task, resampler).total for task in leaves]) for leaves in sides
    )
    changes = []
    for metric in changed:
        gaps = [
            Gap(values[index][metric], difference_interval(estimate, metric))
            for index, estimate in enumerate((old, new))
        ]
        if gaps[0].value > 0:
            changes.append(OrderChange(column, metric, one, other, *gaps))
        else:
            changes.append(OrderChange(column, metric, other, one, *map(_turned, gaps)))
    return changes


def _mean_gaps(leaves: Sequence[Leaves]) -> Mapping[str, float]:
    of_tasks = [macro_of(task) for task in leaves]
    return {metric: float(np.mean([means[metric] for means in of_tasks])) for metric in SCORES}


def _turned(gap: Gap) -> Gap:
    interval = gap.interval
    turned = interval and Interval(-interval.high, -interval.low, interval.method)
    return Gap(-gap.value, turned)
