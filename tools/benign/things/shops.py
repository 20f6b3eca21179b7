"""Things of shops, pubs, laundries and premieres."""

from __future__ import annotations

from itertools import pairwise

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def lipstick(pen: Pen) -> None:
    """Open, its stick turned out."""
    pen.poly([(0.4, 0.46), (0.4, 0.14), (0.6, 0.02), (0.6, 0.46)], pen.colour("red"))
    pen.rect(0.36, 0.42, 0.64, 0.62, "gold")
    pen.rect(0.3, 0.6, 0.7, 1.0, "black", 0.02)
    pen.line([(0.3, 0.66), (0.7, 0.66)], "gold", 0.02)


@thing
def wall_shelf(pen: Pen) -> None:
    """A single empty board on two brackets."""
    pen.rect(0.0, 0.3, 1.0, 0.5, pen.colour("tan"))
    for x in (0.14, 0.86):
        pen.poly([(x - 0.02, 0.5), (x + 0.02, 0.5), (x + 0.02, 0.9), (x - 0.02, 1.0)], "dark-brown")


@thing
def hanging_sign(pen: Pen) -> None:
    """A board without words on two cords."""
    for x in (0.16, 0.84):
        pen.line([(x, 0.0), (x, 0.36)], "dark-grey", 0.03)
    pen.rect(0.0, 0.34, 1.0, 1.0, pen.colour("white"), 0.06)


@thing
def washing_machine(pen: Pen) -> None:
    pen.rect(0.06, 0.02, 0.94, 0.98, pen.colour("white"), 0.03)
    pen.rect(0.06, 0.02, 0.94, 0.2, "pale-grey")
    pen.rect(0.12, 0.06, 0.4, 0.15, "light-grey")
    pen.disc(0.62, 0.11, 0.05, "grey")
    pen.disc(0.8, 0.11, 0.025, "green")
    pen.disc(0.5, 0.58, 0.31, "grey")
    pen.disc(0.5, 0.58, 0.25, "light-blue")
    pen.arc(0.5, 0.58, 0.18, 0.18, 190, 280, "white", 0.03)


@thing
def laundry_basket(pen: Pen) -> None:
    """Empty."""
    colour = pen.colour("tan")
    pen.oval(0.5, 0.22, 0.46, 0.16, f"dark-{colour}")
    pen.poly([(0.04, 0.24), (0.96, 0.24), (0.84, 1.0), (0.16, 1.0)], colour)
    for row in range(3):
        for column in range(5):
            pen.oval(0.22 + 0.14 * column, 0.46 + 0.18 * row, 0.035, 0.05, f"dark-{colour}")
    pen.rect(0.02, 0.2, 0.98, 0.3, colour, 0.04)


@thing
def clothes_heap(pen: Pen) -> None:
    """White and coloured clothes in one heap."""
    pen.blob(
        [(0.04, 0.98), (0.1, 0.74), (0.34, 0.6), (0.7, 0.6), (0.92, 0.76), (0.97, 0.98)], "navy"
    )
    for x, y, turn, colour in (
        (0.0, 0.5, -62, "white"),
        (0.52, 0.48, 66, "green"),
        (0.26, 0.5, 8, "red"),
        (0.1, 0.24, -28, "purple"),
        (0.44, 0.22, 24, "white"),
    ):
        shirt(pen.inside(x, y, 0.46, 0.48, turn=turn, colour=colour))
    sock(pen.inside(0.6, 0.68, 0.26, 0.32, turn=24, colour="white"))
    sock(pen.inside(0.12, 0.72, 0.24, 0.28, turn=-34, colour="yellow"))


@thing
def sock(pen: Pen) -> None:
    colour = pen.colour("red")
    pen.blob(
        [
            (0.2, 0.14),
            (0.56, 0.14),
            (0.58, 0.54),
            (0.94, 0.74),
            (0.94, 0.94),
            (0.6, 0.98),
            (0.22, 0.78),
        ],
        colour,
    )
    pen.rect(0.17, 0.02, 0.59, 0.16, "cream", 0.03)


@thing
def shirt(pen: Pen) -> None:
    """A shirt with a collar and short sleeves."""
    colour = pen.colour("white")
    pen.poly(
        [
            (0.3, 0.06),
            (0.7, 0.06),
            (1.0, 0.3),
            (0.88, 0.48),
            (0.76, 0.38),
            (0.76, 0.98),
            (0.24, 0.98),
            (0.24, 0.38),
            (0.12, 0.48),
            (0.0, 0.3),
        ],
        colour,
    )
    pen.line([(0.5, 0.18), (0.5, 0.98)], "grey", 0.01)
    for y in (0.3, 0.48, 0.66, 0.84):
        pen.disc(0.54, y, 0.014, "grey")
    for side in (-1, 1):
        pen.poly(
            [
                (0.5, 0.18),
                (0.5 + side * 0.2, 0.05),
                (0.5 + side * 0.22, 0.16),
                (0.5 + side * 0.1, 0.24),
            ],
            colour,
        )


@thing
def bakery_front(pen: Pen) -> None:
    """A small shop: a striped awning, loaves in the window, and an empty round sign."""
    pen.rect(0.04, 0.08, 0.96, 1.0, pen.colour("cream"))
    pen.rect(0.0, 0.02, 1.0, 0.1, "brown")
    pen.rect(0.1, 0.46, 0.58, 0.86, "light-blue")
    pen.rect(0.08, 0.84, 0.6, 0.9, "brown")
    for x in (0.14, 0.29, 0.44):
        pen.blob(
            [(x, 0.84), (x, 0.74), (x + 0.06, 0.68), (x + 0.12, 0.74), (x + 0.12, 0.84)], "tan"
        )
        pen.line([(x + 0.04, 0.73), (x + 0.07, 0.79)], "brown", 0.014)
    pen.rect(0.68, 0.44, 0.9, 1.0, "brown")
    pen.rect(0.72, 0.49, 0.86, 0.7, "light-blue")
    pen.disc(0.72, 0.78, 0.016, "gold")
    for step in range(8):
        left = 0.05 + 0.07 * step
        stripe = "red" if step % 2 else "white"
        pen.poly(
            [(left + 0.01, 0.34), (left + 0.08, 0.34), (left + 0.075, 0.46), (left, 0.46)], stripe
        )
        pen.wedge(left + 0.0375, 0.46, 0.0375, 0.03, 0, 180, stripe)
    pen.disc(0.79, 0.25, 0.15, "white")
    pen.arc(0.79, 0.25, 0.15, 0.15, 0, 360, "brown", 0.02)


@thing
def press_camera(pen: Pen) -> None:
    """On a tripod, with a flash gun; it looks to the right."""
    for x in (0.12, 0.4, 0.68):
        pen.line([(0.4, 0.5), (x, 1.0)], "dark-grey", 0.03)
    pen.rect(0.14, 0.24, 0.66, 0.54, "black", 0.04)
    pen.rect(0.64, 0.3, 0.84, 0.48, "dark-grey")
    pen.oval(0.84, 0.39, 0.04, 0.1, "light-blue")
    pen.rect(0.3, 0.1, 0.54, 0.24, "grey", 0.02)
    pen.rect(0.5, 0.08, 0.58, 0.24, "yellow")


@thing
def red_carpet(pen: Pen) -> None:
    """Runs from the foot of the box into the distance, between two ropes."""
    pen.poly([(0.4, 0.2), (0.6, 0.2), (0.92, 1.0), (0.08, 1.0)], "red")
    pen.line([(0.42, 0.2), (0.13, 1.0)], "gold", 0.015)
    pen.line([(0.58, 0.2), (0.87, 1.0)], "gold", 0.015)
    for side in (-1, 1):
        tops = [
            (0.5 + side * away, top) for away, top in ((0.16, 0.12), (0.28, 0.24), (0.44, 0.42))
        ]
        for (x, top), high in zip(tops, (0.2, 0.28, 0.38), strict=True):
            pen.line([(x, top), (x, top + high)], "gold", 0.03)
            pen.disc(x, top, 0.025, "yellow")
        for (x, top), (to_x, to_top) in pairwise(tops):
            pen.curve(
                [
                    (x, top + 0.03),
                    ((x + to_x) / 2, (top + to_top) / 2 + 0.12),
                    (to_x, to_top + 0.03),
                ],
                "dark-red",
                0.03,
            )


@thing
def beer_mat(pen: Pen) -> None:
    """Round, without words."""
    pen.disc(0.5, 0.5, 0.49, "tan")
    pen.disc(0.5, 0.5, 0.45, pen.colour("white"))
    pen.arc(0.5, 0.5, 0.4, 0.4, 0, 360, "teal", 0.02)


@thing
def beer_glass(pen: Pen) -> None:
    pen.arc(0.76, 0.58, 0.18, 0.2, -90, 90, "pale-blue", 0.08)
    pen.rect(0.16, 0.2, 0.76, 1.0, "yellow", 0.05)
    for x in (0.32, 0.46, 0.6):
        pen.line([(x, 0.4), (x, 0.9)], "gold", 0.03)
    for x, y in ((0.2, 0.2), (0.36, 0.12), (0.54, 0.14), (0.7, 0.2), (0.44, 0.22)):
        pen.disc(x, y, 0.12, "white")


@thing
def plucked_chicken(pen: Pen) -> None:
    """A whole raw chicken on a board."""
    pen.rect(0.0, 0.74, 1.0, 0.92, "brown", 0.04)
    pen.blob(
        [
            (0.12, 0.6),
            (0.2, 0.36),
            (0.44, 0.24),
            (0.7, 0.3),
            (0.88, 0.5),
            (0.84, 0.74),
            (0.6, 0.82),
            (0.28, 0.8),
        ],
        "light-tan",
    )
    pen.blob(
        [
            (0.58, 0.56),
            (0.72, 0.46),
            (0.9, 0.44),
            (0.98, 0.32),
            (0.99, 0.42),
            (0.92, 0.56),
            (0.78, 0.72),
            (0.62, 0.72),
        ],
        "tan",
    )
    pen.disc(0.98, 0.33, 0.03, "white")
    pen.blob(
        [
            (0.22, 0.5),
            (0.34, 0.46),
            (0.42, 0.54),
            (0.34, 0.64),
            (0.26, 0.62),
            (0.3, 0.72),
            (0.2, 0.64),
        ],
        "tan",
    )
    pen.curve([(0.36, 0.34), (0.5, 0.3), (0.64, 0.34)], "cream", 0.02)
    for x, y in ((0.5, 0.42), (0.44, 0.66), (0.56, 0.5), (0.3, 0.4)):
        pen.disc(x, y, 0.008, "brown")
