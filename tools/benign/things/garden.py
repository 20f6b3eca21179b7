"""Things of a garden: snowmen, flowers, birds and scarecrows."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def snowman(pen: Pen) -> None:
    """Bare, with two twigs for arms."""
    for side in (-1, 1):
        pen.line([(0.5 + side * 0.2, 0.46), (0.5 + side * 0.46, 0.34)], "brown", 0.025)
        pen.line([(0.5 + side * 0.38, 0.375), (0.5 + side * 0.4, 0.28)], "brown", 0.02)
    pen.disc(0.5, 0.77, 0.23, "white")
    pen.disc(0.5, 0.46, 0.18, "white")
    pen.disc(0.5, 0.2, 0.135, "white")
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.05, 0.17, 0.016, "black")
    pen.poly([(0.5, 0.2), (0.5, 0.235), (0.68, 0.235)], "orange")
    pen.arc(0.48, 0.25, 0.06, 0.035, 20, 160, "black", 0.014)


@thing
def dressed_snowman(pen: Pen) -> None:
    """With a top hat, a scarf and mittens."""
    snowman(pen)
    colour = pen.colour("red")
    pen.rect(0.36, 0.0, 0.64, 0.1, "black")
    pen.rect(0.28, 0.09, 0.72, 0.125, "black")
    pen.rect(0.36, 0.065, 0.64, 0.095, colour)
    pen.blob(
        [(0.36, 0.3), (0.5, 0.345), (0.64, 0.3), (0.66, 0.37), (0.5, 0.415), (0.34, 0.37)], colour
    )
    pen.poly([(0.57, 0.36), (0.66, 0.35), (0.7, 0.6), (0.58, 0.61)], colour)
    pen.line([(0.585, 0.54), (0.69, 0.53)], "cream", 0.02)
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.46, 0.33, 0.055, "blue")
        pen.disc(0.5 + side * 0.4, 0.32, 0.025, "blue")
    for y in (0.47, 0.55):
        pen.disc(0.47, y, 0.018, "black")


@thing
def washing_line(pen: Pen) -> None:
    """Empty, with pegs, between two posts."""
    for x in (0.04, 0.92):
        pen.rect(x, 0.1, x + 0.04, 1.0, "brown")
        pen.rect(x - 0.04, 0.12, x + 0.08, 0.16, "brown")
    pen.curve([(0.06, 0.18), (0.5, 0.26), (0.94, 0.18)], "dark-grey", 0.015)
    for x, y in ((0.26, 0.235), (0.36, 0.25), (0.56, 0.255), (0.7, 0.24)):
        pen.rect(x, y - 0.02, x + 0.015, y + 0.07, pen.colour("orange"))


@thing
def snowfield(pen: Pen) -> None:
    """Snow on the ground, for the lower part of a picture."""
    pen.blob(
        [(-0.1, 0.3), (0.2, 0.12), (0.5, 0.2), (0.8, 0.08), (1.1, 0.25), (1.1, 1.2), (-0.1, 1.2)],
        "white",
    )
    for x, y in ((0.12, 0.5), (0.6, 0.42), (0.82, 0.7), (0.34, 0.78)):
        pen.arc(x, y, 0.08, 0.05, 190, 330, "light-grey", 0.012)


@thing
def lily(pen: Pen) -> None:
    """A closed lily on its stem, seen from the side."""
    colour = pen.colour("white")
    pen.curve([(0.5, 0.44), (0.53, 0.7), (0.5, 1.0)], "green", 0.035)
    pen.blob([(0.51, 0.9), (0.66, 0.66), (0.9, 0.56), (0.76, 0.76)], "green")
    pen.blob([(0.5, 0.96), (0.34, 0.76), (0.12, 0.66), (0.24, 0.84)], "green")
    pen.blob([(0.44, 0.46), (0.34, 0.2), (0.44, 0.02), (0.52, 0.2), (0.5, 0.46)], colour)
    pen.blob([(0.56, 0.46), (0.68, 0.2), (0.58, 0.03), (0.48, 0.2), (0.5, 0.46)], colour)
    pen.blob([(0.45, 0.46), (0.42, 0.24), (0.51, 0.06), (0.6, 0.24), (0.55, 0.46)], colour)
    pen.line([(0.51, 0.14), (0.505, 0.42)], "light-green", 0.012)


@thing
def lily_cut(pen: Pen) -> None:
    """A lily cut open: petals, six stamens and a pistil, with numbers 1 to 4."""
    for side in (-1, 1):
        pen.blob(
            [(0.5, 0.9), (0.5 + side * 0.2, 0.7), (0.5 + side * 0.36, 0.3),
             (0.5 + side * 0.48, 0.12), (0.5 + side * 0.42, 0.4), (0.5 + side * 0.26, 0.8)],
            "pale-pink",
        )  # fmt: skip
        pen.curve(
            [(0.5 + side * 0.08, 0.84), (0.5 + side * 0.28, 0.5), (0.5 + side * 0.42, 0.22)],
            "pink",
            0.01,
        )
    for x in (-0.24, -0.14, 0.14, 0.24):
        pen.curve([(0.5 + x * 0.15, 0.84), (0.5 + x * 0.7, 0.5), (0.5 + x, 0.25)], "olive", 0.016)
        pen.oval(0.5 + x, 0.22, 0.025, 0.055, "orange")
    pen.blob(
        [(0.46, 0.68), (0.5, 0.62), (0.54, 0.68), (0.56, 0.82), (0.5, 0.88), (0.44, 0.82)], "green"
    )
    for y in (0.72, 0.77, 0.82):
        pen.disc(0.5, y, 0.015, "cream")
    pen.line([(0.5, 0.64), (0.5, 0.14)], "light-green", 0.03)
    pen.blob([(0.45, 0.12), (0.5, 0.08), (0.55, 0.12), (0.5, 0.17)], "dark-green")
    pen.line([(0.5, 0.88), (0.5, 1.0)], "green", 0.05)
    for number, (x, y), (to_x, to_y) in (
        ("1", (0.06, 0.08), (0.25, 0.2)),
        ("2", (0.72, 0.04), (0.54, 0.11)),
        ("3", (0.96, 0.62), (0.56, 0.76)),
        ("4", (0.03, 0.52), (0.16, 0.42)),
    ):
        pen.line([(x, y), (to_x, to_y)], "black", 0.008)
        pen.disc(x, y, 0.045, "white")
        pen.text(x, y, number, 0.07, bold=True)


@thing
def great_tit(pen: Pen) -> None:
    """Black cap, white cheek, yellow breast with a black stripe."""
    pen.poly([(0.7, 0.62), (1.0, 0.78), (0.94, 0.88), (0.66, 0.76)], "navy")
    for x in (0.42, 0.54):
        pen.line([(x, 0.82), (x - 0.02, 0.98)], "dark-grey", 0.025)
    pen.blob(
        [
            (0.2, 0.42),
            (0.34, 0.26),
            (0.56, 0.34),
            (0.78, 0.6),
            (0.7, 0.8),
            (0.48, 0.88),
            (0.28, 0.74),
        ],
        "yellow",
    )
    pen.blob(
        [(0.25, 0.5), (0.32, 0.5), (0.38, 0.7), (0.46, 0.87), (0.38, 0.85), (0.28, 0.7)], "black"
    )
    pen.blob([(0.46, 0.42), (0.66, 0.48), (0.88, 0.72), (0.72, 0.72), (0.54, 0.64)], "teal")
    pen.curve([(0.56, 0.58), (0.68, 0.62), (0.78, 0.68)], "white", 0.022)
    pen.oval(0.32, 0.28, 0.2, 0.2, "black")
    pen.oval(0.34, 0.34, 0.115, 0.085, "white")
    pen.poly([(0.15, 0.26), (0.0, 0.32), (0.14, 0.34)], "dark-grey")
    pen.disc(0.235, 0.25, 0.025, "white")
    pen.disc(0.23, 0.25, 0.014, "black")


@thing
def bird_feeder(pen: Pen) -> None:
    """A small roofed feeder with seeds that hangs on a cord."""
    pen.line([(0.5, 0.0), (0.5, 0.16)], "dark-brown", 0.02)
    for x in (0.2, 0.76):
        pen.rect(x, 0.36, x + 0.04, 0.84, "brown")
    pen.poly([(0.5, 0.1), (1.0, 0.4), (0.0, 0.4)], pen.colour("red"))
    pen.blob([(0.24, 0.82), (0.4, 0.7), (0.6, 0.7), (0.76, 0.82)], "tan")
    for x, y in ((0.4, 0.77), (0.48, 0.74), (0.56, 0.78), (0.63, 0.76), (0.33, 0.8)):
        pen.oval(x, y, 0.022, 0.012, "black")
    pen.rect(0.06, 0.82, 0.94, 0.9, "brown")
    pen.rect(0.06, 0.78, 0.1, 0.9, "brown")
    pen.rect(0.9, 0.78, 0.94, 0.9, "brown")


@thing
def bough(pen: Pen) -> None:
    """A bare bough that comes in from the left."""
    pen.blob(
        [(0.0, 0.5), (0.3, 0.46), (0.7, 0.54), (1.0, 0.44), (0.72, 0.62), (0.3, 0.58), (0.0, 0.66)],
        "brown",
    )
    pen.curve([(0.36, 0.5), (0.46, 0.3), (0.6, 0.2)], "brown", 0.035)
    pen.curve([(0.62, 0.54), (0.74, 0.72), (0.86, 0.78)], "brown", 0.03)
    for x, y in ((0.6, 0.18), (0.48, 0.3), (0.88, 0.78), (0.98, 0.42)):
        pen.oval(x, y, 0.03, 0.02, "red")


@thing
def sunflower(pen: Pen) -> None:
    pen.curve([(0.5, 0.4), (0.47, 0.7), (0.5, 1.0)], "green", 0.045)
    pen.blob([(0.5, 0.86), (0.64, 0.66), (0.86, 0.64), (0.72, 0.84)], "green")
    pen.blob([(0.48, 0.78), (0.32, 0.6), (0.14, 0.6), (0.26, 0.76)], "green")
    for step in range(12):
        pen.inside(0.41, 0.01, 0.18, 0.54, turn=30 * step).oval(0.5, 0.15, 0.4, 0.17, "yellow")
    pen.disc(0.5, 0.28, 0.12, "dark-brown")
    for x, y in ((0.46, 0.25), (0.53, 0.24), (0.5, 0.3), (0.55, 0.31), (0.45, 0.32)):
        pen.disc(x, y, 0.014, "tan")


@thing
def scarecrow(pen: Pen) -> None:
    """Neat and friendly: straw head, hat, whole coat."""
    colour = pen.colour("blue")
    pen.rect(0.47, 0.3, 0.53, 1.0, "brown")
    pen.rect(0.02, 0.4, 0.98, 0.45, "brown")
    for side in (-1, 1):
        pen.poly(
            [
                (0.5 + side * 0.1, 0.34),
                (0.5 + side * 0.42, 0.36),
                (0.5 + side * 0.42, 0.49),
                (0.5 + side * 0.14, 0.54),
            ],
            colour,
        )
        for lift in (-0.05, 0.0, 0.05):
            pen.line(
                [(0.5 + side * 0.42, 0.425), (0.5 + side * 0.5, 0.425 + lift)], "yellow", 0.014
            )
    pen.poly([(0.36, 0.34), (0.64, 0.34), (0.7, 0.8), (0.3, 0.8)], colour)
    pen.line([(0.5, 0.36), (0.5, 0.8)], "white", 0.012)
    for y in (0.46, 0.58, 0.7):
        pen.disc(0.54, y, 0.018, "yellow")
    pen.disc(0.5, 0.22, 0.13, "tan")
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.05, 0.2, 0.018, "black")
        pen.disc(0.5 + side * 0.08, 0.25, 0.02, "pink")
    pen.arc(0.5, 0.23, 0.06, 0.055, 20, 160, "black", 0.014)
    pen.poly([(0.36, 0.13), (0.4, 0.0), (0.6, 0.0), (0.64, 0.13)], "yellow")
    pen.oval(0.5, 0.13, 0.24, 0.03, "yellow")
    pen.rect(0.385, 0.07, 0.615, 0.11, "red")


@thing
def ragged_scarecrow(pen: Pen) -> None:
    """A pumpkin head with a crooked nose, odd eyes, three teeth and a torn coat."""
    colour = pen.colour("olive")
    pen.rect(0.47, 0.3, 0.53, 1.0, "brown")
    pen.poly([(0.0, 0.46), (1.0, 0.36), (1.0, 0.41), (0.0, 0.51)], "brown")
    pen.poly(
        [(0.12, 0.42), (0.38, 0.34), (0.64, 0.33), (0.88, 0.33), (0.84, 0.46), (0.92, 0.52),
         (0.7, 0.5), (0.72, 0.84), (0.63, 0.72), (0.57, 0.88), (0.48, 0.74), (0.4, 0.9),
         (0.36, 0.74), (0.26, 0.8), (0.32, 0.54), (0.14, 0.58), (0.2, 0.5)],
        colour,
    )  # fmt: skip
    for x, y in ((0.12, 0.46), (0.9, 0.42), (0.34, 0.8), (0.66, 0.8), (0.5, 0.8)):
        for lean in (-0.05, 0.0, 0.05):
            pen.line([(x, y), (x + lean, y + 0.1)], "yellow", 0.013)
    pen.rect(0.4, 0.52, 0.52, 0.62, "red")
    pen.poly([(0.56, 0.6), (0.66, 0.58), (0.67, 0.7), (0.57, 0.7)], "purple")
    pen.oval(0.5, 0.2, 0.19, 0.16, "orange")
    for x in (-0.1, 0.1):
        pen.arc(
            0.5 + x,
            0.2,
            0.05,
            0.15,
            90 if x < 0 else -90,
            270 if x < 0 else 90,
            "dark-orange",
            0.01,
        )
    pen.line([(0.5, 0.05), (0.54, 0.0)], "green", 0.035)
    pen.disc(0.42, 0.15, 0.04, "white")
    pen.disc(0.43, 0.16, 0.016, "black")
    pen.line([(0.55, 0.1), (0.62, 0.18)], "black", 0.02)
    pen.line([(0.62, 0.1), (0.55, 0.18)], "black", 0.02)
    pen.poly([(0.49, 0.18), (0.53, 0.22), (0.7, 0.27), (0.64, 0.2), (0.53, 0.17)], "red")
    pen.blob([(0.36, 0.26), (0.5, 0.29), (0.62, 0.3), (0.5, 0.34)], "black")
    for x in (0.41, 0.48, 0.54):
        pen.rect(x, 0.265, x + 0.025, 0.3, "white")


@thing
def rosette(pen: Pen) -> None:
    """A prize ribbon without words."""
    colour = pen.colour("red")
    pen.poly([(0.34, 0.5), (0.48, 0.56), (0.4, 1.0), (0.32, 0.9), (0.2, 0.96)], colour)
    pen.poly([(0.66, 0.5), (0.52, 0.56), (0.6, 1.0), (0.68, 0.9), (0.8, 0.96)], colour)
    for step in range(10):
        pen.inside(0.38, 0.02, 0.24, 0.7, turn=36 * step).oval(0.5, 0.16, 0.48, 0.15, colour)
    pen.disc(0.5, 0.37, 0.23, "cream")
    pen.arc(0.5, 0.37, 0.2, 0.2, 0, 360, "gold", 0.015)
