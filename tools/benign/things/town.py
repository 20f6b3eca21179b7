"""Things from a market square, a village and a town of legend."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def market_stall(pen: Pen) -> None:
    """An empty stall with a striped awning and a bare counter."""
    colour = pen.colour("green")
    for x in (0.06, 0.9):
        pen.rect(x, 0.2, x + 0.04, 1.0, "brown")
    pen.rect(0.02, 0.62, 0.98, 0.7, "tan")
    pen.rect(0.06, 0.7, 0.94, 0.98, "brown")
    for x in (0.28, 0.5, 0.72):
        pen.line([(x, 0.72), (x, 0.97)], "dark-brown", 0.012)
    for stripe in range(8):
        left = 0.12 * stripe + 0.02
        shade = colour if stripe % 2 else "white"
        top = 0.08 + 0.105 * stripe
        pen.poly([(top, 0.06), (top + 0.105, 0.06), (left + 0.12, 0.26), (left, 0.26)], shade)
        pen.wedge(left + 0.06, 0.26, 0.06, 0.06, 0, 180, shade)


@thing
def hung_board(pen: Pen) -> None:
    """A wide wooden board on two chains, for words."""
    for x in (0.14, 0.86):
        pen.line([(x, 0.0), (x, 0.4)], "dark-grey", 0.03)
    pen.rect(0.0, 0.34, 1.0, 0.98, pen.colour("tan"), 0.06)


@thing
def clay_pots(pen: Pen) -> None:
    """Three empty clay pots of different shapes."""
    pen.poly([(0.02, 0.52), (0.32, 0.52), (0.27, 1.0), (0.07, 1.0)], "orange")
    pen.rect(0.0, 0.46, 0.34, 0.56, "orange")
    pen.blob(
        [(0.42, 1.0), (0.35, 0.72), (0.4, 0.46), (0.6, 0.46), (0.66, 0.72), (0.58, 1.0)], "brown"
    )
    pen.oval(0.5, 0.46, 0.12, 0.035, "dark-brown")
    pen.line([(0.38, 0.68), (0.44, 0.62), (0.5, 0.68), (0.56, 0.62), (0.63, 0.68)], "cream", 0.025)
    pen.poly([(0.7, 0.68), (0.99, 0.68), (0.94, 1.0), (0.75, 1.0)], "dark-orange")
    pen.rect(0.68, 0.62, 1.0, 0.71, "dark-orange")
    pen.line([(0.75, 0.84), (0.95, 0.84)], "cream", 0.025)


@thing
def shop_shutter(pen: Pen) -> None:
    """A closed roller shutter."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "grey")
    for row in range(1, 9):
        pen.line([(0.0, row / 9), (1.0, row / 9)], "dark-grey", 0.015)
    pen.rect(0.4, 0.9, 0.6, 0.96, "black")


@thing
def library_house(pen: Pen) -> None:
    """A stone house with columns and book windows."""
    pen.rect(0.08, 0.36, 0.92, 0.94, "cream")
    pen.poly([(0.02, 0.36), (0.5, 0.08), (0.98, 0.36)], "tan")
    pen.rect(0.0, 0.92, 1.0, 1.0, "grey")
    for x in (0.14, 0.34, 0.6, 0.8):
        pen.rect(x, 0.38, x + 0.06, 0.92, "white")
    pen.rect(0.43, 0.58, 0.57, 0.92, "dark-green")
    pen.disc(0.54, 0.76, 0.015, "gold")
    for left in (0.22, 0.68):
        pen.rect(left, 0.52, left + 0.1, 0.78, "light-blue")
        for book, shade in enumerate(("red", "gold", "green", "purple")):
            pen.rect(left + 0.01 + 0.02 * book, 0.64, left + 0.03 + 0.02 * book, 0.78, shade)
    pen.poly(
        [(0.42, 0.24), (0.5, 0.27), (0.58, 0.24), (0.58, 0.31), (0.5, 0.34), (0.42, 0.31)], "white"
    )


@thing
def city_gate(pen: Pen) -> None:
    """A wall with two towers and an open gate."""
    pen.rect(0.0, 0.36, 1.0, 1.0, "tan")
    for step in range(9):
        pen.rect(0.115 * step, 0.3, 0.115 * step + 0.06, 0.38, "tan")
    for x in (0.2, 0.62):
        pen.rect(x, 0.12, x + 0.2, 1.0, "light-brown")
        for step in range(3):
            pen.rect(x + 0.075 * step, 0.05, x + 0.045 + 0.075 * step, 0.13, "light-brown")
        pen.rect(x + 0.08, 0.28, x + 0.12, 0.42, "black")
    pen.rect(0.4, 0.56, 0.62, 1.0, "dark-brown")
    pen.wedge(0.51, 0.57, 0.11, 0.14, 180, 360, "dark-brown")


@thing
def wooden_horse(pen: Pen) -> None:
    """A huge horse of planks on wheels, with a little door in its belly."""
    for x in (0.24, 0.66):
        pen.rect(x, 0.56, x + 0.1, 0.9, "brown")
    pen.rect(0.1, 0.84, 0.88, 0.9, "dark-brown")
    for x in (0.2, 0.5, 0.78):
        pen.disc(x, 0.92, 0.075, "tan")
        pen.disc(x, 0.92, 0.02, "dark-brown")
    pen.rect(0.18, 0.36, 0.8, 0.64, "light-brown", 0.1)
    pen.poly(
        [
            (0.6, 0.44), (0.7, 0.1), (0.84, 0.06), (0.98, 0.2), (0.94, 0.28), (0.84, 0.24),
            (0.8, 0.5),
        ],
        "light-brown",
    )  # fmt: skip
    pen.poly([(0.72, 0.08), (0.74, 0.0), (0.79, 0.06)], "brown")
    pen.poly([(0.6, 0.42), (0.68, 0.1), (0.72, 0.12), (0.66, 0.44)], "dark-brown")
    pen.curve([(0.18, 0.42), (0.08, 0.48), (0.08, 0.68)], "dark-brown", 0.045)
    for y in (0.45, 0.54):
        pen.line([(0.22, y), (0.74, y)], "brown", 0.012)
    pen.rect(0.4, 0.46, 0.56, 0.62, "dark-brown")
    pen.line([(0.43, 0.5), (0.43, 0.58)], "gold", 0.02)
    pen.disc(0.85, 0.15, 0.018, "black")


@thing
def solar_barn(pen: Pen) -> None:
    pen.rect(0.12, 0.48, 0.88, 1.0, "red")
    pen.poly([(0.04, 0.5), (0.24, 0.14), (0.76, 0.14), (0.96, 0.5)], "dark-brown")
    for column in range(4):
        for row in range(2):
            left, top = 0.27 + 0.115 * column, 0.2 + 0.13 * row
            left += row * (0.025 * column - 0.05)
            pen.rect(left, top, left + 0.1, top + 0.11, "navy")
    pen.rect(0.36, 0.62, 0.64, 1.0, "white")
    pen.line([(0.37, 0.63), (0.63, 0.99)], "red", 0.02)
    pen.line([(0.63, 0.63), (0.37, 0.99)], "red", 0.02)


@thing
def village(pen: Pen) -> None:
    """A row of houses with a church on a green hill."""
    pen.blob([(0.0, 1.0), (0.0, 0.8), (0.3, 0.72), (0.7, 0.72), (1.0, 0.8), (1.0, 1.0)], "green")
    for x, y, wall, roof in (
        (0.04, 0.6, "cream", "red"), (0.22, 0.56, "white", "brown"),
        (0.62, 0.56, "tan", "red"), (0.8, 0.6, "white", "dark-red"),
    ):  # fmt: skip
        pen.rect(x, y, x + 0.15, y + 0.22, wall)
        pen.poly([(x - 0.02, y), (x + 0.075, y - 0.13), (x + 0.17, y)], roof)
        pen.rect(x + 0.025, y + 0.05, x + 0.06, y + 0.11, "yellow")
        pen.rect(x + 0.09, y + 0.08, x + 0.125, y + 0.22, "brown")
    pen.rect(0.44, 0.46, 0.56, 0.8, "pale-grey")
    pen.poly([(0.42, 0.46), (0.5, 0.16), (0.58, 0.46)], "navy")
    pen.disc(0.5, 0.54, 0.035, "white")
    pen.line([(0.5, 0.54), (0.5, 0.515)], "black", 0.01)
    pen.rect(0.475, 0.66, 0.525, 0.8, "brown")


@thing
def flying_saucer(pen: Pen) -> None:
    pen.wedge(0.5, 0.5, 0.24, 0.3, 180, 360, "light-teal")
    pen.oval(0.5, 0.56, 0.48, 0.14, "grey")
    pen.oval(0.5, 0.52, 0.3, 0.06, "light-grey")
    for x in (0.14, 0.32, 0.5, 0.68, 0.86):
        pen.disc(x, 0.6, 0.035, "yellow")
    for x, to in ((0.3, 0.2), (0.7, 0.8), (0.5, 0.5)):
        pen.line([(x, 0.68), (to, 0.86)], "dark-grey", 0.025)
        pen.oval(to, 0.87, 0.05, 0.02, "dark-grey")


@thing
def barrier_post(pen: Pen) -> None:
    """A striped barrier across a road, with a little hut."""
    pen.rect(0.02, 0.3, 0.26, 0.98, "cream")
    pen.poly([(0.0, 0.32), (0.14, 0.16), (0.28, 0.32)], "red")
    pen.rect(0.07, 0.44, 0.21, 0.62, "light-blue")
    pen.rect(0.3, 0.5, 0.35, 0.98, "dark-grey")
    for stripe in range(6):
        left = 0.3 + 0.115 * stripe
        pen.rect(left, 0.56, left + 0.115, 0.63, "white" if stripe % 2 else "red")
    pen.rect(0.95, 0.54, 0.99, 0.98, "dark-grey")


@thing
def town_hall(pen: Pen) -> None:
    """A hall with a clock tower and six windows."""
    pen.rect(0.06, 0.46, 0.94, 1.0, pen.colour("tan"))
    pen.poly([(0.02, 0.48), (0.12, 0.34), (0.88, 0.34), (0.98, 0.48)], "dark-red")
    pen.rect(0.38, 0.2, 0.62, 0.5, pen.colour("tan"))
    pen.poly([(0.34, 0.22), (0.5, 0.0), (0.66, 0.22)], "dark-red")
    pen.disc(0.5, 0.32, 0.075, "white")
    pen.line([(0.5, 0.32), (0.5, 0.27)], "black", 0.012)
    pen.line([(0.5, 0.32), (0.535, 0.34)], "black", 0.012)
    for x in (0.12, 0.27, 0.64, 0.79):
        pen.rect(x, 0.55, x + 0.09, 0.69, "light-blue")
        pen.rect(x, 0.78, x + 0.09, 0.92, "light-blue")
    pen.rect(0.42, 0.72, 0.58, 1.0, "brown")
    pen.wedge(0.5, 0.73, 0.08, 0.09, 180, 360, "brown")
    pen.disc(0.55, 0.88, 0.012, "gold")


@thing
def white_smoke(pen: Pen) -> None:
    """A plume that rises from the foot of its box."""
    pen.blob(
        [
            (0.44, 1.0), (0.3, 0.8), (0.36, 0.62), (0.2, 0.44), (0.3, 0.2), (0.54, 0.06),
            (0.8, 0.16), (0.86, 0.4), (0.68, 0.58), (0.72, 0.76), (0.56, 1.0),
        ],
        "pale-grey",
    )  # fmt: skip
    pen.curve([(0.4, 0.22), (0.52, 0.16), (0.66, 0.24)], "grey", 0.02)
    pen.curve([(0.42, 0.56), (0.52, 0.64), (0.6, 0.84)], "grey", 0.02)


@thing
def fire_engine(pen: Pen) -> None:
    """A fire engine from its left side, with a ladder on top."""
    pen.line([(0.3, 0.26), (0.98, 0.18)], "light-grey", 0.03)
    pen.line([(0.3, 0.34), (0.98, 0.26)], "light-grey", 0.03)
    for rung in range(8):
        x = 0.36 + 0.08 * rung
        pen.line([(x, 0.26 - 0.01 * rung), (x, 0.33 - 0.01 * rung)], "light-grey", 0.02)
    pen.rect(0.3, 0.38, 1.0, 0.82, "red", 0.03)
    pen.poly([(0.02, 0.82), (0.02, 0.56), (0.1, 0.36), (0.32, 0.36), (0.32, 0.82)], "red")
    pen.poly([(0.06, 0.56), (0.12, 0.42), (0.26, 0.42), (0.26, 0.56)], "light-blue")
    pen.rect(0.14, 0.28, 0.24, 0.36, "blue", 0.02)
    pen.rect(0.36, 0.64, 0.98, 0.7, "white")
    for x in (0.4, 0.58, 0.76):
        pen.rect(x, 0.44, x + 0.14, 0.6, "light-grey")
    for x in (0.2, 0.8):
        pen.disc(x, 0.86, 0.12, "black")
        pen.disc(x, 0.86, 0.055, "grey")
    pen.disc(0.04, 0.7, 0.03, "yellow")
