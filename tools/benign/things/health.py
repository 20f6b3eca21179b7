"""A vet's room, a bathroom shelf, an X-ray, a shop that mends toys, a jar of kombucha."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def steel_table(pen: Pen) -> None:
    """A vet's table; its top is at 0.2 of the box."""
    pen.rect(0.44, 0.32, 0.56, 0.92, "grey")
    pen.poly([(0.3, 1.0), (0.7, 1.0), (0.58, 0.9), (0.42, 0.9)], "dark-grey")
    pen.poly([(0.04, 0.14), (0.96, 0.14), (1.0, 0.26), (0.0, 0.26)], "pale-grey")
    pen.rect(0.0, 0.26, 1.0, 0.34, "light-grey")


@thing
def syringe(pen: Pen) -> None:
    """Lies flat; its needle is on the left."""
    pen.line([(0.0, 0.5), (0.3, 0.5)], "dark-grey", 0.02)
    pen.poly([(0.28, 0.46), (0.36, 0.42), (0.36, 0.58), (0.28, 0.54)], "grey")
    pen.rect(0.36, 0.38, 0.76, 0.62, "white", 0.03)
    pen.rect(0.37, 0.41, 0.6, 0.59, pen.colour("teal"))
    for x in (0.44, 0.52, 0.6, 0.68):
        pen.line([(x, 0.38), (x, 0.46)], "black", 0.015)
    pen.rect(0.76, 0.32, 0.8, 0.68, "grey")
    pen.rect(0.8, 0.47, 0.94, 0.53, "grey")
    pen.rect(0.94, 0.38, 0.98, 0.62, "grey")


@thing
def medicine_vial(pen: Pen) -> None:
    pen.rect(0.3, 0.06, 0.7, 0.22, pen.colour("blue"))
    pen.rect(0.36, 0.2, 0.64, 0.34, "light-grey")
    pen.rect(0.22, 0.32, 0.78, 1.0, "pale-blue", 0.08)
    pen.rect(0.22, 0.52, 0.78, 0.86, "white")
    pen.line([(0.3, 0.62), (0.7, 0.62)], "grey", 0.03)
    pen.line([(0.3, 0.74), (0.6, 0.74)], "grey", 0.03)


@thing
def open_razor(pen: Pen) -> None:
    """A barber's razor, half open: the blade above, the handle below."""
    pen.poly([(0.04, 0.3), (0.62, 0.5), (0.66, 0.6), (0.6, 0.66), (0.02, 0.46)], "light-grey")
    pen.line([(0.04, 0.44), (0.6, 0.64)], "white", 0.02)
    pen.line([(0.62, 0.56), (0.78, 0.6)], "grey", 0.06)
    pen.blob(
        [
            (0.2, 0.86),
            (0.24, 0.78),
            (0.5, 0.72),
            (0.76, 0.56),
            (0.86, 0.6),
            (0.8, 0.7),
            (0.54, 0.84),
        ],
        pen.colour("brown"),
    )
    pen.disc(0.78, 0.62, 0.03, "gold")
    pen.disc(0.27, 0.82, 0.025, "gold")


@thing
def foam_bowl(pen: Pen) -> None:
    """A bowl of shaving foam with a brush in it."""
    pen.line([(0.62, 0.44), (0.76, 0.1)], "brown", 0.11)
    pen.line([(0.58, 0.54), (0.64, 0.4)], "cream", 0.14)
    pen.blob(
        [
            (0.06, 0.58),
            (0.12, 0.42),
            (0.28, 0.36),
            (0.42, 0.42),
            (0.56, 0.38),
            (0.74, 0.44),
            (0.92, 0.58),
        ],
        "white",
    )
    pen.wedge(0.5, 0.58, 0.46, 0.42, 0, 180, pen.colour("blue"))


@thing
def striped_towel(pen: Pen) -> None:
    """Hangs on a hook."""
    pen.rect(0.16, 0.08, 0.84, 1.0, "white")
    for row in range(4):
        y = 0.2 + 0.2 * row
        pen.rect(0.16, y, 0.84, y + 0.09, pen.colour("blue"))
    pen.disc(0.5, 0.06, 0.06, "gold")


@thing
def plaster_box(pen: Pen) -> None:
    pen.rect(0.04, 0.34, 0.96, 1.0, "white", 0.04)
    pen.rect(0.04, 0.34, 0.96, 0.54, pen.colour("green"))
    pen.text(0.5, 0.44, "PLASTERS", 0.16, "white", bold=True)
    pen.rect(0.2, 0.68, 0.8, 0.86, "tan", 0.08)
    pen.rect(0.4, 0.7, 0.6, 0.84, "cream")


@thing
def plaster_strip(pen: Pen) -> None:
    pen.rect(0.02, 0.36, 0.98, 0.64, "tan", 0.13)
    pen.rect(0.34, 0.38, 0.66, 0.62, "cream")
    for x in (0.1, 0.2, 0.8, 0.9):
        for y in (0.44, 0.56):
            pen.disc(x, y, 0.014, "brown")


@thing
def razor_case(pen: Pen) -> None:
    """An open case with lining."""
    pen.poly([(0.08, 0.06), (0.92, 0.06), (0.98, 0.4), (0.02, 0.4)], "dark-brown")
    pen.poly([(0.13, 0.1), (0.87, 0.1), (0.92, 0.36), (0.08, 0.36)], "dark-red")
    pen.poly([(0.02, 0.42), (0.98, 0.42), (1.0, 0.94), (0.0, 0.94)], "dark-brown")
    pen.poly([(0.07, 0.47), (0.93, 0.47), (0.95, 0.89), (0.05, 0.89)], "red")


@thing
def xray(pen: Pen) -> None:
    """A forearm on a light box; one of its two bones is broken. Fills its box."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "light-grey", 0.03)
    pen.rect(0.04, 0.04, 0.96, 0.96, "black")
    flesh = [(0.04, 0.3), (0.3, 0.26), (0.5, 0.22), (0.7, 0.32), (0.96, 0.3)]
    pen.blob([*flesh, (0.96, 0.74), (0.7, 0.7), (0.4, 0.76), (0.04, 0.72)], "navy")
    pen.rect(0.04, 0.56, 0.68, 0.65, "pale-blue", 0.03)
    pen.oval(0.68, 0.6, 0.035, 0.065, "pale-blue")
    crack = [(0.38, 0.37), (0.41, 0.4), (0.37, 0.43), (0.4, 0.46)]
    pen.poly([(0.04, 0.37), *crack, (0.04, 0.46)], "pale-blue")
    pen.poly([(0.44, 0.3), (0.69, 0.38), (0.69, 0.47), (0.42, 0.39), (0.46, 0.36)], "pale-blue")
    pen.oval(0.69, 0.43, 0.035, 0.07, "pale-blue")
    for x, y in ((0.76, 0.4), (0.76, 0.5), (0.76, 0.6), (0.82, 0.44), (0.82, 0.55)):
        pen.oval(x, y, 0.03, 0.045, "light-blue")
    for step in range(4):
        pen.rect(0.86, 0.34 + 0.1 * step, 0.96, 0.39 + 0.1 * step, "light-blue", 0.02)
    pen.text(0.14, 0.13, "LEFT", 0.06, "white")


@thing
def teddy_bear(pen: Pen) -> None:
    """Sits."""
    colour = pen.colour("brown")
    pale = "tan" if colour != "tan" else "cream"
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.2, 0.1, 0.09, colour)
        pen.disc(0.5 + side * 0.2, 0.1, 0.045, pale)
        pen.blob(
            [
                (0.5 + side * 0.2, 0.46),
                (0.5 + side * 0.42, 0.56),
                (0.5 + side * 0.4, 0.68),
                (0.5 + side * 0.18, 0.62),
            ],
            colour,
        )
    pen.oval(0.5, 0.66, 0.26, 0.28, colour)
    pen.oval(0.5, 0.7, 0.15, 0.18, pale)
    pen.disc(0.5, 0.26, 0.24, colour)
    pen.oval(0.5, 0.34, 0.12, 0.09, pale)
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.09, 0.22, 0.025, "black")
        pen.disc(0.5 + side * 0.26, 0.88, 0.12, colour)
        pen.disc(0.5 + side * 0.26, 0.88, 0.065, pale)
    pen.oval(0.5, 0.31, 0.04, 0.03, "black")
    pen.arc(0.5, 0.35, 0.05, 0.05, 20, 160, "black", 0.015)
    pen.line([(0.5, 0.54), (0.5, 0.86)], "brown", 0.01)


@thing
def thread_spool(pen: Pen) -> None:
    """Thread and a needle."""
    pen.rect(0.16, 0.22, 0.64, 0.32, "tan", 0.03)
    pen.rect(0.22, 0.32, 0.58, 0.88, pen.colour("red"))
    for y in (0.42, 0.52, 0.62, 0.72, 0.82):
        pen.line([(0.22, y), (0.58, y - 0.04)], "dark-red", 0.012)
    pen.rect(0.16, 0.88, 0.64, 0.98, "tan", 0.03)
    pen.curve([(0.58, 0.7), (0.74, 0.8), (0.7, 0.5), (0.86, 0.3)], pen.colour("red"), 0.02)
    pen.line([(0.86, 0.26), (0.8, 0.96)], "grey", 0.035)


@thing
def cotton_heap(pen: Pen) -> None:
    """Stuffing for toys."""
    pen.blob(
        [
            (0.02, 0.98),
            (0.08, 0.74),
            (0.24, 0.72),
            (0.3, 0.52),
            (0.52, 0.46),
            (0.68, 0.58),
            (0.82, 0.7),
            (0.96, 0.78),
            (0.98, 0.98),
        ],
        "white",
    )
    for x, y in ((0.3, 0.76), (0.54, 0.64), (0.7, 0.84)):
        pen.arc(x, y, 0.1, 0.08, 180, 330, "light-grey", 0.02)


@thing
def kombucha_jar(pen: Pen) -> None:
    """Tea under a thick, pale skin with threads, below a cloth and a string."""
    pen.rect(0.12, 0.16, 0.88, 1.0, "pale-blue", 0.1)
    pen.rect(0.16, 0.36, 0.84, 0.96, "light-orange", 0.08)
    pen.blob(
        [
            (0.16, 0.34),
            (0.5, 0.28),
            (0.84, 0.34),
            (0.84, 0.46),
            (0.66, 0.52),
            (0.5, 0.46),
            (0.34, 0.52),
            (0.16, 0.46),
        ],
        "cream",
    )
    for x, low in ((0.26, 0.72), (0.36, 0.62), (0.5, 0.8), (0.64, 0.66), (0.74, 0.74)):
        pen.curve([(x, 0.48), (x + 0.04, (0.48 + low) / 2), (x - 0.01, low)], "tan", 0.025)
    for x, y in ((0.3, 0.4), (0.58, 0.38), (0.72, 0.42)):
        pen.disc(x, y, 0.025, "white")
    pen.poly(
        [
            (0.04, 0.3),
            (0.14, 0.04),
            (0.86, 0.04),
            (0.96, 0.3),
            (0.8, 0.24),
            (0.66, 0.3),
            (0.5, 0.24),
            (0.34, 0.3),
            (0.2, 0.24),
        ],
        pen.colour("red"),
    )
    pen.line([(0.1, 0.16), (0.9, 0.16)], "cream", 0.03)
