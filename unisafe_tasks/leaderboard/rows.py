"""Rows of the leaderboard: one model's runs of one arm, with every score that they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from unisafe_tasks.data.names import BENIGN_NOTE, DEMO_NOTE
from unisafe_tasks.leaderboard.dead_runs import of_one_model
from unisafe_tasks.leaderboard.model import Cell, Column, Row
from unisafe_tasks.metric_facts import (
    JUDGMENT_OF_ARMS,
    SAS,
    SPLIT,
    metrics_of,
    scores_of,
)
from unisafe_tasks.results.basis import basis_of, differing
from unisafe_tasks.results.marks import marks_in, marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.metrics_file import group_intervals
from unisafe_tasks.runs.notes import reused_answers
from unisafe_tasks.runs.splits import group_split
from unisafe_tasks.runs.summaries import summarise_groups
from unisafe_tasks.tasks import ALL_GROUPS, BENIGN_GROUP, GROUP_TITLES, TASK_NAMES, Arm, task_named
from unisafe_tasks.types import Status

__all__ = [
    "Entry",
    "columns_of",
    "comparable",
    "entries_of",
    "row_of",
    "settled",
    "told_apart",
]

_TITLES = {
    **GROUP_TITLES,
    **{name.replace("unisafe", BENIGN_GROUP, 1): title for name, title in GROUP_TITLES.items()},
}


@dataclass(frozen=True)
class Entry:
    """One row: results of one model whose tasks do not overlap."""

    results: tuple[ScoredRun, ...]

    @property
    def tasks(self) -> set[str]:
        return {name for result in self.results for name in result.metrics["tasks"]}

    @property
    def arm(self) -> Arm:
        return self.results[0].arm

    @property
    def model(self) -> str:
        return self.results[0].model

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(result.folder.name for result in self.results)

    @property
    def columns(self) -> dict[str, Column]:
        """The column of each task, and of each group that is there in full."""
        histories = {
            name: "+".join(summary.get("histories", {})) for name, summary in self.summaries.items()
        }
        columns = {
            name: Column(name, task_named(name).code, history or None)
            for name, history in histories.items()
        }
        for name, members in ALL_GROUPS.items():
            if self.tasks >= set(members):
                # A mean with a four-turn score has the history of that score.
                shown = "".join(histories[task] for task in members) or None
                columns[name] = Column(name, _TITLES[name], shown)
        return columns

    @property
    def summaries(self) -> dict[str, dict[str, Any]]:
        """What metrics.json says of each task."""
        return {name: one for run in self.results for name, one in run.metrics["tasks"].items()}


def comparable(results: Sequence[ScoredRun]) -> list[list[ScoredRun]]:
    """The results in groups that may be compared: each group has one basis."""
    groups: list[list[ScoredRun]] = []
    for result in results:
        for group in groups:
            if not differing([basis_of(member) for member in (*group, result)]):
                group.append(result)
                break
        else:
            groups.append([result])
    return groups


def entries_of(results: Sequence[ScoredRun]) -> list[Entry]:
    """One model's runs in one entry. If two have the same task, each gets a separate entry."""
    entries: list[Entry] = []
    for result in results:
        tasks = set(result.metrics["tasks"])
        for index, entry in enumerate(entries):
            if of_one_model(entry.results[0], result) and not entry.tasks & tasks:
                entries[index] = Entry((*entry.results, result))
                break
        else:
            entries.append(Entry((result,)))
    return entries


def row_of(
    entry: Entry, min_coverage: float, judgments: Mapping[str, Mapping[str, Any]] | None = None
) -> Row:
    """The row of an entry; `judgments` are those of the model on its own outputs, by task."""
    cells: dict[tuple[Column, str], Cell] = {}
    summaries, columns = entry.summaries, entry.columns
    for name, summary in summaries.items():
        for metric in _metrics_of(summary, entry.arm):
            marks = marks_of(summary, min_coverage)
            cells[columns[name], metric] = _cell(summary, metric, entry.arm, marks)
        if judgments and name in judgments:
            marks = marks_of(judgments[name], min_coverage)
            cells[columns[name], SAS] = _cell(judgments[name], SAS, entry.arm, marks)
    estimates = {
        name: estimate for result in entry.results for name, estimate in result.estimates.items()
    }
    splits = {
        name: estimate for result in entry.results for name, estimate in result.splits.items()
    }
    for name, values in summarise_groups(summaries).items():
        members = ALL_GROUPS[name]
        values["intervals"] = group_intervals(
            [estimates.get(task) for task in members], scores_of(entry.arm)
        )
        shares = group_split([summaries[task] for task in members], [*map(splits.get, members)])
        values |= {"split": shares} if shares else {}
        for metric in _metrics_of(values, entry.arm):
            marks = marks_in({**summaries, name: values}, name, min_coverage)
            cells[columns[name], metric] = _cell(values, metric, entry.arm, marks)
    several = len(entry.results) > 1
    notes = dict.fromkeys(
        f"{result.folder.name}: {note}"
        if several and note not in (DEMO_NOTE, BENIGN_NOTE)
        else note
        for result in entry.results
        for note in result.metrics["notes"]
        # A run that was interrupted and went on is the same row. The report says when it was.
        if note not in reused_answers(result.info)
    )
    return Row(entry.model, entry.model, entry.folders, cells, tuple(notes))


def settled(rows: Sequence[Row], metric: str) -> list[Row]:
    """Move four-turn cells without a history (no case was finished) to a column with one.

    `metric` is one that every scored column has.
    """
    known: dict[str, Column] = {}
    for column in sorted(
        {column for row in rows for column, _ in row.cells if column.history},
        key=lambda column: str(column.history),
    ):
        known.setdefault(column.name, column)

    def settled_column(column: Column, cell: Cell) -> Column:
        empty = column.history is None and cell.value is None
        return known.get(column.name, column) if empty else column

    return [
        replace(
            row,
            cells={
                (settled_column(column, row.cell(column, metric)), name): cell
                for (column, name), cell in row.cells.items()
            },
        )
        for row in rows
    ]


def told_apart(rows: Sequence[Row]) -> list[Row]:
    """Add the runs' names to the labels of rows that have the same model."""
    counts = Counter(row.model for row in rows)
    named = [
        replace(row, label=f"{row.label} ({', '.join(row.folders)})")
        if counts[row.model] > 1
        else row
        for row in rows
    ]
    again = Counter(row.label for row in named)
    return [
        replace(row, label=f"{row.label} #{number}") if again[row.label] > 1 else row
        for number, row in enumerate(named, start=1)
    ]


def _metrics_of(summary: Mapping[str, Any], arm: Arm) -> tuple[str, ...]:
    """The metrics that a summary has: the split only if the judges were asked for it."""
    return (*metrics_of(arm), *SPLIT) if "split" in summary else metrics_of(arm)


def _cell(summary: Mapping[str, Any], metric: str, arm: Arm, marks: str) -> Cell:
    coverage = summary["coverage"]
    scores = summary["split"] if metric in SPLIT else summary
    value = scores[metric]
    if summary.get("statuses", {}).get(Status.UNSUPPORTED) == summary["asked"]:
        return Cell("unsupported", coverage=coverage)
    if value is None:
        is_scored = summary.get(JUDGMENT_OF_ARMS[arm]) is not None
        return Cell("untold" if is_scored else "unscored", coverage=coverage)
    interval = scores["intervals"].get(metric)
    return Cell("scored", value, interval, coverage, marks, metric=metric)


def columns_of(rows: Sequence[Row]) -> tuple[Column, ...]:
    """Columns in the paper's order, then the groups. Each history has a separate column."""
    columns = {column for row in rows for column, _ in row.cells}
    order = [*TASK_NAMES, *_TITLES]
    variants = Counter(column.name for column in columns)
    return tuple(
        replace(column, several=variants[column.name] > 1)
        for column in sorted(
            columns, key=lambda column: (order.index(column.name), column.history or "")
        )
    )
