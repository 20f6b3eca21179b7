"""Animals, their tracks and where they live, and animals of legend."""

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
def hoard_dragon(pen: Pen) -> None:
    """A dragon that sits on a heap of gold coins."""
    pen.curve([(0.66, 0.76), (0.9, 0.72), (0.96, 0.5), (0.88, 0.42)], "green", 0.06)
    pen.poly([(0.84, 0.44), (0.88, 0.32), (0.96, 0.42)], "dark-green")
    pen.poly(
        [
            (0.56, 0.42), (0.66, 0.08), (0.74, 0.22), (0.84, 0.18), (0.82, 0.32), (0.92, 0.36),
            (0.7, 0.56),
        ],
        "light-purple",
    )  # fmt: skip
    pen.blob(
        [(0.34, 0.8), (0.32, 0.56), (0.42, 0.4), (0.6, 0.42), (0.72, 0.62), (0.7, 0.82)], "green"
    )
    pen.blob([(0.36, 0.8), (0.36, 0.58), (0.44, 0.5), (0.5, 0.6), (0.5, 0.8)], "pale-yellow")
    pen.curve([(0.44, 0.5), (0.42, 0.34), (0.36, 0.24)], "green", 0.11)
    pen.blob(
        [
            (0.06, 0.26), (0.14, 0.16), (0.3, 0.1), (0.46, 0.14), (0.46, 0.28), (0.3, 0.34),
            (0.12, 0.34),
        ],
        "green",
    )  # fmt: skip
    for x in (0.34, 0.42):
        pen.poly([(x, 0.13), (x + 0.05, 0.0), (x + 0.06, 0.14)], "cream")
    pen.disc(0.3, 0.19, 0.028, "white")
    pen.disc(0.29, 0.19, 0.015, "black")
    pen.disc(0.1, 0.25, 0.012, "black")
    pen.line([(0.12, 0.31), (0.26, 0.29)], "black", 0.012)
    pen.blob([(0.0, 1.0), (0.14, 0.84), (0.4, 0.76), (0.7, 0.76), (0.9, 0.86), (1.0, 1.0)], "gold")
    for x, y in (
        (0.12, 0.94), (0.26, 0.88), (0.4, 0.84), (0.54, 0.92), (0.68, 0.84), (0.8, 0.92),
        (0.34, 0.96), (0.92, 0.97),
    ):  # fmt: skip
        pen.oval(x, y, 0.05, 0.032, "yellow")


@thing
def cave_mouth(pen: Pen) -> None:
    """A dark cave in a rock; it fills its box."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "dark-grey")
    pen.blob(
        [
            (0.02, 1.0), (0.06, 0.5), (0.2, 0.14), (0.5, 0.04), (0.8, 0.14), (0.94, 0.5),
            (0.98, 1.0),
        ],
        "dark-purple",
    )  # fmt: skip
    pen.rect(0.0, 0.86, 1.0, 1.0, "grey")
    for x, foot in ((0.26, 0.26), (0.4, 0.16), (0.66, 0.2), (0.76, 0.28)):
        pen.poly([(x - 0.03, 0.06), (x + 0.03, 0.06), (x, foot)], "dark-grey")


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
def sea_serpent(pen: Pen) -> None:
    """Three humps and a friendly head that rise from the water."""
    for x, high in ((0.52, 0.3), (0.72, 0.24), (0.9, 0.16)):
        pen.wedge(x, 0.96, 0.09, high, 180, 360, "teal")
        pen.poly([(x - 0.02, 0.97 - high), (x, 0.9 - high), (x + 0.03, 0.97 - high)], "orange")
    pen.poly([(0.2, 0.98), (0.24, 0.34), (0.4, 0.34), (0.38, 0.98)], "teal")
    pen.blob(
        [
            (0.02, 0.3), (0.08, 0.18), (0.24, 0.08), (0.42, 0.14), (0.44, 0.34), (0.3, 0.42),
            (0.1, 0.4),
        ],
        "teal",
    )  # fmt: skip
    for x, y in ((0.4, 0.24), (0.43, 0.44), (0.42, 0.64)):
        pen.poly([(x - 0.03, y - 0.06), (x + 0.07, y), (x - 0.03, y + 0.06)], "orange")
    pen.disc(0.26, 0.2, 0.045, "white")
    pen.disc(0.25, 0.2, 0.022, "black")
    pen.curve([(0.06, 0.33), (0.16, 0.36), (0.28, 0.32)], "black", 0.015)


@thing
def wolf_in_cap(pen: Pen) -> None:
    """The head and shoulders of a grinning wolf with a banker's cap, and his tail behind him."""
    pen.curve([(0.78, 1.0), (0.96, 0.8), (0.92, 0.56)], "grey", 0.12)
    pen.blob([(0.2, 1.0), (0.24, 0.72), (0.5, 0.62), (0.76, 0.72), (0.8, 1.0)], "navy")
    pen.poly([(0.44, 0.68), (0.56, 0.68), (0.5, 0.86)], "white")
    pen.poly([(0.18, 0.36), (0.2, 0.06), (0.38, 0.24)], "grey")
    pen.poly([(0.82, 0.36), (0.8, 0.06), (0.62, 0.24)], "grey")
    pen.blob(
        [
            (0.16, 0.42), (0.3, 0.24), (0.7, 0.24), (0.84, 0.42), (0.7, 0.6), (0.5, 0.74),
            (0.3, 0.6),
        ],
        "grey",
    )  # fmt: skip
    pen.blob([(0.36, 0.5), (0.5, 0.44), (0.64, 0.5), (0.5, 0.72)], "light-grey")
    pen.oval(0.5, 0.54, 0.055, 0.04, "black")
    pen.curve([(0.36, 0.58), (0.5, 0.66), (0.64, 0.58)], "black", 0.015)
    for x in (0.36, 0.64):
        pen.oval(x, 0.4, 0.05, 0.035, "yellow")
        pen.disc(x, 0.4, 0.02, "black")
    pen.rect(0.28, 0.1, 0.72, 0.26, "dark-green", 0.05)
    pen.rect(0.22, 0.24, 0.78, 0.29, "black")


@thing
def red_squirrel(pen: Pen) -> None:
    """A squirrel from its right side, with an acorn in its paws."""
    pen.blob(
        [
            (0.34, 0.9), (0.12, 0.8), (0.02, 0.5), (0.1, 0.2), (0.3, 0.14), (0.36, 0.3),
            (0.26, 0.42), (0.36, 0.7),
        ],
        "orange",
    )  # fmt: skip
    pen.blob(
        [(0.32, 0.98), (0.34, 0.66), (0.5, 0.46), (0.66, 0.54), (0.7, 0.8), (0.72, 0.98)], "orange"
    )
    pen.blob([(0.56, 0.92), (0.56, 0.64), (0.66, 0.6), (0.7, 0.86)], "cream")
    pen.poly([(0.5, 0.28), (0.5, 0.08), (0.62, 0.22)], "orange")
    pen.blob(
        [(0.46, 0.4), (0.52, 0.24), (0.7, 0.22), (0.88, 0.38), (0.78, 0.5), (0.56, 0.52)], "orange"
    )
    pen.disc(0.68, 0.34, 0.03, "black")
    pen.disc(0.87, 0.39, 0.022, "black")
    pen.oval(0.82, 0.68, 0.07, 0.09, "brown")
    pen.wedge(0.82, 0.64, 0.09, 0.07, 180, 360, "dark-brown")
    pen.curve([(0.6, 0.64), (0.7, 0.72), (0.78, 0.7)], "orange", 0.05)


@thing
def acorn_heap(pen: Pen) -> None:
    for x, y in (
        (0.14, 0.86), (0.38, 0.86), (0.62, 0.86), (0.86, 0.86), (0.26, 0.58), (0.5, 0.58),
        (0.74, 0.58), (0.38, 0.3), (0.62, 0.3),
    ):  # fmt: skip
        pen.oval(x, y, 0.11, 0.14, "brown")
        pen.wedge(x, y - 0.04, 0.13, 0.1, 180, 360, "dark-brown")
