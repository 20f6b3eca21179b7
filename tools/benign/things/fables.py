"""Animals of fables and legends, and what belongs to them."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


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
