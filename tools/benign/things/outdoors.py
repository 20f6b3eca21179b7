"""Plants, pets and what else is to be seen outside."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def tree(pen: Pen) -> None:
    colour = pen.colour("green")
    pen.poly([(0.43, 0.5), (0.57, 0.5), (0.62, 1.0), (0.38, 1.0)], "brown")
    pen.blob(
        [
            (0.14, 0.5), (0.08, 0.34), (0.22, 0.2), (0.36, 0.06), (0.56, 0.02), (0.74, 0.12),
            (0.9, 0.28), (0.92, 0.46), (0.76, 0.6), (0.5, 0.64), (0.3, 0.62),
        ],
        colour,
    )  # fmt: skip
    for x, y in ((0.32, 0.32), (0.62, 0.24), (0.56, 0.46)):
        pen.arc(x, y, 0.1, 0.06, 180, 340, f"dark-{colour.rpartition('-')[2]}", 0.02)


@thing
def pine(pen: Pen) -> None:
    pen.rect(0.45, 0.8, 0.55, 1.0, "brown")
    for top, wide in ((0.42, 0.36), (0.22, 0.29), (0.02, 0.21)):
        pen.poly([(0.5, top), (0.5 + wide, top + 0.44), (0.5 - wide, top + 0.44)], "dark-green")


@thing
def bush(pen: Pen) -> None:
    pen.blob(
        [
            (0.02, 0.98),
            (0.04, 0.66),
            (0.24, 0.5),
            (0.5, 0.38),
            (0.78, 0.5),
            (0.97, 0.7),
            (0.98, 0.98),
        ],
        pen.colour("green"),
    )


@thing
def flower(pen: Pen) -> None:
    pen.curve([(0.5, 0.4), (0.53, 0.7), (0.5, 1.0)], "green", 0.035)
    pen.blob([(0.52, 0.8), (0.66, 0.62), (0.82, 0.62), (0.72, 0.78)], "green")
    for x, y in ((0.5, 0.12), (0.68, 0.24), (0.62, 0.44), (0.38, 0.44), (0.32, 0.24)):
        pen.disc(x, y, 0.12, pen.colour("pink"))
    pen.disc(0.5, 0.29, 0.1, "yellow")


@thing
def flowerpot(pen: Pen) -> None:
    for x, y, colour in ((0.3, 0.3, "red"), (0.5, 0.16, "yellow"), (0.7, 0.3, "purple")):
        pen.line([(0.5, 0.66), (x, y)], "green", 0.03)
        pen.disc(x, y, 0.12, colour)
        pen.disc(x, y, 0.05, "cream")
    pen.poly([(0.24, 0.6), (0.76, 0.6), (0.68, 1.0), (0.32, 1.0)], pen.colour("orange"))
    pen.rect(0.2, 0.58, 0.8, 0.68, pen.colour("orange"))


@thing
def dog(pen: Pen) -> None:
    """Sits, seen from its left side."""
    colour = pen.colour("brown")
    pen.curve([(0.78, 0.86), (0.94, 0.8), (0.96, 0.62)], colour, 0.06)
    pen.blob([(0.3, 0.98), (0.34, 0.5), (0.52, 0.42), (0.72, 0.6), (0.84, 0.98)], colour)
    pen.rect(0.32, 0.6, 0.42, 1.0, colour, 0.04)
    pen.rect(0.48, 0.6, 0.57, 1.0, colour, 0.04)
    pen.blob(
        [
            (0.06, 0.36),
            (0.2, 0.24),
            (0.34, 0.1),
            (0.56, 0.14),
            (0.6, 0.36),
            (0.44, 0.5),
            (0.18, 0.46),
        ],
        colour,
    )
    pen.blob([(0.46, 0.14), (0.6, 0.12), (0.68, 0.34), (0.58, 0.48), (0.5, 0.36)], "dark-brown")
    pen.disc(0.09, 0.35, 0.045, "black")
    pen.disc(0.32, 0.25, 0.03, "black")
    pen.line([(0.14, 0.44), (0.28, 0.42)], "black", 0.015)
    pen.curve([(0.34, 0.52), (0.46, 0.54), (0.58, 0.48)], "red", 0.045)


@thing
def cat(pen: Pen) -> None:
    """Sits, seen from the front."""
    colour = pen.colour("orange")
    pen.curve([(0.7, 0.92), (0.92, 0.9), (0.94, 0.66), (0.84, 0.56)], colour, 0.07)
    pen.blob([(0.24, 0.98), (0.26, 0.66), (0.5, 0.48), (0.74, 0.66), (0.76, 0.98)], colour)
    for side in (-1, 1):
        pen.poly(
            [(0.5 + side * 0.25, 0.32), (0.5 + side * 0.24, 0.02), (0.5 + side * 0.06, 0.16)],
            colour,
        )
    pen.oval(0.5, 0.32, 0.27, 0.23, colour)
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.11, 0.28, 0.035, 0.05, "black")
        for lift in (-0.03, 0.03):
            pen.line([(0.5 + side * 0.1, 0.4), (0.5 + side * 0.36, 0.38 + lift)], "black", 0.01)
        pen.rect(0.5 + side * 0.12 - 0.06, 0.72, 0.5 + side * 0.12 + 0.06, 1.0, colour, 0.05)
    pen.poly([(0.46, 0.36), (0.54, 0.36), (0.5, 0.41)], "pink")


@thing
def bird(pen: Pen) -> None:
    colour = pen.colour("blue")
    pen.line([(0.48, 0.75), (0.46, 0.98)], "orange", 0.03)
    pen.line([(0.58, 0.75), (0.58, 0.98)], "orange", 0.03)
    pen.poly([(0.72, 0.6), (1.0, 0.5), (0.98, 0.66), (0.76, 0.74)], colour)
    pen.blob(
        [
            (0.2, 0.34),
            (0.34, 0.18),
            (0.5, 0.28),
            (0.76, 0.52),
            (0.8, 0.7),
            (0.56, 0.82),
            (0.32, 0.7),
        ],
        colour,
    )
    pen.blob(
        [(0.46, 0.5), (0.7, 0.52), (0.84, 0.66), (0.6, 0.7)], f"dark-{colour.rpartition('-')[2]}"
    )
    pen.poly([(0.22, 0.3), (0.02, 0.36), (0.22, 0.4)], "orange")
    pen.disc(0.33, 0.3, 0.03, "black")


@thing
def fish(pen: Pen) -> None:
    colour = pen.colour("orange")
    pen.poly([(0.7, 0.5), (0.98, 0.26), (0.94, 0.5), (0.98, 0.74)], colour)
    pen.poly([(0.36, 0.3), (0.56, 0.12), (0.64, 0.34)], colour)
    pen.blob(
        [(0.03, 0.52), (0.2, 0.32), (0.46, 0.26), (0.76, 0.48), (0.46, 0.74), (0.2, 0.7)], colour
    )
    pen.disc(0.2, 0.46, 0.045, "white")
    pen.disc(0.19, 0.46, 0.02, "black")
    for x in (0.4, 0.52):
        pen.arc(x, 0.5, 0.06, 0.14, -70, 70, f"dark-{colour.rpartition('-')[2]}", 0.02)


@thing
def house(pen: Pen) -> None:
    pen.rect(0.68, 0.08, 0.78, 0.4, "dark-red")
    pen.rect(0.1, 0.42, 0.9, 1.0, pen.colour("cream"))
    pen.poly([(0.0, 0.46), (0.5, 0.06), (1.0, 0.46)], "red")
    pen.rect(0.42, 0.64, 0.6, 1.0, "brown")
    pen.disc(0.56, 0.83, 0.02, "gold")
    for x in (0.18, 0.68):
        pen.rect(x, 0.56, x + 0.16, 0.74, "light-blue")
        pen.line([(x + 0.08, 0.56), (x + 0.08, 0.74)], "white", 0.015)


@thing
def fence(pen: Pen) -> None:
    for y in (0.5, 0.78):
        pen.rect(0.0, y, 1.0, y + 0.07, pen.colour("cream"))
    for post in range(6):
        x = 0.02 + 0.17 * post
        pen.poly(
            [(x, 1.0), (x, 0.38), (x + 0.05, 0.28), (x + 0.1, 0.38), (x + 0.1, 1.0)],
            pen.colour("cream"),
        )


@thing
def sign(pen: Pen) -> None:
    """An empty board on a post."""
    pen.rect(0.46, 0.5, 0.54, 1.0, "brown")
    pen.rect(0.04, 0.08, 0.96, 0.58, pen.colour("cream"), 0.03)


@thing
def flag(pen: Pen) -> None:
    pen.rect(0.1, 0.0, 0.15, 1.0, "brown")
    pen.blob(
        [(0.15, 0.06), (0.5, 0.12), (0.95, 0.04), (0.92, 0.46), (0.5, 0.54), (0.15, 0.46)],
        pen.colour("red"),
    )


@thing
def ladder(pen: Pen) -> None:
    colour = pen.colour("tan")
    for row in range(6):
        y = 0.1 + 0.16 * row
        pen.line([(0.32 - 0.02 * row, y), (0.68 + 0.02 * row, y)], colour, 0.04)
    pen.line([(0.34, 0.0), (0.2, 1.0)], colour, 0.05)
    pen.line([(0.66, 0.0), (0.8, 1.0)], colour, 0.05)


@thing
def boat(pen: Pen) -> None:
    pen.rect(0.47, 0.04, 0.51, 0.74, "brown")
    pen.poly([(0.52, 0.06), (0.92, 0.6), (0.52, 0.6)], "white")
    pen.poly([(0.45, 0.14), (0.45, 0.6), (0.14, 0.6)], "cream")
    pen.poly([(0.02, 0.7), (0.98, 0.7), (0.82, 0.96), (0.16, 0.96)], pen.colour("red"))


@thing
def cloud(pen: Pen) -> None:
    pen.blob(
        [
            (0.04, 0.7),
            (0.1, 0.5),
            (0.28, 0.5),
            (0.4, 0.3),
            (0.62, 0.34),
            (0.7, 0.5),
            (0.92, 0.52),
            (0.95, 0.72),
            (0.5, 0.76),
        ],
        pen.colour("white"),
    )


@thing
def sun(pen: Pen) -> None:
    for x, y in (
        (0.5, 0.0),
        (0.85, 0.15),
        (1.0, 0.5),
        (0.85, 0.85),
        (0.5, 1.0),
        (0.15, 0.85),
        (0.0, 0.5),
        (0.15, 0.15),
    ):
        pen.line([(0.5, 0.5), (x, y)], pen.colour("yellow"), 0.05)
    pen.disc(0.5, 0.5, 0.3, pen.colour("yellow"))
