"""Tables as the commands print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.redaction import in_one_line, printable, redact
from unisafe_tasks.tasks import GROUPS, task_named

if TYPE_CHECKING:
    from unisafe_judges import BatchReport
    from unisafe_tasks.leaderboard import Cell, Leaderboard
    from unisafe_tasks.results.comparison import Comparison, Contrast

__all__ = [
    "numeric_table",
    "print_batches",
    "print_comparison",
    "print_estimate",
    "print_leaderboard",
    "wide_console",
]

_WIDEST = 1000
_SHOWN = 10


def wide_console() -> Console:
    """A console for tables of scores, as wide as the tables need: a number that is cut to fit could
    lose its mark."""
    return Console(soft_wrap=True, width=max(Console().width, _WIDEST))


def numeric_table(*heads: str, labels: int = 1, title: str | None = None) -> Table:
    """A table: the first `labels` columns hold words, the others numbers, aligned to the right."""
    table = Table(*heads, title=title)
    for column in table.columns[labels:]:
        column.justify = "right"
    return table


def print_estimate(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print each judge's calls, tokens and cost before any call is made."""
    table = numeric_table("judge", "calls", "in the store", "input tokens, about", "cost, about")
    rows = list(rows)
    for row in rows:
        cost = "no price known" if row["cost"] is None else f"${row['cost']:.2f}"
        table.add_row(
            row["judge"], f"{row['calls']:,}", f"{row['cached']:,}", f"{row['tokens']:,}", cost
        )
    console = Console(soft_wrap=True)
    console.print(table)
    for row in rows:
        for note in row["notes"]:
            console.print(printable(note), markup=False, highlight=False)


def print_batches(reports: Iterable[BatchReport]) -> None:
    """Print what a round of batch mode did for each judge, and the state of its jobs."""
    console = Console(soft_wrap=True)
    table = numeric_table("judge", "collected", "failed", "sent", "waiting", "held back", "cost")
    reports = list(reports)
    for report in reports:
        counts = (report.collected, report.failed, report.sent, report.waiting, report.held_back)
        table.add_row(report.judge, *(f"{count:,}" for count in counts), f"${report.cost:.2f}")
    console.print(table)
    for report in reports:
        for detail in (*report.details, report.problem):
            if detail:
                sentence = printable(redact(f"{report.judge}: {detail}"))
                console.print(sentence, markup=False, highlight=False)


def print_leaderboard(board: Leaderboard, metrics: Sequence[str] = ()) -> None:
    """Print the leaderboard: one table for each metric, then the notes."""
    from unisafe_tasks.leaderboard.sheets import notes_of, sheets_of

    console = Console(soft_wrap=True)
    width = console.width if console.is_terminal else None
    console = wide_console()
    for sheet in sheets_of(board, metrics):
        title = escape(printable(f"{sheet.title}: {sheet.basis}"))
        labels = ["model", *(in_one_line(label) for label, _ in sheet.rows)]
        columns = [
            [printable(head), *("\n".join(_lines(cells[index])) for _, cells in sheet.rows)]
            for index, head in enumerate(sheet.header)
        ]
        for part in _fitting(labels, columns, width):
            table = Table(escape(labels[0]), title=title, title_justify="left")
            for head, *_ in part:
                table.add_column(escape(head), justify="right", no_wrap=True)
            for index, label in enumerate(labels[1:], start=1):
                table.add_row(escape(label), *(escape(texts[index]) for texts in part))
            console.print(table)
    for note in notes_of(board, metrics):
        console.print(in_one_line(note), markup=False, highlight=False)


def _lines(cell: Cell) -> list[str]:
    return [part for part in (cell.number, cell.bounds, cell.against) if part]


def _fitting(
    labels: Sequence[str], columns: Sequence[list[str]], width: int | None
) -> Iterator[list[list[str]]]:
    """The columns in groups that fit the terminal. Without a width all columns are in one group."""
    border = 3
    first = max(map(len, labels)) + border + 1
    part: list[list[str]] = []
    used = first
    for texts in columns:
        needed = max(len(line) for text in texts for line in text.split("\n")) + border
        if part and width is not None and used + needed > width:
            yield part
            part, used = [], first
        part.append(texts)
        used += needed
    yield part


def print_comparison(compared: Comparison) -> None:
    """Print a comparison: the targets that are unsafe in one task and safe in another, the
    differences, and the targets that are refused in one modality and unsafe in the other."""
    console = Console(soft_wrap=True)
    wide = wide_console()
    console.print(in_one_line(f"{compared.title}, {compared.basis}"), markup=False, highlight=False)
    if all(contrast.task is None for contrast in compared.contrasts):
        wide.print(_matrix(compared.contrasts))
    wide.print(_differences(compared.contrasts))
    for (refused, unsafe), crossings in compared.crossings.items():
        noun = "target" if len(crossings) == 1 else "targets"
        console.print(
            f"Refused in {refused} and unsafe in {unsafe}: {len(crossings)} {noun}"
            f"{':' if crossings else '.'}",
            highlight=False,
        )
        for crossing in crossings[:_SHOWN]:
            where = f"{', '.join(crossing.refused)} → {', '.join(crossing.unsafe)}"
            console.print(printable(f"  {crossing.target}: {where}"), markup=False, highlight=False)
        if len(crossings) > _SHOWN:
            console.print(f"  and {len(crossings) - _SHOWN} more: see --json", highlight=False)
    for note in compared.notes:
        console.print(in_one_line(note), markup=False, highlight=False)


def _matrix(contrasts: Sequence[Contrast]) -> Table:
    """How many shared targets of two tasks are unsafe in the row's task, safe in the column's."""
    compared = {name for contrast in contrasts for name in (contrast.first, contrast.second)}
    names = [name for name in GROUPS["unisafe"] if name in compared]
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for contrast in contrasts:
        counts[contrast.first, contrast.second] = (contrast.only_first, contrast.shared)
        counts[contrast.second, contrast.first] = (contrast.only_second, contrast.shared)
    table = numeric_table("unsafe here ↓  not there →", *(task_named(name).code for name in names))
    for row in names:
        cells = (counts.get((row, name)) for name in names)
        table.add_row(row, *("" if cell is None else f"{cell[0]}/{cell[1]}" for cell in cells))
    return table


def _differences(contrasts: Sequence[Contrast]) -> Table:
    heads = ("shared", "both unsafe", "first only", "second only", "neither")
    table = numeric_table("first", "second", *heads, "ASR, second minus first", "p", labels=2)
    for contrast in contrasts:
        counts = (
            contrast.shared,
            contrast.both_unsafe,
            contrast.only_first,
            contrast.only_second,
            contrast.neither,
        )
        change, p = contrast.differences[ASR], contrast.adjusted[ASR]
        bounds = change.interval and f" [{change.interval.low:+.3f}, {change.interval.high:+.3f}]"
        first = contrast.first if contrast.task is None else f"{contrast.task}: {contrast.first}"
        table.add_row(
            escape(in_one_line(first)),
            escape(in_one_line(contrast.second)),
            *map(str, counts),
            "–"
            if change.value is None
            else escape(f"{change.value:+.3f}{contrast.marks}{bounds or ''}"),
            "–" if p is None else _p_value(p),
        )
    return table


def _p_value(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"
