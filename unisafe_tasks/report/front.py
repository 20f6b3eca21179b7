"""The front table as data: what a reader sees first, for each set of runs that may be compared.

`front.html.j2` draws it, `front.css` and `front.js` belong to that; where a cell or a name leads is
for the page to say (`Links`), since a report opens cases, and a site the page of a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from unisafe_tasks import numerals
from unisafe_tasks.data.names import arm_of
from unisafe_tasks.leaderboard import Block, Cell, Leaderboard, Row
from unisafe_tasks.leaderboard.ranking import headline_of
from unisafe_tasks.metric_facts import ASR, TABLE_METRICS
from unisafe_tasks.report.score_cells import RATED, ScoreCell, score_cell
from unisafe_tasks.results.marks import mark_notes
from unisafe_tasks.tasks import GROUP_TITLES, GROUPS, TASKS

__all__ = [
    "Band",
    "FrontBlock",
    "FrontRow",
    "FrontTable",
    "Links",
    "fronts_of",
]

_TABS = {
    ASR: "Attack success",
    "average_risk_rating": "Risk rating",
    "refusal_rate": "Refusal",
    "coverage": "Coverage",
}


@dataclass(frozen=True)
class Links:
    """Where the front table leads: from a row's name, and from one of its columns (a task's code,
    or nothing for all tasks). None is no link."""

    model: Callable[[Row], str | None]
    cell: Callable[[Row, str], str | None]


@dataclass(frozen=True)
class Band:
    """A score and its interval as places on a band, in percent of its width."""

    place: str
    low: str | None
    high: str | None


@dataclass(frozen=True)
class FrontRow:
    """A model: `unranked` says why it has no rank beside models that have one."""

    label: str
    rank: str
    unranked: str
    link: str | None
    overall: ScoreCell
    band: Band | None
    tasks: tuple[ScoreCell, ...]
    refused: ScoreCell | None
    least: ScoreCell | None


@dataclass(frozen=True)
class FrontTable:
    """One metric of a block. `is_tinted` tells a scale from good to bad; `ticks` stand over the
    band, if the metric has intervals."""

    metric: str
    name: str
    title: str
    about: str
    ticks: tuple[str, ...]
    is_tinted: bool
    heads: tuple[tuple[str, str], ...]
    ranked: tuple[FrontRow, ...]
    others: tuple[FrontRow, ...]

    @property
    def rows(self) -> tuple[FrontRow, ...]:
        return (*self.ranked, *self.others)


@dataclass(frozen=True)
class FrontBlock:
    """Runs that may be compared: a table for each metric, and what the marks in them mean.

    `overall` says of what the ranks are: "all", "image", "text" or a task's code.
    """

    title: str
    overall: str
    tables: tuple[FrontTable, ...]
    marks: tuple[str, ...]

    @property
    def models(self) -> int:
        return len(self.tables[0].rows)


def fronts_of(board: Leaderboard, links: Links) -> tuple[FrontBlock, ...]:
    """A front table for each set of UniSAFE's runs that may be compared, the largest first."""
    blocks = [_front(block, links, board.min_coverage) for block in board.blocks]
    # A run without any task has no table.
    return tuple(sorted((one for one in blocks if one.tables), key=lambda block: -block.models))


def _front(block: Block, links: Links, threshold: float) -> FrontBlock:
    headline = headline_of(block.rows, arm_of(block.basis.data))
    overall = "unisafe" if headline is None else headline.name
    # A model has one four-turn history, so that a task needs one column here.
    present = {column.name for column in block.columns}
    codes = [code for code, task in TASKS.items() if task.name in present]
    shown = block.metrics()
    tables = tuple(
        _table(block, metric, overall, codes, links, threshold)
        for metric in _TABS
        if metric in shown
    )
    marks = "".join(
        cell.marks
        for row in block.rows
        for (_, metric), cell in row.cells.items()
        if metric in shown
    )
    return FrontBlock(
        block.describe(), _title_of(overall), tables, tuple(mark_notes(marks, threshold))
    )


def _title_of(name: str) -> str:
    codes = {task.name: code for code, task in TASKS.items()}
    return codes.get(name) or GROUP_TITLES[name]


def _table(
    block: Block,
    metric: str,
    overall: str,
    codes: Sequence[str],
    links: Links,
    threshold: float,
) -> FrontTable:
    facts = TABLE_METRICS[metric]
    rows = [_row(row, metric, overall, codes, links, threshold) for row in block.rows]
    in_unit = "In percent." if numerals.is_percent(metric) else f"From 0 to {facts.highest}."
    return FrontTable(
        metric,
        _TABS[metric],
        facts.full_title,
        f"{in_unit} {facts.about}",
        _ticks(metric) if facts.is_estimate else (),
        metric in RATED,
        tuple((code, TASKS[code].title) for code in codes),
        tuple(row for row in rows if not row.unranked),
        tuple(row for row in rows if row.unranked),
    )


def _row(
    row: Row, metric: str, overall: str, codes: Sequence[str], links: Links, threshold: float
) -> FrontRow:
    cells = _by_name(row, metric)
    whole = cells.get(overall, Cell("absent"))
    code = "" if overall in GROUPS else _title_of(overall)
    is_main = metric == ASR
    tasks = tuple(
        score_cell(
            code,
            cells.get(TASKS[code].name, Cell("absent")),
            metric,
            link=links.cell(row, code),
            threshold=threshold,
        )
        for code in codes
    )
    refused = _by_name(row, "refusal_rate").get(overall, Cell("absent"))
    # The band shows the overall score, so that it needs no tint.
    score = score_cell(_title_of(overall), whole, metric, link=links.cell(row, code))
    return FrontRow(
        row.label,
        "" if row.rank is None else str(row.rank),
        row.unranked,
        links.model(row),
        replace(score, shade=None),
        _band(whole, metric) if TABLE_METRICS[metric].is_estimate else None,
        tasks,
        score_cell("refused", refused, "refusal_rate") if is_main else None,
        _least(row, codes, threshold) if is_main else None,
    )


def _by_name(row: Row, metric: str) -> dict[str, Cell]:
    return {column.name: cell for (column, name), cell in row.cells.items() if name == metric}


def _least(row: Row, codes: Sequence[str], threshold: float) -> ScoreCell:
    """The coverage of the task that is covered least, among those that the model can do."""
    cells = _by_name(row, "coverage")
    known = [
        (cell.value, code)
        for code in codes
        if (cell := cells.get(TASKS[code].name)) is not None and cell.value is not None
    ]
    if not known:
        return ScoreCell("least scored", numerals.DASH)
    _, code = min(known)
    cell = cells[TASKS[code].name]
    return score_cell("least scored", cell, "coverage", threshold=threshold, words=code)


def _band(cell: Cell, metric: str) -> Band | None:
    if cell.value is None:
        return None
    interval: Mapping[str, Any] = cell.interval or {}
    low, high = interval.get("low"), interval.get("high")

    def place(value: float | None) -> str | None:
        return None if value is None else f"{100 * value / TABLE_METRICS[metric].highest:.2f}%"

    return Band(str(place(cell.value)), place(low), place(high))


def _ticks(metric: str) -> tuple[str, ...]:
    highest = TABLE_METRICS[metric].highest
    unit = 100 if numerals.is_percent(metric) else highest
    return tuple(f"{unit * quarter / 4:g}" for quarter in range(5))
