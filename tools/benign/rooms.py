"""Backgrounds indoors. Wall and floor vary from picture to picture."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import draw_thing, put

__all__ = ["ROOMS"]

_WALLS = (
    "pale-blue",
    "pale-yellow",
    "pale-green",
    "pale-pink",
    "cream",
    "pale-purple",
    "pale-teal",
)
_FLOORS = ("tan", "light-brown", "light-grey", "light-olive", "pale-brown")


def _room(pen: Pen, wall: str = "", floor: str = "", edge: float = 0.72) -> None:
    pen.rect(0, 0, 1, edge, wall or pen.random.choice(_WALLS))
    pen.rect(0, edge, 1, 1, floor or pen.random.choice(_FLOORS))
    pen.rect(0, edge - 0.02, 1, edge + 0.01, "white")


def plain(pen: Pen) -> None:
    """A sheet of one colour with a shadowed ground from y 80."""
    colour = pen.random.choice(
        ("blue", "yellow", "green", "pink", "purple", "teal", "orange", "tan")
    )
    pen.rect(0, 0, 1, 1, f"pale-{colour}")
    pen.rect(0, 0.78, 1, 1, f"light-{colour}")


def tabletop(pen: Pen) -> None:
    """A wooden table from above, nothing else."""
    wood = pen.random.choice(("tan", "light-brown", "pale-brown", "light-olive"))
    pen.rect(0, 0, 1, 1, wood)
    for row in range(1, 5):
        y = row / 5
        pen.line([(0, y), (1, y)], "brown", 0.006)
        for _ in range(2):
            x = pen.random.uniform(0.1, 0.9)
            pen.arc(x, y - 0.1, 0.06, 0.012, 0, 360, "brown", 0.004)


def kitchen(pen: Pen) -> None:
    """Shelf with jars at the top; a worktop for things at y 66; cupboards below."""
    _room(pen)
    for x in (0.0, 0.25, 0.5, 0.75):
        pen.rect(x, 0.7, x + 0.26, 1.02, "light-brown")
        pen.disc(x + 0.21, 0.78, 0.012, "black")
    pen.rect(0, 0.64, 1, 0.71, "grey")
    pen.rect(0.04, 0.24, 0.36, 0.26, "brown")
    for x, name, colour in ((0.09, "jar", "gold"), (0.18, "cup", "red"), (0.28, "jar", "green")):
        put(pen, name, x, 0.24, 0.12, colour)
    put(pen, "window", 0.8, 0.36, 0.32)


def dining(pen: Pen) -> None:
    """A room with a laid table, whose cloth begins at y 62: things stand at y 66 to 80."""
    _room(pen)
    put(pen, "picture_frame", 0.25, 0.36, 0.24)
    put(pen, "lamp", 0.78, 0.62, 0.4)
    pen.poly(
        [(0.1, 0.6), (0.9, 0.6), (1.0, 0.86), (0.0, 0.86)],
        pen.random.choice(("white", "pale-red", "pale-teal")),
    )
    pen.rect(0, 0.86, 1, 0.93, "light-grey")


def living_room(pen: Pen) -> None:
    """A sofa at the right, a rug: things stand at y 82 to 94 or on the sofa at y 66."""
    _room(pen, edge=0.72)
    put(pen, "picture_frame", 0.7, 0.38, 0.26)
    put(pen, "window", 0.22, 0.46, 0.38)
    put(pen, "sofa", 0.7, 0.82, 0.5)
    pen.oval(0.4, 0.9, 0.3, 0.07, pen.random.choice(("red", "teal", "gold")))


def bedroom(pen: Pen) -> None:
    """A bed at the left, a night table at the right whose top is at y 62."""
    _room(pen, edge=0.74)
    put(pen, "window", 0.5, 0.42, 0.34)
    draw_thing("bed", pen.inside(0.02, 0.36, 0.62, 0.56))
    pen.rect(0.74, 0.6, 0.96, 0.64, "brown")
    pen.rect(0.77, 0.64, 0.93, 0.9, "light-brown")
    pen.disc(0.85, 0.72, 0.014, "black")


def bathroom(pen: Pen) -> None:
    """Tiles, a mirror and a basin whose top is at y 64."""
    pen.rect(0, 0, 1, 0.8, "pale-teal")
    for place in range(9):
        pen.line([(place / 8, 0), (place / 8, 0.8)], "white", 0.006)
        pen.line([(0, place / 10), (1, place / 10)], "white", 0.006)
    pen.rect(0, 0.8, 1, 1, "light-grey")
    pen.rect(0.34, 0.08, 0.66, 0.5, "brown", 0.04)
    pen.rect(0.37, 0.12, 0.63, 0.46, "pale-blue", 0.03)
    pen.rect(0.14, 0.63, 0.86, 0.69, "white")
    pen.blob([(0.36, 0.68), (0.64, 0.68), (0.58, 0.82), (0.42, 0.82)], "white")
    pen.rect(0.46, 0.8, 0.54, 1.0, "white")
    pen.curve([(0.5, 0.63), (0.5, 0.54), (0.55, 0.55)], "grey", 0.02)


def office(pen: Pen) -> None:
    """A desk for things at y 70, a shelf of files, a window."""
    _room(pen, edge=0.84)
    put(pen, "window", 0.2, 0.44, 0.4)
    pen.rect(0.56, 0.3, 0.96, 0.33, "tan")
    for place, colour in enumerate(("red", "grey", "blue", "grey", "green", "gold")):
        x = 0.58 + 0.05 * place
        pen.rect(x, 0.1, x + 0.045, 0.3, colour)
        pen.rect(x + 0.01, 0.15, x + 0.035, 0.2, "white")
    pen.rect(0.02, 0.67, 0.98, 0.74, "light-brown")
    for x in (0.06, 0.8):
        pen.rect(x, 0.74, x + 0.14, 1.0, "light-brown")
        pen.disc(x + 0.07, 0.8, 0.012, "black")


def classroom(pen: Pen) -> None:
    """A green board over y 10 to 50; a desk for things at y 74."""
    _room(pen, floor="light-brown", edge=0.78)
    pen.rect(0.14, 0.08, 0.86, 0.52, "brown")
    pen.rect(0.16, 0.11, 0.84, 0.49, "dark-green")
    pen.rect(0.3, 0.52, 0.5, 0.545, "tan")
    pen.rect(0.06, 0.72, 0.94, 0.79, "tan")
    for x in (0.12, 0.82):
        pen.rect(x, 0.79, x + 0.05, 1.0, "brown")


def library(pen: Pen) -> None:
    """Shelves of books; a table for things at y 76."""
    _room(pen, floor="brown", edge=0.86)
    for row in range(3):
        foot = 0.22 + 0.2 * row
        pen.rect(0.02, foot, 0.98, foot + 0.03, "brown")
        for place in range(10):
            put(pen, "books", 0.075 + 0.095 * place, foot, pen.random.uniform(0.13, 0.18))
    pen.rect(0.0, 0.74, 1.0, 0.82, "light-brown")


def workshop(pen: Pen) -> None:
    """Tools on the wall; a bench for things at y 70."""
    _room(pen, wall="pale-tan", floor="grey", edge=0.86)
    pen.rect(0.08, 0.08, 0.6, 0.42, "light-brown")
    for x in (0.14, 0.24):
        pen.rect(x, 0.16, x + 0.015, 0.38, "tan")
        pen.rect(x - 0.025, 0.13, x + 0.04, 0.18, "dark-grey")
    pen.rect(0.34, 0.14, 0.36, 0.26, "red")
    pen.rect(0.345, 0.26, 0.355, 0.38, "grey")
    pen.poly([(0.42, 0.3), (0.55, 0.16), (0.56, 0.28), (0.43, 0.34)], "light-grey")
    put(pen, "window", 0.82, 0.44, 0.36)
    pen.rect(0.0, 0.66, 1.0, 0.76, "brown")
    for x in (0.06, 0.86):
        pen.rect(x, 0.76, x + 0.08, 1.0, "brown")


def shop(pen: Pen) -> None:
    """Shelves at the back; a counter for things at y 66."""
    _room(pen, edge=0.9)
    for row in (0.2, 0.4):
        pen.rect(0.04, row, 0.96, row + 0.02, "brown")
        for place in range(9):
            name = pen.random.choice(("jar", "bottle", "box", "closed_book", "cup"))
            put(
                pen,
                name,
                0.09 + 0.103 * place,
                row,
                0.13,
                pen.random.choice(("red", "blue", "gold", "green")),
            )
    pen.rect(0.0, 0.63, 1.0, 0.7, "light-brown")
    pen.rect(0.02, 0.7, 0.98, 1.0, "brown")


def clinic(pen: Pen) -> None:
    """A bright room with a couch at the left (top at y 66), an eye chart and a cupboard."""
    _room(
        pen,
        wall=pen.random.choice(("pale-teal", "pale-blue", "pale-green")),
        floor="pale-grey",
        edge=0.76,
    )
    pen.rect(0.66, 0.12, 0.82, 0.46, "white")
    for row, (marks, size) in enumerate(((1, 0.07), (2, 0.05), (3, 0.035), (4, 0.025))):
        for mark in range(marks):
            x = 0.74 + (mark - (marks - 1) / 2) * (0.13 / marks)
            y = 0.18 + 0.08 * row
            pen.line(
                [
                    (x - size / 3, y - size / 2),
                    (x - size / 3, y + size / 2),
                    (x + size / 3, y + size / 2),
                ],
                "black",
                0.012,
            )
    pen.rect(0.02, 0.64, 0.46, 0.72, "light-teal", 0.02)
    pen.rect(0.02, 0.58, 0.14, 0.66, "white", 0.03)
    for x in (0.05, 0.4):
        pen.rect(x, 0.72, x + 0.02, 0.94, "grey")
    pen.rect(0.26, 0.14, 0.36, 0.18, "red")
    pen.rect(0.295, 0.08, 0.325, 0.24, "red")


def museum(pen: Pen) -> None:
    """A hall with columns and a plinth in the middle, whose top is at y 62."""
    _room(
        pen, wall=pen.random.choice(("pale-red", "pale-grey", "pale-olive")), floor="grey", edge=0.8
    )
    for x in (0.06, 0.86):
        pen.rect(x, 0.1, x + 0.08, 0.8, "white")
        for line in (0.025, 0.055):
            pen.line([(x + line, 0.13), (x + line, 0.78)], "light-grey", 0.008)
        pen.rect(x - 0.02, 0.06, x + 0.1, 0.12, "white")
        pen.rect(x - 0.02, 0.77, x + 0.1, 0.83, "white")
    pen.rect(0.36, 0.6, 0.64, 0.66, "white")
    pen.rect(0.39, 0.66, 0.61, 0.94, "white")
    pen.rect(0.45, 0.74, 0.55, 0.81, "gold")


def gallery(pen: Pen) -> None:
    """A bare wall over a skirting at y 78, for what hangs, and a rope barrier in front."""
    _room(
        pen,
        wall=pen.random.choice(("white", "pale-grey", "pale-teal", "pale-gold")),
        floor="light-brown",
        edge=0.8,
    )
    for x in (0.08, 0.5, 0.92):
        pen.rect(x - 0.008, 0.7, x + 0.008, 0.94, "gold")
        pen.disc(x, 0.7, 0.022, "gold")
        pen.oval(x, 0.945, 0.03, 0.015, "gold")
    for left in (0.08, 0.5):
        pen.curve([(left, 0.73), (left + 0.21, 0.84), (left + 0.42, 0.73)], "red", 0.022)


def stage(pen: Pen) -> None:
    """Curtains on both sides; boards for things at y 74 to 92."""
    pen.rect(0, 0, 1, 0.66, pen.random.choice(("navy", "dark-purple", "dark-teal")))
    pen.rect(0, 0.66, 1, 1, "light-brown")
    for x in (0.2, 0.4, 0.6, 0.8):
        pen.line([(0.5 + (x - 0.5) * 0.8, 0.66), (0.5 + (x - 0.5) * 1.5, 1)], "brown", 0.006)
    pen.poly([(0.42, 0), (0.58, 0), (0.76, 0.8), (0.24, 0.8)], "light-yellow")
    pen.oval(0.5, 0.8, 0.26, 0.06, "light-yellow")
    for side in (0, 1):
        for fold in range(3):
            near, far = 0.07 * fold, 0.07 * fold + 0.08
            xs = (near, far) if side == 0 else (1 - far, 1 - near)
            pen.rect(xs[0], 0, xs[1], 0.9 - 0.02 * fold, "red")
    pen.rect(0, 0, 1, 0.1, "dark-red")
    for x in range(8):
        pen.wedge(x / 8 + 0.0625, 0.1, 0.0625, 0.06, 0, 180, "red")


def dressing_room(pen: Pen) -> None:
    """A theatre's mirror with bulbs; a table for things at y 74."""
    _room(pen, floor="brown", edge=0.9)
    pen.rect(0.26, 0.08, 0.74, 0.62, "brown", 0.03)
    pen.rect(0.31, 0.14, 0.69, 0.58, "pale-teal")
    for x in (0.285, 0.715):
        for row in range(4):
            pen.disc(x, 0.16 + 0.13 * row, 0.026, "yellow")
    for x, colour in ((0.04, "red"), (0.1, "purple"), (0.16, "teal")):
        pen.poly([(x, 0.2), (x + 0.06, 0.2), (x + 0.1, 0.62), (x - 0.03, 0.62)], colour)
    pen.rect(0.0, 0.17, 0.24, 0.19, "black")
    pen.rect(0.0, 0.7, 1.0, 0.8, "tan")
    for x in (0.08, 0.86):
        pen.rect(x, 0.8, x + 0.06, 1.0, "tan")


def gym(pen: Pen) -> None:
    """A sports hall with wall bars and a line on its floor: things stand at y 76 to 92."""
    _room(pen, wall="cream", floor="light-orange", edge=0.68)
    for left in (0.04, 0.72):
        for row in range(7):
            pen.line(
                [(left, 0.14 + 0.075 * row), (left + 0.24, 0.14 + 0.075 * row)], "brown", 0.014
            )
        for x in (left, left + 0.24):
            pen.rect(x - 0.01, 0.1, x + 0.01, 0.66, "tan")
    pen.oval(0.5, 0.86, 0.34, 0.09, "white")
    pen.oval(0.5, 0.86, 0.32, 0.08, "light-orange")


def station(pen: Pen) -> None:
    """A railway platform with a clock and a train at the back: things stand at y 82."""
    pen.rect(0, 0, 1, 0.7, "pale-gold")
    pen.rect(0, 0.0, 1, 0.1, "dark-teal")
    pen.rect(0.0, 0.3, 1.0, 0.66, pen.random.choice(("red", "blue", "green")))
    for place in range(5):
        pen.rect(0.05 + 0.19 * place, 0.36, 0.17 + 0.19 * place, 0.5, "pale-blue", 0.02)
    pen.rect(0, 0.64, 1, 0.72, "dark-grey")
    pen.rect(0, 0.72, 1, 1, "light-grey")
    pen.rect(0, 0.74, 1, 0.76, "yellow")
    pen.rect(0.495, 0.1, 0.505, 0.14, "black")
    put(pen, "clock", 0.5, 0.28, 0.15, "black")


ROOMS = (
    *(plain, tabletop, kitchen, dining, living_room, bedroom, bathroom),
    *(office, classroom, library, workshop, shop, clinic, museum),
    *(gallery, stage, dressing_room, gym, station),
)
