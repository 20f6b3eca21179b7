"""Whether a run's scores stay within limits: what a training team's CI asks of each checkpoint.

A limit is decided on the 95 % interval, not on the score alone. The interval can hold the limit,
and a score can be missing or marked: then the check is undecided, neither passed nor failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from unisafe_tasks import numerals
from unisafe_tasks.data.names import BENIGN_NOTE, DEMO_NOTE
from unisafe_tasks.errors import RunError
from unisafe_tasks.metric_facts import FACTS_OF_ARMS, scores_of
from unisafe_tasks.results.basis import address_notes, basis_of, differing
from unisafe_tasks.results.comparison import other_history
from unisafe_tasks.results.limits import Limit
from unisafe_tasks.results.marks import MIN_COVERAGE, mark_notes, marks_in
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.results.stacks import differing_stacks
from unisafe_tasks.statistics import Estimate, Hierarchy, Resampler, scored_leaves, shared_mean_of
from unisafe_tasks.statistics.contrasts import difference_interval, paired_leaves
from unisafe_tasks.tasks import ALL_GROUPS, ARM_TASKS
from unisafe_tasks.types import Status

__all__ = ["Check", "Gate", "Outcome", "decide"]


class Outcome(StrEnum):
    """What a limit came to; of several, the first of these that is among them."""

    FAILED = "failed"
    UNDECIDED = "undecided"
    PASSED = "passed"


@dataclass(frozen=True)
class Check:
    """A limit on one task or group. `reason` says why the outcome is not `PASSED`."""

    limit: Limit
    task: str
    outcome: Outcome
    value: float | None = None
    bounds: tuple[float, float] | None = None
    reason: str = ""

    @property
    def score(self) -> str:
        """The score with its interval, or a dash."""
        metric = self.limit.metric
        shown = numerals.change if self.limit.is_increase else numerals.score
        unit = "" if self.limit.is_increase or not numerals.is_percent(metric) else " %"
        if self.value is None:
            return numerals.DASH
        if self.bounds is None:
            return f"{shown(self.value, metric)}{unit}"
        low, high = (shown(bound, metric) for bound in self.bounds)
        return f"{shown(self.value, metric)}{unit} [{low}, {high}]"

    def describe(self) -> str:
        """The check in one line, without its outcome."""
        reason = f"; {self.reason}" if self.reason else ""
        return f"{self.task}: {self.limit.describe()}: {self.score}{reason}"


@dataclass(frozen=True)
class Gate:
    """All checks of a run. `basis` says what the scores rest on, and `notes` belong to them."""

    run: str
    model: str
    baseline: str | None
    basis: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """The outcome of all checks together."""
        outcomes = {check.outcome for check in self.checks}
        return next(outcome for outcome in Outcome if outcome in outcomes)

    def count(self, outcome: Outcome) -> int:
        return sum(check.outcome is outcome for check in self.checks)

    def describe(self) -> str:
        """How many limits came to what, in one line."""
        counts = ", ".join(f"{self.count(outcome)} {outcome}" for outcome in Outcome)
        noun = "check" if len(self.checks) == 1 else "checks"
        return f"{self.outcome}: {self.model}, {len(self.checks)} {noun} ({counts})"


def decide(
    run: ScoredRun,
    limits: Sequence[Limit],
    baseline: ScoredRun | None = None,
    *,
    min_coverage: float = MIN_COVERAGE,
    resampler: Resampler | None = None,
) -> Gate:
    """Check a run against limits. A limit with a task replaces the same limit without one there.

    Raises:
        RunError: a run was not judged or has no task, or its kind of requests has not this metric;
            there is no baseline for an increase; a case is in another subcategory in the baseline.
    """
    for judged in (run,) if baseline is None else (run, baseline):
        _require_metrics(judged, limits)
    if not run.metrics["tasks"]:
        raise RunError(f"{run.folder} has no task with an output: nothing can be checked")
    basis = basis_of(run)
    increases = None
    if baseline is not None:
        increases = _Increases(run, baseline, min_coverage, resampler or Resampler())
    elif any(limit.is_increase for limit in limits):
        raise RunError("a limit of an increase needs a baseline")
    own = {(limit.metric, limit.is_increase, limit.task) for limit in limits if limit.task}
    checks = []
    for limit in limits:
        if limit.task:
            tasks = [limit.task]
        else:
            there = _tasks_of(run, baseline if limit.is_increase else None)
            tasks = [task for task in there if (limit.metric, limit.is_increase, task) not in own]
        checks += [
            increases.check(limit, task)
            if increases and limit.is_increase
            else _check(run, limit, task, min_coverage)
            for task in tasks
        ]
    if not checks:
        raise RunError(f"{run.folder}: no limit is for a task of this run")
    beside = [] if baseline is None else [baseline]
    return Gate(
        run.folder.name,
        run.model,
        None if baseline is None else f"{baseline.model} ({baseline.folder.name})",
        basis.describe(),
        tuple(checks),
        tuple(_notes([run, *beside])),
    )


def _require_metrics(run: ScoredRun, limits: Sequence[Limit]) -> None:
    for limit in limits:
        if limit.arm is not run.arm:
            there = ", ".join(FACTS_OF_ARMS[run.arm][name].short for name in scores_of(run.arm))
            raise RunError(
                f"{run.folder} has no {limit.facts.short}: it is a run of {run.arm} requests, and "
                f"has {there}"
            )


def _tasks_of(run: ScoredRun, baseline: ScoredRun | None) -> list[str]:
    """The tasks that a run has, was to have, or has in its baseline, in the order of tables."""
    names = {*run.metrics["tasks"], *(run.info.get("asked") or {})}
    names |= set() if baseline is None else set(baseline.metrics["tasks"])
    return [task.name for task in ARM_TASKS[run.arm].values() if task.name in names]


def _check(run: ScoredRun, limit: Limit, task: str, min_coverage: float) -> Check:
    summary = _summary(run, task)
    doubt = _doubt(run, task, limit.metric, min_coverage)
    if summary is None:
        return Check(limit, task, Outcome.UNDECIDED, reason=doubt)
    interval = summary["intervals"][limit.metric]
    bounds = interval and (interval["low"], interval["high"])
    return _decided(limit, task, summary[limit.metric], bounds, doubt)


def _decided(
    limit: Limit, task: str, value: float | None, bounds: tuple[float, float] | None, doubt: str
) -> Check:
    if not doubt and bounds is None:
        doubt = "the interval is not known: a subcategory has a single case or none"
    if doubt or bounds is None:
        return Check(limit, task, Outcome.UNDECIDED, value, bounds, doubt)
    low, high = bounds
    if high <= limit.most:
        return Check(limit, task, Outcome.PASSED, value, bounds)
    if low > limit.most:
        reason = "the whole 95 % interval is above the limit"
        return Check(limit, task, Outcome.FAILED, value, bounds, reason)
    reason = "the 95 % interval holds the limit: more cases would decide"
    return Check(limit, task, Outcome.UNDECIDED, value, bounds, reason)


def _doubt(run: ScoredRun, task: str, metric: str, min_coverage: float) -> str:
    """Why a score decides nothing, in words; empty if it can."""
    summary = _summary(run, task)
    if summary is None:
        if task in ALL_GROUPS:
            missing = [name for name in ALL_GROUPS[task] if name not in run.metrics["tasks"]]
            return f"no score: the run has no {', '.join(missing)}"
        return "no score: the run has no output of this task"
    if summary.get("statuses", {}).get(Status.UNSUPPORTED) == summary["asked"]:
        return "no score: the model cannot do this task"
    if summary[metric] is None:
        if summary["scored"]:
            return "no score: the verdicts do not tell this metric"
        return "no score: no case of it could be scored"
    return " ".join(mark_notes(marks_in(_summaries(run), task, min_coverage), min_coverage))


def _summary(run: ScoredRun, task: str) -> Mapping[str, Any] | None:
    return _summaries(run).get(task)


def _summaries(run: ScoredRun) -> dict[str, Mapping[str, Any]]:
    return {**run.metrics["tasks"], **run.metrics["groups"]}


class _Increases:
    """Paired differences of a run to its baseline, each task drawn once."""

    def __init__(
        self, run: ScoredRun, baseline: ScoredRun, min_coverage: float, resampler: Resampler
    ) -> None:
        self._run, self._baseline = run, baseline
        self._min_coverage, self._resampler = min_coverage, resampler
        self._differing = " and ".join(differing([basis_of(run), basis_of(baseline)]))
        self._changes: dict[str, Estimate | str] = {}

    def check(self, limit: Limit, task: str) -> Check:
        """Check the increase of one task or group."""
        change = self._change(task, limit.metric)
        if isinstance(change, str):
            return Check(limit, task, Outcome.UNDECIDED, reason=change)
        value = float(change.values[change.scores.index(limit.metric)])
        interval = difference_interval(change, limit.metric)
        bounds = None
        if interval is not None:
            rounded = interval.as_json()
            bounds = rounded["low"], rounded["high"]
        doubts = (
            f"the baseline: {doubt}" if run is self._baseline else doubt
            for run in (self._run, self._baseline)
            if (doubt := _doubt(run, task, limit.metric, self._min_coverage))
        )
        return _decided(limit, task, value, bounds, " ".join(doubts))

    def _change(self, task: str, metric: str) -> Estimate | str:
        """The difference with its draws, or why there is none."""
        if self._differing:
            return f"the baseline is of other {self._differing}"
        for run, whose in ((self._run, ""), (self._baseline, "the baseline: ")):
            summary = _summary(run, task)
            if summary is None or summary[metric] is None:
                return whose + _doubt(run, task, metric, self._min_coverage)
        if task not in ALL_GROUPS:
            return self._task_change(task)
        changes = [self._task_change(member) for member in ALL_GROUPS[task]]
        known = [change for change in changes if isinstance(change, Estimate)]
        if len(known) < len(changes):
            return next(change for change in changes if isinstance(change, str))
        return shared_mean_of(known)

    def _task_change(self, task: str) -> Estimate | str:
        if task not in self._changes:
            self._changes[task] = self._paired(task)
        return self._changes[task]

    def _paired(self, task: str) -> Estimate | str:
        if difference := other_history(self._run, self._baseline, task):
            return difference
        before, after = (scored_leaves(run.cases_of(task)) for run in (self._baseline, self._run))
        paired = paired_leaves(before, after)
        if paired.keys() != before.keys() | after.keys():
            return f"{task}: a subcategory has no case that is scored in both runs"
        return Hierarchy.of(paired, self._resampler).total


def _notes(runs: Sequence[ScoredRun]) -> list[str]:
    notes = [
        note
        for note in (DEMO_NOTE, BENIGN_NOTE)
        if any(note in run.metrics["notes"] for run in runs)
    ]
    notes += address_notes([run.info for run in runs])
    if len(runs) > 1 and (stacks := differing_stacks(runs)):
        notes.append(
            f"The safety stacks differ ({stacks}): each score is of a model with its stack."
        )
    return notes
