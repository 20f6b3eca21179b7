"""Furniture, and things that lie about in a house."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def table(pen: Pen) -> None:
    colour = pen.colour("brown")
    for left in (0.08, 0.84):
        pen.rect(left, 0.4, left + 0.08, 1.0, colour)
    pen.rect(0.0, 0.32, 1.0, 0.44, colour, 0.02)


@thing
def chair(pen: Pen) -> None:
    colour = pen.colour("brown")
    for left in (0.2, 0.7):
        pen.rect(left, 0.55, left + 0.08, 1.0, colour)
    pen.rect(0.2, 0.05, 0.29, 0.6, colour)
    for top in (0.1, 0.26):
        pen.rect(0.22, top, 0.3, top + 0.08, colour)
    pen.rect(0.16, 0.52, 0.84, 0.62, colour, 0.02)


@thing
def bench(pen: Pen) -> None:
    colour = pen.colour("brown")
    for y in (0.34, 0.46):
        pen.rect(0.0, y, 1.0, y + 0.08, colour)
    for left in (0.1, 0.84):
        pen.rect(left, 0.34, left + 0.06, 1.0, "black")
    pen.rect(0.0, 0.64, 1.0, 0.74, colour)


@thing
def bed(pen: Pen) -> None:
    pen.rect(0.0, 0.3, 0.07, 1.0, "brown")
    pen.rect(0.93, 0.5, 1.0, 1.0, "brown")
    pen.rect(0.05, 0.68, 0.95, 0.86, "white")
    pen.rect(0.08, 0.54, 0.32, 0.7, "cream", 0.05)
    pen.blob(
        [(0.34, 0.6), (0.6, 0.56), (0.94, 0.6), (0.95, 0.84), (0.34, 0.84)], pen.colour("blue")
    )


@thing
def sofa(pen: Pen) -> None:
    colour = pen.colour("teal")
    pen.rect(0.08, 0.4, 0.92, 0.8, colour, 0.08)
    for left in (0.14, 0.51):
        pen.rect(left, 0.62, left + 0.35, 0.84, colour, 0.05)
    for left in (0.0, 0.86):
        pen.rect(left, 0.54, left + 0.14, 0.92, colour, 0.06)
    for left in (0.06, 0.88):
        pen.rect(left, 0.92, left + 0.06, 1.0, "brown")


@thing
def lamp(pen: Pen) -> None:
    pen.rect(0.47, 0.4, 0.53, 0.92, "dark-grey")
    pen.wedge(0.5, 1.0, 0.24, 0.12, 180, 360, "dark-grey")
    pen.poly([(0.34, 0.05), (0.66, 0.05), (0.84, 0.48), (0.16, 0.48)], pen.colour("yellow"))


@thing
def door(pen: Pen) -> None:
    pen.rect(0.2, 0.0, 0.8, 1.0, "cream")
    pen.rect(0.25, 0.05, 0.75, 1.0, pen.colour("brown"))
    for top, bottom in ((0.12, 0.46), (0.56, 0.9)):
        for left in (0.31, 0.53):
            pen.rect(left, top, left + 0.16, bottom, pen.colour("brown"))
    pen.disc(0.7, 0.52, 0.03, "gold")


@thing
def window(pen: Pen) -> None:
    pen.rect(0.05, 0.05, 0.95, 0.95, pen.colour("white"))
    for left in (0.12, 0.53):
        for top in (0.12, 0.53):
            pen.rect(left, top, left + 0.35, top + 0.35, "light-blue")
    pen.rect(0.0, 0.92, 1.0, 1.0, pen.colour("white"))


@thing
def picture_frame(pen: Pen) -> None:
    pen.rect(0.04, 0.1, 0.96, 0.9, pen.colour("gold"))
    pen.rect(0.13, 0.19, 0.87, 0.81, "pale-blue")
    pen.poly(
        [
            (0.13, 0.81),
            (0.13, 0.68),
            (0.4, 0.4),
            (0.6, 0.62),
            (0.7, 0.52),
            (0.87, 0.7),
            (0.87, 0.81),
        ],
        "green",
    )
    pen.disc(0.73, 0.32, 0.06, "yellow")


@thing
def clock(pen: Pen) -> None:
    pen.disc(0.5, 0.5, 0.48, pen.colour("brown"))
    pen.disc(0.5, 0.5, 0.4, "white")
    for x, y in ((0.5, 0.16), (0.84, 0.5), (0.5, 0.84), (0.16, 0.5)):
        pen.disc(x, y, 0.03, "black")
    pen.line([(0.5, 0.5), (0.5, 0.24)], "black", 0.035)
    pen.line([(0.5, 0.5), (0.68, 0.6)], "black", 0.045)


@thing
def candle(pen: Pen) -> None:
    pen.blob([(0.5, 0.02), (0.58, 0.18), (0.5, 0.26), (0.42, 0.18)], "orange")
    pen.line([(0.5, 0.22), (0.5, 0.34)], "black", 0.02)
    pen.rect(0.4, 0.32, 0.6, 0.92, pen.colour("cream"))
    pen.oval(0.5, 0.94, 0.28, 0.06, "gold")


@thing
def book(pen: Pen) -> None:
    colour = pen.colour("red")
    pen.poly([(0.04, 0.3), (0.5, 0.4), (0.96, 0.3), (0.96, 0.9), (0.5, 1.0), (0.04, 0.9)], colour)
    pen.poly([(0.08, 0.26), (0.5, 0.36), (0.5, 0.94), (0.08, 0.84)], "cream")
    pen.poly([(0.92, 0.26), (0.5, 0.36), (0.5, 0.94), (0.92, 0.84)], "cream")
    for row in range(4):
        y = 0.42 + 0.11 * row
        pen.line([(0.14, y - 0.02), (0.44, y + 0.05)], "grey", 0.015)
        pen.line([(0.86, y - 0.02), (0.56, y + 0.05)], "grey", 0.015)


@thing
def closed_book(pen: Pen) -> None:
    colour = pen.colour("teal")
    pen.rect(0.2, 0.1, 0.82, 1.0, colour, 0.03)
    pen.rect(0.2, 0.1, 0.3, 1.0, "dark-teal")
    pen.rect(0.38, 0.24, 0.74, 0.42, "cream")


@thing
def books(pen: Pen) -> None:
    x = 0.04
    for colour, wide, high in (
        ("red", 0.16, 0.8),
        ("blue", 0.12, 0.68),
        ("gold", 0.18, 0.86),
        ("green", 0.14, 0.74),
        ("purple", 0.12, 0.8),
        ("tan", 0.16, 0.62),
    ):
        pen.rect(x, 1 - high, x + wide, 1.0, colour)
        pen.rect(x + 0.03, 1 - high + 0.12, x + wide - 0.03, 1 - high + 0.2, "cream")
        x += wide


@thing
def pencil(pen: Pen) -> None:
    """Lies flat, its tip on the left."""
    pen.poly([(0.0, 0.5), (0.14, 0.43), (0.14, 0.57)], "tan")
    pen.poly([(0.0, 0.5), (0.05, 0.475), (0.05, 0.525)], "black")
    pen.rect(0.14, 0.43, 0.86, 0.57, pen.colour("yellow"))
    pen.rect(0.86, 0.43, 0.9, 0.57, "grey")
    pen.rect(0.9, 0.43, 0.99, 0.57, "pink", 0.03)


@thing
def scissors(pen: Pen) -> None:
    pen.poly([(0.48, 0.52), (0.66, 0.02), (0.7, 0.06), (0.54, 0.56)], "light-grey")
    pen.poly([(0.52, 0.52), (0.34, 0.02), (0.3, 0.06), (0.46, 0.56)], "light-grey")
    pen.arc(0.32, 0.78, 0.15, 0.17, 0, 360, pen.colour("red"), 0.07)
    pen.arc(0.68, 0.78, 0.15, 0.17, 0, 360, pen.colour("red"), 0.07)
    pen.line([(0.46, 0.54), (0.62, 0.64)], pen.colour("red"), 0.06)
    pen.line([(0.54, 0.54), (0.38, 0.64)], pen.colour("red"), 0.06)
    pen.disc(0.5, 0.5, 0.03, "black")


@thing
def laptop(pen: Pen) -> None:
    pen.rect(0.14, 0.2, 0.86, 0.74, "dark-grey", 0.04)
    pen.rect(0.19, 0.26, 0.81, 0.69, pen.colour("light-blue"))
    pen.poly([(0.12, 0.75), (0.88, 0.75), (1.0, 0.95), (0.0, 0.95)], "grey")
    pen.poly([(0.2, 0.79), (0.8, 0.79), (0.86, 0.88), (0.14, 0.88)], "dark-grey")


@thing
def key(pen: Pen) -> None:
    colour = pen.colour("gold")
    pen.arc(0.22, 0.5, 0.16, 0.16, 0, 360, colour, 0.09)
    pen.line([(0.38, 0.5), (0.96, 0.5)], colour, 0.08)
    pen.line([(0.78, 0.5), (0.78, 0.68)], colour, 0.07)
    pen.line([(0.92, 0.5), (0.92, 0.66)], colour, 0.07)


@thing
def bag(pen: Pen) -> None:
    colour = pen.colour("purple")
    pen.arc(0.5, 0.36, 0.2, 0.28, 180, 360, colour, 0.05)
    pen.blob(
        [(0.14, 0.34), (0.86, 0.34), (0.94, 0.9), (0.8, 0.99), (0.2, 0.99), (0.06, 0.9)], colour
    )
    pen.rect(0.42, 0.46, 0.58, 0.56, "gold", 0.02)


@thing
def box(pen: Pen) -> None:
    colour = pen.colour("tan")
    pen.poly(
        [(0.1, 0.3), (0.5, 0.14), (0.9, 0.3), (0.5, 0.46)], f"light-{colour.rpartition('-')[2]}"
    )
    pen.poly([(0.1, 0.3), (0.5, 0.46), (0.5, 1.0), (0.1, 0.82)], colour)
    pen.poly(
        [(0.9, 0.3), (0.5, 0.46), (0.5, 1.0), (0.9, 0.82)], f"dark-{colour.rpartition('-')[2]}"
    )
    pen.poly([(0.28, 0.22), (0.34, 0.2), (0.73, 0.37), (0.67, 0.39)], "cream")


@thing
def suitcase(pen: Pen) -> None:
    colour = pen.colour("brown")
    pen.arc(0.5, 0.3, 0.16, 0.14, 180, 360, "black", 0.05)
    pen.rect(0.04, 0.3, 0.96, 1.0, colour, 0.06)
    for x in (0.2, 0.74):
        pen.rect(x, 0.3, x + 0.07, 1.0, "tan")
