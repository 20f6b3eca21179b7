"""Feasts: a paper donkey full of sweets, a dessert, the Day of the Dead."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def paper_donkey(pen: Pen) -> None:
    """A donkey of coloured paper fringes on a string; looks to the left."""
    pen.line([(0.56, 0.0), (0.56, 0.4)], "brown", 0.015)
    stripes = ("pink", "yellow", "teal", "orange")
    for x in (0.36, 0.68):
        for row, colour in enumerate(stripes):
            top = 0.62 + 0.09 * row
            pen.rect(x, top, x + 0.12, top + 0.1, colour)
    for column, colour in enumerate((*stripes, *stripes)):
        left = 0.34 + 0.0575 * column
        pen.rect(left, 0.36, left + 0.06, 0.68, colour)
    pen.curve([(0.8, 0.42), (0.92, 0.48), (0.93, 0.66)], "orange", 0.05)
    pen.poly([(0.32, 0.52), (0.46, 0.38), (0.36, 0.16), (0.22, 0.24)], "pink")
    pen.poly([(0.3, 0.46), (0.42, 0.36), (0.38, 0.28), (0.27, 0.38)], "yellow")
    pen.poly([(0.38, 0.16), (0.22, 0.12), (0.04, 0.32), (0.1, 0.42), (0.3, 0.34)], "teal")
    pen.poly([(0.14, 0.22), (0.04, 0.32), (0.1, 0.42), (0.22, 0.36)], "white")
    pen.poly([(0.26, 0.14), (0.24, 0.0), (0.33, 0.13)], "orange")
    pen.poly([(0.33, 0.14), (0.4, 0.0), (0.4, 0.16)], "orange")
    pen.disc(0.24, 0.22, 0.03, "black")
    pen.disc(0.09, 0.33, 0.012, "black")


@thing
def party_stick(pen: Pen) -> None:
    """A painted stick that lies flat."""
    for step, colour in enumerate(("red", "white", "red", "white", "red", "white")):
        pen.rect(0.02 + 0.16 * step, 0.45, 0.18 + 0.16 * step, 0.55, colour)


@thing
def sweet(pen: Pen) -> None:
    """In paper that is twisted at both ends."""
    colour = pen.colour("red")
    pen.poly([(0.3, 0.5), (0.02, 0.28), (0.08, 0.5), (0.02, 0.72)], colour)
    pen.poly([(0.7, 0.5), (0.98, 0.28), (0.92, 0.5), (0.98, 0.72)], colour)
    pen.disc(0.5, 0.5, 0.25, colour)
    pen.arc(0.5, 0.5, 0.13, 0.13, 180, 320, "white", 0.06)


@thing
def sweet_heap(pen: Pen) -> None:
    for x, y, colour, turn in (
        (0.02, 0.66, "red", 10), (0.26, 0.7, "green", -30), (0.5, 0.68, "yellow", 25),
        (0.7, 0.66, "blue", -8), (0.14, 0.46, "orange", 40), (0.38, 0.48, "purple", -15),
        (0.58, 0.46, "red", 30), (0.36, 0.28, "teal", 5),
    ):  # fmt: skip
        sweet(pen.inside(x, y, 0.3, 0.3, turn=turn, colour=colour))


@thing
def paper_lanterns(pen: Pen) -> None:
    """A string of them across the box."""
    pen.curve([(0.0, 0.2), (0.25, 0.34), (0.5, 0.38), (0.75, 0.34), (1.0, 0.2)], "brown", 0.015)
    for x, y, colour in (
        (0.14, 0.3, "red"),
        (0.38, 0.38, "yellow"),
        (0.62, 0.38, "teal"),
        (0.86, 0.3, "pink"),
    ):
        pen.oval(x, y + 0.13, 0.08, 0.11, colour)
        pen.rect(x - 0.04, y, x + 0.04, y + 0.04, "gold")
        pen.rect(x - 0.04, y + 0.22, x + 0.04, y + 0.26, "gold")


@thing
def jelly_bowl(pen: Pen) -> None:
    """A glass bowl on a foot, full of red jelly."""
    pen.rect(0.45, 0.74, 0.55, 0.92, "pale-blue")
    pen.oval(0.5, 0.94, 0.26, 0.05, "pale-blue")
    pen.wedge(0.5, 0.36, 0.48, 0.42, 0, 180, "pale-blue")
    pen.wedge(0.5, 0.4, 0.42, 0.33, 0, 180, "red")
    pen.oval(0.5, 0.38, 0.42, 0.1, "red")
    pen.oval(0.5, 0.37, 0.3, 0.05, "light-red")
    pen.curve([(0.16, 0.5), (0.22, 0.62), (0.32, 0.7)], "white", 0.02)


@thing
def lychees(pen: Pen) -> None:
    """Peeled lychees and blueberries on a plate."""
    pen.oval(0.5, 0.74, 0.5, 0.22, pen.colour("teal"))
    pen.oval(0.5, 0.73, 0.38, 0.15, "pale-grey")
    for x, y in ((0.24, 0.66), (0.4, 0.62), (0.32, 0.76), (0.48, 0.78)):
        pen.disc(x, y, 0.1, "white")
        pen.disc(x, y, 0.05, "pale-pink")
    for x, y in ((0.64, 0.66), (0.72, 0.68), (0.66, 0.74), (0.74, 0.76), (0.8, 0.71), (0.58, 0.72)):
        pen.disc(x, y, 0.045, "navy")
        pen.disc(x, y - 0.01, 0.015, "blue")
    pen.blob([(0.52, 0.6), (0.6, 0.48), (0.72, 0.5), (0.62, 0.6)], "green")


@thing
def sugar_skull(pen: Pen) -> None:
    """Plain white, without icing."""
    pen.blob(
        [
            (0.5, 0.04), (0.82, 0.16), (0.9, 0.44), (0.76, 0.66), (0.72, 0.92), (0.5, 0.98),
            (0.28, 0.92), (0.24, 0.66), (0.1, 0.44), (0.18, 0.16),
        ],
        "white",
    )  # fmt: skip
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.19, 0.44, 0.13, 0.14, "dark-grey")
    pen.poly([(0.5, 0.54), (0.57, 0.68), (0.5, 0.65), (0.43, 0.68)], "dark-grey")
    pen.curve([(0.28, 0.76), (0.5, 0.83), (0.72, 0.76)], "dark-grey", 0.02)
    for x in (0.38, 0.46, 0.54, 0.62):
        pen.line([(x, 0.74), (x, 0.88)], "dark-grey", 0.015)


@thing
def iced_skull(pen: Pen) -> None:
    """A sugar skull with coloured icing."""
    sugar_skull(pen)
    for side, colour in ((-1, "pink"), (1, "teal")):
        for step in range(8):
            x, y = (
                (1, 0),
                (0.7, 0.7),
                (0, 1),
                (-0.7, 0.7),
                (-1, 0),
                (-0.7, -0.7),
                (0, -1),
                (0.7, -0.7),
            )[step]
            pen.disc(0.5 + side * 0.19 + x * 0.15, 0.44 + y * 0.16, 0.035, colour)
    for x, y in ((0.5, 0.12), (0.58, 0.18), (0.5, 0.24), (0.42, 0.18)):
        pen.disc(x, y, 0.05, "orange")
    pen.disc(0.5, 0.18, 0.035, "yellow")
    for side in (-1, 1):
        pen.curve(
            [(0.5 + side * 0.14, 0.2), (0.5 + side * 0.24, 0.16), (0.5 + side * 0.3, 0.24)],
            "purple",
            0.025,
        )
        pen.disc(0.5 + side * 0.24, 0.66, 0.04, "green")


@thing
def marigolds(pen: Pen) -> None:
    for x, y in ((0.24, 0.56), (0.5, 0.44), (0.76, 0.58), (0.38, 0.76), (0.64, 0.78)):
        pen.blob([(x, y + 0.1), (x + 0.12, y + 0.2), (x + 0.04, y + 0.24)], "green")
        for step in range(9):
            pen.wedge(x, y, 0.15, 0.15, step * 40, step * 40 + 34, "orange")
        pen.disc(x, y, 0.08, "gold")


@thing
def altar(pen: Pen) -> None:
    """A table in two steps, with a cloth and a border of cut paper."""
    pen.rect(0.18, 0.34, 0.82, 0.62, "pink")
    pen.rect(0.0, 0.6, 1.0, 1.0, pen.colour("purple"))
    for step in range(8):
        left = 0.125 * step
        pen.poly(
            [
                (left, 0.6),
                (left + 0.125, 0.6),
                (left + 0.125, 0.74),
                (left + 0.0625, 0.8),
                (left, 0.74),
            ],
            ("yellow", "teal")[step % 2],
        )
        pen.disc(left + 0.0625, 0.68, 0.02, pen.colour("purple"))


@thing
def leafy_branch(pen: Pen) -> None:
    """A thick branch that comes in from the right, with leaves above it."""
    pen.blob(
        [(0.1, 0.5), (0.06, 0.2), (0.3, 0.0), (0.6, 0.06), (1.0, -0.1), (1.1, 0.5), (0.5, 0.56)],
        "green",
    )
    pen.poly(
        [(0.04, 0.5), (0.5, 0.52), (1.1, 0.4), (1.1, 0.66), (0.5, 0.64), (0.04, 0.56)], "brown"
    )
    for x, y in ((0.3, 0.26), (0.56, 0.3), (0.8, 0.18)):
        pen.arc(x, y, 0.08, 0.08, 180, 330, "dark-green", 0.02)
