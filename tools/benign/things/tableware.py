"""What stands on a table, and what there is to eat."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def cup(pen: Pen) -> None:
    colour = pen.colour("white")
    pen.arc(0.78, 0.6, 0.16, 0.18, -90, 90, colour, 0.07)
    pen.blob(
        [(0.12, 0.3), (0.8, 0.3), (0.74, 0.85), (0.6, 0.98), (0.32, 0.98), (0.18, 0.85)], colour
    )
    pen.oval(0.46, 0.3, 0.35, 0.09, "brown")


@thing
def teapot(pen: Pen) -> None:
    colour = pen.colour("blue")
    pen.arc(0.8, 0.6, 0.16, 0.2, -90, 90, colour, 0.06)
    pen.poly([(0.26, 0.75), (0.0, 0.36), (0.08, 0.32), (0.3, 0.52)], colour)
    pen.oval(0.52, 0.65, 0.32, 0.32, colour)
    pen.oval(0.52, 0.38, 0.18, 0.06, colour)
    pen.disc(0.52, 0.28, 0.05, colour)
    pen.rect(0.36, 0.94, 0.68, 1.0, colour)


@thing
def plate(pen: Pen) -> None:
    pen.oval(0.5, 0.8, 0.5, 0.16, pen.colour("white"))
    pen.oval(0.5, 0.79, 0.34, 0.09, "pale-grey")


@thing
def bowl(pen: Pen) -> None:
    pen.wedge(0.5, 0.5, 0.48, 0.5, 0, 180, pen.colour("blue"))
    pen.oval(0.5, 0.5, 0.48, 0.12, "cream")


@thing
def knife(pen: Pen) -> None:
    """A kitchen knife that lies flat, its handle on the right."""
    pen.poly([(0.0, 0.54), (0.1, 0.46), (0.62, 0.42), (0.62, 0.6), (0.14, 0.6)], "light-grey")
    pen.rect(0.6, 0.42, 1.0, 0.55, pen.colour("brown"), 0.04)
    for x in (0.7, 0.8, 0.9):
        pen.disc(x, 0.485, 0.014, "cream")


@thing
def pan(pen: Pen) -> None:
    pen.rect(0.56, 0.5, 1.0, 0.57, "black", 0.03)
    pen.poly([(0.0, 0.48), (0.62, 0.48), (0.55, 0.72), (0.07, 0.72)], pen.colour("dark-grey"))
    pen.oval(0.31, 0.48, 0.31, 0.07, "grey")


@thing
def jar(pen: Pen) -> None:
    pen.rect(0.2, 0.18, 0.8, 1.0, "pale-blue", 0.1)
    pen.rect(0.25, 0.46, 0.75, 0.95, pen.colour("red"), 0.08)
    pen.rect(0.22, 0.06, 0.78, 0.22, "gold", 0.03)


@thing
def bottle(pen: Pen) -> None:
    colour = pen.colour("green")
    pen.rect(0.43, 0.0, 0.57, 0.08, "brown")
    pen.blob(
        [
            (0.43, 0.06),
            (0.57, 0.06),
            (0.58, 0.28),
            (0.7, 0.42),
            (0.7, 0.94),
            (0.5, 1.0),
            (0.3, 0.94),
            (0.3, 0.42),
            (0.42, 0.28),
        ],
        colour,
    )
    pen.rect(0.31, 0.54, 0.69, 0.8, "cream")


@thing
def bread(pen: Pen) -> None:
    pen.blob(
        [
            (0.04, 0.9),
            (0.04, 0.6),
            (0.2, 0.4),
            (0.5, 0.34),
            (0.8, 0.4),
            (0.96, 0.6),
            (0.96, 0.9),
            (0.5, 0.97),
        ],
        "tan",
    )
    for x in (0.26, 0.46, 0.66):
        pen.curve([(x, 0.44), (x + 0.06, 0.54), (x + 0.04, 0.66)], "brown", 0.035)


@thing
def apple(pen: Pen) -> None:
    pen.blob(
        [
            (0.5, 0.3),
            (0.72, 0.22),
            (0.92, 0.46),
            (0.82, 0.84),
            (0.6, 0.98),
            (0.4, 0.98),
            (0.18, 0.84),
            (0.08, 0.46),
            (0.28, 0.22),
        ],
        pen.colour("red"),
    )
    pen.curve([(0.5, 0.32), (0.5, 0.2), (0.56, 0.08)], "brown", 0.04)
    pen.blob([(0.54, 0.18), (0.66, 0.06), (0.82, 0.1), (0.7, 0.2)], "green")
