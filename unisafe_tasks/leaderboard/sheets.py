"""Every score as sheets: one table for each metric. The short table is in `standings`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisafe_tasks.leaderboard.model import Cell, Leaderboard
from unisafe_tasks.metric_facts import TABLE_METRICS
from unisafe_tasks.numerals import is_percent

__all__ = ["Sheet", "sheets_of"]


@dataclass(frozen=True)
class Sheet:
    """One metric's table: a header, and rows that each have a label and cells."""

    title: str
    basis: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def sheets_of(board: Leaderboard, metrics: Sequence[str] = ()) -> list[Sheet]:
    """A sheet for each block and metric. Empty `metrics` stand for all metrics of the block."""
    sheets = []
    for number, block in enumerate(board.tables, start=1):
        for metric in block.metrics():
            if metrics and metric not in metrics:
                continue
            columns = [c for c in block.columns if any((c, metric) in r.cells for r in block.rows)]
            rows = tuple(
                (row.label, tuple(row.cell(column, metric) for column in columns))
                for row in block.rows
            )
            header = tuple(column.title for column in columns)
            unit = ", %" if is_percent(metric) else ""
            title = f"{TABLE_METRICS[metric].heading}{unit}"
            place = f"table {number}: " if len(board.tables) > 1 else ""
            sheets.append(Sheet(title, f"{place}{board.describe(number)}", header, rows))
    return sheets
