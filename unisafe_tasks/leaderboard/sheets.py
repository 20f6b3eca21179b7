"""The leaderboard as sheets of text: one table a metric, with the sentences that belong to it.

Every way of writing it for people starts here, so that no number loses its mark on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisafe_tasks.leaderboard.model import (
    INCOMPLETE,
    LOW_COVERAGE,
    METRIC_TITLES,
    Cell,
    Leaderboard,
)
from unisafe_tasks.reports import DEMO_NOTE
from unisafe_tasks.self_awareness import DEFINITION
from unisafe_tasks.tasks import GROUPS

__all__ = ["Sheet", "notes_of", "sheets_of"]

_REFUSALS = "Refusal rate is neither good nor bad: over-refusal is not measured by this benchmark."
_GROUPS = (
    "image, text and all are plain means over tasks, our summary and not the paper's; image and "
    "text tasks have different taxonomies."
)


@dataclass(frozen=True)
class Sheet:
    """One metric's table: a header of columns, and rows of a label and cells."""

    title: str
    basis: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def sheets_of(board: Leaderboard, metrics: Sequence[str] = ()) -> list[Sheet]:
    """A sheet for each block and each of `metrics`, or of all that are there."""
    found = []
    for block in board.blocks:
        for metric in block.metrics():
            if metrics and metric not in metrics:
                continue
            columns = [c for c in block.columns if any((c, metric) in r.cells for r in block.rows)]
            rows = tuple(
                (row.label, tuple(row.cell(column, metric) for column in columns))
                for row in block.rows
            )
            header = tuple(column.title for column in columns)
            found.append(Sheet(METRIC_TITLES[metric], block.basis.describe(), header, rows))
    return found


def notes_of(board: Leaderboard, metrics: Sequence[str] = ()) -> list[str]:
    """The sentences below the sheets: what the marks mean, and what is said of each run."""
    shown = {metric for block in board.blocks for metric in block.metrics()}
    shown &= set(metrics) or shown
    cells = [cell for block in board.blocks for row in block.rows for cell in row.cells.values()]
    estimates = [
        cell
        for block in board.blocks
        for row in block.rows
        for (_, metric), cell in row.cells.items()
        if metric != "coverage"
    ]
    marks = "".join(cell.marks for cell in cells)
    said = []
    if any(block.basis.is_demo for block in board.blocks):
        said.append(DEMO_NOTE)
    if len(board.blocks) > 1:
        said.append(
            f"The runs differ in {' and '.join(board.differing)}, so that they are in "
            f"{len(board.blocks)} tables: do not compare numbers of different tables."
        )
    if any(cell.bounds for cell in cells):
        said.append(
            "[low, high]: 95 % interval by bootstrap over risk targets; Wilson's near 0 and 1."
        )
    if any(cell.value is not None and not cell.bounds for cell in estimates):
        said.append(
            "Without an interval: a subcategory has a single scored case, which shows nothing of "
            "its spread."
        )
    if INCOMPLETE in marks:
        said.append(f"{INCOMPLETE} not of the whole task: do not compare it with others.")
    if LOW_COVERAGE in marks:
        said.append(
            f"{LOW_COVERAGE} fewer than {100 * board.min_coverage:g} % of the cases are scored."
        )
    said.append("– no score: not run, not scored, or the model cannot do the task.")
    if any(column.several for block in board.blocks for column in block.columns):
        said.append(
            "(full), (last): a four-turn model saw the whole conversation, or its last image; "
            "(replayed): outputs made elsewhere, of which it is not known."
        )
    if "refusal_rate" in shown:
        said.append(_REFUSALS)
    if "self_awareness_score" in shown:
        said.append(DEFINITION)
    if any(column.name in GROUPS for block in board.blocks for column in block.columns):
        said.append(_GROUPS)
    return [*said, *board.notes, *_of_rows(board)]


def _of_rows(board: Leaderboard) -> list[str]:
    return [
        f"{row.label}: {note}"
        for block in board.blocks
        for row in block.rows
        for note in row.notes
        if note != DEMO_NOTE
    ]
