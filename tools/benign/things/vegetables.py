"""Beetroots, whole and cut, and the mess that they make."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def beetroot(pen: Pen) -> None:
    for x, top in ((0.34, 0.06), (0.5, 0.0), (0.66, 0.08)):
        pen.line([(0.5, 0.46), (x, top + 0.1)], "dark-red", 0.035)
        pen.blob(
            [(x, top), (x + 0.09, top + 0.12), (x, top + 0.28), (x - 0.09, top + 0.12)], "green"
        )
    pen.line([(0.5, 0.86), (0.54, 1.0)], "dark-red", 0.03)
    pen.blob(
        [(0.5, 0.42), (0.76, 0.5), (0.8, 0.72), (0.5, 0.94), (0.2, 0.72), (0.24, 0.5)],
        pen.colour("dark-red"),
    )
    pen.arc(0.5, 0.66, 0.2, 0.16, 190, 260, "light-red", 0.025)


@thing
def beetroot_bunch(pen: Pen) -> None:
    for x, turn in ((0.0, -18), (0.4, 16), (0.2, 0)):
        beetroot(pen.inside(x, 0.1, 0.6, 0.9, turn=turn))
    pen.rect(0.4, 0.36, 0.6, 0.42, "gold")


@thing
def cutting_board(pen: Pen) -> None:
    pen.poly([(0.12, 0.72), (0.88, 0.72), (1.0, 0.96), (0.0, 0.96)], pen.colour("tan"))
    pen.rect(0.0, 0.96, 1.0, 1.0, "brown")
    pen.oval(0.83, 0.77, 0.03, 0.015, "brown")


@thing
def beetroot_slices(pen: Pen) -> None:
    for x, y in ((0.2, 0.78), (0.36, 0.72), (0.52, 0.76), (0.68, 0.72), (0.84, 0.8)):
        pen.oval(x, y, 0.13, 0.1, "dark-red")
        pen.oval(x, y, 0.09, 0.065, "red")
        pen.oval(x, y, 0.04, 0.03, "dark-red")


@thing
def red_splash(pen: Pen) -> None:
    colour = pen.colour("red")
    pen.blob(
        [
            (0.06, 0.56), (0.22, 0.44), (0.2, 0.28), (0.36, 0.38), (0.5, 0.2), (0.58, 0.4),
            (0.8, 0.3), (0.76, 0.5), (0.96, 0.6), (0.74, 0.66), (0.72, 0.84), (0.54, 0.72),
            (0.34, 0.86), (0.32, 0.68),
        ],
        colour,
    )  # fmt: skip
    for x, y, radius in (
        (0.1, 0.3, 0.04),
        (0.9, 0.4, 0.035),
        (0.86, 0.82, 0.045),
        (0.16, 0.8, 0.03),
    ):
        pen.disc(x, y, radius, colour)


@thing
def red_drips(pen: Pen) -> None:
    """A spill that runs down from the top of the box."""
    colour = pen.colour("red")
    pen.blob([(0.0, 0.02), (1.0, 0.02), (0.94, 0.16), (0.5, 0.12), (0.06, 0.16)], colour)
    for x, low in ((0.12, 0.6), (0.32, 0.9), (0.54, 0.5), (0.72, 0.98), (0.88, 0.44)):
        pen.line([(x, 0.1), (x, low)], colour, 0.07)
