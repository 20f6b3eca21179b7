"""Tables as the commands print them: ruled and as wide as the terminal at most, plain in a pipe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import typer

from unisafe_tasks.cli.terminal import padded, say, shortened, terminal_width, wrapped
from unisafe_tasks.redaction import in_one_line

__all__ = ["RULE", "Column", "Table", "lay_out"]

Cell = str | tuple[str, ...]
"""A text, or several that a terminal shows below each other and a pipe in one line."""

RULE = "─"
_GAP = "  "
_NARROWEST_LABEL = 12


@dataclass(frozen=True)
class Column:
    """A column of texts that are safe to print: the lines of its head and of each cell."""

    head: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    right: bool = True

    @property
    def width(self) -> int:
        """How many cells of the terminal its widest line takes."""
        return max(_width(self.head), *map(_width, self.cells), 0)


class Table:
    """Rows of texts, of anybody's: what could steer a terminal is taken out here.

    The first `labels` columns hold words, which may be cut; the others hold numbers.
    """

    def __init__(self, *heads: str, labels: int = 1, title: str = "") -> None:
        self._heads = heads
        self._labels = labels
        self._title = title
        self._rows: list[tuple[tuple[str, ...], ...]] = []
        self._ends: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, *cells: Cell) -> None:
        """Add a row. Cells that are not given are empty."""
        empty = ("",) * (len(self._heads) - len(cells))
        self._rows.append(tuple(_lines(cell) for cell in (*cells, *empty)))

    def end_section(self) -> None:
        """Set the rows that follow apart from those before."""
        self._ends.add(len(self._rows))

    def print(self) -> None:
        """Print the title and the table, in parts that fit the terminal. Each has the labels."""
        if self._title:
            say(self._title)
        for line in self._text(terminal_width()):
            typer.echo(line)

    def _text(self, width: int | None) -> Iterator[str]:
        columns = [
            Column((in_one_line(head),), tuple(row[at] for row in self._rows), at >= self._labels)
            for at, head in enumerate(self._heads)
        ]
        if width is None:
            yield from lay_out([_in_one_line(column) for column in columns], _GAP)
            return
        labels = _fitting(columns[: self._labels], width)
        numbers = [_with_narrow_head(column) for column in columns[self._labels :]]
        for number, part in enumerate(_parts(labels, numbers, width)):
            if number:
                yield ""
            yield from lay_out([*labels, *part], _GAP, self._ends | {0, len(self._rows)})


def lay_out(columns: Sequence[Column], gap: str, rules: Collection[int] = ()) -> Iterator[str]:
    """The lines of a table.

    Args:
        columns: what stands in them.
        gap: what stands between them.
        rules: after how many rows there is a rule.
    """
    widths = [column.width for column in columns]
    rule = RULE * (sum(widths) + len(gap) * (len(widths) - 1))
    height = max(len(column.head) for column in columns)
    heads = [("",) * (height - len(column.head)) + column.head for column in columns]

    def lines(row: Sequence[tuple[str, ...]]) -> Iterator[str]:
        for number in range(max(map(len, row))):
            texts = [cell[number] if number < len(cell) else "" for cell in row]
            yield gap.join(
                padded(text, width, right=column.right)
                for text, width, column in zip(texts, widths, columns, strict=True)
            ).rstrip()

    yield from lines(heads)
    if 0 in rules:
        yield rule
    rows = zip(*(column.cells for column in columns), strict=True)
    for number, row in enumerate(rows, start=1):
        yield from lines(row)
        if number in rules:
            yield rule


def _width(lines: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, lines), default=0)


def _lines(cell: Cell) -> tuple[str, ...]:
    texts = (cell,) if isinstance(cell, str) else cell
    return tuple(in_one_line(text) for text in texts if text) or ("",)


def _in_one_line(column: Column) -> Column:
    return replace(column, cells=tuple((" ".join(cell),) for cell in column.cells))


def _with_narrow_head(column: Column) -> Column:
    """The column with its head in several lines, where the head is wider than what is below it."""
    (head,) = column.head
    widest = max(map(_width, (*column.cells, head.split())), default=0)
    return replace(column, head=tuple(wrapped(head, widest)))


def _fitting(labels: Sequence[Column], width: int) -> list[Column]:
    """The columns of labels, cut so that together they take half of the terminal at most."""
    room = max(_NARROWEST_LABEL * len(labels), width // 2 - len(_GAP) * len(labels))
    needed = [column.width for column in labels]
    fitting: list[Column] = []
    for at, column in enumerate(labels):
        # What the columns after it do not need is left for it.
        others = sum(min(one, room // len(labels)) for one in needed[at + 1 :])
        allowed = min(needed[at], room - others)
        room -= allowed
        texts = shortened([" ".join(cell) for cell in column.cells], allowed)
        head = shortened(column.head, allowed)
        fitting.append(replace(column, head=tuple(head), cells=tuple((text,) for text in texts)))
    return fitting


def _parts(
    labels: Sequence[Column], numbers: Sequence[Column], width: int
) -> Iterator[list[Column]]:
    """The columns of numbers in groups, each of which fits the terminal beside the labels."""
    first = sum(column.width + len(_GAP) for column in labels)
    part: list[Column] = []
    used = first
    for column in numbers:
        if part and used + column.width > width:
            yield part
            part, used = [], first
        part.append(column)
        used += column.width + len(_GAP)
    yield part
