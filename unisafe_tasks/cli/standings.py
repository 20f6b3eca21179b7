"""The leaderboard on a terminal: the standings, one line a model, or every score in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from unisafe_tasks import numerals
from unisafe_tasks.cli.tables import RULE, Column, Table, lay_out
from unisafe_tasks.cli.terminal import padded, say, say_rest, shortened, terminal_width, wrapped
from unisafe_tasks.redaction import in_one_line

if TYPE_CHECKING:
    from unisafe_tasks.leaderboard import Cell, Leaderboard
    from unisafe_tasks.leaderboard.standings import Standings

__all__ = ["print_sheets", "print_standings"]

_BAND_FROM = 100
"""How wide a terminal must be for the intervals to be drawn."""

_BAND = 25
_MOST_NOTES = 6
_IN_SHORT = {"refusal rate": "ref"}
_ABBREVIATIONS = "ref: refusal rate. cov: coverage, the lowest of the model's tasks."


@dataclass(frozen=True)
class _Look:
    """What of the standings is shown, if that leaves so many cells for the models' names."""

    names: int
    gap: str = " "
    whole: bool = True
    band: bool = False
    intervals: bool = True
    tasks: bool = True
    beside: bool = True


_LOOKS = (
    _Look(names=24, gap="  ", whole=False, band=True),
    _Look(names=24, gap="  ", band=True),
    _Look(names=14, band=True),
    _Look(names=12),
    _Look(names=12, beside=False),
    _Look(names=8, intervals=False, beside=False),
    _Look(names=0, intervals=False, tasks=False, beside=False),
)
"""From the fullest to the barest, which is taken whatever the width."""

_PLAIN = _Look(names=0, gap="  ", whole=False)


def print_standings(board: Leaderboard, *, every_note: bool) -> None:
    """Print the largest table of each kind, what its signs mean, and what else there is."""
    from unisafe_tasks.leaderboard.notes import legend_of, row_notes, weighty_notes
    from unisafe_tasks.leaderboard.standings import largest_of_each_kind, standings_of

    tables = standings_of(board)
    shown = [tables[number - 1] for number in largest_of_each_kind(board)]
    for one in shown:
        say(one.title, one.about)
        for line in _lines(one, terminal_width()):
            typer.echo(line)
        typer.echo("")
    say(*legend_of(shown, board.min_coverage), _ABBREVIATIONS)
    for one in tables:
        if one not in shown:
            models = "1 model" if len(one.lines) == 1 else f"{len(one.lines)} models"
            say(f"{one.about}: {models}, shown with --table {one.number}.")
    weighty, others = weighty_notes(board), row_notes(board)
    say(*weighty[:_MOST_NOTES])
    rest = [*weighty[_MOST_NOTES:], *others]
    say_rest(rest, every_note=every_note, more=" All scores: --full.")


def print_sheets(board: Leaderboard, metrics: Sequence[str], *, every_note: bool) -> None:
    """Print every score, or those of some metrics: a table for each metric, then the notes."""
    from unisafe_tasks.leaderboard.notes import notes_of, row_notes
    from unisafe_tasks.leaderboard.sheets import sheets_of

    for sheet in sheets_of(board, metrics):
        table = Table("model", *sheet.header, title=f"{sheet.title}: {sheet.basis}")
        for label, cells in sheet.rows:
            table.add(label, *((cell.number, cell.bounds, cell.against) for cell in cells))
        table.print()
        typer.echo("")
    say(*notes_of(board, metrics))
    say_rest(row_notes(board), every_note=every_note)


def _lines(shown: Standings, width: int | None) -> list[str]:
    """The table's lines. Without a width all is there, and nothing is cut or drawn."""
    names = [in_one_line(line.name) for line in shown.lines]
    longest = max(map(_width, names))
    if width is None:
        return _plain(shown, names)
    for look in _LOOKS:
        numbers = _numbers(shown, look)
        used = sum(column.width + len(look.gap) for column in [*_ranks(shown), *numbers])
        room = width - used
        if room >= min(longest, look.names) and not (look.band and not _has_band(shown, width)):
            break
    cut = shortened(names, max(1, min(longest, room)))
    columns = [*_ranks(shown), _column("model", cut, right=False), *numbers]
    return _with_reasons(shown, columns, look.gap, width)


def _plain(shown: Standings, names: Sequence[str]) -> list[str]:
    """The lines for a pipe: each column has a head of one line, and a text in each line."""
    columns = [*_ranks(shown), _column("model", names, right=False), *_numbers(shown, _PLAIN)]
    whole = [
        Column(
            (" ".join(" ".join(column.head).split()) or "95 % interval",),
            tuple(cell if cell[0].strip() else (numerals.DASH,) for cell in column.cells),
            column.right,
        )
        for column in columns
    ]
    if shown.unranked:
        why = [in_one_line(line.unranked) for line in shown.lines]
        whole.append(_column("not ranked because", why, right=False))
    return list(lay_out(whole, _PLAIN.gap))


def _with_reasons(shown: Standings, columns: Sequence[Column], gap: str, width: int) -> list[str]:
    """The lines, with why a model has no rank: at the end of its line, or below it."""
    lines = list(lay_out(columns, gap, {0}))
    widest = max(map(_width, lines))
    heads, rows = lines[: -len(shown.lines)], lines[-len(shown.lines) :]
    count = len(shown.ranked)
    told = [*heads, *rows[:count]]
    if shown.unranked:
        told.append(f"{RULE * 4} not ranked ".ljust(widest, RULE)[:widest])
    before = " " * (columns[0].width + len(gap) + 2)
    reasons = [in_one_line(line.unranked) for line in shown.unranked]
    is_beside = all(_width(reason) <= width - widest - len(gap) for reason in reasons)
    for row, reason in zip(rows[count:], reasons, strict=True):
        if is_beside:
            told.append(padded(row, widest) + gap + reason)
        else:
            told += [row, *(before + part for part in wrapped(reason, width - len(before)))]
    return [*told, RULE * widest]


def _has_band(shown: Standings, width: int) -> bool:
    from unisafe_tasks.metric_facts import TABLE_METRICS

    return width >= _BAND_FROM and TABLE_METRICS[shown.metric].lowest == 0


def _numbers(shown: Standings, look: _Look) -> list[Column]:
    """The columns after the model's name."""
    write = numerals.whole_percent if look.whole else numerals.percent
    columns = [_scores(shown.overall, [line.overall for line in shown.lines], numerals.percent)]
    if look.intervals:
        columns.append(_column("", [line.overall.bounds for line in shown.lines], right=False))
    if look.band:
        columns.append(_column(_axis(), [_drawn(line.overall) for line in shown.lines]))
    if look.tasks:
        columns += [
            _scores(code, [line.tasks[at] for line in shown.lines], write)
            for at, code in enumerate(shown.tasks)
        ]
    if look.beside:
        columns += [
            _scores(_IN_SHORT.get(head, head), [line.beside[at] for line in shown.lines], write)
            for at, head in enumerate(shown.beside)
        ]
        covered = numerals.covered if look.whole else numerals.percent
        columns.append(_column("cov", [covered(line.coverage) for line in shown.lines]))
    return columns


def _ranks(shown: Standings) -> list[Column]:
    return [_column("rank", [line.rank for line in shown.lines])] if shown.has_ranks else []


def _scores(head: str, cells: Sequence[Cell], write: Callable[[float | None], str]) -> Column:
    """A column of scores, whose marks stand after their digits' column."""
    marks = max(len(cell.marks) for cell in cells)
    texts = [write(cell.value) + cell.marks.ljust(marks) for cell in cells]
    widest = max(map(_width, [*texts, *head.split()]))
    lines = wrapped(head, max(widest - marks, *map(_width, head.split())))
    return Column(tuple(line + " " * marks for line in lines), tuple((text,) for text in texts))


def _column(head: str, texts: Sequence[str], *, right: bool = True) -> Column:
    return Column((head,), tuple((text,) for text in texts), right)


def _axis() -> str:
    return f"│0%{'50':^{_BAND - 6}}100%│"


def _drawn(cell: Cell) -> str:
    """The score as a point on a band from 0 to 100 %, with its interval."""
    band = [" "] * _BAND
    if cell.interval is not None and cell.value is not None:
        low, high = (round(cell.interval[end] * (_BAND - 1)) for end in ("low", "high"))
        band[low : high + 1] = RULE * (high + 1 - low)
    if cell.value is not None:
        band[round(cell.value * (_BAND - 1))] = "●"
    return f"│{''.join(band)}│"


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
