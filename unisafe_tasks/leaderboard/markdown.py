"""The leaderboard in Markdown: one table that fits a README, or every score in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unisafe_tasks import numerals
from unisafe_tasks.leaderboard.model import Cell, Leaderboard
from unisafe_tasks.leaderboard.notes import legend_of, notes_of, row_notes, weighty_notes
from unisafe_tasks.leaderboard.sheets import sheets_of
from unisafe_tasks.leaderboard.standings import Standing, standings_of
from unisafe_tasks.redaction import in_markdown

__all__ = ["markdown"]

_COVERAGE = "coverage: the lowest of the model's tasks."


def markdown(board: Leaderboard, metrics: Sequence[str] = (), full: bool = False) -> str:
    """The standings; or the tables of chosen metrics, or of all with `full`."""
    lines = list(_sheets(board, metrics) if full or metrics else _standings(board))
    if count := len(row_notes(board)):
        notes = "note" if count == 1 else "notes"
        lines.append(f"- {count:,} more {notes}, on single runs: `unisafe leaderboard --notes`.")
    return "\n".join(lines) + "\n"


def _standings(board: Leaderboard) -> Iterator[str]:
    tables = standings_of(board)
    for shown in tables:
        yield from (f"### {in_markdown(shown.title)}", "", in_markdown(shown.about), "")
        ranks = ("rank",) if shown.has_ranks else ()
        heads = (shown.overall, *shown.tasks, *shown.beside, "coverage")
        yield _row((*ranks, "model", *heads))
        yield "|" + "---:|" * len(ranks) + "---|" + "---:|" * len(heads)
        for line in shown.lines:
            yield _row(
                (
                    *((line.rank or numerals.DASH,) if ranks else ()),
                    _model(line),
                    _cell(line.overall),
                    *(cell.number for cell in (*line.tasks, *line.beside)),
                    numerals.percent(line.coverage),
                )
            )
        yield ""
    if legend := legend_of(tables, board.min_coverage):
        yield from (in_markdown(" ".join((*legend, _COVERAGE))), "")
    for note in weighty_notes(board):
        yield f"- {in_markdown(note)}"


def _sheets(board: Leaderboard, metrics: Sequence[str]) -> Iterator[str]:
    for sheet in sheets_of(board, metrics):
        yield from (f"### {in_markdown(sheet.title)}", "", in_markdown(sheet.basis), "")
        yield _row(("model", *sheet.header))
        yield "|---|" + "---:|" * len(sheet.header)
        for label, cells in sheet.rows:
            yield _row((label, *map(_cell, cells)))
        yield ""
    for note in notes_of(board, metrics):
        yield f"- {in_markdown(note)}"


def _model(line: Standing) -> str:
    return f"{line.name} (not ranked: {line.unranked})" if line.unranked else line.name


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(map(in_markdown, texts))} |"


def _cell(cell: Cell) -> str:
    return " ".join(part for part in (cell.number, cell.bounds, cell.against) if part)
