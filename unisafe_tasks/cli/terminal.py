"""Where the commands print: a terminal of some width, or a pipe or file that takes plain text."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence

import typer

from unisafe_tasks.redaction import in_one_line

__all__ = ["padded", "say", "say_rest", "shortened", "terminal_width", "wrapped"]

_PLACES_TO_CUT = (0.5, 0.75, 0.25, 1.0, 0.0)
"""Of the cells that a name may take, so many are before the cut."""


def terminal_width() -> int | None:
    """How many columns the terminal has; COLUMNS says it first. None where nothing is to be cut,
    since standard output is a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say(*sentences: str, indent: str = "") -> None:
    """Print sentences, each on a line. A terminal gets no line that is wider than it is."""
    width = terminal_width()
    for sentence in sentences:
        for line in wrapped(in_one_line(sentence), width and width - len(indent)):
            typer.echo(indent + line)


def say_rest(notes: Sequence[str], *, every_note: bool, more: str = "") -> None:
    """Print the notes that change nothing about the scores, or only how many there are."""
    if every_note:
        say(*notes)
    elif notes:
        say(f"{len(notes):,} more {'note' if len(notes) == 1 else 'notes'}: --notes.{more}")


def wrapped(text: str, width: int | None) -> list[str]:
    """The text in lines of at most so many cells, between words where that is possible."""
    from rich.cells import cell_len, chop_cells

    if width is None or cell_len(text) <= width:
        return [text]
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if cell_len(joined) <= width:
            lines[-1] = joined
            continue
        pieces = chop_cells(word, max(2, width))
        lines[-1:] = [*filter(None, lines[-1:]), *pieces]
    return lines


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text with spaces up to so many cells of the terminal, at its end or before it."""
    from rich.cells import cell_len

    spaces = " " * (width - cell_len(text))
    return spaces + text if right else text + spaces


def shortened(names: Sequence[str], width: int) -> list[str]:
    """The names in at most so many cells, cut where they stay different: in the middle, or nearer
    to an end; else they end with their numbers."""
    for share in _PLACES_TO_CUT:
        short = [_cut(name, width, share) for name in names]
        if len(set(short)) == len(set(names)):
            return short
    numbers = [f" #{number}" for number in range(1, len(names) + 1)]
    return [
        _cut(name, max(1, width - len(number)), _PLACES_TO_CUT[0]) + number
        for name, number in zip(names, numbers, strict=True)
    ]


def _cut(text: str, width: int, share: float) -> str:
    """The text with an ellipsis in it; `share` of what is left stands before that."""
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return text
    room = max(0, width - 1)
    head = _first(text, math.ceil(room * share))
    tail = _first(text[::-1], room - cell_len(head))[::-1]
    return f"{head}…{tail}"


def _first(text: str, width: int) -> str:
    """The longest beginning that fits."""
    from rich.cells import cell_len

    used = 0
    for at, sign in enumerate(text):
        used += cell_len(sign)
        if used > width:
            return text[:at]
    return text
