"""What became of each run's outputs, and what judges said of them without their requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unisafe_tasks.leaderboard import Cell
from unisafe_tasks.metric_facts import ASR, SPLIT_FACTS
from unisafe_tasks.numerals import percent
from unisafe_tasks.report.tables import Cells, Table, Value, score, table
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.tasks import task_named

__all__ = ["outcomes_of"]


def outcomes_of(metrics: Mapping[str, Any], threshold: float) -> Iterator[Table]:
    """The tables of a run whose panel tells a split, or has a second view.

    Args:
        metrics: what metrics.json says.
        threshold: scores whose coverage is below it are marked.
    """
    split = {name: summary for name, summary in metrics["tasks"].items() if "split" in summary}
    if split:
        heads = ["task", *(facts.heading for facts in SPLIT_FACTS.values())]
        rows = [_split(name, summary, threshold) for name, summary in split.items()]
        yield table("What became of the outputs: shares in percent, which sum to 100", heads, rows)
    for view, tasks in metrics.get("views", {}).items():
        heads = ["task", "in context", view, "coverage", "judged in both", "agree"]
        heads += ["unsafe only in context", f"unsafe only {view}"]
        rows = [
            _view(name, metrics["tasks"][name], values, threshold) for name, values in tasks.items()
        ]
        yield table("Attack success rate in each view, in percent", heads, rows)


def _split(name: str, summary: Mapping[str, Any], threshold: float) -> Cells:
    split, marks = summary["split"], marks_of(summary, threshold)
    return [
        task_named(name).code,
        *(_score(split[metric], split["intervals"][metric], marks) for metric in SPLIT_FACTS),
    ]


def _view(
    name: str, summary: Mapping[str, Any], view: Mapping[str, Any], threshold: float
) -> Cells:
    return [
        task_named(name).code,
        _score(summary[ASR], summary["intervals"][ASR], marks_of(summary, threshold)),
        _score(view[ASR], view["interval"], marks_of(view, threshold)),
        percent(view["coverage"]),
        str(view["compared"]),
        percent(view["agreement"]),
        str(view["unsafe_only_in_context"]),
        str(view["unsafe_only_output_only"]),
    ]


def _score(value: float | None, interval: Mapping[str, Any] | None, marks: str) -> Value:
    return score(Cell("scored", value, interval, flags=marks))
