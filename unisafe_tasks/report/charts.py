"""Charts as inline SVG: a grid of shaded cells, and two scores of each model against each other.

Every cell and point carries its value as text; colour only repeats it. Colours are classes of the
style sheet, which has other colours for dark mode and print. `_markup` escapes every text of a run
and shows its invisible characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from unisafe_tasks.report.score_cells import SHADES
from unisafe_tasks.report.text import shown

__all__ = ["GridCell", "Point", "grid", "plane"]

_ROW, _COLUMN, _HEAD = 30, 66, 30
_SIDE, _NAME = 320, 24
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
class Point:
    """Two shares of one model with their bounds, if they are known; `text` stands beside its name.

    A point without a share is only named.
    """

    label: str
    x: float | None
    y: float | None
    x_bounds: tuple[float, float] | None
    y_bounds: tuple[float, float] | None
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


def plane(
    title: str, across: str, up: str, points: Sequence[Point], *, with_diagonal: bool = False
) -> Markup:
    """Two shares against each other, in percent; the diagonal is where both are equal.

    Points have numbers. The list beside the plane says whose they are.
    """
    side, left, names = _SIDE, 60, 60 + _SIDE + 40
    height = _HEAD + max(side + 50, _NAME * len(points) + 20)
    listed = [f"{n} {_cut(point.label)} {point.text}" for n, point in enumerate(points, start=1)]
    width = names + round(max(map(len, listed), default=0) * _CHARACTER) + 20
    bottom = _HEAD + side

    def place(x: float, y: float) -> tuple[float, float]:
        return round(left + side * x, 1), round(bottom - side * y, 1)

    body = _line("tick", *place(0, 0), *place(1, 1)) if with_diagonal else Markup("")
    for number in range(5):
        share = number / 4
        body += _line("tick", *place(share, 0), *place(share, 1))
        body += _line("tick", *place(0, share), *place(1, share))
        body += _text("head", left + side * share, bottom + 18, f"{100 * share:g}")
        body += _text("head", left - 22, bottom - side * share + 4, f"{100 * share:g}")
    body += _text("head", left + side / 2, bottom + 40, across)
    body += _text("head", left + side / 2, _HEAD - 18, up)
    numbers: dict[tuple[float, float], list[str]] = {}
    for number, (point, name) in enumerate(zip(points, listed, strict=True), start=1):
        body += _text("value", names, _HEAD + _NAME * number - 4, name, point.label)
        if point.x is None or point.y is None:
            continue
        for low, high in [point.x_bounds] if point.x_bounds else []:
            body += _line("bar", *place(low, point.y), *place(high, point.y))
        for low, high in [point.y_bounds] if point.y_bounds else []:
            body += _line("bar", *place(point.x, low), *place(point.x, high))
        x, y = place(point.x, point.y)
        body += _markup('<circle class="point" cx="{}" cy="{}" r="4"/>', x, y)
        numbers.setdefault((x, y), []).append(str(number))
    for (x, y), shared in numbers.items():
        body += _text("value", x + 7, y - 7, ", ".join(shared))
    return _svg(title, width, height, body)


def _line(name: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return _markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', name, x1, y1, x2, y2)


def _text(name: str, x: float, y: float, text: str, title: str = "") -> Markup:
    whole = _markup("<title>{}</title>", title) if title else Markup("")
    return _markup('<text class="{}" x="{}" y="{}">{}{}</text>', name, x, y, text, whole)


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
            "none" if cell.share is None else f"h{round(cell.share * SHADES)}",
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
