"""Invented characters, a bun and a mouse, and what they wear."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def bun_face(pen: Pen) -> None:
    """A bun with a curly moustache and a baker's hat."""
    pen.rect(0.34, 0.14, 0.66, 0.34, "white")
    for x in (0.32, 0.44, 0.56, 0.68):
        pen.disc(x, 0.13, 0.1, "white")
    pen.rect(0.335, 0.27, 0.665, 0.35, "pale-grey")
    pen.blob(
        [
            (0.06, 0.7),
            (0.14, 0.44),
            (0.36, 0.34),
            (0.64, 0.34),
            (0.86, 0.44),
            (0.94, 0.7),
            (0.8, 0.94),
            (0.5, 0.99),
            (0.2, 0.94),
        ],
        pen.colour("tan"),
    )
    for x, y in ((0.2, 0.56), (0.8, 0.56), (0.27, 0.48), (0.73, 0.48), (0.14, 0.66), (0.86, 0.66)):
        pen.oval(x, y, 0.018, 0.012, "cream")
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.14, 0.56, 0.045, 0.06, "white")
        pen.oval(0.5 + side * 0.14, 0.57, 0.022, 0.035, "black")
        pen.blob(
            [(0.5, 0.72), (0.5 + side * 0.16, 0.68), (0.5 + side * 0.28, 0.74),
             (0.5 + side * 0.34, 0.64), (0.5 + side * 0.38, 0.72),
             (0.5 + side * 0.28, 0.82), (0.5 + side * 0.12, 0.8)],
            "dark-brown",
        )  # fmt: skip
    pen.disc(0.5, 0.67, 0.04, "light-brown")
    pen.arc(0.5, 0.82, 0.09, 0.07, 20, 160, "black", 0.018)


@thing
def mouse(pen: Pen) -> None:
    """On four legs, seen from its left side."""
    colour = pen.colour("grey")
    pen.curve([(0.84, 0.86), (0.98, 0.84), (0.94, 0.62), (0.99, 0.5)], "pink", 0.025)
    pen.blob(
        [
            (0.02, 0.72),
            (0.2, 0.54),
            (0.44, 0.48),
            (0.72, 0.5),
            (0.9, 0.74),
            (0.82, 0.94),
            (0.3, 0.94),
            (0.12, 0.84),
        ],
        colour,
    )
    pen.disc(0.34, 0.46, 0.11, colour)
    pen.disc(0.34, 0.46, 0.065, "pink")
    pen.disc(0.18, 0.64, 0.025, "black")
    pen.disc(0.03, 0.72, 0.028, "pink")
    for lift in (-0.08, 0.0, 0.06):
        pen.line([(0.08, 0.75), (0.22, 0.77 + lift)], "black", 0.008)
    for x in (0.28, 0.4, 0.66, 0.78):
        pen.oval(x, 0.95, 0.06, 0.03, "pink")


@thing
def standing_mouse(pen: Pen) -> None:
    """On its hind legs, seen from the front, with a long snout and a patched ear."""
    colour = pen.colour("tan")
    pen.curve([(0.64, 0.9), (0.86, 0.94), (0.9, 0.74), (0.98, 0.7)], "pink", 0.03)
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.16, 0.97, 0.13, 0.035, "pink")
        pen.disc(0.5 + side * 0.2, 0.14, 0.13, colour)
        pen.disc(0.5 + side * 0.2, 0.14, 0.075, "pink")
    pen.blob(
        [(0.34, 0.46), (0.66, 0.46), (0.78, 0.8), (0.66, 0.96), (0.34, 0.96), (0.22, 0.8)], colour
    )
    pen.oval(0.5, 0.76, 0.15, 0.17, "cream")
    for side in (-1, 1):
        pen.curve(
            [(0.5 + side * 0.2, 0.54), (0.5 + side * 0.34, 0.64), (0.5 + side * 0.26, 0.72)],
            colour,
            0.07,
        )
    pen.blob(
        [
            (0.3, 0.3),
            (0.36, 0.18),
            (0.5, 0.13),
            (0.64, 0.18),
            (0.7, 0.3),
            (0.58, 0.44),
            (0.5, 0.52),
            (0.42, 0.44),
        ],
        colour,
    )
    pen.disc(0.5, 0.49, 0.035, "black")
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.09, 0.28, 0.032, 0.045, "black")
        for lift in (-0.03, 0.02):
            pen.line([(0.5 + side * 0.06, 0.45), (0.5 + side * 0.26, 0.43 + lift)], "black", 0.008)
    pen.rect(0.64, 0.05, 0.74, 0.14, "teal")
    for x, y in ((0.64, 0.08), (0.74, 0.1)):
        pen.line([(x - 0.015, y), (x + 0.015, y)], "black", 0.01)


@thing
def raincoat(pen: Pen) -> None:
    """Hangs on a hook."""
    colour = pen.colour("green")
    pen.arc(0.5, 0.06, 0.05, 0.05, 120, 360, "dark-grey", 0.025)
    pen.blob(
        [(0.4, 0.12), (0.5, 0.08), (0.6, 0.12), (0.64, 0.24), (0.5, 0.3), (0.36, 0.24)], colour
    )
    pen.poly(
        [
            (0.36, 0.2),
            (0.64, 0.2),
            (0.9, 0.62),
            (0.78, 0.68),
            (0.68, 0.5),
            (0.76, 0.98),
            (0.24, 0.98),
            (0.32, 0.5),
            (0.22, 0.68),
            (0.1, 0.62),
        ],
        colour,
    )
    pen.line([(0.5, 0.26), (0.5, 0.98)], "dark-green", 0.015)
    for y in (0.38, 0.52, 0.66, 0.8):
        pen.disc(0.54, y, 0.02, "yellow")
    for x in (0.34, 0.58):
        pen.rect(x, 0.66, x + 0.11, 0.78, "dark-green", 0.02)


@thing
def rain_boots(pen: Pen) -> None:
    colour = pen.colour("red")
    for x in (0.0, 0.46):
        pen.blob(
            [
                (x + 0.12, 0.26),
                (x + 0.34, 0.26),
                (x + 0.34, 0.66),
                (x + 0.52, 0.78),
                (x + 0.52, 0.96),
                (x + 0.1, 0.96),
            ],
            colour,
        )
        pen.rect(x + 0.1, 0.16, x + 0.36, 0.28, "cream", 0.02)
        pen.rect(x + 0.08, 0.92, x + 0.53, 1.0, "black", 0.02)


@thing
def letter_bag(pen: Pen) -> None:
    """A shoulder bag with letters that look out."""
    pen.arc(0.5, 0.42, 0.36, 0.4, 180, 360, "dark-brown", 0.05)
    for x, turn in ((0.2, -10), (0.4, 4), (0.58, 12)):
        letter = pen.inside(x, 0.26, 0.26, 0.3, turn=turn)
        letter.rect(0, 0, 1, 1, "white")
        letter.line([(0.05, 0.05), (0.5, 0.5), (0.95, 0.05)], "grey", 0.06)
    pen.rect(0.06, 0.44, 0.94, 0.98, pen.colour("brown"), 0.06)
    pen.blob([(0.06, 0.48), (0.94, 0.48), (0.9, 0.7), (0.5, 0.78), (0.1, 0.7)], pen.colour("brown"))
    pen.rect(0.44, 0.7, 0.56, 0.82, "gold", 0.02)
