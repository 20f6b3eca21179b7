"""Invented champions of compost and of snail races, and what they need."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def compost_bin(pen: Pen) -> None:
    """A slatted bin with peelings that look out of it."""
    for x, y, colour in (
        (0.24, 0.22, "green"), (0.4, 0.14, "orange"), (0.56, 0.18, "brown"), (0.72, 0.22, "yellow"),
    ):  # fmt: skip
        pen.blob([(x - 0.1, 0.34), (x - 0.04, y), (x + 0.06, y + 0.02), (x + 0.12, 0.34)], colour)
    pen.poly([(0.44, 0.16), (0.56, 0.16), (0.51, 0.3)], "orange")
    pen.rect(0.1, 0.3, 0.9, 0.98, pen.colour("olive"))
    for row in range(4):
        y = 0.36 + 0.16 * row
        pen.rect(0.06, y, 0.94, y + 0.1, pen.colour("olive"))
    for x in (0.1, 0.84):
        pen.rect(x, 0.28, x + 0.06, 1.0, "dark-brown")


@thing
def hero_cape(pen: Pen) -> None:
    """A cape on a hanger, with a round emblem that shows a carrot."""
    pen.arc(0.5, 0.05, 0.05, 0.05, 120, 360, "dark-grey", 0.025)
    pen.line([(0.28, 0.2), (0.5, 0.1), (0.72, 0.2)], "dark-grey", 0.03)
    folds = [(0.96, 1.0), (0.78, 0.93), (0.62, 1.0), (0.46, 0.93), (0.3, 1.0), (0.04, 0.95)]
    pen.poly([(0.3, 0.18), (0.5, 0.24), (0.7, 0.18), *folds], pen.colour("green"))
    for x, to in ((0.42, 0.34), (0.58, 0.66)):
        pen.line([(x, 0.3), (to, 0.9)], "dark-green", 0.012)
    pen.disc(0.5, 0.54, 0.18, "yellow")
    pen.poly([(0.42, 0.48), (0.58, 0.48), (0.5, 0.68)], "orange")
    for x in (0.44, 0.5, 0.56):
        pen.line([(0.5, 0.48), (x, 0.41)], "green", 0.03)


@thing
def snail(pen: Pen) -> None:
    """Creeps to the left; a racing number is on its shell."""
    colour = pen.colour("tan")
    pen.blob(
        [(0.02, 0.72), (0.08, 0.52), (0.22, 0.54), (0.3, 0.8), (0.7, 0.82), (0.99, 0.97),
         (0.5, 1.0), (0.14, 0.98)],
        colour,
    )  # fmt: skip
    for x, to in ((0.08, 0.0), (0.18, 0.16)):
        pen.line([(x, 0.56), (to, 0.32)], colour, 0.035)
        pen.disc(to, 0.31, 0.04, "white")
        pen.disc(to - 0.01, 0.31, 0.02, "black")
    pen.arc(0.1, 0.68, 0.06, 0.05, 30, 150, "black", 0.015)
    pen.disc(0.58, 0.56, 0.33, "orange")
    pen.arc(0.6, 0.57, 0.24, 0.25, 150, 420, "brown", 0.03)
    pen.disc(0.58, 0.56, 0.15, "white")
    pen.text(0.58, 0.56, "7", 0.2, bold=True)


@thing
def gold_medal(pen: Pen) -> None:
    pen.poly([(0.24, 0.0), (0.42, 0.0), (0.58, 0.5), (0.44, 0.56)], "blue")
    pen.poly([(0.76, 0.0), (0.58, 0.0), (0.42, 0.5), (0.56, 0.56)], "red")
    pen.disc(0.5, 0.72, 0.27, "gold")
    pen.disc(0.5, 0.72, 0.21, "yellow")
    pen.text(0.5, 0.72, "1", 0.28, bold=True)


@thing
def cereal_box(pen: Pen) -> None:
    """Its front has no picture yet; it says only what is inside."""
    pen.poly([(0.78, 0.06), (0.92, 0.0), (0.92, 0.92), (0.78, 1.0)], "dark-orange")
    pen.poly([(0.12, 0.06), (0.26, 0.0), (0.92, 0.0), (0.78, 0.06)], "light-orange")
    pen.rect(0.12, 0.06, 0.78, 1.0, pen.colour("yellow"))
    pen.text(0.45, 0.16, "OATS", 0.13, "dark-red", bold=True)
    pen.rect(0.18, 0.26, 0.72, 0.84, "cream", 0.03)
