"""metrics.json, and the sentences that belong to it.

One function builds it for a live run and for a stored run, so both agree to the byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from unisafe_judges.types import OUTPUT_ONLY
from unisafe_tasks.errors import RunError
from unisafe_tasks.metric_facts import JUDGMENT_OF_ARMS, SCORES, scores_of
from unisafe_tasks.metrics import Ensemble, ScoredCase, apply_ensemble, ensemble_of
from unisafe_tasks.runs.notes import (
    asked_otherwise,
    came_to_all,
    run_notes,
    silent_judges,
    subset_of,
    version_notes,
)
from unisafe_tasks.runs.policy_codes import policy_codes_of, policy_table
from unisafe_tasks.runs.splits import add_split, group_split, tells_split
from unisafe_tasks.runs.summaries import TaskLeaves, summarise, summarise_groups
from unisafe_tasks.runs.views import (
    has_output_only,
    mark_mixed_versions,
    output_only_view,
    seen_alone,
    view_notes,
)
from unisafe_tasks.statistics import (
    CONFIDENCE,
    DRAWS,
    Estimate,
    Hierarchy,
    Resampler,
    shared_mean_of,
)
from unisafe_tasks.statistics.agreement import agreement_of
from unisafe_tasks.statistics.estimates import Leaves
from unisafe_tasks.tasks import ALL_GROUPS, TASK_NAMES, task_named

__all__ = [
    "METRICS_FORMAT",
    "RunScores",
    "build_metrics",
    "group_intervals",
    "population_of",
    "score_run",
]

METRICS_FORMAT = "unisafe-metrics/2"


@dataclass(frozen=True)
class RunScores:
    """A run's scores.

    `metrics` is what metrics.json holds, and `cases` are the cases under the panel's ensemble.
    `estimates` holds, by task, the estimates that the intervals came from; a task without a score
    has no estimate. `splits` are those of the tasks' splits.
    """

    metrics: dict[str, Any]
    cases: tuple[ScoredCase, ...]
    estimates: Mapping[str, Estimate]
    splits: Mapping[str, Estimate]


def build_metrics(info: Mapping[str, Any], cases: Sequence[ScoredCase]) -> dict[str, Any]:
    """What metrics.json holds; the arguments are those of `score_run`."""
    return score_run(info, cases).metrics


def score_run(
    info: Mapping[str, Any], cases: Sequence[ScoredCase], resampler: Resampler | None = None
) -> RunScores:
    """Score a run.

    Args:
        info: what run.json says; its model, data, panel and limited go into the result.
        cases: the run's cases, of any number of tasks, in any order.
        resampler: the bootstrap's draws; runs that are compared share them.

    Raises:
        RunError: the run is of a subset, and a subcategory has more cases than the full set.
    """
    resampler = resampler or Resampler()
    panel = info.get("panel")
    ensemble = ensemble_of(panel) if panel else None
    codes = policy_codes_of(info)
    by_task: dict[str, list[ScoredCase]] = {}
    for case in sorted(cases, key=attrgetter("id")):
        by_task.setdefault(case.task, []).append(case)
    ruled = {
        name: apply_ensemble(by_task[name], ensemble) for name in TASK_NAMES if name in by_task
    }
    tasks: dict[str, dict[str, Any]] = {}
    estimates: dict[str, Estimate] = {}
    splits: dict[str, Estimate] = {}
    alone: dict[str, dict[str, Any]] = {}
    for name, task_cases in ruled.items():
        population = population_of(info, name, task_cases)
        leaves = TaskLeaves.of(task_cases, population)
        summary = tasks[name] = summarise(task_cases, leaves)
        total = _add_intervals(summary, leaves, resampler, population, task_cases[0].scores)
        if total is not None:
            estimates[name] = total
        if len(leaves.judges) > 1:
            summary["agreement"] = agreement_of(task_cases, _case_draws(task_cases, resampler))
        if names := codes.get(task_named(name).modality):
            summary["policy"] = policy_table(task_cases, names)
        if tells_split(info):
            split = add_split(summary, task_cases, resampler, population)
            splits |= {name: split} if split else {}
        if has_output_only(info):
            alone[name] = _alone(info, name, task_cases, ensemble, resampler)
        _mark(summary, info, _asked(info, name, summary))
    versions = _versions(tasks)
    if any(len(counts) > 1 for counts in versions.values()):
        for summary in tasks.values():
            summary["complete"] = False
    shown = (
        "name",
        "sha256",
        "kind",
        "rubric",
        "ensemble",
        "min_verdicts",
        "judge_repeats",
        "views",
    )
    mixed = mark_mixed_versions(alone, versions)
    groups = summarise_groups(tasks)
    for name, values in groups.items():
        members = ALL_GROUPS[name]
        values["intervals"] = group_intervals(
            [estimates.get(task) for task in members], scores_of(task_named(members[0]).arm)
        )
        if shares := group_split([tasks[task] for task in members], list(map(splits.get, members))):
            values["split"] = shares
    metrics = {
        "format": METRICS_FORMAT,
        "model": info.get("model"),
        "data": _data_of(info),
        "panel": panel and {key: panel[key] for key in shown if key in panel},
        "judge_versions": versions,
        "limited": bool(info.get("limited")),
        "notes": [
            *run_notes(info, tasks, alone),
            *version_notes(versions),
            *view_notes(alone, tasks),
            *mixed,
        ],
        "bootstrap": {"draws": DRAWS, "confidence": CONFIDENCE, "unit": "risk target"},
        "tasks": tasks,
        "groups": groups,
        **({"views": {OUTPUT_ONLY: alone}} if alone else {}),
    }
    scored = tuple(case for task_cases in ruled.values() for case in task_cases)
    return RunScores(metrics, scored, estimates, splits)


def group_intervals(
    members: Sequence[Estimate | None], scores: Sequence[str] = SCORES
) -> dict[str, Any]:
    """Intervals of the mean of tasks, as metrics.json holds them; null if a task has no score."""
    known = [member for member in members if member is not None]
    if not known or len(known) < len(members):
        return dict.fromkeys(scores)
    return shared_mean_of(known).intervals()


def _add_intervals(
    summary: dict[str, Any],
    leaves: TaskLeaves,
    resampler: Resampler,
    population: Mapping[tuple[str, str], int] | None,
    scores: Sequence[str],
) -> Estimate | None:
    """Give every score in a task's summary its intervals; returns the estimate of the task."""
    unknown: dict[str, Any] = dict.fromkeys(scores)
    hierarchy = _hierarchy(leaves.panel, resampler, population)
    summary["intervals"] = hierarchy.total.intervals() if hierarchy else dict(unknown)
    for category, category_scores in summary["categories"].items():
        at_category = hierarchy and hierarchy.categories.get(category)
        category_scores["intervals"] = at_category.intervals() if at_category else dict(unknown)
        for code, leaf in category_scores["subcategories"].items():
            at_leaf = hierarchy and hierarchy.subcategories.get((category, code))
            leaf["intervals"] = at_leaf.intervals() if at_leaf else dict(unknown)
    for judge, judge_scores in summary["judges"].items():
        of_judge = _hierarchy(leaves.judges[judge], resampler, population)
        judge_scores["intervals"] = of_judge.total.intervals() if of_judge else dict(unknown)
    return hierarchy.total if hierarchy else None


def _alone(
    info: Mapping[str, Any],
    task: str,
    cases: Sequence[ScoredCase],
    ensemble: Ensemble | None,
    resampler: Resampler,
) -> dict[str, Any]:
    """What metrics.json says of a task's second view."""
    seen, population = seen_alone(cases, ensemble), population_of(info, task, cases)
    leaves = TaskLeaves.of(seen, population)
    summary = summarise(seen, leaves)
    hierarchy = _hierarchy(leaves.panel, resampler, population)
    _mark(summary, info, _asked(info, task, summary))
    interval = hierarchy.total.interval(JUDGMENT_OF_ARMS[cases[0].arm]) if hierarchy else None
    return output_only_view(summary, interval, cases, seen)


def _asked(info: Mapping[str, Any], task: str, summary: Mapping[str, Any]) -> int:
    """How many cases of a task the run was to have."""
    asked: int = (info.get("asked") or {}).get(task, summary["asked"])
    return asked


def _case_draws(cases: Sequence[ScoredCase], resampler: Resampler) -> npt.NDArray[np.uint8] | None:
    """Draws of all cases that a judge was shown, as one cell: shape (draws, cases)."""
    targets = [case.id for case in cases if case.rows]
    return resampler.counts(targets, [case.id for case in cases]).T if len(targets) > 1 else None


def _hierarchy(
    leaves: Leaves, resampler: Resampler, population: Mapping[tuple[str, str], int] | None
) -> Hierarchy | None:
    missing = set(population or ()) - set(leaves)
    return Hierarchy.of(leaves, resampler, missing) if leaves else None


def _data_of(info: Mapping[str, Any]) -> dict[str, Any] | None:
    """The data as metrics.json names them; the full set's counts stay in run.json."""
    if (data := info.get("data")) is None:
        return None
    shown = {name: value for name, value in data.items() if name != "subset"}
    if subset := subset_of(info):
        shown["subset"] = {name: value for name, value in subset.items() if name != "population"}
    return shown


def population_of(
    info: Mapping[str, Any], task: str, cases: Sequence[ScoredCase]
) -> dict[tuple[str, str], int] | None:
    """The number of cases of each (category, subcategory) of a task in the full set.

    None if the run is not of a subset, or not of the whole subset: the cases that came first were
    not drawn at random.
    """
    subset = subset_of(info)
    if not subset or not came_to_all(info):
        return None
    known = {
        (category, code): count
        for category, counts in subset["population"].get(task, {}).items()
        for code, count in counts.items()
    }
    for cell, count in Counter((case.category, case.subcategory) for case in cases).items():
        if count > known.get(cell, 0):
            raise RunError(
                f"{task} has {count} cases of {'/'.join(cell)}, and run.json says that the full "
                f"set has {known.get(cell, 0)}: data.subset.population is of other data"
            )
    return known


def _versions(tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How many verdicts each version of each judge gave, over all tasks."""
    versions: dict[str, Counter[str]] = {}
    for summary in tasks.values():
        for judge, judge_scores in summary["judges"].items():
            versions.setdefault(judge, Counter()).update(judge_scores["versions"])
    return {
        judge: dict(sorted(counts.items())) for judge, counts in sorted(versions.items()) if counts
    }


def _mark(summary: dict[str, Any], info: Mapping[str, Any], case_count: int) -> None:
    """Count the cases that the run did not reach; mark a score that is not of the whole task."""
    if case_count > summary["asked"]:
        summary |= {
            "asked": case_count,
            "coverage": summary["scored"] / case_count,
            "complete": False,
        }
    if otherwise := asked_otherwise(info):
        summary["asked_otherwise"] = sorted(otherwise)
    mixed = len(summary.get("histories", {})) > 1
    if not came_to_all(info) or silent_judges(summary) or mixed:
        summary["complete"] = False
