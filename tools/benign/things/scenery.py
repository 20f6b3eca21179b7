"""Places that fill a picture (`50 100 100 wide 1.34`), and what belongs to them."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def greenhouse(pen: Pen) -> None:
    """Glass walls and roof; a floor for things at y 74 to 94."""
    pen.rect(0.0, 0.0, 1.0, 0.72, pen.colour("pale-blue"))
    pen.rect(0.0, 0.72, 1.0, 1.0, "tan")
    for x, top in ((0.0, 0.5), (0.13, 0.36), (0.87, 0.36), (1.0, 0.5)):
        pen.blob(
            [
                (x - 0.08, 0.74),
                (x - 0.1, top + 0.1),
                (x, top),
                (x + 0.1, top + 0.1),
                (x + 0.08, 0.74),
            ],
            "green",
        )
    for x in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        pen.line([(x, 0.3), (x, 0.72)], "white", 0.016)
        pen.line([(x, 0.3), (0.5 + (x - 0.5) * 0.5, 0.0)], "white", 0.016)
    for y in (0.3, 0.51, 0.72):
        pen.line([(0.0, y), (1.0, y)], "white", 0.02)


@thing
def attic(pen: Pen) -> None:
    """Under a roof, with beams and a small window; a floor for things at y 78 to 94."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "dark-brown")
    pen.poly([(0.5, 0.0), (0.94, 0.74), (0.06, 0.74)], "dark-tan")
    for x in (0.3, 0.42, 0.58, 0.7):
        pen.line([(x, 0.74), (x, 0.02 + abs(x - 0.5) * 1.68)], "dark-brown", 0.008)
    pen.poly([(0.06, 0.74), (0.94, 0.74), (1.0, 1.0), (0.0, 1.0)], "brown")
    for low, top in ((0.2, 0.24), (0.4, 0.41), (0.6, 0.59), (0.8, 0.76)):
        pen.line([(low, 1.0), (top, 0.74)], "dark-brown", 0.008)
    pen.line([(0.5, 0.0), (0.0, 0.84)], "brown", 0.045)
    pen.line([(0.5, 0.0), (1.0, 0.84)], "brown", 0.045)
    pen.line([(0.24, 0.44), (0.76, 0.44)], "brown", 0.04)
    pen.rect(0.43, 0.18, 0.57, 0.36, "navy")
    pen.disc(0.52, 0.25, 0.035, "yellow")
    pen.line([(0.5, 0.18), (0.5, 0.36)], "tan", 0.012)
    pen.line([(0.43, 0.27), (0.57, 0.27)], "tan", 0.012)


@thing
def old_trunk(pen: Pen) -> None:
    colour = pen.colour("tan")
    pen.rect(0.02, 0.4, 0.98, 1.0, colour)
    pen.blob([(0.02, 0.44), (0.06, 0.24), (0.5, 0.16), (0.94, 0.24), (0.98, 0.44)], colour)
    pen.rect(0.0, 0.4, 1.0, 0.48, "dark-brown")
    for x in (0.14, 0.78):
        pen.rect(x, 0.2, x + 0.08, 1.0, "dark-brown")
    pen.rect(0.43, 0.38, 0.57, 0.58, "gold", 0.02)
    pen.disc(0.5, 0.48, 0.03, "black")


@thing
def eyes_in_dark(pen: Pen) -> None:
    """Two eyes that look out of a shadow."""
    pen.blob([(0.0, 1.0), (0.06, 0.5), (0.3, 0.22), (0.7, 0.22), (0.94, 0.5), (1.0, 1.0)], "black")
    for x in (0.32, 0.68):
        pen.oval(x, 0.5, 0.13, 0.11, pen.colour("yellow"))
        pen.oval(x, 0.5, 0.035, 0.09, "black")


@thing
def night_sea(pen: Pen) -> None:
    """A stormy sea under a dark sky, with a rock at the right for a tower at (70, 74)."""
    pen.rect(0.0, 0.0, 1.0, 0.66, "navy")
    for x, y in ((0.08, 0.1), (0.2, 0.3), (0.34, 0.12), (0.5, 0.22), (0.9, 0.1), (0.94, 0.34)):
        pen.disc(x, y, 0.008, "white")
    pen.rect(0.0, 0.62, 1.0, 1.0, "dark-blue")
    pen.blob(
        [
            (0.48, 0.84),
            (0.54, 0.76),
            (0.62, 0.72),
            (0.8, 0.72),
            (0.9, 0.78),
            (0.96, 0.86),
            (0.72, 0.9),
        ],
        "dark-grey",
    )
    for row, y in enumerate((0.7, 0.8, 0.9)):
        for step in range(5):
            x = 0.02 + 0.22 * step + 0.07 * row
            if y > 0.85 or not 0.34 < x < 0.9:
                pen.arc(x, y, 0.07, 0.04, 200, 340, "light-blue", 0.012)


def _tower(pen: Pen, *, lit: bool) -> None:
    if lit:
        pen.poly([(0.5, 0.18), (-1.5, -0.02), (-1.5, 0.34)], "pale-yellow")
        pen.poly([(0.5, 0.18), (1.6, 0.04), (1.6, 0.3)], "pale-yellow")
    bands = ("white", pen.colour("red"), "white", pen.colour("red"))
    for row, colour in enumerate(bands):
        top, low = 0.28 + 0.18 * row, 0.46 + 0.18 * row
        half, more = 0.12 + 0.035 * row, 0.155 + 0.035 * row
        pen.poly(
            [(0.5 - half, top), (0.5 + half, top), (0.5 + more, low), (0.5 - more, low)], colour
        )
    pen.rect(0.34, 0.25, 0.66, 0.29, "dark-grey")
    pen.rect(0.4, 0.12, 0.6, 0.25, "yellow" if lit else "dark-grey")
    pen.line([(0.5, 0.12), (0.5, 0.25)], "black", 0.012)
    pen.poly([(0.36, 0.13), (0.64, 0.13), (0.5, 0.0)], pen.colour("red"))
    pen.rect(0.45, 0.86, 0.55, 1.0, "dark-brown")


@thing
def dark_lighthouse(pen: Pen) -> None:
    _tower(pen, lit=False)


@thing
def lit_lighthouse(pen: Pen) -> None:
    """Its beams reach far beyond its box."""
    _tower(pen, lit=True)


def _limousine(pen: Pen, *, doors_open: bool) -> None:
    """From the side; drives to the left."""
    colour = pen.colour("cream")
    guard = "dark-green"
    pen.blob(
        [
            (0.3, 0.64),
            (0.36, 0.36),
            (0.5, 0.32),
            (0.8, 0.33),
            (0.9, 0.46),
            (0.95, 0.76),
            (0.3, 0.78),
        ],
        colour,
    )
    pen.poly([(0.06, 0.52), (0.34, 0.5), (0.34, 0.78), (0.06, 0.78)], colour)
    pen.rect(0.03, 0.5, 0.07, 0.8, "grey")
    pen.disc(0.08, 0.5, 0.04, "yellow")
    for x in (0.13, 0.18, 0.23):
        pen.line([(x, 0.56), (x, 0.68)], "grey", 0.012)
    pen.poly([(0.8, 0.4), (0.86, 0.42), (0.88, 0.52), (0.8, 0.52)], "pale-blue")
    if doors_open:
        pen.rect(0.38, 0.4, 0.78, 0.8, "black")
        pen.rect(0.42, 0.62, 0.54, 0.76, "dark-red", 0.03)
        pen.rect(0.62, 0.62, 0.74, 0.76, "dark-red", 0.03)
        for hinge, edge in ((0.38, 0.2), (0.78, 0.96)):
            pen.poly([(hinge, 0.38), (edge, 0.33), (edge, 0.9), (hinge, 0.81)], colour)
            inner = hinge + (edge - hinge) * 0.18
            outer = hinge + (edge - hinge) * 0.82
            pen.poly([(inner, 0.42), (outer, 0.39), (outer, 0.56), (inner, 0.56)], "pale-blue")
            pen.line([(outer, 0.64), (edge + (hinge - edge) * 0.4, 0.64)], "dark-grey", 0.02)
    else:
        for left in (0.39, 0.59):
            pen.rect(left, 0.39, left + 0.18, 0.79, colour, 0.02)
            pen.rect(left + 0.02, 0.42, left + 0.16, 0.55, "pale-blue", 0.02)
            pen.line([(left + 0.12, 0.62), (left + 0.16, 0.62)], "dark-grey", 0.02)
    pen.blob(
        [(0.02, 0.84), (0.06, 0.66), (0.18, 0.58), (0.3, 0.66), (0.38, 0.82), (0.34, 0.86)], guard
    )
    pen.blob([(0.7, 0.84), (0.76, 0.66), (0.86, 0.62), (0.96, 0.7), (0.99, 0.84)], guard)
    pen.rect(0.32, 0.81, 0.74, 0.86, guard)
    for x in (0.18, 0.85):
        pen.disc(x, 0.86, 0.13, "black")
        pen.disc(x, 0.86, 0.085, "cream")
        pen.disc(x, 0.86, 0.03, "grey")


@thing
def limousine(pen: Pen) -> None:
    _limousine(pen, doors_open=False)


@thing
def limousine_doors_open(pen: Pen) -> None:
    """Its front door is hinged at the front and its rear door at the rear."""
    _limousine(pen, doors_open=True)


@thing
def door_sketch(pen: Pen) -> None:
    """A workshop sheet: a car door that is hinged at the back, and how it swings."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "cream")
    pen.rect(0.18, 0.3, 0.56, 0.84, "light-grey", 0.04)
    pen.rect(0.23, 0.35, 0.51, 0.54, "pale-blue", 0.02)
    pen.rect(0.21, 0.62, 0.3, 0.65, "black")
    for y in (0.4, 0.74):
        pen.rect(0.53, y, 0.62, y + 0.05, "red")
        pen.line([(0.62, y + 0.02), (0.7, y + 0.02)], "red", 0.01)
    pen.arc(0.56, 0.28, 0.36, 0.14, 185, 330, "blue", 0.02)
    pen.poly([(0.84, 0.18), (0.92, 0.24), (0.82, 0.27)], "blue")
    pen.text(0.81, 0.42, "hinges", 0.07, "red")
    pen.text(0.81, 0.76, "at back", 0.07, "red")
    pen.text(0.5, 0.08, "REAR DOOR", 0.08, "navy", bold=True)


@thing
def winter_trees(pen: Pen) -> None:
    """A park under snow; things stand at y 70 to 92."""
    pen.rect(0.0, 0.0, 1.0, 0.6, pen.colour("light-blue"))
    for x, high in ((0.1, 0.52), (0.26, 0.4), (0.82, 0.5), (0.95, 0.42)):
        pen.line([(x, 0.62), (x, 0.62 - high)], "dark-brown", 0.024)
        for share, reach in ((0.45, 0.08), (0.65, 0.06), (0.85, 0.04)):
            y = 0.62 - high * share
            for side in (-1, 1):
                pen.line([(x, y), (x + side * reach, y - 0.08)], "dark-brown", 0.014)
    pen.blob(
        [
            (-0.1, 1.1),
            (-0.05, 0.62),
            (0.2, 0.58),
            (0.5, 0.63),
            (0.8, 0.57),
            (1.05, 0.62),
            (1.1, 1.1),
        ],
        "white",
    )
    for x, y in ((0.15, 0.8), (0.6, 0.74), (0.85, 0.9)):
        pen.arc(x, y, 0.06, 0.02, 190, 350, "pale-blue", 0.01)
    for x, y in ((0.4, 0.1), (0.56, 0.3), (0.68, 0.16), (0.44, 0.46), (0.18, 0.06), (0.9, 0.1)):
        pen.disc(x, y, 0.01, "white")


@thing
def spade(pen: Pen) -> None:
    pen.rect(0.47, 0.1, 0.53, 0.66, "brown")
    pen.rect(0.38, 0.02, 0.62, 0.1, "brown", 0.03)
    pen.blob(
        [(0.36, 0.62), (0.64, 0.62), (0.64, 0.84), (0.5, 1.0), (0.36, 0.84)], pen.colour("grey")
    )


@thing
def pitchfork(pen: Pen) -> None:
    pen.line([(0.5, 0.02), (0.5, 0.64)], "brown", 0.05)
    pen.line([(0.34, 0.66), (0.66, 0.66)], "dark-grey", 0.05)
    for x in (0.34, 0.445, 0.555, 0.66):
        pen.line([(x, 0.66), (x, 1.0)], "dark-grey", 0.035)
