"""Animals, mushrooms, and tracks in the snow or on a carpet."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def spotted_toadstool(pen: Pen) -> None:
    pen.poly([(0.4, 0.44), (0.6, 0.44), (0.66, 1.0), (0.34, 1.0)], "cream")
    pen.blob(
        [(0.36, 0.56), (0.5, 0.52), (0.64, 0.56), (0.68, 0.66), (0.5, 0.62), (0.32, 0.66)], "white"
    )
    pen.blob(
        [
            (0.02, 0.5), (0.1, 0.24), (0.34, 0.04), (0.66, 0.04), (0.9, 0.24), (0.98, 0.5),
            (0.5, 0.54),
        ],
        "red",
    )  # fmt: skip
    for x, y, r in (
        (0.26, 0.28, 0.06), (0.5, 0.16, 0.055), (0.72, 0.26, 0.065), (0.42, 0.38, 0.05),
        (0.62, 0.42, 0.04), (0.14, 0.42, 0.035), (0.86, 0.42, 0.04),
    ):  # fmt: skip
        pen.disc(x, y, r, "white")


@thing
def bark_with_moth(pen: Pen) -> None:
    """A trunk close up, in whose bark sits a moth of almost the same colours; it fills its box."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "pale-green")
    pen.rect(0.16, 0.0, 0.86, 1.0, "light-brown")
    for row in range(4):
        for column in range(11):
            x, y = 0.19 + 0.063 * column, 0.02 + 0.25 * row + 0.09 * (column * 2 % 3) / 2
            pen.curve(
                [(x, y), (x + 0.016, y + 0.04), (x - 0.008, y + 0.09), (x, y + 0.15)], "brown", 0.01
            )
    pen.blob([(0.3, 0.14), (0.38, 0.1), (0.42, 0.18), (0.34, 0.22)], "olive")
    pen.blob([(0.62, 0.78), (0.74, 0.74), (0.78, 0.84), (0.66, 0.88)], "olive")
    moth = pen.inside(0.4, 0.34, 0.3, 0.34, turn=-14)
    for way in (-1, 1):
        moth.blob(
            [
                (0.5, 0.3), (0.5 + 0.44 * way, 0.46), (0.5 + 0.42 * way, 0.84),
                (0.5 + 0.1 * way, 0.7),
            ],
            "tan",
        )  # fmt: skip
        moth.curve(
            [
                (0.5 + 0.1 * way, 0.42), (0.5 + 0.24 * way, 0.54), (0.5 + 0.36 * way, 0.76),
            ],
            "brown", 0.04,
        )  # fmt: skip
        moth.disc(0.5 + 0.25 * way, 0.64, 0.05, "brown")
        moth.curve([(0.5, 0.26), (0.5 + 0.06 * way, 0.14), (0.5 + 0.18 * way, 0.1)], "brown", 0.025)
    moth.oval(0.5, 0.48, 0.06, 0.26, "brown")


@thing
def snow_wood(pen: Pen) -> None:
    """A snowy clearing, in which tracks of a hare lead to the third pine; it fills its box."""
    pen.rect(0.0, 0.0, 1.0, 0.5, "light-blue")
    pen.rect(0.0, 0.46, 1.0, 1.0, "white")
    for place, x in enumerate((0.1, 0.34, 0.64, 0.88)):
        foot = 0.62 + 0.03 * (place % 2)
        pen.rect(x - 0.02, foot - 0.08, x + 0.02, foot, "brown")
        for top, wide in ((0.3, 0.13), (0.18, 0.1), (0.07, 0.07)):
            pen.poly([(x, top), (x + wide, top + 0.24), (x - wide, top + 0.24)], "dark-green")
        pen.poly([(x, 0.07), (x + 0.025, 0.14), (x - 0.025, 0.14)], "white")
    for step in range(6):
        x, y = 0.12 + 0.09 * step, 0.92 - 0.052 * step
        size = 1 - 0.09 * step
        for dx, dy, rx, ry in (
            (-0.022, 0.03, 0.009, 0.012), (-0.034, 0.0, 0.009, 0.012),
            (0.012, -0.02, 0.012, 0.026), (0.036, 0.012, 0.012, 0.026),
        ):  # fmt: skip
            pen.oval(x + dx * size, y + dy * size, rx * size, ry * size, "grey")


def _paw(pen: Pen, x: float, y: float) -> None:
    pen.oval(x, y, 0.022, 0.024, "dark-brown")
    for dx, dy in ((-0.022, -0.026), (0.0, -0.038), (0.022, -0.026)):
        pen.disc(x + dx, y + dy, 0.011, "dark-brown")


@thing
def paw_trail(pen: Pen) -> None:
    """Paw prints across the floor, from left to right; as wide as its box."""
    for step in range(8):
        _paw(pen, 0.05 + 0.128 * step, 0.9 if step % 2 else 0.8)


@thing
def dog_in_basket(pen: Pen) -> None:
    """A dog that lies in a basket with cream on its nose."""
    pen.blob([(0.3, 0.7), (0.36, 0.42), (0.6, 0.34), (0.84, 0.46), (0.9, 0.72)], "brown")
    pen.blob(
        [
            (0.1, 0.56), (0.14, 0.34), (0.3, 0.22), (0.48, 0.28), (0.52, 0.5), (0.36, 0.66),
            (0.18, 0.66),
        ],
        "light-brown",
    )  # fmt: skip
    for x, way in ((0.18, -1), (0.46, 1)):
        pen.blob(
            [
                (x, 0.26), (x + 0.1 * way, 0.32), (x + 0.12 * way, 0.52), (x + 0.02 * way, 0.46),
            ],
            "dark-brown",
        )  # fmt: skip
    for x in (0.25, 0.39):
        pen.disc(x, 0.41, 0.025, "black")
    pen.blob(
        [(0.2, 0.52), (0.32, 0.46), (0.44, 0.52), (0.46, 0.6), (0.34, 0.64), (0.18, 0.6)], "white"
    )
    pen.disc(0.14, 0.47, 0.03, "white")
    pen.oval(0.32, 0.5, 0.045, 0.03, "black")
    pen.poly([(0.0, 0.66), (1.0, 0.66), (0.9, 1.0), (0.1, 1.0)], "tan")
    for x in (0.14, 0.28, 0.42, 0.56, 0.7, 0.84):
        pen.line([(x, 0.68), (x + 0.02, 0.98)], "brown", 0.02)
    pen.rect(0.0, 0.64, 1.0, 0.74, "brown", 0.03)


@thing
def spotted_cow(pen: Pen) -> None:
    """A cow from its left side."""
    pen.curve([(0.92, 0.4), (0.99, 0.5), (0.96, 0.74)], "white", 0.03)
    for x in (0.34, 0.46, 0.74, 0.85):
        pen.rect(x, 0.64, x + 0.07, 0.96, "white")
        pen.rect(x, 0.93, x + 0.07, 1.0, "black")
    pen.blob(
        [
            (0.26, 0.4), (0.4, 0.32), (0.86, 0.32), (0.95, 0.42), (0.93, 0.66), (0.76, 0.74),
            (0.4, 0.74), (0.28, 0.62),
        ],
        "white",
    )  # fmt: skip
    pen.oval(0.7, 0.72, 0.09, 0.05, "pink")
    pen.blob([(0.5, 0.34), (0.62, 0.33), (0.66, 0.46), (0.54, 0.52)], "black")
    pen.blob([(0.76, 0.46), (0.88, 0.44), (0.9, 0.58), (0.8, 0.64)], "black")
    pen.blob([(0.34, 0.52), (0.44, 0.54), (0.42, 0.66), (0.35, 0.64)], "black")
    pen.poly([(0.12, 0.2), (0.08, 0.08), (0.17, 0.16)], "tan")
    pen.poly([(0.28, 0.16), (0.36, 0.06), (0.34, 0.2)], "tan")
    pen.oval(0.4, 0.26, 0.07, 0.035, "black")
    pen.oval(0.05, 0.27, 0.06, 0.035, "white")
    pen.blob(
        [
            (0.1, 0.2), (0.22, 0.14), (0.35, 0.2), (0.34, 0.42), (0.28, 0.54), (0.14, 0.54),
            (0.09, 0.4),
        ],
        "white",
    )  # fmt: skip
    pen.oval(0.2, 0.5, 0.1, 0.07, "pink")
    for x in (0.16, 0.24):
        pen.disc(x, 0.5, 0.014, "black")
    for x in (0.16, 0.28):
        pen.disc(x, 0.31, 0.024, "black")


@thing
def chain_of_office(pen: Pen) -> None:
    """A golden chain with a medal, as a mayor wears it."""
    pen.curve([(0.0, 0.0), (0.14, 0.5), (0.5, 0.74), (0.86, 0.5), (1.0, 0.0)], "gold", 0.12)
    pen.disc(0.5, 0.8, 0.2, "yellow")
    pen.disc(0.5, 0.8, 0.1, "red")


@thing
def tortoise(pen: Pen) -> None:
    """A tortoise from its left side, with a red dot on its shell."""
    for x in (0.26, 0.68):
        pen.rect(x, 0.8, x + 0.13, 1.0, "olive", 0.04)
    pen.blob(
        [(0.02, 0.6), (0.06, 0.48), (0.18, 0.46), (0.3, 0.66), (0.26, 0.78), (0.1, 0.7)], "olive"
    )
    pen.disc(0.09, 0.55, 0.022, "black")
    pen.line([(0.03, 0.63), (0.1, 0.65)], "black", 0.012)
    pen.poly([(0.88, 0.8), (1.0, 0.86), (0.88, 0.88)], "olive")
    pen.wedge(0.56, 0.82, 0.38, 0.5, 180, 360, "brown")
    pen.rect(0.16, 0.79, 0.96, 0.87, "tan", 0.04)
    for x, y in ((0.36, 0.64), (0.76, 0.64), (0.56, 0.68)):
        pen.poly(
            [
                (x - 0.08, y + 0.09), (x - 0.05, y - 0.07), (x + 0.05, y - 0.07),
                (x + 0.08, y + 0.09),
            ],
            "gold",
        )  # fmt: skip
    pen.disc(0.56, 0.44, 0.07, "red")
