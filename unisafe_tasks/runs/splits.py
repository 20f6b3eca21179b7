"""The split of a run's outputs into unsafe, refused, evaded and safe, as metrics.json has it.

It is there only if the judges were asked whether an output shows its target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unisafe_tasks.metric_facts import SPLIT
from unisafe_tasks.metrics import ScoredCase, macro_means, mean
from unisafe_tasks.statistics import Estimate, Hierarchy, Resampler, shared_mean_of
from unisafe_tasks.statistics.split import split_intervals, split_leaves

__all__ = ["add_split", "group_split", "tells_split"]

_NO_INTERVALS = dict.fromkeys(SPLIT)


def tells_split(info: Mapping[str, Any]) -> bool:
    """Whether the panel that run.json names was asked what an output shows of its target."""
    rubric = (info.get("panel") or {}).get("rubric") or {}
    return bool(rubric.get("tells_depiction"))


def add_split(
    summary: dict[str, Any],
    cases: Sequence[ScoredCase],
    resampler: Resampler,
    population: Mapping[tuple[str, str], int] | None = None,
) -> Estimate | None:
    """Give a task's summary its split at each level; returns the estimate of the task.

    Args:
        summary: the task's, as `summarise` makes it.
        cases: the task's cases, under the panel's ensemble.
        resampler: the bootstrap's draws.
        population: that of `leaves_of`.
    """
    leaves = split_leaves(cases, population)
    missing = set(population or ()) - set(leaves)
    hierarchy = Hierarchy.of(leaves, resampler, missing) if leaves else None
    columns = {cell: leaf.values.T.tolist() for cell, leaf in leaves.items()}
    summary["split"] = _split(columns, hierarchy.total if hierarchy else None)
    for category, of_category in summary["categories"].items():
        members = {cell: values for cell, values in columns.items() if cell[0] == category}
        estimate = hierarchy.categories.get(category) if hierarchy else None
        of_category["split"] = _split(members, estimate)
        for code, of_cell in of_category["subcategories"].items():
            cell = (category, code)
            estimate = hierarchy.subcategories.get(cell) if hierarchy else None
            own = {cell: columns[cell]} if cell in columns else {}
            of_cell["split"] = _split(own, estimate)
    return hierarchy.total if hierarchy else None


def group_split(
    summaries: Sequence[Mapping[str, Any]], estimates: Sequence[Estimate | None]
) -> dict[str, Any] | None:
    """The mean of tasks' splits, null where one is not known; None if a run does not tell it."""
    if not all("split" in summary for summary in summaries):
        return None
    values = {metric: [summary["split"][metric] for summary in summaries] for metric in SPLIT}
    known = [estimate for estimate in estimates if estimate is not None]
    return {
        **{metric: None if None in told else mean(told) for metric, told in values.items()},
        "intervals": split_intervals(shared_mean_of(known))
        if known and len(known) == len(summaries)
        else dict(_NO_INTERVALS),
    }


def _split(
    columns: Mapping[tuple[str, str], Sequence[Sequence[float]]], estimate: Estimate | None
) -> dict[str, Any]:
    return {
        **macro_means(columns, SPLIT),
        "intervals": split_intervals(estimate) if estimate else dict(_NO_INTERVALS),
    }
