"""Backgrounds outdoors. The sky varies from picture to picture."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import draw_thing, put

__all__ = ["LANDSCAPES"]


def _outdoors(pen: Pen, ground: str, edge: float = 0.6) -> None:
    pen.rect(
        0, 0, 1, edge + 0.02, pen.random.choice(("pale-blue", "light-blue", "pale-teal", "cream"))
    )
    pen.rect(0, edge, 1, 1, ground)
    for _ in range(pen.random.randrange(1, 4)):
        x, y = pen.random.uniform(0.1, 0.9), pen.random.uniform(0.16, 0.3)
        put(pen, "cloud", x, y, pen.random.uniform(0.12, 0.24))


def park(pen: Pen) -> None:
    """Lawn from y 58, a path, trees at the back: things stand at y 70 to 92."""
    _outdoors(pen, "light-green", 0.56)
    for x, size in ((0.1, 0.5), (0.32, 0.34), (0.9, 0.56)):
        put(pen, "tree", x, 0.64, size)
    pen.poly([(0.5, 0.58), (0.56, 0.58), (0.9, 1.0), (0.4, 1.0)], "cream")
    put(pen, "bush", 0.68, 0.66, 0.16)


def garden(pen: Pen) -> None:
    """A fence at the back, beds of flowers: things stand at y 74 to 92."""
    _outdoors(pen, "light-green", 0.56)
    for place in range(5):
        put(pen, "fence", 0.1 + 0.2 * place, 0.62, 0.27)
    pen.rect(0, 0.6, 1, 0.7, "brown")
    for place, colour in enumerate(("pink", "red", "yellow", "purple", "orange", "pink", "red")):
        put(pen, "flower", 0.06 + 0.146 * place, 0.68, 0.2, colour)


def allotment(pen: Pen) -> None:
    """Rows of vegetables before a shed: things stand at y 60 or in front at y 90."""
    _outdoors(pen, "light-brown", 0.5)
    pen.rect(0.7, 0.24, 0.95, 0.56, "brown")
    pen.poly([(0.67, 0.26), (0.825, 0.1), (0.98, 0.26)], "dark-red")
    pen.rect(0.78, 0.34, 0.87, 0.56, "dark-brown")
    for row in range(3):
        y = 0.62 + 0.12 * row
        pen.line([(0, y), (1, y)], "dark-brown", 0.012)
        for place in range(9):
            put(
                pen,
                "bush",
                0.05 + 0.112 * place,
                y,
                0.07 + 0.015 * row,
                "green" if row % 2 else "olive",
            )


def street(pen: Pen) -> None:
    """Houses at the back, pavement at y 70, road from y 80."""
    _outdoors(pen, "light-grey", 0.66)
    colours = ["cream", "pale-red", "pale-teal", "pale-yellow", "pale-blue"]
    pen.random.shuffle(colours)
    for place, colour in enumerate(colours[:4]):
        put(pen, "house", 0.12 + 0.26 * place, 0.68, pen.random.uniform(0.4, 0.56), colour)
    pen.rect(0, 0.8, 1, 1, "grey")
    for x in (0.05, 0.35, 0.65, 0.95):
        pen.rect(x, 0.89, x + 0.14, 0.91, "white")


def bus_stop(pen: Pen) -> None:
    """A shelter at the left, a stop sign at the right: things stand at y 80."""
    _outdoors(pen, "light-grey", 0.7)
    pen.rect(0, 0.5, 1, 0.72, "pale-green")
    pen.rect(0.06, 0.2, 0.5, 0.26, "teal")
    for x in (0.08, 0.46):
        pen.rect(x, 0.26, x + 0.02, 0.8, "teal")
    pen.rect(0.11, 0.3, 0.45, 0.62, "pale-blue")
    draw_thing("bench", pen.inside(0.14, 0.58, 0.28, 0.22))
    pen.rect(0.8, 0.26, 0.815, 0.8, "dark-grey")
    pen.disc(0.807, 0.22, 0.08, "yellow")
    pen.rect(0.775, 0.19, 0.84, 0.25, "navy", 0.02)
    pen.rect(0, 0.84, 1, 1, "grey")


def beach(pen: Pen) -> None:
    """Sea from y 40, sand from y 62: things stand at y 70 to 92."""
    _outdoors(pen, "blue", 0.4)
    put(pen, "sun", 0.82, 0.28, 0.22)
    pen.blob(
        [(-0.1, 0.66), (0.3, 0.6), (0.7, 0.66), (1.1, 0.6), (1.1, 1.1), (-0.1, 1.1)], "light-gold"
    )
    for x, y in ((0.15, 0.48), (0.5, 0.45), (0.75, 0.53)):
        pen.arc(x, y, 0.06, 0.02, 180, 360, "white", 0.012)


def harbour(pen: Pen) -> None:
    """Water from y 44, boats, a quay from y 76 for things."""
    _outdoors(pen, "light-teal", 0.44)
    put(pen, "boat", 0.2, 0.62, 0.4)
    put(pen, "boat", 0.72, 0.56, 0.28, "blue")
    pen.rect(0, 0.74, 1, 1, "light-grey")
    for x in (0.12, 0.5, 0.88):
        pen.rect(x - 0.02, 0.66, x + 0.02, 0.78, "dark-brown", 0.02)


def farm(pen: Pen) -> None:
    """A barn and a fence: things stand at y 72 to 92."""
    _outdoors(pen, "light-olive", 0.58)
    pen.rect(0.56, 0.3, 0.9, 0.66, "red")
    pen.poly([(0.52, 0.32), (0.6, 0.14), (0.86, 0.14), (0.94, 0.32)], "dark-red")
    pen.rect(0.66, 0.42, 0.8, 0.66, "brown")
    pen.line([(0.66, 0.42), (0.8, 0.66)], "white", 0.012)
    pen.line([(0.8, 0.42), (0.66, 0.66)], "white", 0.012)
    for place in range(3):
        put(pen, "fence", 0.1 + 0.2 * place, 0.68, 0.27, "tan")


def forest(pen: Pen) -> None:
    """Trunks and pines: things stand at y 76 to 94."""
    pen.rect(0, 0, 1, 0.7, pen.random.choice(("pale-green", "pale-teal", "pale-olive")))
    pen.rect(0, 0.64, 1, 1, "olive")
    for x, size in ((0.2, 0.6), (0.36, 0.48), (0.56, 0.52), (0.72, 0.62)):
        put(pen, "pine", x, 0.68, size)
    for x in (0.03, 0.9):
        pen.poly([(x - 0.03, 0.84), (x, 0), (x + 0.07, 0), (x + 0.1, 0.84)], "brown")
    for x in (0.14, 0.4, 0.8):
        pen.curve([(x, 0.9), (x + 0.03, 0.84), (x + 0.06, 0.9)], "dark-green", 0.01)


def mountains(pen: Pen) -> None:
    """Peaks, a lake and a meadow from y 72."""
    _outdoors(pen, "light-green", 0.6)
    for points in (
        ((-0.05, 0.62), (0.24, 0.16), (0.52, 0.62)),
        ((0.34, 0.62), (0.68, 0.1), (1.06, 0.62)),
    ):
        pen.poly(points, "grey")
        (_, _), (x, y), (_, _) = points
        pen.poly(
            [
                (x, y),
                (x + 0.08, y + 0.12),
                (x + 0.02, y + 0.1),
                (x - 0.02, y + 0.14),
                (x - 0.07, y + 0.11),
            ],
            "white",
        )
    pen.oval(0.56, 0.68, 0.36, 0.06, "light-blue")


def sports_field(pen: Pen) -> None:
    """A pitch with a goal at the back: things stand at y 70 to 92."""
    _outdoors(pen, "green", 0.5)
    for place in range(4):
        left = 0.25 * place
        pen.poly(
            [(left, 0.5), (left + 0.125, 0.5), (left + 0.06, 1), (left - 0.16, 1)], "light-green"
        )
    pen.line([(0.3, 0.6), (0.3, 0.28), (0.7, 0.28), (0.7, 0.6)], "white", 0.02)
    for x in (0.38, 0.46, 0.54, 0.62):
        pen.line([(x, 0.29), (x, 0.59)], "white", 0.004)
    for y in (0.36, 0.44, 0.52):
        pen.line([(0.31, y), (0.69, y)], "white", 0.004)
    pen.arc(0.5, 0.98, 0.3, 0.16, 180, 360, "white", 0.012)


LANDSCAPES = (
    *(park, garden, allotment, street, bus_stop, beach, harbour),
    *(farm, forest, mountains, sports_field),
)
