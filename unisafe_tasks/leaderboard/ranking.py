"""Which rows of a block have a rank, in which range, and why the others have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from unisafe_tasks import numerals
from unisafe_tasks.leaderboard.model import Column, Row
from unisafe_tasks.leaderboard.rows import Entry
from unisafe_tasks.metric_facts import ASR, DISCRIMINATION, OVER_REFUSAL
from unisafe_tasks.results.marks import (
    ASKED_OTHERWISE,
    BLOCKED,
    BRIDGED,
    INCOMPLETE,
    LOW_COVERAGE,
)
from unisafe_tasks.statistics import scored_leaves
from unisafe_tasks.statistics.estimates import Leaves
from unisafe_tasks.statistics.ranks import RankRange, rank_ranges
from unisafe_tasks.tasks import ALL_GROUPS, TASK_NAMES, Arm, task_named

__all__ = ["HEADLINES", "first_column", "headline_of", "order_of", "with_ranks"]

HEADLINES: Mapping[Arm, str] = {Arm.ADVERSARIAL: ASR, Arm.BENIGN: OVER_REFUSAL}
"""Arm -> the metric of its ranks. Both are best when low."""

_SHOWN = {
    "full": "saw the whole conversation",
    "last": "saw the last image only",
    "replayed": "was made elsewhere",
}
_NEW_PANEL = "bridged from another panel"


def with_ranks(rows: Sequence[Row], entries: Sequence[Entry | None], arm: Arm) -> list[Row]:
    """The rows with ranks or with reasons, best first; then rows without a rank, by name.

    Args:
        rows: of one block, settled and told apart.
        entries: what each row was made of; None for a bridged row, which has no rank.
        arm: the arm of all rows.
    """
    metric = HEADLINES[arm]
    headline = headline_of(rows, arm)
    if headline is None:
        present = {column.name for row in rows for column, _ in row.cells}
        asked = [name for name in TASK_NAMES if name in present]
        told = [replace(row, unranked=_reason(row, asked, metric, None)) for row in rows]
        return sorted(told, key=_name)
    tasks = ALL_GROUPS.get(headline.name, (headline.name,))
    fit: list[tuple[Row, Entry]] = []
    others: list[Row] = []
    for row, entry in zip(_with_leads(rows, entries, metric), entries, strict=True):
        cell = row.cell(headline, metric)
        if cell.value is None or cell.marks or entry is None:
            others.append(replace(row, unranked=_reason(row, tasks, metric, headline.history)))
        else:
            fit.append((row, entry))
    ranges = _ranges([entry for _, entry in fit], headline, metric)
    ranked = [replace(row, rank=one) for (row, _), one in zip(fit, ranges, strict=True)]
    ranked.sort(key=lambda row: (row.cell(headline, metric).value, row.label))
    return [*ranked, *sorted(others, key=_name)]


def headline_of(rows: Sequence[Row], arm: Arm) -> Column | None:
    """The column whose scores give the ranks; None if no row has a score."""
    return first_column(rows, HEADLINES[arm])


def first_column(rows: Sequence[Row], metric: str) -> Column | None:
    """The column that says most of a metric; None if no row has a score.

    It is that of all tasks, if any model has it, else of the image tasks, of the text tasks, or of
    the first task. Of a column with several four-turn histories, it is the one that most models
    have. Bridged scores do not count.
    """
    scored = Counter(
        column
        for row in rows
        for (column, name), cell in row.cells.items()
        if name == metric and cell.value is not None and BRIDGED not in cell.marks
    )
    return min(
        scored,
        key=lambda column: (_place(column)[0], -scored[column], column.history or ""),
        default=None,
    )


def _place(column: Column) -> tuple[int, str]:
    return ([*ALL_GROUPS, *TASK_NAMES].index(column.name), column.history or "")


def _with_leads(rows: Sequence[Row], entries: Sequence[Entry | None], metric: str) -> list[Row]:
    """The rows, with the cells marked that no other model is shown to beat.

    Only scores without a mark are compared, and a score that stands alone leads nothing.
    """
    leading: set[tuple[int, Column]] = set()
    for column in {column for row in rows for column, _ in row.cells}:
        fit = [
            (number, entry)
            for number, (row, entry) in enumerate(zip(rows, entries, strict=True))
            if entry and (cell := row.cell(column, metric)).value is not None and not cell.marks
        ]
        if len(fit) > 1:
            ranges = _ranges([entry for _, entry in fit], column, metric)
            leading |= {
                (number, column)
                for (number, _), one in zip(fit, ranges, strict=True)
                if one.best == 1
            }
    return [
        replace(
            row,
            cells={
                (column, name): replace(cell, leads=True)
                if name == metric and (number, column) in leading
                else cell
                for (column, name), cell in row.cells.items()
            },
        )
        for number, row in enumerate(rows)
    ]


def _ranges(entries: Sequence[Entry], column: Column, metric: str) -> list[RankRange]:
    tasks = ALL_GROUPS.get(column.name, (column.name,))
    return rank_ranges([_leaves(entry, tasks) for entry in entries], metric)


def _name(row: Row) -> tuple[bool, str]:
    return any(BRIDGED in cell.marks for cell in row.cells.values()), row.label


def order_of(row: Row) -> tuple[bool, float, str]:
    """The order of rows of both arms: the best discrimination first; marked ones last, by name."""
    values = [
        -cell.value
        for (column, metric), cell in row.cells.items()
        if metric == DISCRIMINATION
        and column.name == "unisafe"
        and cell.value is not None
        and not cell.marks
    ]
    return (not values, values[0] if values else 0.0, row.label)


def _code(name: str) -> str:
    return task_named(name).code


def _leaves(entry: Entry, tasks: Sequence[str]) -> dict[str, Leaves]:
    cases = {name: one.cases_of(name) for one in entry.results for name in one.metrics["tasks"]}
    return {name: scored_leaves(cases[name]) for name in tasks}


def _reason(row: Row, tasks: Sequence[str], metric: str, history: str | None) -> str:
    """Why a row has no rank by these tasks, in a few words that follow the model's name."""
    cells = {
        column.name: (column, cell)
        for (column, name), cell in row.cells.items()
        if name == metric and column.name in tasks
    }
    if any(BRIDGED in cell.marks for _, cell in cells.values()):
        return _NEW_PANEL
    missing = {name: "absent" for name in tasks if name not in cells}
    missing |= {name: cell.state for name, (_, cell) in cells.items() if cell.value is None}
    if missing:
        return _missing(missing, tasks)
    marks = {name: cell.marks for name, (_, cell) in cells.items()}

    def marked(mark: str, word: Callable[[str], str] = _code) -> str:
        return ", ".join(word(name) for name in tasks if mark in marks[name])

    def covered(name: str) -> str:
        return f"{_code(name)} {numerals.covered(cells[name][1].coverage or 0)} %"

    said = []
    if low := marked(LOW_COVERAGE, covered):
        said.append(f"{low} scored")
    elif part := marked(INCOMPLETE):
        said.append(f"{part} not scored as a whole")
    if refused := marked(BLOCKED):
        said.append(f"{refused} refused by the provider or a safety checker")
    if marked(ASKED_OTHERWISE):
        said.append("asked otherwise")
    if said:
        return "; ".join(said)
    shown = {
        f"{column.code} {_SHOWN.get(column.history, column.history)}"
        for column, _ in cells.values()
        if column.history and column.history != history
    }
    return ", ".join(sorted(shown)) or "not comparable"


def _missing(states: Mapping[str, str], tasks: Sequence[str]) -> str:
    """What a model lacks, by its tasks that have no score."""
    for kind in ("image", "text"):
        group = [name for name in tasks if task_named(name).makes_images == (kind == "image")]
        if set(states) == set(group) and set(group) != set(tasks):
            if set(states.values()) == {"absent"}:
                return f"no {kind} tasks run"
            if set(states.values()) == {"unsupported"} and kind == "image":
                return "makes no images"
    words = {
        "unsupported": "cannot do {}",
        "absent": "{} not run",
        "unscored": "{} not scored",
        "untold": "{} not told by the judges",
    }
    return "; ".join(
        word.format(", ".join(_code(name) for name in tasks if states.get(name) == state))
        for state, word in words.items()
        if state in states.values()
    )
