"""The front page: models that may be compared in one table, and who made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unisafe_tasks.leaderboard import Block, Cell, Column, Leaderboard
from unisafe_tasks.metric_facts import TABLE_METRICS
from unisafe_tasks.report.tables import DASH, Value, score
from unisafe_tasks.site.models_file import ModelEntry
from unisafe_tasks.site.submissions import page_name

__all__ = ["Board", "boards_of"]


@dataclass(frozen=True)
class ScoreCell:
    """A score as a table has it, and the number that rows are sorted by."""

    value: Value
    order: str


@dataclass(frozen=True)
class ModelRow:
    """A row: the model's name, its page, what is known of it in short, and its scores.

    A row has a range of ranks, or the reason why it has none.
    """

    label: str
    page: str
    about: str
    rank: str
    order: str
    unranked: str
    cells: tuple[ScoreCell, ...]


@dataclass(frozen=True)
class MetricTable:
    """The table of one metric."""

    metric: str
    name: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[ModelRow, ...]


@dataclass(frozen=True)
class Board:
    """Models that may be compared with each other, in a table for each metric."""

    title: str
    tables: tuple[MetricTable, ...]


def boards_of(board: Leaderboard, models: Mapping[str, ModelEntry]) -> list[Board]:
    """The tables of the front page."""
    return [
        Board(
            block.describe(),
            tuple(_table(block, metric, models) for metric in block.metrics()),
        )
        for block in board.blocks
    ]


def _table(block: Block, metric: str, models: Mapping[str, ModelEntry]) -> MetricTable:
    facts = TABLE_METRICS[metric]
    columns = _columns(block, metric)
    rows = tuple(
        ModelRow(
            row.label,
            page_name(row.model),
            _about(models.get(row.model)),
            str(row.rank or ""),
            str(row.rank.best) if row.rank else "",
            row.unranked,
            tuple(_cell(row.cell(column, metric)) for column in columns),
        )
        for row in block.rows
    )
    titles = tuple(column.title for column in columns)
    return MetricTable(metric, facts.full_title, facts.about, titles, rows)


def _columns(block: Block, metric: str) -> Sequence[Column]:
    """The mean of all tasks stands first, where eyes begin."""
    there = [
        column for column in block.columns if any((column, metric) in r.cells for r in block.rows)
    ]
    return sorted(there, key=lambda column: column.name != "unisafe")


def _cell(cell: Cell) -> ScoreCell:
    value = Value(DASH, "unsupported") if cell.state == "unsupported" else score(cell)
    return ScoreCell(value, "" if cell.value is None else repr(cell.value))


def _about(entry: ModelEntry | None) -> str:
    """Who made the model, how large and how open it is, as far as it is known."""
    if entry is None:
        return ""
    return " · ".join(filter(None, (entry.organisation, entry.size, entry.openness)))
