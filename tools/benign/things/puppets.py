"""Puppets, their theatre, and the jar and the hat of a puppet who cooks."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def sock_puppet(pen: Pen) -> None:
    """A striped sock with button eyes and an open mouth, seen from its left side."""
    colour = pen.colour("blue")
    pen.poly([(0.42, 0.4), (0.78, 0.34), (0.76, 1.0), (0.44, 1.0)], colour)
    for y in (0.58, 0.72, 0.86):
        pen.poly([(0.43, y), (0.77, y - 0.02), (0.77, y + 0.05), (0.43, y + 0.07)], "cream")
    pen.blob(
        [
            (0.1, 0.26),
            (0.3, 0.12),
            (0.6, 0.08),
            (0.8, 0.24),
            (0.78, 0.46),
            (0.56, 0.52),
            (0.44, 0.4),
            (0.16, 0.36),
        ],
        colour,
    )
    pen.blob([(0.14, 0.38), (0.46, 0.4), (0.56, 0.52), (0.4, 0.58), (0.2, 0.54)], colour)
    pen.blob([(0.12, 0.37), (0.44, 0.38), (0.54, 0.46), (0.42, 0.48), (0.18, 0.46)], "dark-red")
    for x in (0.4, 0.58):
        pen.disc(x, 0.16, 0.075, "white")
        pen.disc(x, 0.16, 0.05, "black")
        for dot in (-0.015, 0.015):
            pen.disc(x + dot, 0.16, 0.01, "cream")
    pen.disc(0.12, 0.27, 0.035, "red")
    for x in (0.66, 0.72, 0.78):
        pen.curve([(x, 0.16), (x + 0.06, 0.06), (x + 0.12, 0.12)], "orange", 0.022)


@thing
def cook_hat(pen: Pen) -> None:
    for x, y in ((0.2, 0.34), (0.4, 0.2), (0.62, 0.2), (0.8, 0.34)):
        pen.disc(x, y, 0.2, "white")
    pen.poly([(0.2, 0.4), (0.8, 0.4), (0.76, 0.96), (0.24, 0.96)], "white")
    pen.rect(0.22, 0.76, 0.78, 0.98, "pale-grey")
    for x in (0.38, 0.5, 0.62):
        pen.line([(x, 0.46), (x, 0.72)], "light-grey", 0.02)


@thing
def sauce_jar(pen: Pen) -> None:
    """With a tomato on its label."""
    pen.rect(0.18, 0.16, 0.82, 1.0, pen.colour("red"), 0.1)
    pen.rect(0.22, 0.02, 0.78, 0.18, "gold", 0.03)
    pen.rect(0.18, 0.36, 0.82, 0.84, "cream")
    pen.disc(0.5, 0.62, 0.16, "red")
    for x in (0.4, 0.5, 0.6):
        pen.line([(0.5, 0.48), (x, 0.42)], "green", 0.035)


@thing
def goose_puppet(pen: Pen) -> None:
    """The upper half of a goose, with its beak open, seen from its right side."""
    pen.blob(
        [
            (0.1, 1.0),
            (0.12, 0.76),
            (0.36, 0.66),
            (0.4, 0.4),
            (0.42, 0.16),
            (0.58, 0.06),
            (0.7, 0.16),
            (0.62, 0.34),
            (0.6, 0.64),
            (0.78, 0.8),
            (0.8, 1.0),
        ],
        "white",
    )
    pen.blob([(0.14, 0.82), (0.36, 0.74), (0.54, 0.84), (0.46, 1.0), (0.2, 1.0)], "pale-grey")
    pen.poly([(0.66, 0.1), (0.98, 0.08), (0.68, 0.19)], "orange")
    pen.poly([(0.66, 0.2), (0.94, 0.28), (0.64, 0.26)], "dark-orange")
    pen.disc(0.57, 0.15, 0.026, "black")
    pen.line([(0.5, 0.08), (0.61, 0.11)], "black", 0.018)
    pen.rect(0.38, 0.42, 0.63, 0.5, "red")
    pen.poly([(0.4, 0.46), (0.28, 0.38), (0.28, 0.56)], "red")


@thing
def turnip_puppet(pen: Pen) -> None:
    """A cross turnip with leaves for hair."""
    for lean in (-0.2, 0.0, 0.2):
        pen.blob(
            [(0.5, 0.34), (0.44 + lean, 0.14), (0.5 + lean * 1.3, 0.0), (0.58 + lean, 0.14)],
            "green",
        )
    pen.blob(
        [
            (0.5, 0.26),
            (0.8, 0.32),
            (0.94, 0.56),
            (0.78, 0.84),
            (0.5, 1.0),
            (0.22, 0.84),
            (0.06, 0.56),
            (0.2, 0.32),
        ],
        "cream",
    )
    pen.blob(
        [
            (0.5, 0.26),
            (0.8, 0.32),
            (0.92, 0.5),
            (0.7, 0.47),
            (0.5, 0.5),
            (0.3, 0.47),
            (0.08, 0.5),
            (0.2, 0.32),
        ],
        "purple",
    )
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.15, 0.59, 0.055, "white")
        pen.disc(0.47 + side * 0.15, 0.6, 0.026, "black")
        pen.line([(0.5 + side * 0.26, 0.48), (0.5 + side * 0.08, 0.54)], "black", 0.028)
    pen.arc(0.5, 0.82, 0.12, 0.08, 200, 340, "black", 0.025)


@thing
def puppet_booth(pen: Pen) -> None:
    """A puppet theatre without puppets: curtains, a roof and a ledge."""
    pen.rect(0.12, 0.2, 0.88, 0.66, "navy")
    for left, right in ((0.04, 0.24), (0.76, 0.96)):
        pen.rect(left, 0.16, right, 0.66, "red")
        for x in (left + 0.06, left + 0.13):
            pen.line([(x, 0.2), (x, 0.64)], "dark-red", 0.012)
    pen.rect(0.0, 0.06, 1.0, 0.18, "gold")
    for step in range(8):
        pen.wedge(0.0625 + 0.125 * step, 0.18, 0.0625, 0.07, 0, 180, "red" if step % 2 else "cream")
    pen.rect(0.02, 0.66, 0.98, 1.0, pen.colour("teal"))
    pen.rect(0.0, 0.63, 1.0, 0.69, "gold")
