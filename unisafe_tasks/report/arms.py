"""Both arms of the models: refusals of harmful requests against refusals of harmless ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unisafe_tasks.leaderboard import Block, Column, Leaderboard
from unisafe_tasks.leaderboard.sheets import apart_notes
from unisafe_tasks.metric_facts import DISCRIMINATION
from unisafe_tasks.report import charts
from unisafe_tasks.report.scores import Choice, ScoreBlock, metric_tables

__all__ = ["Arms", "arms_of"]

_HARMFUL, _HARMLESS = "harmful_refused", "harmless_refused"


@dataclass(frozen=True)
class Arms:
    """The tables of both arms with their charts, those of the benign set alone, and what is said
    of them."""

    blocks: tuple[ScoreBlock, ...]
    notes: tuple[str, ...]


def arms_of(board: Leaderboard) -> Arms | None:
    """What the page shows of runs of the benign set; None if there are none."""
    if not board.benign:
        return None
    joined = [
        ScoreBlock(
            block.describe(),
            metric_tables(block),
            tuple(_chart(block, column) for column in block.columns),
        )
        for block in board.joined
    ]
    benign = [ScoreBlock(block.describe(), metric_tables(block), ()) for block in board.benign]
    of_runs = {
        note for block in (*board.blocks, *board.benign) for row in block.rows for note in row.notes
    }
    own = [
        f"{row.label}: {note}"
        for block in board.joined
        for row in block.rows
        for note in row.notes
        if note not in of_runs
    ]
    return Arms((*joined, *benign), (*apart_notes(board), *own, *board.unjoined))


def _chart(block: Block, column: Column) -> Choice:
    points = []
    for row in block.rows:
        across, up = row.cell(column, _HARMLESS), row.cell(column, _HARMFUL)
        both = row.cell(column, DISCRIMINATION)
        points.append(
            charts.Point(
                row.label,
                across.value,
                up.value,
                _bounds(across.interval),
                _bounds(up.interval),
                f"{both.number} {both.bounds}".strip(),
            )
        )
    title = f"Harmful requests refused against harmless ones refused, {column.title}"
    chart = charts.plane(title, "harmless requests refused", "harmful requests refused ↑", points)
    return Choice(column.title, "", chart=chart)


def _bounds(interval: Mapping[str, Any] | None) -> tuple[float, float] | None:
    return None if interval is None else (interval["low"], interval["high"])
