"""All scores with their intervals: a table for each metric of each set of comparable runs."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from unisafe_tasks.leaderboard import Block, Cell, Leaderboard
from unisafe_tasks.metric_facts import TABLE_METRICS
from unisafe_tasks.numerals import DASH
from unisafe_tasks.report.tables import Cells, Table, Value, score, table
from unisafe_tasks.results.marks import MARKS, mark_notes

__all__ = [
    "Choice",
    "ScoreBlock",
    "legend",
    "metric_tables",
    "score_blocks",
]


@dataclass(frozen=True)
class Choice:
    """One of several tables or charts of which the page shows one at a time."""

    name: str
    about: str
    table: Table | None = None
    chart: Markup | None = None


@dataclass(frozen=True)
class ScoreBlock:
    """Runs that may be compared: a table for each metric, a chart for each column."""

    title: str
    metrics: tuple[Choice, ...]
    charts: tuple[Choice, ...]


def legend(board: Leaderboard) -> list[str]:
    """What the marks in every table mean."""
    return [
        *mark_notes(MARKS, board.min_coverage),
        f"{DASH} No score: unsupported, not run, or nothing was scored. Never a score of 0.",
        "In brackets: 95 % intervals, by bootstrap over risk targets; none where a subcategory has "
        "fewer than two scored cases.",
    ]


def score_blocks(board: Leaderboard) -> list[ScoreBlock]:
    """The headline scores: a block for each set of runs that may be compared."""
    return [
        ScoreBlock(
            block.basis.describe(),
            metric_tables(block),
            (),
        )
        for block in board.blocks
    ]


def metric_tables(block: Block) -> tuple[Choice, ...]:
    """The block's tables, one for each metric."""
    return tuple(_metric(block, metric) for metric in block.metrics())


def _metric(block: Block, metric: str) -> Choice:
    facts = TABLE_METRICS[metric]
    rows: list[Cells] = [
        [
            row.label,
            *(_cell(row.cell(column, metric)) for column in block.columns),
        ]
        for row in block.rows
    ]
    columns = ["model", *(column.title for column in block.columns)]
    return Choice(facts.full_title, facts.about, table(facts.full_title, columns, rows))


def _cell(cell: Cell) -> Value:
    return Value(DASH, "unsupported") if cell.state == "unsupported" else score(cell)
