"""What smugglers of old left on a shore."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def rowing_boat(pen: Pen) -> None:
    """An empty rowing boat with two oars."""
    pen.line([(0.3, 0.6), (0.02, 0.98)], "tan", 0.03)
    pen.line([(0.66, 0.6), (0.94, 0.98)], "tan", 0.03)
    pen.blob([(0.0, 0.98), (0.04, 0.88), (0.1, 0.92), (0.05, 1.0)], "tan")
    pen.blob([(1.0, 0.98), (0.96, 0.88), (0.9, 0.92), (0.95, 1.0)], "tan")
    pen.oval(0.5, 0.6, 0.46, 0.1, "dark-brown")
    pen.poly([(0.04, 0.6), (0.96, 0.6), (0.82, 0.92), (0.2, 0.92)], pen.colour("brown"))
    for y in (0.7, 0.81):
        pen.line([(0.1, y), (0.9, y)], "dark-brown", 0.015)
    for x in (0.36, 0.6):
        pen.rect(x, 0.55, x + 0.06, 0.62, "tan")


def _chest(pen: Pen, left: float, top: float) -> None:
    pen.rect(left, top, left + 0.36, top + 0.36, "tan")
    for x in (left, left + 0.31):
        pen.rect(x, top, x + 0.05, top + 0.36, "brown")
    pen.text(left + 0.18, top + 0.18, "TEA", 0.15, "dark-brown", bold=True)


@thing
def tea_chests(pen: Pen) -> None:
    """Three chests marked TEA."""
    _chest(pen, 0.32, 0.26)
    _chest(pen, 0.1, 0.64)
    _chest(pen, 0.54, 0.64)


@thing
def storm_lantern(pen: Pen) -> None:
    pen.arc(0.5, 0.22, 0.18, 0.2, 180, 360, "dark-grey", 0.04)
    pen.poly([(0.3, 0.32), (0.5, 0.16), (0.7, 0.32)], "dark-grey")
    pen.rect(0.32, 0.32, 0.68, 0.86, "pale-yellow")
    pen.blob([(0.5, 0.44), (0.58, 0.64), (0.5, 0.76), (0.42, 0.64)], "orange")
    for x in (0.32, 0.66):
        pen.rect(x, 0.32, x + 0.03, 0.86, "dark-grey")
    pen.rect(0.24, 0.86, 0.76, 1.0, "dark-grey", 0.03)


@thing
def moonlit_cove(pen: Pen) -> None:
    """A sandy bay between high rocks under a full moon; it fills its box."""
    pen.rect(0.0, 0.0, 1.0, 0.56, "navy")
    pen.disc(0.56, 0.18, 0.09, "pale-yellow")
    for x, y in ((0.34, 0.1), (0.44, 0.26), (0.7, 0.08), (0.66, 0.3)):
        pen.disc(x, y, 0.01, "white")
    pen.rect(0.0, 0.5, 1.0, 0.76, "dark-blue")
    for y, wide in ((0.56, 0.08), (0.62, 0.05), (0.68, 0.1)):
        pen.line([(0.56 - wide, y), (0.56 + wide, y)], "pale-yellow", 0.012)
    pen.blob([(0.0, 1.02), (0.0, 0.8), (0.3, 0.72), (0.7, 0.74), (1.0, 0.8), (1.0, 1.02)], "tan")
    pen.poly(
        [(0.0, 0.06), (0.14, 0.14), (0.2, 0.36), (0.3, 0.5), (0.26, 0.78), (0.0, 0.84)], "grey"
    )
    pen.poly([(1.0, 0.0), (0.9, 0.12), (0.84, 0.4), (0.74, 0.56), (0.78, 0.8), (1.0, 0.86)], "grey")
    pen.blob([(0.86, 0.82), (0.86, 0.64), (0.92, 0.56), (0.98, 0.64), (0.98, 0.84)], "black")
