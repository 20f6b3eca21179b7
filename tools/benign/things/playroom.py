"""A robbers' board game, a model railway, a toy ship and a baseball field."""

from __future__ import annotations

import math

from tools.benign.pen import Pen
from tools.benign.things import thing

_PATH = (
    (0.1, 0.86), (0.24, 0.86), (0.38, 0.86), (0.52, 0.86), (0.66, 0.86), (0.8, 0.86), (0.9, 0.7),
    (0.9, 0.52), (0.9, 0.34), (0.8, 0.16), (0.66, 0.16), (0.52, 0.16), (0.38, 0.16), (0.24, 0.16),
    (0.1, 0.32), (0.1, 0.5), (0.1, 0.68),
)  # fmt: skip


@thing
def path_board(pen: Pen) -> None:
    """A game board from above: a ring of coloured squares around an empty one."""
    pen.rect(0.0, 0.0, 1.0, 1.0, pen.colour("green"), 0.03)
    colours = ("yellow", "red", "white", "light-blue")
    for place, (x, y) in enumerate(_PATH):
        pen.rect(x - 0.06, y - 0.08, x + 0.06, y + 0.08, colours[place % 4], 0.02)
    pen.text(0.1, 0.86, "START", 0.04, "black", bold=True)
    pen.rect(0.34, 0.34, 0.66, 0.68, "cream", 0.02)


@thing
def card_bank(pen: Pen) -> None:
    """A little bank of cardboard with an open door."""
    pen.rect(0.1, 0.4, 0.9, 1.0, "tan")
    pen.poly([(0.02, 0.42), (0.5, 0.1), (0.98, 0.42)], "light-brown")
    pen.rect(0.26, 0.44, 0.74, 0.58, "cream")
    pen.text(0.5, 0.51, "BANK", 0.12, "black", bold=True)
    pen.rect(0.4, 0.64, 0.6, 1.0, "dark-brown")
    for x in (0.18, 0.7):
        pen.rect(x, 0.66, x + 0.12, 0.84, "white")
    pen.line([(0.9, 0.42), (0.9, 0.98)], "brown", 0.015)


@thing
def game_dice(pen: Pen) -> None:
    for x, y, spots in ((0.28, 0.68, (-1, 0, 1)), (0.74, 0.74, (-1, 1))):
        pen.rect(x - 0.24, y - 0.25, x + 0.24, y + 0.25, "white", 0.07)
        for spot in spots:
            pen.disc(x + 0.13 * spot, y + 0.14 * spot, 0.045, "black")
        if len(spots) == 2:
            for spot in spots:
                pen.disc(x + 0.13 * spot, y - 0.14 * spot, 0.045, "black")


@thing
def raccoon_robber(pen: Pen) -> None:
    """A wooden raccoon on a round foot, with a mask and a sack of nuts."""
    pen.oval(0.46, 0.95, 0.34, 0.06, "tan")
    for x, y, colour in (
        (0.1, 0.78, "dark-grey"), (0.07, 0.69, "light-grey"), (0.08, 0.6, "dark-grey"),
    ):  # fmt: skip
        pen.oval(x, y, 0.07, 0.06, colour)
    pen.blob(
        [(0.22, 0.94), (0.2, 0.64), (0.34, 0.48), (0.58, 0.48), (0.68, 0.66), (0.66, 0.94)], "grey"
    )
    for y in (0.6, 0.72, 0.84):
        pen.line([(0.24, y), (0.63, y)], "black", 0.035)
    for x in (0.22, 0.66):
        pen.disc(x, 0.14, 0.09, "grey")
        pen.disc(x, 0.14, 0.045, "pink")
    pen.blob(
        [
            (0.12, 0.32), (0.24, 0.12), (0.44, 0.08), (0.64, 0.12), (0.76, 0.32), (0.6, 0.48),
            (0.44, 0.52), (0.28, 0.48),
        ],
        "grey",
    )  # fmt: skip
    pen.blob(
        [
            (0.14, 0.32), (0.26, 0.22), (0.44, 0.28), (0.62, 0.22), (0.74, 0.32), (0.6, 0.4),
            (0.44, 0.34), (0.28, 0.4),
        ],
        "black",
    )  # fmt: skip
    for x in (0.31, 0.57):
        pen.disc(x, 0.31, 0.04, "white")
        pen.disc(x, 0.31, 0.018, "black")
    pen.oval(0.44, 0.42, 0.05, 0.035, "black")
    pen.blob(
        [(0.64, 0.92), (0.62, 0.7), (0.74, 0.6), (0.92, 0.62), (1.0, 0.78), (0.94, 0.94)], "tan"
    )
    pen.line([(0.72, 0.6), (0.9, 0.6)], "brown", 0.035)
    pen.text(0.81, 0.78, "NUTS", 0.1, "brown", bold=True)


@thing
def toy_rails(pen: Pen) -> None:
    """An oval of toy rails, seen from the side above; as wide as its box."""
    for step in range(24):
        angle = step / 24 * math.tau
        x, y = 0.5 + 0.46 * math.cos(angle), 0.76 + 0.18 * math.sin(angle)
        pen.rect(x - 0.022, y - 0.02, x + 0.022, y + 0.02, "brown")
    pen.arc(0.5, 0.76, 0.48, 0.2, 0, 360, "dark-grey", 0.014)
    pen.arc(0.5, 0.76, 0.43, 0.155, 0, 360, "dark-grey", 0.014)


@thing
def toy_engine(pen: Pen) -> None:
    """A toy steam engine from its left side."""
    colour = pen.colour("red")
    pen.rect(0.14, 0.44, 0.66, 0.78, colour, 0.08)
    pen.rect(0.58, 0.22, 0.92, 0.78, colour)
    pen.rect(0.52, 0.14, 0.98, 0.24, "black", 0.03)
    pen.rect(0.66, 0.32, 0.84, 0.5, "pale-blue")
    pen.poly([(0.24, 0.44), (0.22, 0.22), (0.36, 0.22), (0.34, 0.44)], "black")
    pen.wedge(0.48, 0.44, 0.06, 0.09, 180, 360, "gold")
    pen.disc(0.14, 0.6, 0.06, "yellow")
    pen.rect(0.08, 0.76, 0.94, 0.84, "dark-grey")
    for x, r in ((0.24, 0.1), (0.48, 0.1), (0.78, 0.13)):
        pen.disc(x, 0.98 - r, r, "black")
        pen.disc(x, 0.98 - r, r * 0.45, "gold")
    pen.poly([(0.08, 0.78), (0.0, 0.94), (0.1, 0.92)], "grey")


@thing
def toy_wagon(pen: Pen) -> None:
    colour = pen.colour("blue")
    pen.rect(0.04, 0.34, 0.96, 0.8, colour, 0.03)
    pen.rect(0.0, 0.26, 1.0, 0.38, f"dark-{colour.rpartition('-')[2]}", 0.03)
    for x in (0.14, 0.42, 0.7):
        pen.rect(x, 0.44, x + 0.17, 0.6, "pale-yellow")
    for x in (0.22, 0.78):
        pen.disc(x, 0.88, 0.1, "black")
        pen.disc(x, 0.88, 0.045, "gold")


@thing
def stretching_cat(pen: Pen) -> None:
    """A cat that lies stretched out and looks innocent."""
    colour = pen.colour("grey")
    pen.curve([(0.84, 0.84), (0.96, 0.7), (0.98, 0.48), (0.9, 0.4)], colour, 0.07)
    pen.blob(
        [(0.22, 0.96), (0.26, 0.7), (0.46, 0.58), (0.72, 0.6), (0.9, 0.78), (0.88, 0.98)], colour
    )
    pen.rect(0.02, 0.86, 0.36, 0.98, colour, 0.05)
    pen.poly([(0.1, 0.46), (0.12, 0.24), (0.24, 0.36)], colour)
    pen.poly([(0.44, 0.44), (0.42, 0.22), (0.3, 0.36)], colour)
    pen.blob(
        [
            (0.06, 0.56), (0.14, 0.38), (0.28, 0.34), (0.42, 0.38), (0.48, 0.56), (0.36, 0.72),
            (0.18, 0.72),
        ],
        colour,
    )  # fmt: skip
    for x in (0.2, 0.36):
        pen.disc(x, 0.53, 0.035, "yellow")
        pen.disc(x, 0.53, 0.016, "black")
    pen.poly([(0.25, 0.6), (0.31, 0.6), (0.28, 0.64)], "pink")
    for way in (-1, 1):
        pen.line([(0.28 + 0.06 * way, 0.62), (0.28 + 0.22 * way, 0.6)], "black", 0.01)
        pen.line([(0.28 + 0.06 * way, 0.64), (0.28 + 0.22 * way, 0.67)], "black", 0.01)
    for x in (0.56, 0.66, 0.76):
        pen.curve([(x, 0.6), (x + 0.02, 0.68), (x, 0.76)], "dark-grey", 0.03)


@thing
def turnip_ship(pen: Pen) -> None:
    """A toy ship loaded with turnips, a coin on its sail."""
    pen.rect(0.48, 0.02, 0.52, 0.7, "brown")
    pen.poly([(0.54, 0.06), (0.92, 0.56), (0.54, 0.56)], "cream")
    pen.poly([(0.46, 0.12), (0.46, 0.56), (0.14, 0.56)], "cream")
    pen.disc(0.66, 0.42, 0.085, "gold")
    for x in (0.26, 0.4, 0.6, 0.74):
        pen.poly([(x, 0.6), (x - 0.05, 0.48), (x + 0.05, 0.48)], "green")
        pen.blob([(x - 0.07, 0.64), (x, 0.56), (x + 0.07, 0.64), (x, 0.74)], "light-purple")
    pen.poly([(0.06, 0.68), (0.94, 0.68), (0.8, 0.96), (0.22, 0.96)], "red")
    pen.line([(0.1, 0.76), (0.9, 0.76)], "white", 0.03)


@thing
def baseball_diamond(pen: Pen) -> None:
    """A baseball field from above with its four bases; it fills its box."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "green")
    pen.wedge(0.5, 0.92, 0.52, 0.76, 222, 318, "tan")
    pen.poly([(0.5, 0.86), (0.74, 0.58), (0.5, 0.3), (0.26, 0.58)], "light-green")
    pen.disc(0.5, 0.58, 0.045, "tan")
    pen.disc(0.5, 0.9, 0.07, "tan")
    pen.line([(0.5, 0.92), (0.06, 0.4)], "white", 0.008)
    pen.line([(0.5, 0.92), (0.94, 0.4)], "white", 0.008)
    for x, y, name in (
        (0.78, 0.58, "1st"), (0.5, 0.26, "2nd"), (0.22, 0.58, "3rd"), (0.5, 0.92, "home"),
    ):  # fmt: skip
        pen.inside(x - 0.022, y - 0.03, 0.044, 0.06, turn=45).rect(0, 0, 1, 1, "white")
        beside, below = (0.1, 0.0) if name == "home" else (0.0, 0.09)
        pen.text(x + beside, y + below, name, 0.06, "black", bold=True)
    pen.disc(0.5, 0.56, 0.02, "white")


@thing
def red_cap(pen: Pen) -> None:
    pen.wedge(0.44, 0.8, 0.36, 0.6, 180, 360, "red")
    pen.blob([(0.6, 0.78), (0.98, 0.8), (0.96, 0.94), (0.5, 0.9)], "dark-red")
    pen.disc(0.44, 0.2, 0.05, "dark-red")


@thing
def claw_bath(pen: Pen) -> None:
    """A bath on feet, filled with water, with a tap and a towel."""
    pen.curve([(0.1, 0.5), (0.1, 0.22), (0.2, 0.2), (0.22, 0.3)], "grey", 0.04)
    for x in (0.2, 0.74):
        pen.poly([(x, 0.86), (x + 0.08, 0.86), (x + 0.06, 1.0), (x + 0.02, 1.0)], "gold")
    pen.blob(
        [(0.06, 0.48), (0.94, 0.48), (0.9, 0.74), (0.78, 0.9), (0.24, 0.9), (0.1, 0.74)], "white"
    )
    pen.oval(0.5, 0.48, 0.47, 0.07, "white")
    pen.oval(0.5, 0.49, 0.41, 0.05, "light-blue")
    pen.rect(0.7, 0.46, 0.86, 0.76, "yellow")


@thing
def cell_plan(pen: Pen) -> None:
    """The floor plan of a room with a bed, a clock, a chest, a door and a barred window."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "white")
    pen.line([(0.08, 0.1), (0.92, 0.1), (0.92, 0.9), (0.64, 0.9)], "black", 0.03)
    pen.line([(0.44, 0.9), (0.08, 0.9), (0.08, 0.1)], "black", 0.03)
    pen.line([(0.64, 0.9), (0.5, 0.74)], "brown", 0.02)
    pen.rect(0.14, 0.18, 0.42, 0.46, "pale-blue")
    pen.rect(0.16, 0.2, 0.22, 0.44, "white")
    pen.text(0.31, 0.32, "BED", 0.06, "navy", bold=True)
    pen.disc(0.78, 0.3, 0.1, "pale-yellow")
    pen.text(0.78, 0.3, "CLOCK", 0.045, "brown", bold=True)
    pen.rect(0.14, 0.62, 0.38, 0.82, "tan")
    pen.text(0.26, 0.72, "CHEST", 0.055, "dark-brown", bold=True)
    for x in (0.5, 0.54, 0.58, 0.62):
        pen.line([(x, 0.06), (x, 0.14)], "grey", 0.015)
    pen.text(0.56, 0.19, "WINDOW", 0.045, "black", bold=True)
    pen.text(0.7, 0.84, "DOOR", 0.05, "brown", bold=True)


@thing
def prison_set(pen: Pen) -> None:
    """A stone cell with a barred window, a plank bed on chains and a barred door."""
    pen.rect(0.0, 0.0, 1.0, 0.8, "grey")
    for row in range(5):
        pen.line([(0.0, 0.16 * row), (1.0, 0.16 * row)], "dark-grey", 0.006)
        for column in range(6):
            x = 0.2 * column - 0.1 * (row % 2)
            pen.line([(x, 0.16 * row), (x, 0.16 * row + 0.16)], "dark-grey", 0.006)
    pen.rect(0.0, 0.8, 1.0, 1.0, "brown")
    pen.rect(0.36, 0.12, 0.58, 0.4, "light-blue")
    for x in (0.4, 0.46, 0.52):
        pen.line([(x, 0.12), (x, 0.4)], "black", 0.018)
    pen.rect(0.72, 0.14, 0.94, 0.84, "dark-brown")
    for step in range(5):
        x = 0.745 + 0.043 * step
        pen.line([(x, 0.14), (x, 0.84)], "black", 0.016)
    pen.rect(0.72, 0.48, 0.94, 0.53, "black")
    pen.line([(0.04, 0.36), (0.1, 0.62)], "black", 0.014)
    pen.line([(0.3, 0.36), (0.3, 0.62)], "black", 0.014)
    pen.rect(0.02, 0.6, 0.34, 0.66, "tan")
    pen.rect(0.02, 0.54, 0.1, 0.6, "white", 0.02)
