"""Limits of scores, as people write them for `unisafe gate`."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from unisafe_tasks import numerals
from unisafe_tasks.metric_facts import TABLE_METRICS, MetricFacts, metric_named, scores_of
from unisafe_tasks.tasks import ALL_GROUPS, ARM_TASKS, Arm

__all__ = ["Limit", "read_limit"]

_ARM_OF = MappingProxyType({metric: arm for arm in Arm for metric in scores_of(arm)})
"""Each metric that can have a limit -> the kind of requests that it is measured on."""


@dataclass(frozen=True)
class Limit:
    """The highest value that a metric, or its increase over a baseline, may have.

    `task` is a task or a group. Without one the limit is for each task of the run.
    """

    metric: str
    most: float
    task: str | None = None
    is_increase: bool = False

    @property
    def facts(self) -> MetricFacts:
        return TABLE_METRICS[self.metric]

    @property
    def arm(self) -> Arm:
        return _ARM_OF[self.metric]

    def describe(self) -> str:
        """The limit in words, such as "ASR at most 30.0 %"."""
        is_percent = numerals.is_percent(self.metric)
        if not self.is_increase:
            most = numerals.score(self.most, self.metric)
            return f"{self.facts.short} at most {most}{' %' if is_percent else ''}"
        most = numerals.change(self.most, self.metric)
        unit = " percentage points" if is_percent else ""
        return f"{self.facts.short} increase at most {most}{unit}"


def read_limit(text: str, *, is_increase: bool = False) -> Limit:
    """A limit as people write it: METRIC=VALUE, or METRIC:TASK=VALUE.

    Raises:
        ValueError: it is not one; the message says what is wrong.
    """
    name, equals, number = text.rpartition("=")
    if not equals:
        raise ValueError(f"{text!r} is not METRIC=VALUE or METRIC:TASK=VALUE, such as asr=0.3")
    name, colon, task = name.partition(":")
    metric = metric_named(name, {name: TABLE_METRICS[name] for name in _ARM_OF})
    facts = TABLE_METRICS[metric]
    try:
        most = facts.score_of(number, -facts.highest if is_increase else None)
    except ValueError as error:
        raise ValueError(f"{text!r}: the value is {number!r}, {error}") from None
    return Limit(metric, most, _task_named(task, metric) if colon else None, is_increase)


def _task_named(task: str, metric: str) -> str:
    tasks = ARM_TASKS[_ARM_OF[metric]]
    if task.upper() in tasks:
        return tasks[task.upper()].name
    names = [one.name for one in tasks.values()]
    names += [group for group, members in ALL_GROUPS.items() if set(members) <= set(names)]
    if task not in names:
        raise ValueError(f"{metric} has no task {task!r}; there are: {', '.join(names)}")
    return task
