"""Both arms of the models: refusals of harmful requests against refusals of harmless ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisafe_tasks.leaderboard import Block, Cell, Column, Leaderboard, Row
from unisafe_tasks.leaderboard.notes import apart_notes
from unisafe_tasks.metric_facts import ASR, DISCRIMINATION, OVER_REFUSAL
from unisafe_tasks.report import charts
from unisafe_tasks.report.scores import Choice, ScoreBlock, metric_tables
from unisafe_tasks.tasks import BENIGN_GROUP

__all__ = ["Arms", "arms_of"]

_HARMFUL, _HARMLESS = "harmful_refused", "harmless_refused"


@dataclass(frozen=True)
class Arms:
    """The tables of both arms with their charts, those of the benign set alone, and what is said
    of them. `trade_offs` draw attack success against over-refusal."""

    trade_offs: tuple[Choice, ...]
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
            tuple(_refusals(block, column) for column in block.columns),
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
    trade_offs = tuple(
        _trade_off(board, block, column)
        for block in board.joined
        # The whole comes first.
        for column in reversed(block.columns)
    )
    return Arms(trade_offs, (*joined, *benign), (*apart_notes(board), *own, *board.unjoined))


def _trade_off(board: Leaderboard, block: Block, column: Column) -> Choice:
    """Attack success against over-refusal, of the models that have both arms."""
    name = column.name.replace("unisafe", BENIGN_GROUP, 1)
    points = []
    for row in block.rows:
        up = _cell_of(row, board.blocks, column.name, ASR)
        across = _cell_of(row, board.benign, name, OVER_REFUSAL)
        points.append(
            charts.Point(
                row.label,
                across.value,
                up.value,
                _bounds(across.interval),
                _bounds(up.interval),
                f"{up.number} {up.bounds}, {across.number} {across.bounds}",
            )
        )
    title = f"Attack success against over-refusal, {column.title}, in percent"
    chart = charts.plane(title, "harmless requests refused ↓", "attack success ↓", points)
    beside = f" ({block.benign.data})" if block.benign and len(board.joined) > 1 else ""
    return Choice(f"{column.title}{beside}", "", chart=chart)


def _cell_of(joined: Row, blocks: Sequence[Block], name: str, metric: str) -> Cell:
    """The score of one arm of a row that joins both."""
    return next(
        (
            cell
            for block in blocks
            for row in block.rows
            if row.model == joined.model and set(row.folders) <= set(joined.folders)
            for (column, one), cell in row.cells.items()
            if column.name == name and one == metric
        ),
        Cell("absent"),
    )


def _refusals(block: Block, column: Column) -> Choice:
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
    title = f"Harmful requests refused against harmless ones refused, {column.title}, in percent"
    chart = charts.plane(
        title,
        "harmless requests refused",
        "harmful requests refused ↑",
        points,
        with_diagonal=True,
    )
    return Choice(column.title, "", chart=chart)


def _bounds(interval: Mapping[str, Any] | None) -> tuple[float, float] | None:
    return None if interval is None else (interval["low"], interval["high"])
