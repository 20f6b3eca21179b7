"""Things from a kitchen and a bathroom."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def kitchen_scale(pen: Pen) -> None:
    colour = pen.colour("red")
    pen.poly([(0.24, 0.4), (0.76, 0.4), (0.86, 0.96), (0.14, 0.96)], colour)
    pen.rect(0.1, 0.94, 0.9, 1.0, "dark-grey")
    pen.disc(0.5, 0.66, 0.2, "white")
    for x, y in ((0.5, 0.5), (0.66, 0.66), (0.5, 0.82), (0.34, 0.66)):
        pen.disc(x, y, 0.018, "black")
    pen.line([(0.5, 0.66), (0.6, 0.54)], "red", 0.025)
    pen.rect(0.46, 0.28, 0.54, 0.4, "dark-grey")
    pen.poly([(0.04, 0.1), (0.96, 0.1), (0.82, 0.28), (0.18, 0.28)], "light-grey")


@thing
def flour_sack(pen: Pen) -> None:
    pen.blob(
        [
            (0.14, 0.98), (0.1, 0.6), (0.2, 0.3), (0.3, 0.2), (0.7, 0.2), (0.8, 0.3), (0.9, 0.6),
            (0.86, 0.98),
        ],
        "tan",
    )  # fmt: skip
    pen.blob([(0.26, 0.22), (0.2, 0.06), (0.5, 0.1), (0.8, 0.06), (0.74, 0.22)], "tan")
    pen.line([(0.24, 0.22), (0.76, 0.22)], "brown", 0.04)
    pen.rect(0.24, 0.46, 0.76, 0.74, "cream")
    pen.text(0.5, 0.6, "FLOUR", 0.15, "brown", bold=True)


@thing
def powder_heap(pen: Pen) -> None:
    pen.blob([(0.0, 1.0), (0.2, 0.78), (0.4, 0.46), (0.54, 0.42), (0.74, 0.7), (1.0, 1.0)], "white")
    for x, y in ((0.3, 0.86), (0.52, 0.66), (0.7, 0.88)):
        pen.arc(x, y, 0.06, 0.04, 190, 330, "grey", 0.012)


@thing
def clear_bag(pen: Pen) -> None:
    """A little see-through bag, empty but for its crease."""
    pen.poly([(0.2, 0.22), (0.8, 0.22), (0.86, 1.0), (0.14, 1.0)], "pale-blue")
    pen.poly([(0.3, 0.22), (0.2, 0.02), (0.5, 0.08), (0.8, 0.02), (0.7, 0.22)], "pale-blue")
    pen.line([(0.24, 0.22), (0.76, 0.22)], "red", 0.05)
    pen.line([(0.32, 0.36), (0.28, 0.84)], "white", 0.03)
    pen.line([(0.68, 0.5), (0.7, 0.9)], "light-blue", 0.02)


@thing
def syrup_pan(pen: Pen) -> None:
    """A pan on a flame, with steam above it and a heap of sugar that falls in."""
    for x in (0.34, 0.48, 0.62):
        pen.blob(
            [(x - 0.05, 1.0), (x - 0.04, 0.9), (x, 0.8), (x + 0.04, 0.9), (x + 0.05, 1.0)], "blue"
        )
    pen.line([(0.74, 0.56), (1.0, 0.48)], "black", 0.07)
    pen.poly([(0.18, 0.48), (0.78, 0.48), (0.74, 0.8), (0.22, 0.8)], "grey")
    pen.oval(0.48, 0.48, 0.3, 0.06, "pale-yellow")
    for x in (0.3, 0.66):
        pen.curve([(x, 0.38), (x - 0.05, 0.28), (x + 0.03, 0.18), (x, 0.08)], "grey", 0.02)
    pen.line([(0.5, 0.46), (0.6, 0.04)], "tan", 0.045)


@thing
def sugar_bag(pen: Pen) -> None:
    pen.rect(0.2, 0.2, 0.8, 1.0, pen.colour("pale-blue"), 0.02)
    pen.poly([(0.2, 0.22), (0.28, 0.06), (0.72, 0.06), (0.8, 0.22)], pen.colour("pale-blue"))
    pen.text(0.5, 0.55, "SUGAR", 0.16, "navy", bold=True)


@thing
def stick_jar(pen: Pen) -> None:
    """A jar of syrup with a bare stick that hangs from a peg across its mouth."""
    pen.rect(0.18, 0.2, 0.82, 1.0, "pale-blue", 0.1)
    pen.rect(0.22, 0.4, 0.78, 0.96, "pale-yellow", 0.08)
    pen.rect(0.24, 0.14, 0.76, 0.22, "light-grey")
    pen.line([(0.5, 0.1), (0.5, 0.84)], "brown", 0.04)
    pen.rect(0.3, 0.06, 0.7, 0.13, "tan")
    pen.line([(0.28, 0.3), (0.28, 0.8)], "white", 0.03)


@thing
def soda_tin(pen: Pen) -> None:
    pen.rect(0.14, 0.2, 0.86, 1.0, pen.colour("teal"), 0.03)
    pen.rect(0.1, 0.1, 0.9, 0.24, "light-grey", 0.02)
    pen.rect(0.2, 0.42, 0.8, 0.78, "cream")
    pen.text(0.5, 0.53, "BAKING", 0.13, "black", bold=True)
    pen.text(0.5, 0.68, "SODA", 0.13, "black", bold=True)


@thing
def lavender(pen: Pen) -> None:
    for x, top in ((0.26, 0.2), (0.5, 0.06), (0.74, 0.18)):
        pen.curve([(0.5, 1.0), (0.5 + (x - 0.5) * 0.4, 0.7), (x, top + 0.1)], "green", 0.025)
        for row in range(6):
            y = top + 0.065 * row
            pen.oval(x - 0.04, y, 0.04, 0.032, "purple")
            pen.oval(x + 0.04, y + 0.02, 0.04, 0.032, "purple")
    pen.line([(0.42, 0.82), (0.58, 0.82)], "tan", 0.05)


@thing
def ball_mould(pen: Pen) -> None:
    """Two metal half shells."""
    for x in (0.27, 0.73):
        pen.wedge(x, 0.6, 0.25, 0.34, 0, 180, "grey")
        pen.oval(x, 0.6, 0.25, 0.09, "light-grey")
        pen.oval(x, 0.6, 0.19, 0.06, "dark-grey")


@thing
def fizz_ball(pen: Pen) -> None:
    pen.disc(0.5, 0.6, 0.39, pen.colour("purple"))
    pen.arc(0.5, 0.6, 0.26, 0.27, 190, 260, "white", 0.05)
    for x, y in ((0.34, 0.74), (0.6, 0.82), (0.7, 0.54), (0.52, 0.48)):
        pen.disc(x, y, 0.025, "pale-purple")


@thing
def broken_fizz_ball(pen: Pen) -> None:
    """The same ball in two halves with crumbs."""
    for x, start, way in ((0.4, 90, -1), (0.6, -90, 1)):
        left = pen.inside(x - 0.4, 0.22, 0.8, 0.78, turn=12 * way)
        left.wedge(0.5, 0.5, 0.46, 0.48, start, start + 180, "purple")
        left.poly(
            [
                (0.5, 0.02), (0.5 - 0.07 * way, 0.2), (0.5, 0.36), (0.5 - 0.08 * way, 0.58),
                (0.5, 0.74), (0.5, 0.98),
            ],
            "light-purple",
        )  # fmt: skip
    for x, y, r in (
        (0.5, 0.92, 0.05), (0.44, 0.98, 0.03), (0.22, 0.98, 0.03), (0.78, 0.97, 0.04),
        (0.58, 0.99, 0.025),
    ):  # fmt: skip
        pen.disc(x, y, r, "light-purple")


@thing
def rolled_joint(pen: Pen) -> None:
    """A rolled piece of meat tied with string, on a board."""
    pen.rect(0.0, 0.76, 1.0, 0.9, "tan", 0.04)
    pen.blob(
        [
            (0.06, 0.56), (0.14, 0.36), (0.4, 0.3), (0.7, 0.3), (0.9, 0.4), (0.94, 0.58),
            (0.86, 0.76), (0.5, 0.8), (0.14, 0.76),
        ],
        "dark-red",
    )  # fmt: skip
    pen.oval(0.86, 0.57, 0.11, 0.2, "pink")
    pen.arc(0.86, 0.57, 0.06, 0.11, -60, 250, "white", 0.025)
    for x in (0.22, 0.37, 0.52, 0.67):
        pen.curve([(x, 0.32), (x + 0.05, 0.54), (x, 0.78)], "cream", 0.025)
    pen.curve([(0.22, 0.36), (0.3, 0.18), (0.42, 0.24), (0.37, 0.36)], "cream", 0.02)
    pen.curve([(0.56, 0.36), (0.6, 0.22), (0.72, 0.16)], "green", 0.03)


@thing
def crumb_plate(pen: Pen) -> None:
    """An empty plate with crumbs and a fork."""
    pen.oval(0.5, 0.7, 0.48, 0.2, "white")
    pen.oval(0.5, 0.7, 0.33, 0.12, "pale-grey")
    for x, y in (
        (0.38, 0.68), (0.46, 0.74), (0.56, 0.67), (0.62, 0.75), (0.3, 0.74), (0.5, 0.62),
        (0.7, 0.68),
    ):  # fmt: skip
        pen.disc(x, y, 0.02, "brown")
    pen.blob([(0.4, 0.66), (0.46, 0.58), (0.56, 0.6), (0.52, 0.68)], "pink")


@thing
def gingerbread_heart(pen: Pen) -> None:
    """A heart of gingerbread with an icing edge and a ribbon."""
    pen.curve([(0.4, 0.2), (0.3, 0.04), (0.5, 0.0), (0.7, 0.04), (0.6, 0.2)], "red", 0.04)
    for fill, size in (("white", 1.0), ("brown", 0.88)):
        pen.blob(
            [
                (0.5 + size * x, 0.58 + size * y)
                for x, y in (
                    (0.0, -0.28), (0.2, -0.4), (0.42, -0.32), (0.44, -0.08), (0.24, 0.2),
                    (0.0, 0.4), (-0.24, 0.2), (-0.44, -0.08), (-0.42, -0.32), (-0.2, -0.4),
                )
            ],
            fill,
        )  # fmt: skip
    for x, y in ((0.3, 0.46), (0.7, 0.46), (0.5, 0.76)):
        pen.disc(x, y, 0.035, "pink")


@thing
def gingerbread_house(pen: Pen) -> None:
    pen.rect(0.16, 0.46, 0.84, 0.96, "brown")
    pen.poly([(0.04, 0.5), (0.5, 0.08), (0.96, 0.5)], "dark-brown")
    pen.curve([(0.04, 0.5), (0.2, 0.36), (0.5, 0.08), (0.8, 0.36), (0.96, 0.5)], "white", 0.045)
    pen.rect(0.42, 0.64, 0.58, 0.96, "cream")
    pen.wedge(0.5, 0.65, 0.08, 0.08, 180, 360, "cream")
    for x in (0.22, 0.66):
        pen.rect(x, 0.6, x + 0.12, 0.76, "yellow")
        pen.line([(x, 0.79), (x + 0.12, 0.79)], "white", 0.03)
    for x, y, colour in (
        (0.5, 0.26, "red"), (0.36, 0.4, "green"), (0.64, 0.4, "yellow"), (0.5, 0.46, "pink"),
    ):  # fmt: skip
        pen.disc(x, y, 0.04, colour)
    pen.rect(0.0, 0.95, 1.0, 1.0, "white")


@thing
def layer_cake(pen: Pen) -> None:
    colour = pen.colour("pink")
    pen.oval(0.5, 0.92, 0.5, 0.08, "light-grey")
    pen.rect(0.12, 0.5, 0.88, 0.92, "tan")
    for y in (0.62, 0.76):
        pen.rect(0.12, y, 0.88, y + 0.05, "cream")
    pen.blob(
        [
            (0.1, 0.56), (0.1, 0.44), (0.5, 0.38), (0.9, 0.44), (0.9, 0.58), (0.8, 0.52),
            (0.7, 0.62), (0.6, 0.52), (0.48, 0.64), (0.36, 0.52), (0.24, 0.6),
        ],
        colour,
    )  # fmt: skip
    for x in (0.28, 0.5, 0.72):
        pen.disc(x, 0.38, 0.05, "red")


@thing
def biscuit_plate(pen: Pen) -> None:
    pen.oval(0.5, 0.86, 0.48, 0.12, "white")
    for x, y in ((0.26, 0.8), (0.5, 0.84), (0.74, 0.8), (0.38, 0.66), (0.62, 0.66), (0.5, 0.52)):
        pen.oval(x, y, 0.15, 0.08, "gold")
        for dx in (-0.06, 0.02, 0.08):
            pen.disc(x + dx, y - 0.01, 0.014, "dark-brown")
