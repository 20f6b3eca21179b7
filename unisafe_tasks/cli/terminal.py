"""Where the commands print: a terminal of some width, or a pipe or file that takes plain text."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import typer

from unisafe_tasks.redaction import in_one_line

__all__ = ["padded", "say", "say_rest", "shortened", "terminal_width", "wrapped"]


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
    """The names in at most so many cells, cut where they stay different."""
    from rich.cells import cell_len

    from unisafe_tasks import shortening

    return shortening.shortened(names, width, cell_len)
