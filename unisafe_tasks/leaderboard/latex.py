"""The leaderboard in LaTeX, for a two-column paper. It needs booktabs and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unisafe_tasks import numerals
from unisafe_tasks.leaderboard.model import Cell, Leaderboard
from unisafe_tasks.leaderboard.notes import legend_of, notes_of, weighty_notes
from unisafe_tasks.leaderboard.sheets import sheets_of
from unisafe_tasks.leaderboard.standings import Standings, standings_of
from unisafe_tasks.leaderboard.tex import Text, marked, text, tiny
from unisafe_tasks.leaderboard.tex_table import Column, Table, written
from unisafe_tasks.metric_facts import FACTS, TABLE_METRICS

__all__ = ["latex", "tables_of"]


def latex(board: Leaderboard, metrics: Sequence[str] = (), full: bool = False) -> str:
    """The standings; or the tables of chosen metrics, or of all with `full`."""
    lines = [line for table in tables_of(board, metrics, full) for line in written(table)]
    return "\n".join(["% needs \\usepackage{booktabs}", *lines])


def tables_of(
    board: Leaderboard, metrics: Sequence[str] = (), full: bool = False
) -> Iterator[Table]:
    """The tables, before they are made to fit a page."""
    return _sheets(board, metrics) if full or metrics else _standings(board)


def _standings(board: Leaderboard) -> Iterator[Table]:
    said = weighty_notes(board)
    for shown in standings_of(board):
        lines = shown.lines
        ranks = Column("Rank", tuple((text(line.rank or numerals.DASH),) for line in lines))
        columns = [
            Column(code, tuple(_lines(line.tasks[at]) for line in lines))
            for at, code in enumerate(shown.tasks)
        ]
        columns.append(Column(shown.overall, tuple(_lines(line.overall) for line in lines)))
        # Refusals are left to `--metric`: a page has no room for them.
        columns += [
            Column(head.removesuffix(" refused"), tuple(_lines(one.beside[at]) for one in lines))
            for at, head in enumerate(shown.beside)
            if head != FACTS["refusal_rate"].short
        ]
        number = "" if shown.number is None else f"-{shown.number}"
        yield Table(
            _caption(shown),
            f"tab:unisafe-{shown.metric.replace('_', '-')}{number}",
            (ranks,) if shown.has_ranks else (),
            tuple(line.name for line in lines),
            tuple(columns),
            len(shown.ranked),
            (
                f"Basis: {shown.basis}.",
                *_unranked(shown),
                *legend_of([shown], board.min_coverage),
                *said,
            ),
        )
        said = []


def _sheets(board: Leaderboard, metrics: Sequence[str]) -> Iterator[Table]:
    sheets = sheets_of(board, metrics)
    for number, sheet in enumerate(sheets, start=1):
        rows = [cells for _, cells in sheet.rows]
        has_bounds = any(cell.bounds for cells in rows for cell in cells)
        yield Table(
            f"{sheet.title}{', with 95 % intervals' if has_bounds else ''}.",
            f"tab:unisafe-full-{number}",
            (),
            tuple(label for label, _ in sheet.rows),
            tuple(
                Column(head, tuple(_lines(cells[at]) for cells in rows))
                for at, head in enumerate(sheet.header)
            ),
            len(rows),
            (
                f"Basis: {sheet.basis}.",
                *(notes_of(board, metrics) if number == len(sheets) else ()),
            ),
        )


def _caption(shown: Standings) -> str:
    facts = TABLE_METRICS[shown.metric]
    said = [f"{facts.title} in %, {facts.direction}, with 95 % intervals."]
    if any(cell.leads for line in shown.lines for cell in line.cells):
        said.append("Bold: not shown to be worse than the best.")
    return " ".join(said)


def _unranked(shown: Standings) -> list[str]:
    told = [f"{line.name} ({line.unranked})" for line in shown.unranked]
    return [f"Not ranked: {'; '.join(told)}."] if told else []


def _lines(cell: Cell) -> tuple[Text, ...]:
    number = numerals.score(cell.value, cell.metric)
    first = marked(number, cell.marks, is_bold=cell.leads and not cell.marks)
    return (first, *(tiny(part) for part in (cell.bounds, cell.against) if part))
