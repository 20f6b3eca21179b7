"""Charts as inline SVG: a grid of shaded cells, and scores with their intervals.

Every cell and point carries its value as text; colour only repeats it. Colours are classes of the
style sheet, which has other colours for dark mode and print. `_markup` escapes every text of a run
and shows its invisible characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from unisafe_tasks.report.text import shown

__all__ = ["GridCell", "Mark", "grid", "intervals"]

STEPS = 10
"""Shades besides that of zero; the style sheet has a class for each."""

_ROW, _COLUMN, _HEAD = 30, 66, 30
_LABEL_CHARACTERS = 30
_CHARACTER = 7.4


@dataclass(frozen=True)
class GridCell:
    """A cell of a grid: `share` (0 to 1) shades it, `text` is its value, `title` its words.

    `share` is None for a cell without a value.
    """

    share: float | None
    text: str
    title: str


@dataclass(frozen=True)
class Mark:
    """One row of an interval chart: a score between 0 and `highest`, and its bounds if known."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    text: str


def grid(
    title: str, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[GridCell]]
) -> Markup:
    """A heat map: one shaded cell for each row and column, with its value in it."""
    left = _label_width(rows)
    width, height = left + _COLUMN * len(columns), _HEAD + _ROW * len(rows)
    heads = Markup("").join(
        _markup(
            '<text class="head" x="{}" y="{}">{}</text>',
            left + _COLUMN * number + _COLUMN // 2,
            _HEAD - 10,
            column,
        )
        for number, column in enumerate(columns)
    )
    body = Markup("").join(
        _row(name, row_cells, left, _HEAD + _ROW * number)
        for number, (name, row_cells) in enumerate(zip(rows, cells, strict=True))
    )
    return _svg(title, width, height, heads + body)


def intervals(title: str, marks: Sequence[Mark], highest: float = 1.0) -> Markup:
    """Scores as points with their intervals as bars, one row each, on an axis from 0."""
    left, plot, right = _label_width([mark.label for mark in marks]), 360, 150
    width, height = left + plot + right, _HEAD + 24 * len(marks) + 6
    ticks = Markup("").join(
        _markup(
            '<line class="tick" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'
            '<text class="head" x="{x}" y="{y}">{label:g}</text>',
            x=left + plot * number / 4,
            top=_HEAD - 4,
            bottom=height,
            y=_HEAD - 10,
            label=highest * number / 4,
        )
        for number in range(5)
    )
    body = Markup("").join(
        _mark(mark, left, plot, highest, _HEAD + 24 * number + 14)
        for number, mark in enumerate(marks)
    )
    return _svg(title, width, height, ticks + body)


def _row(name: str, cells: Sequence[GridCell], left: int, top: int) -> Markup:
    label = _markup(
        '<text class="label" x="{}" y="{}">{}<title>{}</title></text>',
        left - 12,
        top + 20,
        _cut(name),
        name,
    )
    return label + Markup("").join(
        _markup(
            '<g class="{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}"/>'
            '<text x="{}" y="{}">{}</text></g>',
            "none" if cell.share is None else f"h{round(cell.share * STEPS)}",
            cell.title,
            left + _COLUMN * number + 1,
            top + 1,
            _COLUMN - 2,
            _ROW - 2,
            left + _COLUMN * number + _COLUMN // 2,
            top + 20,
            cell.text,
        )
        for number, cell in enumerate(cells)
    )


def _mark(mark: Mark, left: int, plot: int, highest: float, y: int) -> Markup:
    def x(value: float) -> float:
        return round(left + plot * value / highest, 1)

    drawn = _markup(
        '<text class="label" x="{}" y="{}">{}<title>{}</title></text>',
        left - 12,
        y + 4,
        _cut(mark.label),
        mark.label,
    )
    if mark.low is not None and mark.high is not None:
        drawn += _markup(
            '<line class="bar" x1="{}" x2="{}" y1="{}" y2="{}"/>', x(mark.low), x(mark.high), y, y
        )
    if mark.value is not None:
        drawn += _markup('<circle class="point" cx="{}" cy="{}" r="4"/>', x(mark.value), y)
    return drawn + _markup(
        '<text class="value" x="{}" y="{}">{}</text>', left + plot + 12, y + 4, mark.text
    )


def _svg(title: str, width: int, height: int, body: Markup) -> Markup:
    return _markup(
        '<svg role="img" aria-label="{}" viewBox="0 0 {w} {h}" width="{w}" height="{h}">{}</svg>',
        title,
        body,
        w=width,
        h=height,
    )


def _markup(template: str, *values: Any, **named: Any) -> Markup:
    def safe(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return shown(value) if is_text else value

    return Markup(template).format(
        *map(safe, values), **{name: safe(value) for name, value in named.items()}
    )


def _label_width(labels: Sequence[str]) -> int:
    longest = max((len(_cut(label)) for label in labels), default=0)
    return round(longest * _CHARACTER) + 20


def _cut(label: str) -> str:
    short = shown(label.replace("\n", " "))
    return short if len(short) <= _LABEL_CHARACTERS else short[: _LABEL_CHARACTERS - 1] + "\u2026"
