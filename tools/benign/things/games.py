"""Games and contests: chess, toy robots, snowball fights, a jump from a bridge."""

from __future__ import annotations

from tools.benign.pen import Pen, Point
from tools.benign.things import thing


@thing
def chessboard(pen: Pen) -> None:
    """A board on a table, seen from the front; its far edge is at the top of the box."""

    def at(column: float, row: float) -> Point:
        near = (row / 8) ** 1.15
        return 0.5 + (column / 4 - 1) * (0.3 + 0.2 * near), 0.3 + 0.6 * near

    left, right = at(0, 8)[0], at(8, 8)[0]
    pen.poly([at(0, 8), at(8, 8), (right, 0.98), (left, 0.98)], "dark-brown")
    pen.poly([at(0, 0), at(8, 0), at(8, 8), at(0, 8)], "cream")
    for row in range(8):
        for column in range(row % 2, 8, 2):
            corners = [at(column, row), at(column + 1, row)]
            pen.poly([*corners, at(column + 1, row + 1), at(column, row + 1)], "brown")


def _foot(pen: Pen, colour: str) -> None:
    pen.poly([(0.4, 0.5), (0.6, 0.5), (0.68, 0.86), (0.32, 0.86)], colour)
    pen.rect(0.24, 0.84, 0.76, 1.0, colour, 0.05)


@thing
def chess_king(pen: Pen) -> None:
    colour = pen.colour("black")
    _foot(pen, colour)
    pen.line([(0.5, 0.0), (0.5, 0.24)], colour, 0.06)
    pen.line([(0.4, 0.08), (0.6, 0.08)], colour, 0.06)
    pen.poly([(0.28, 0.2), (0.72, 0.2), (0.62, 0.5), (0.38, 0.5)], colour)
    pen.rect(0.32, 0.46, 0.68, 0.54, colour, 0.03)


@thing
def chess_queen(pen: Pen) -> None:
    colour = pen.colour("black")
    _foot(pen, colour)
    crown = [(0.24, 0.16), (0.36, 0.28), (0.42, 0.12), (0.5, 0.28), (0.58, 0.12), (0.64, 0.28)]
    pen.poly([*crown, (0.76, 0.16), (0.63, 0.5), (0.37, 0.5)], colour)
    for x, y in ((0.24, 0.14), (0.42, 0.1), (0.58, 0.1), (0.76, 0.14)):
        pen.disc(x, y, 0.04, colour)
    pen.rect(0.32, 0.46, 0.68, 0.54, colour, 0.03)


@thing
def chess_knight(pen: Pen) -> None:
    """A horse's head that looks to the left."""
    colour = pen.colour("white")
    edge = "grey" if colour == "white" else "light-grey"
    pen.poly(
        [
            (0.58, 0.06), (0.64, 0.16), (0.74, 0.3), (0.78, 0.56), (0.7, 0.86), (0.3, 0.86),
            (0.34, 0.66), (0.5, 0.5), (0.42, 0.46), (0.26, 0.54), (0.16, 0.48), (0.18, 0.38),
            (0.36, 0.2), (0.5, 0.14),
        ],
        colour,
    )  # fmt: skip
    pen.curve([(0.6, 0.14), (0.68, 0.3), (0.71, 0.56)], edge, 0.025)
    pen.disc(0.41, 0.27, 0.028, "grey" if colour == "black" else "black")
    pen.disc(0.21, 0.44, 0.015, "grey" if colour == "black" else "black")
    pen.rect(0.22, 0.84, 0.82, 1.0, colour, 0.05)


@thing
def chess_pawn(pen: Pen) -> None:
    colour = pen.colour("white")
    _foot(pen, colour)
    pen.disc(0.5, 0.38, 0.15, colour)


@thing
def chess_rook(pen: Pen) -> None:
    colour = pen.colour("white")
    _foot(pen, colour)
    top = [(0.28, 0.18), (0.38, 0.18), (0.38, 0.26), (0.45, 0.26), (0.45, 0.18), (0.55, 0.18)]
    pen.poly(
        [*top, (0.55, 0.26), (0.62, 0.26), (0.62, 0.18), (0.72, 0.18), (0.66, 0.52), (0.34, 0.52)],
        colour,
    )


def _robot(pen: Pen, *, cheering: bool) -> None:
    colour = pen.colour("red")
    for x in (0.38, 0.62):
        pen.rect(x - 0.05, 0.74, x + 0.05, 0.94, "grey")
        pen.rect(x - 0.1, 0.9, x + 0.1, 1.0, "dark-grey", 0.03)
    for side in (-1, 1):
        shoulder = (0.5 + side * 0.22, 0.48)
        hand = (0.5 + side * 0.4, 0.2) if cheering else (0.5 + side * 0.36, 0.62)
        pen.line([shoulder, (0.5 + side * 0.38, 0.44), hand], "grey", 0.06)
        pen.disc(*hand, 0.08, "gold")
    pen.rect(0.28, 0.4, 0.72, 0.76, colour, 0.04)
    pen.rect(0.36, 0.48, 0.64, 0.64, "cream", 0.02)
    pen.arc(0.5, 0.62, 0.09, 0.1, 180, 360, "black", 0.02)
    pen.line([(0.5, 0.62), (0.55, 0.54)], "red", 0.02)
    pen.line([(0.5, 0.1), (0.5, 0.02)], "dark-grey", 0.03)
    pen.disc(0.5, 0.03, 0.03, "gold")
    pen.rect(0.34, 0.1, 0.66, 0.37, colour, 0.04)
    for x in (0.42, 0.58):
        pen.disc(x, 0.2, 0.045, "white")
        pen.disc(x, 0.2, 0.02, "black")
    pen.rect(0.41, 0.28, 0.59, 0.32, "dark-grey")
    for x in (0.47, 0.53):
        pen.line([(x, 0.28), (x, 0.32)], "white", 0.012)
    pen.rect(0.45, 0.36, 0.55, 0.41, "grey")


@thing
def tin_robot(pen: Pen) -> None:
    _robot(pen, cheering=False)


@thing
def cheering_robot(pen: Pen) -> None:
    _robot(pen, cheering=True)


@thing
def boxing_ring(pen: Pen) -> None:
    """The back and the floor of a ring; `ring_ropes` are in front of whoever is in it."""
    pen.poly([(0.14, 0.5), (0.86, 0.5), (1.0, 0.84), (0.0, 0.84)], pen.colour("pale-blue"))
    pen.rect(0.0, 0.84, 1.0, 0.98, "navy")
    for y in (0.24, 0.36):
        pen.line([(0.14, y), (0.86, y)], "red", 0.018)
    for x in (0.14, 0.86):
        pen.rect(x - 0.02, 0.16, x + 0.02, 0.52, "gold")


@thing
def ring_ropes(pen: Pen) -> None:
    for side, x in ((0.14, 0.02), (0.86, 0.98)):
        for far, near in ((0.24, 0.46), (0.36, 0.62)):
            pen.line([(side, far), (x, near)], "red", 0.018)
        pen.rect(x - 0.025, 0.38, x + 0.025, 0.86, "gold")
    pen.line([(0.02, 0.68), (0.98, 0.68)], "red", 0.018)


@thing
def spring(pen: Pen) -> None:
    colour = pen.colour("grey")
    zigzag = [(0.2 + 0.6 * (step % 2), 0.1 + 0.1 * step) for step in range(9)]
    pen.curve(zigzag, colour, 0.07)


@thing
def hatted_snowman(pen: Pen) -> None:
    pen.oval(0.5, 0.8, 0.32, 0.2, "white")
    pen.oval(0.5, 0.52, 0.23, 0.18, "white")
    pen.curve([(0.3, 0.5), (0.14, 0.42), (0.04, 0.3)], "brown", 0.025)
    pen.curve([(0.7, 0.5), (0.86, 0.42), (0.96, 0.3)], "brown", 0.025)
    pen.disc(0.5, 0.28, 0.15, "white")
    for x in (0.45, 0.56):
        pen.disc(x, 0.25, 0.018, "black")
    pen.poly([(0.5, 0.28), (0.5, 0.32), (0.3, 0.33)], "orange")
    for y in (0.46, 0.54, 0.62):
        pen.disc(0.5, y, 0.018, "black")
    pen.curve([(0.37, 0.38), (0.5, 0.42), (0.63, 0.38)], pen.colour("red"), 0.045)
    pen.line([(0.6, 0.4), (0.66, 0.56)], pen.colour("red"), 0.045)
    pen.rect(0.3, 0.14, 0.7, 0.18, "black")
    pen.rect(0.37, 0.0, 0.63, 0.15, "black")


@thing
def snow_wall(pen: Pen) -> None:
    """A wall of snow blocks with snowballs piled up beside it."""
    for row, shift in enumerate((0.0, 0.09, 0.0)):
        top = 0.4 + 0.2 * row
        for column in range(5):
            left = 0.02 + 0.18 * column + shift
            if left + 0.17 < 0.96:
                pen.rect(left, top, left + 0.17, top + 0.19, "pale-blue", 0.03)
    for x, y in ((0.88, 0.95), (0.97, 0.95), (0.925, 0.87)):
        pen.disc(x, y, 0.05, "white")


@thing
def lurking_snowman(pen: Pen) -> None:
    """A head and a raised arm with a snowball, for behind a wall."""
    pen.wedge(0.5, 1.0, 0.36, 0.36, 180, 360, "white")
    pen.disc(0.5, 0.5, 0.24, "white")
    pen.curve([(0.74, 0.72), (0.88, 0.5), (0.9, 0.24)], "brown", 0.04)
    pen.disc(0.9, 0.16, 0.1, "white")
    for x in (0.5, 0.66):
        pen.disc(x, 0.47, 0.03, "black")
    pen.poly([(0.58, 0.5), (0.58, 0.57), (0.92, 0.58)], "orange")
    pen.blob([(0.26, 0.4), (0.32, 0.2), (0.5, 0.14), (0.68, 0.2), (0.74, 0.38)], pen.colour("blue"))
    pen.rect(0.25, 0.32, 0.75, 0.41, pen.colour("blue"), 0.04)
    pen.disc(0.5, 0.1, 0.07, "white")


@thing
def high_bridge(pen: Pen) -> None:
    """An arch across a gorge, with a river far below; fills its box."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "pale-blue")
    pen.poly([(0.0, 0.3), (0.12, 0.34), (0.2, 0.62), (0.34, 1.0), (0.0, 1.0)], "dark-tan")
    pen.poly([(1.0, 0.3), (0.88, 0.34), (0.8, 0.66), (0.66, 1.0), (1.0, 1.0)], "dark-tan")
    pen.poly([(0.0, 0.3), (0.12, 0.34), (0.14, 0.42), (0.0, 0.46)], "green")
    pen.poly([(1.0, 0.3), (0.88, 0.34), (0.86, 0.42), (1.0, 0.46)], "green")
    pen.poly([(0.3, 0.9), (0.7, 0.9), (0.66, 1.0), (0.34, 1.0)], "blue")
    for x, y in ((0.38, 0.94), (0.52, 0.93), (0.46, 0.97)):
        pen.line([(x, y), (x + 0.1, y)], "white", 0.01)
    pen.arc(0.5, 0.66, 0.38, 0.36, 188, 352, pen.colour("red"), 0.03)
    for x, top in ((0.2, 0.44), (0.3, 0.36), (0.7, 0.36), (0.8, 0.44)):
        pen.line([(x, 0.28), (x, top)], pen.colour("red"), 0.014)
    pen.rect(0.0, 0.25, 1.0, 0.3, pen.colour("red"))
    pen.line([(0.0, 0.18), (1.0, 0.18)], pen.colour("red"), 0.01)
    for step in range(11):
        pen.line([(0.1 * step, 0.18), (0.1 * step, 0.26)], pen.colour("red"), 0.008)


@thing
def jump_platform(pen: Pen) -> None:
    """A board that sticks out of a railing, with a coiled rubber rope at its side."""
    pen.rect(0.0, 0.5, 1.0, 0.62, "gold")
    pen.line([(0.06, 0.62), (0.06, 1.0)], "dark-grey", 0.05)
    pen.line([(0.06, 1.0), (0.6, 0.62)], "dark-grey", 0.05)
    for y in (0.46, 0.38, 0.3):
        pen.arc(0.2, y, 0.16, 0.06, 0, 360, pen.colour("purple"), 0.07)


@thing
def plush_penguin(pen: Pen) -> None:
    """Soft, with seams, in a harness."""
    pen.oval(0.36, 0.96, 0.13, 0.05, "orange")
    pen.oval(0.64, 0.96, 0.13, 0.05, "orange")
    pen.blob([(0.22, 0.5), (0.04, 0.72), (0.1, 0.8), (0.28, 0.7)], "navy")
    pen.blob([(0.78, 0.5), (0.96, 0.72), (0.9, 0.8), (0.72, 0.7)], "navy")
    pen.blob(
        [(0.3, 0.2), (0.5, 0.04), (0.7, 0.2), (0.82, 0.6), (0.7, 0.92), (0.3, 0.92), (0.18, 0.6)],
        "navy",
    )
    pen.blob(
        [(0.34, 0.44), (0.66, 0.44), (0.74, 0.66), (0.64, 0.88), (0.36, 0.88), (0.26, 0.66)],
        "white",
    )
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.11, 0.25, 0.09, 0.1, "white")
        pen.disc(0.5 + side * 0.09, 0.25, 0.03, "black")
    pen.poly([(0.43, 0.33), (0.57, 0.33), (0.5, 0.42)], "orange")
    for start, end in (((0.24, 0.46), (0.7, 0.78)), ((0.76, 0.46), (0.3, 0.78))):
        pen.line([start, end], pen.colour("red"), 0.045)
    pen.line([(0.22, 0.76), (0.78, 0.76)], pen.colour("red"), 0.05)
    pen.disc(0.5, 0.62, 0.05, "grey")
    pen.disc(0.5, 0.62, 0.025, "white")
