"""What became of each run's outputs, and what judges said of them without their requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from unisafe_tasks.leaderboard import Cell
from unisafe_tasks.metric_facts import ASR, SPLIT_FACTS
from unisafe_tasks.report.tables import Cells, RunTables, Table, Value, number, score, table
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.tasks import task_named

__all__ = ["outcomes_of"]


def outcomes_of(
    results: Sequence[ScoredRun], labels: Sequence[str], threshold: float
) -> list[RunTables]:
    """The tables of each run whose panel tells a split, or has a second view."""
    made = (
        RunTables(label, tuple(_tables(result.metrics, threshold)))
        for result, label in zip(results, labels, strict=True)
    )
    return [one for one in made if one.tables]


def _tables(metrics: Mapping[str, Any], threshold: float) -> Iterator[Table]:
    split = {name: summary for name, summary in metrics["tasks"].items() if "split" in summary}
    if split:
        heads = ["task", *(facts.heading for facts in SPLIT_FACTS.values())]
        rows = [_split(name, summary, threshold) for name, summary in split.items()]
        yield table("What became of the outputs: shares that sum to 1", heads, rows)
    for view, tasks in metrics.get("views", {}).items():
        heads = ["task", "in context", view, "coverage", "judged in both", "agree"]
        heads += ["unsafe only in context", f"unsafe only {view}"]
        rows = [
            _view(name, metrics["tasks"][name], values, threshold) for name, values in tasks.items()
        ]
        yield table("Attack success rate in each view", heads, rows)


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
        number(view["coverage"]),
        str(view["compared"]),
        number(view["agreement"]),
        str(view["unsafe_only_in_context"]),
        str(view["unsafe_only_output_only"]),
    ]


def _score(value: float | None, interval: Mapping[str, Any] | None, marks: str) -> Value:
    return score(Cell("scored", value, interval, flags=marks))
