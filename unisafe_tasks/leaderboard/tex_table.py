"""A table in LaTeX that fits its page: models in lines, small intervals below their scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from unisafe_tasks.leaderboard.tex import NOTHING, Text, paragraph, shortened, text
from unisafe_tasks.tasks import TASKS

__all__ = ["TEXT_WIDTH", "Column", "Table", "width_of", "written"]

TEXT_WIDTH = 455.0
"""Points: the narrowest text of the usual two-column papers, that of ACL's (16 cm)."""

_SEPARATION = 4.0
"""Points between two columns."""

_SHORTEST_NAME, _LONGEST_NAME = 60.0, 150.0
_MODELS = 26
"""Models of one table. Each takes two lines, and one page must hold them and the notes."""


@dataclass(frozen=True)
class Column:
    """A column of numbers: its head, and for each model what stands there in one line or two."""

    head: str
    cells: tuple[tuple[Text, ...], ...]

    @property
    def width(self) -> float:
        return max(one.width for lines in ((text(self.head),), *self.cells) for one in lines)


@dataclass(frozen=True)
class Table:
    """A table before it is made to fit: `first` stands before the models, `columns` after them.

    `ranked` is how many of the models stand above a rule; `after` are sentences below the table.
    """

    caption: str
    label: str
    first: tuple[Column, ...]
    models: tuple[str, ...]
    columns: tuple[Column, ...]
    ranked: int
    after: tuple[str, ...]


def written(table: Table) -> Iterator[str]:
    """The table; several, where it is too wide or too long for one page."""
    parts = [
        (range(start, min(start + _MODELS, len(table.models))), columns)
        for start in range(0, max(1, len(table.models)), _MODELS)
        for columns in _fitting(table)
    ]
    for number, (models, columns) in enumerate(parts, start=1):
        is_last = number == len(parts)
        suffix = f"-{number}" if number > 1 else ""
        continued = f" (Part {number} of {len(parts)}.)" if len(parts) > 1 else ""
        yield from (
            "\\begin{table*}",
            "\\centering\\footnotesize",
            f"\\setlength{{\\tabcolsep}}{{{_SEPARATION / 2:g}pt}}",
            f"\\caption{{{paragraph(table.caption + continued)}}}",
            f"\\label{{{table.label}{suffix}}}",
            "\\smallskip",
            *_tabular(table, models, columns),
            *(_after(table.after) if is_last else ()),
            "\\end{table*}",
            "",
        )


def width_of(table: Table, columns: Sequence[Column]) -> float:
    """How wide the table is with these of its columns and the shortest names, in points."""
    every = [*table.first, *columns]
    return sum(column.width + _SEPARATION for column in every) + _SHORTEST_NAME


def _fitting(table: Table) -> list[tuple[Column, ...]]:
    """The columns in groups that fit the text beside the models."""
    groups: list[tuple[Column, ...]] = [()]
    for column in table.columns:
        wider = (*groups[-1], column)
        if groups[-1] and width_of(table, wider) > TEXT_WIDTH:
            groups.append((column,))
        else:
            groups[-1] = wider
    return groups


def _tabular(table: Table, models: range, columns: Sequence[Column]) -> Iterator[str]:
    every = [*table.first, *columns]
    room = TEXT_WIDTH - width_of(table, columns) + _SHORTEST_NAME
    names = shortened(table.models, min(_LONGEST_NAME, room))
    before = len(table.first)
    alignment = f"{'r' * before}l{'r' * len(columns)}"
    # The space at the end is for a mark.
    columns_of = f"@{{\\extracolsep{{\\fill}}}}{alignment}@{{\\hspace{{4pt}}}}"
    yield f"\\begin{{tabular*}}{{\\textwidth}}{{{columns_of}}}"
    yield "\\toprule"
    yield from _outputs(columns, before + 2)
    heads = [text(column.head).tex for column in every]
    yield _row([*heads[:before], "Model", *heads[before:]])
    yield "\\midrule"
    for at in models:
        if at == table.ranked and at != models.start:
            yield "\\midrule"
        cells = [column.cells[at] for column in every]
        rows = max(map(len, cells))
        for number in range(rows):
            texts = [cell[number] if number < len(cell) else NOTHING for cell in cells]
            name = names[at].tex if number == 0 else ""
            tex = [one.tex for one in texts]
            space = "[-2.5pt]" if number < rows - 1 else "[1pt]" if rows > 1 else ""
            yield _row([*tex[:before], name, *tex[before:]], space)
    yield from ("\\bottomrule", "\\end{tabular*}")


def _row(texts: Sequence[str], space: str = "") -> str:
    # Without the empty group LaTeX could read a text as an argument of the line before.
    return f"{{}}{' & '.join(texts)} \\\\{space}"


def _outputs(columns: Sequence[Column], start: int) -> Iterator[str]:
    """A line above the tasks' codes that says what models give in them."""
    spans = []
    for made, group in groupby(columns, key=lambda column: _output_of(column.head)):
        count = len(list(group))
        spans.append((made if count > 1 else "", start, count))
        start += count
    if not any(made for made, _, _ in spans):
        return
    texts = [
        f"\\multicolumn{{{count}}}{{c}}{{{made}}}" if made else " & " * (count - 1)
        for made, _, count in spans
    ]
    yield _row([*[""] * (spans[0][1] - 1), *texts])
    yield "".join(
        f"\\cmidrule(lr){{{first}-{first + count - 1}}}" for made, first, count in spans if made
    )


def _output_of(head: str) -> str:
    task = TASKS.get(head.partition(" ")[0])
    if task is None:
        return ""
    return "image output" if task.makes_images else "text output"


def _after(sentences: Sequence[str]) -> Iterator[str]:
    yield "\\par\\smallskip"
    yield "\\begin{minipage}{\\textwidth}\\scriptsize\\raggedright"
    # Each in a line of its own, for who reads the source.
    yield from map(paragraph, sentences)
    yield "\\end{minipage}"
