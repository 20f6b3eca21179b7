"""Tables as the page shows them: a caption, a header for each column and row, values as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unisafe_tasks.leaderboard import Cell
from unisafe_tasks.numerals import DASH

__all__ = ["Cells", "Table", "Value", "number", "score", "table"]


@dataclass(frozen=True)
class Value:
    """A cell: `text`, the `marks` that must stand beside it, and in small print below `small`."""

    text: str
    small: str = ""
    marks: str = ""


Cells = Sequence[Value | str]


@dataclass(frozen=True)
class Table:
    """`rows` begin with their header, as `columns` with that of the headers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    numeric: bool = True


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Cells],
    *,
    numeric: bool = True,
) -> Table:
    """A table of values or plain texts."""
    return Table(
        caption,
        tuple(columns),
        tuple(tuple(_value(cell) for cell in row) for row in rows),
        numeric,
    )


def score(cell: Cell) -> Value:
    """A score with its marks and its interval."""
    return Value(cell.number.removesuffix(cell.marks), cell.bounds, cell.marks)


def number(value: float | None, digits: int = 3) -> str:
    """A number that is no score, such as a coefficient; a dash where it is not known."""
    return DASH if value is None else f"{value:.{digits}f}"


def _value(cell: Value | str) -> Value:
    return cell if isinstance(cell, Value) else Value(cell)
