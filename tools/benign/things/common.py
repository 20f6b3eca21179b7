"""Things that many pictures need. A thing stands on the foot of its box, where it stands at all."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def cup(pen: Pen) -> None:
    colour = pen.colour("white")
    pen.arc(0.78, 0.6, 0.16, 0.18, -90, 90, colour, 0.07)
    pen.blob(
        [(0.12, 0.3), (0.8, 0.3), (0.74, 0.85), (0.6, 0.98), (0.32, 0.98), (0.18, 0.85)], colour
    )
    pen.oval(0.46, 0.3, 0.35, 0.09, "brown")


@thing
def teapot(pen: Pen) -> None:
    colour = pen.colour("blue")
    pen.arc(0.8, 0.6, 0.16, 0.2, -90, 90, colour, 0.06)
    pen.poly([(0.26, 0.75), (0.0, 0.36), (0.08, 0.32), (0.3, 0.52)], colour)
    pen.oval(0.52, 0.65, 0.32, 0.32, colour)
    pen.oval(0.52, 0.38, 0.18, 0.06, colour)
    pen.disc(0.52, 0.28, 0.05, colour)
    pen.rect(0.36, 0.94, 0.68, 1.0, colour)


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
def lamp(pen: Pen) -> None:
    pen.rect(0.47, 0.4, 0.53, 0.92, "dark-grey")
    pen.wedge(0.5, 1.0, 0.24, 0.12, 180, 360, "dark-grey")
    pen.poly([(0.34, 0.05), (0.66, 0.05), (0.84, 0.48), (0.16, 0.48)], pen.colour("yellow"))


@thing
def tree(pen: Pen) -> None:
    colour = pen.colour("green")
    pen.poly([(0.43, 0.5), (0.57, 0.5), (0.62, 1.0), (0.38, 1.0)], "brown")
    pen.blob(
        [
            (0.14, 0.5), (0.08, 0.34), (0.22, 0.2), (0.36, 0.06), (0.56, 0.02), (0.74, 0.12),
            (0.9, 0.28), (0.92, 0.46), (0.76, 0.6), (0.5, 0.64), (0.3, 0.62),
        ],
        colour,
    )  # fmt: skip
    for x, y in ((0.32, 0.32), (0.62, 0.24), (0.56, 0.46)):
        pen.arc(x, y, 0.1, 0.06, 180, 340, f"dark-{colour.rpartition('-')[2]}", 0.02)


@thing
def pine(pen: Pen) -> None:
    pen.rect(0.45, 0.8, 0.55, 1.0, "brown")
    for top, wide in ((0.42, 0.36), (0.22, 0.29), (0.02, 0.21)):
        pen.poly([(0.5, top), (0.5 + wide, top + 0.44), (0.5 - wide, top + 0.44)], "dark-green")


@thing
def bush(pen: Pen) -> None:
    pen.blob(
        [
            (0.02, 0.98),
            (0.04, 0.66),
            (0.24, 0.5),
            (0.5, 0.38),
            (0.78, 0.5),
            (0.97, 0.7),
            (0.98, 0.98),
        ],
        pen.colour("green"),
    )


@thing
def dog(pen: Pen) -> None:
    """Sits, seen from its left side."""
    colour = pen.colour("brown")
    pen.curve([(0.78, 0.86), (0.94, 0.8), (0.96, 0.62)], colour, 0.06)
    pen.blob([(0.3, 0.98), (0.34, 0.5), (0.52, 0.42), (0.72, 0.6), (0.84, 0.98)], colour)
    pen.rect(0.32, 0.6, 0.42, 1.0, colour, 0.04)
    pen.rect(0.48, 0.6, 0.57, 1.0, colour, 0.04)
    pen.blob(
        [
            (0.06, 0.36),
            (0.2, 0.24),
            (0.34, 0.1),
            (0.56, 0.14),
            (0.6, 0.36),
            (0.44, 0.5),
            (0.18, 0.46),
        ],
        colour,
    )
    pen.blob([(0.46, 0.14), (0.6, 0.12), (0.68, 0.34), (0.58, 0.48), (0.5, 0.36)], "dark-brown")
    pen.disc(0.09, 0.35, 0.045, "black")
    pen.disc(0.32, 0.25, 0.03, "black")
    pen.line([(0.14, 0.44), (0.28, 0.42)], "black", 0.015)
    pen.curve([(0.34, 0.52), (0.46, 0.54), (0.58, 0.48)], "red", 0.045)


@thing
def cat(pen: Pen) -> None:
    """Sits, seen from the front."""
    colour = pen.colour("orange")
    pen.curve([(0.7, 0.92), (0.92, 0.9), (0.94, 0.66), (0.84, 0.56)], colour, 0.07)
    pen.blob([(0.24, 0.98), (0.26, 0.66), (0.5, 0.48), (0.74, 0.66), (0.76, 0.98)], colour)
    for side in (-1, 1):
        pen.poly(
            [(0.5 + side * 0.25, 0.32), (0.5 + side * 0.24, 0.02), (0.5 + side * 0.06, 0.16)],
            colour,
        )
    pen.oval(0.5, 0.32, 0.27, 0.23, colour)
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.11, 0.28, 0.035, 0.05, "black")
        for lift in (-0.03, 0.03):
            pen.line([(0.5 + side * 0.1, 0.4), (0.5 + side * 0.36, 0.38 + lift)], "black", 0.01)
        pen.rect(0.5 + side * 0.12 - 0.06, 0.72, 0.5 + side * 0.12 + 0.06, 1.0, colour, 0.05)
    pen.poly([(0.46, 0.36), (0.54, 0.36), (0.5, 0.41)], "pink")


@thing
def bird(pen: Pen) -> None:
    colour = pen.colour("blue")
    pen.line([(0.48, 0.75), (0.46, 0.98)], "orange", 0.03)
    pen.line([(0.58, 0.75), (0.58, 0.98)], "orange", 0.03)
    pen.poly([(0.72, 0.6), (1.0, 0.5), (0.98, 0.66), (0.76, 0.74)], colour)
    pen.blob(
        [
            (0.2, 0.34),
            (0.34, 0.18),
            (0.5, 0.28),
            (0.76, 0.52),
            (0.8, 0.7),
            (0.56, 0.82),
            (0.32, 0.7),
        ],
        colour,
    )
    pen.blob(
        [(0.46, 0.5), (0.7, 0.52), (0.84, 0.66), (0.6, 0.7)], f"dark-{colour.rpartition('-')[2]}"
    )
    pen.poly([(0.22, 0.3), (0.02, 0.36), (0.22, 0.4)], "orange")
    pen.disc(0.33, 0.3, 0.03, "black")


@thing
def fish(pen: Pen) -> None:
    colour = pen.colour("orange")
    pen.poly([(0.7, 0.5), (0.98, 0.26), (0.94, 0.5), (0.98, 0.74)], colour)
    pen.poly([(0.36, 0.3), (0.56, 0.12), (0.64, 0.34)], colour)
    pen.blob(
        [(0.03, 0.52), (0.2, 0.32), (0.46, 0.26), (0.76, 0.48), (0.46, 0.74), (0.2, 0.7)], colour
    )
    pen.disc(0.2, 0.46, 0.045, "white")
    pen.disc(0.19, 0.46, 0.02, "black")
    for x in (0.4, 0.52):
        pen.arc(x, 0.5, 0.06, 0.14, -70, 70, f"dark-{colour.rpartition('-')[2]}", 0.02)


@thing
def car(pen: Pen) -> None:
    colour = pen.colour("red")
    pen.blob([(0.2, 0.62), (0.32, 0.38), (0.64, 0.38), (0.8, 0.62)], colour)
    pen.rect(0.02, 0.58, 0.98, 0.86, colour, 0.08)
    pen.poly([(0.29, 0.59), (0.36, 0.44), (0.48, 0.44), (0.48, 0.59)], "pale-blue")
    pen.poly([(0.52, 0.59), (0.52, 0.44), (0.62, 0.44), (0.7, 0.59)], "pale-blue")
    for x in (0.24, 0.76):
        pen.disc(x, 0.87, 0.12, "black")
        pen.disc(x, 0.87, 0.055, "grey")
    pen.disc(0.06, 0.67, 0.035, "yellow")


@thing
def bicycle(pen: Pen) -> None:
    colour = pen.colour("green")
    for x in (0.22, 0.78):
        pen.arc(x, 0.78, 0.2, 0.2, 0, 360, "black", 0.035)
        pen.disc(x, 0.78, 0.03, "grey")
    pen.line([(0.22, 0.78), (0.38, 0.46), (0.68, 0.46), (0.48, 0.78), (0.22, 0.78)], colour, 0.04)
    pen.line([(0.34, 0.36), (0.48, 0.78)], colour, 0.04)
    pen.line([(0.78, 0.78), (0.66, 0.34), (0.8, 0.3)], colour, 0.04)
    pen.rect(0.26, 0.32, 0.42, 0.37, "black", 0.02)


@thing
def house(pen: Pen) -> None:
    pen.rect(0.68, 0.08, 0.78, 0.4, "dark-red")
    pen.rect(0.1, 0.42, 0.9, 1.0, pen.colour("cream"))
    pen.poly([(0.0, 0.46), (0.5, 0.06), (1.0, 0.46)], "red")
    pen.rect(0.42, 0.64, 0.6, 1.0, "brown")
    pen.disc(0.56, 0.83, 0.02, "gold")
    for x in (0.18, 0.68):
        pen.rect(x, 0.56, x + 0.16, 0.74, "light-blue")
        pen.line([(x + 0.08, 0.56), (x + 0.08, 0.74)], "white", 0.015)


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
def ball(pen: Pen) -> None:
    colour = pen.colour("red")
    pen.disc(0.5, 0.5, 0.48, colour)
    for start in (20, 140, 260):
        pen.wedge(0.5, 0.5, 0.48, 0.48, start, start + 60, "cream")
    pen.disc(0.5, 0.5, 0.08, "white")


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
def bag(pen: Pen) -> None:
    colour = pen.colour("purple")
    pen.arc(0.5, 0.36, 0.2, 0.28, 180, 360, colour, 0.05)
    pen.blob(
        [(0.14, 0.34), (0.86, 0.34), (0.94, 0.9), (0.8, 0.99), (0.2, 0.99), (0.06, 0.9)], colour
    )
    pen.rect(0.42, 0.46, 0.58, 0.56, "gold", 0.02)


@thing
def knife(pen: Pen) -> None:
    """A kitchen knife that lies flat, its handle on the right."""
    pen.poly([(0.0, 0.54), (0.1, 0.46), (0.62, 0.42), (0.62, 0.6), (0.14, 0.6)], "light-grey")
    pen.rect(0.6, 0.42, 1.0, 0.55, pen.colour("brown"), 0.04)
    for x in (0.7, 0.8, 0.9):
        pen.disc(x, 0.485, 0.014, "cream")


@thing
def pan(pen: Pen) -> None:
    pen.rect(0.56, 0.5, 1.0, 0.57, "black", 0.03)
    pen.poly([(0.0, 0.48), (0.62, 0.48), (0.55, 0.72), (0.07, 0.72)], pen.colour("dark-grey"))
    pen.oval(0.31, 0.48, 0.31, 0.07, "grey")


@thing
def pot(pen: Pen) -> None:
    colour = pen.colour("grey")
    for x in (0.1, 0.9):
        pen.arc(x, 0.52, 0.09, 0.07, 0, 360, "black", 0.04)
    pen.rect(0.12, 0.4, 0.88, 1.0, colour, 0.08)
    pen.oval(0.5, 0.4, 0.38, 0.1, f"light-{colour.rpartition('-')[2]}")
    pen.disc(0.5, 0.28, 0.05, "black")


@thing
def bread(pen: Pen) -> None:
    pen.blob(
        [
            (0.04, 0.9),
            (0.04, 0.6),
            (0.2, 0.4),
            (0.5, 0.34),
            (0.8, 0.4),
            (0.96, 0.6),
            (0.96, 0.9),
            (0.5, 0.97),
        ],
        "tan",
    )
    for x in (0.26, 0.46, 0.66):
        pen.curve([(x, 0.44), (x + 0.06, 0.54), (x + 0.04, 0.66)], "brown", 0.035)


@thing
def apple(pen: Pen) -> None:
    pen.blob(
        [
            (0.5, 0.3),
            (0.72, 0.22),
            (0.92, 0.46),
            (0.82, 0.84),
            (0.6, 0.98),
            (0.4, 0.98),
            (0.18, 0.84),
            (0.08, 0.46),
            (0.28, 0.22),
        ],
        pen.colour("red"),
    )
    pen.curve([(0.5, 0.32), (0.5, 0.2), (0.56, 0.08)], "brown", 0.04)
    pen.blob([(0.54, 0.18), (0.66, 0.06), (0.82, 0.1), (0.7, 0.2)], "green")


@thing
def flower(pen: Pen) -> None:
    pen.curve([(0.5, 0.4), (0.53, 0.7), (0.5, 1.0)], "green", 0.035)
    pen.blob([(0.52, 0.8), (0.66, 0.62), (0.82, 0.62), (0.72, 0.78)], "green")
    for x, y in ((0.5, 0.12), (0.68, 0.24), (0.62, 0.44), (0.38, 0.44), (0.32, 0.24)):
        pen.disc(x, y, 0.12, pen.colour("pink"))
    pen.disc(0.5, 0.29, 0.1, "yellow")


@thing
def flowerpot(pen: Pen) -> None:
    for x, y, colour in ((0.3, 0.3, "red"), (0.5, 0.16, "yellow"), (0.7, 0.3, "purple")):
        pen.line([(0.5, 0.66), (x, y)], "green", 0.03)
        pen.disc(x, y, 0.12, colour)
        pen.disc(x, y, 0.05, "cream")
    pen.poly([(0.24, 0.6), (0.76, 0.6), (0.68, 1.0), (0.32, 1.0)], pen.colour("orange"))
    pen.rect(0.2, 0.58, 0.8, 0.68, pen.colour("orange"))


@thing
def bottle(pen: Pen) -> None:
    colour = pen.colour("green")
    pen.rect(0.43, 0.0, 0.57, 0.08, "brown")
    pen.blob(
        [
            (0.43, 0.06),
            (0.57, 0.06),
            (0.58, 0.28),
            (0.7, 0.42),
            (0.7, 0.94),
            (0.5, 1.0),
            (0.3, 0.94),
            (0.3, 0.42),
            (0.42, 0.28),
        ],
        colour,
    )
    pen.rect(0.31, 0.54, 0.69, 0.8, "cream")


@thing
def jar(pen: Pen) -> None:
    pen.rect(0.2, 0.18, 0.8, 1.0, "pale-blue", 0.1)
    pen.rect(0.25, 0.46, 0.75, 0.95, pen.colour("red"), 0.08)
    pen.rect(0.22, 0.06, 0.78, 0.22, "gold", 0.03)


@thing
def clock(pen: Pen) -> None:
    pen.disc(0.5, 0.5, 0.48, pen.colour("brown"))
    pen.disc(0.5, 0.5, 0.4, "white")
    for x, y in ((0.5, 0.16), (0.84, 0.5), (0.5, 0.84), (0.16, 0.5)):
        pen.disc(x, y, 0.03, "black")
    pen.line([(0.5, 0.5), (0.5, 0.24)], "black", 0.035)
    pen.line([(0.5, 0.5), (0.68, 0.6)], "black", 0.045)


@thing
def ladder(pen: Pen) -> None:
    colour = pen.colour("tan")
    for row in range(6):
        y = 0.1 + 0.16 * row
        pen.line([(0.32 - 0.02 * row, y), (0.68 + 0.02 * row, y)], colour, 0.04)
    pen.line([(0.34, 0.0), (0.2, 1.0)], colour, 0.05)
    pen.line([(0.66, 0.0), (0.8, 1.0)], colour, 0.05)


@thing
def rope(pen: Pen) -> None:
    """A coil that lies on the ground."""
    colour = pen.colour("tan")
    for y in (0.88, 0.78, 0.68):
        pen.arc(0.46, y, 0.4, 0.12, 0, 360, colour, 0.075)
    pen.curve([(0.84, 0.8), (0.96, 0.9), (0.98, 0.98)], colour, 0.07)


@thing
def flag(pen: Pen) -> None:
    pen.rect(0.1, 0.0, 0.15, 1.0, "brown")
    pen.blob(
        [(0.15, 0.06), (0.5, 0.12), (0.95, 0.04), (0.92, 0.46), (0.5, 0.54), (0.15, 0.46)],
        pen.colour("red"),
    )


@thing
def hat(pen: Pen) -> None:
    colour = pen.colour("brown")
    pen.blob(
        [
            (0.22, 0.72),
            (0.26, 0.36),
            (0.42, 0.28),
            (0.5, 0.34),
            (0.6, 0.28),
            (0.75, 0.36),
            (0.78, 0.72),
        ],
        colour,
    )
    pen.rect(0.23, 0.6, 0.77, 0.72, "black")
    pen.oval(0.5, 0.78, 0.5, 0.12, colour)
    pen.rect(0.27, 0.6, 0.73, 0.71, "black")


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
def sign(pen: Pen) -> None:
    """An empty board on a post."""
    pen.rect(0.46, 0.5, 0.54, 1.0, "brown")
    pen.rect(0.04, 0.08, 0.96, 0.58, pen.colour("cream"), 0.03)


@thing
def candle(pen: Pen) -> None:
    pen.blob([(0.5, 0.02), (0.58, 0.18), (0.5, 0.26), (0.42, 0.18)], "orange")
    pen.line([(0.5, 0.22), (0.5, 0.34)], "black", 0.02)
    pen.rect(0.4, 0.32, 0.6, 0.92, pen.colour("cream"))
    pen.oval(0.5, 0.94, 0.28, 0.06, "gold")


@thing
def basket(pen: Pen) -> None:
    pen.arc(0.5, 0.5, 0.36, 0.4, 180, 360, "brown", 0.05)
    pen.poly([(0.06, 0.5), (0.94, 0.5), (0.82, 1.0), (0.18, 1.0)], pen.colour("tan"))
    for y in (0.62, 0.76, 0.9):
        pen.line([(0.12, y), (0.88, y)], "brown", 0.02)
    for x in (0.26, 0.42, 0.58, 0.74):
        pen.line([(x, 0.52), (x, 0.98)], "brown", 0.02)


@thing
def rug(pen: Pen) -> None:
    pen.oval(0.5, 0.86, 0.5, 0.13, pen.colour("red"))
    pen.oval(0.5, 0.86, 0.36, 0.08, "cream")


@thing
def cloud(pen: Pen) -> None:
    pen.blob(
        [
            (0.04, 0.7),
            (0.1, 0.5),
            (0.28, 0.5),
            (0.4, 0.3),
            (0.62, 0.34),
            (0.7, 0.5),
            (0.92, 0.52),
            (0.95, 0.72),
            (0.5, 0.76),
        ],
        pen.colour("white"),
    )


@thing
def sun(pen: Pen) -> None:
    for x, y in (
        (0.5, 0.0),
        (0.85, 0.15),
        (1.0, 0.5),
        (0.85, 0.85),
        (0.5, 1.0),
        (0.15, 0.85),
        (0.0, 0.5),
        (0.15, 0.15),
    ):
        pen.line([(0.5, 0.5), (x, y)], pen.colour("yellow"), 0.05)
    pen.disc(0.5, 0.5, 0.3, pen.colour("yellow"))


@thing
def moon(pen: Pen) -> None:
    pen.blob(
        [
            (0.6, 0.04),
            (0.24, 0.18),
            (0.1, 0.5),
            (0.24, 0.82),
            (0.6, 0.96),
            (0.42, 0.7),
            (0.42, 0.3),
        ],
        pen.colour("yellow"),
    )


@thing
def boat(pen: Pen) -> None:
    pen.rect(0.47, 0.04, 0.51, 0.74, "brown")
    pen.poly([(0.52, 0.06), (0.92, 0.6), (0.52, 0.6)], "white")
    pen.poly([(0.45, 0.14), (0.45, 0.6), (0.14, 0.6)], "cream")
    pen.poly([(0.02, 0.7), (0.98, 0.7), (0.82, 0.96), (0.16, 0.96)], pen.colour("red"))


@thing
def fence(pen: Pen) -> None:
    for y in (0.5, 0.78):
        pen.rect(0.0, y, 1.0, y + 0.07, pen.colour("cream"))
    for post in range(6):
        x = 0.02 + 0.17 * post
        pen.poly(
            [(x, 1.0), (x, 0.38), (x + 0.05, 0.28), (x + 0.1, 0.38), (x + 0.1, 1.0)],
            pen.colour("cream"),
        )


@thing
def plate(pen: Pen) -> None:
    pen.oval(0.5, 0.8, 0.5, 0.16, pen.colour("white"))
    pen.oval(0.5, 0.79, 0.34, 0.09, "pale-grey")


@thing
def bowl(pen: Pen) -> None:
    pen.wedge(0.5, 0.5, 0.48, 0.5, 0, 180, pen.colour("blue"))
    pen.oval(0.5, 0.5, 0.48, 0.12, "cream")


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
def scissors(pen: Pen) -> None:
    pen.poly([(0.48, 0.52), (0.66, 0.02), (0.7, 0.06), (0.54, 0.56)], "light-grey")
    pen.poly([(0.52, 0.52), (0.34, 0.02), (0.3, 0.06), (0.46, 0.56)], "light-grey")
    pen.arc(0.32, 0.78, 0.15, 0.17, 0, 360, pen.colour("red"), 0.07)
    pen.arc(0.68, 0.78, 0.15, 0.17, 0, 360, pen.colour("red"), 0.07)
    pen.line([(0.46, 0.54), (0.62, 0.64)], pen.colour("red"), 0.06)
    pen.line([(0.54, 0.54), (0.38, 0.64)], pen.colour("red"), 0.06)
    pen.disc(0.5, 0.5, 0.03, "black")


@thing
def pencil(pen: Pen) -> None:
    """Lies flat, its tip on the left."""
    pen.poly([(0.0, 0.5), (0.14, 0.43), (0.14, 0.57)], "tan")
    pen.poly([(0.0, 0.5), (0.05, 0.475), (0.05, 0.525)], "black")
    pen.rect(0.14, 0.43, 0.86, 0.57, pen.colour("yellow"))
    pen.rect(0.86, 0.43, 0.9, 0.57, "grey")
    pen.rect(0.9, 0.43, 0.99, 0.57, "pink", 0.03)


@thing
def bench(pen: Pen) -> None:
    colour = pen.colour("brown")
    for y in (0.34, 0.46):
        pen.rect(0.0, y, 1.0, y + 0.08, colour)
    for left in (0.1, 0.84):
        pen.rect(left, 0.34, left + 0.06, 1.0, "black")
    pen.rect(0.0, 0.64, 1.0, 0.74, colour)


@thing
def laptop(pen: Pen) -> None:
    pen.rect(0.14, 0.2, 0.86, 0.74, "dark-grey", 0.04)
    pen.rect(0.19, 0.26, 0.81, 0.69, pen.colour("light-blue"))
    pen.poly([(0.12, 0.75), (0.88, 0.75), (1.0, 0.95), (0.0, 0.95)], "grey")
    pen.poly([(0.2, 0.79), (0.8, 0.79), (0.86, 0.88), (0.14, 0.88)], "dark-grey")


@thing
def phone(pen: Pen) -> None:
    pen.rect(0.26, 0.02, 0.74, 0.98, "black", 0.07)
    pen.rect(0.3, 0.1, 0.7, 0.88, pen.colour("light-blue"))
    pen.disc(0.5, 0.93, 0.025, "grey")


@thing
def key(pen: Pen) -> None:
    colour = pen.colour("gold")
    pen.arc(0.22, 0.5, 0.16, 0.16, 0, 360, colour, 0.09)
    pen.line([(0.38, 0.5), (0.96, 0.5)], colour, 0.08)
    pen.line([(0.78, 0.5), (0.78, 0.68)], colour, 0.07)
    pen.line([(0.92, 0.5), (0.92, 0.66)], colour, 0.07)


@thing
def umbrella(pen: Pen) -> None:
    colour = pen.colour("purple")
    pen.line([(0.5, 0.1), (0.5, 0.88)], "brown", 0.04)
    pen.arc(0.58, 0.88, 0.08, 0.08, 0, 180, "brown", 0.04)
    pen.wedge(0.5, 0.5, 0.48, 0.44, 180, 360, colour)
    for x in (0.18, 0.5, 0.82):
        pen.wedge(x, 0.5, 0.16, 0.08, 180, 360, f"light-{colour.rpartition('-')[2]}")


@thing
def suitcase(pen: Pen) -> None:
    colour = pen.colour("brown")
    pen.arc(0.5, 0.3, 0.16, 0.14, 180, 360, "black", 0.05)
    pen.rect(0.04, 0.3, 0.96, 1.0, colour, 0.06)
    for x in (0.2, 0.74):
        pen.rect(x, 0.3, x + 0.07, 1.0, "tan")
