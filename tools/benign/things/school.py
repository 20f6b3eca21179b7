"""Things of lessons and museums: charts, traffic lights, displays and painted walls."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def botany_chart(pen: Pen) -> None:
    """A rolled chart with lines for labels on both sides and an empty middle."""
    pen.rect(0.06, 0.06, 0.94, 0.95, "cream")
    for y in (0.03, 0.93):
        pen.rect(0.02, y, 0.98, y + 0.05, "brown", 0.02)
    for y in (0.36, 0.54, 0.72):
        pen.line([(0.12, y), (0.32, y)], "grey", 0.012)
        pen.line([(0.68, y), (0.88, y)], "grey", 0.012)
        pen.line([(0.32, y), (0.4, y - 0.04)], "light-grey", 0.008)
        pen.line([(0.68, y), (0.6, y - 0.04)], "light-grey", 0.008)


@thing
def traffic_light(pen: Pen) -> None:
    """All lamps lit; with the colour `grey` none is."""
    dark = pen.colour("") == "grey"
    pen.rect(0.46, 0.7, 0.54, 1.0, "dark-grey")
    pen.rect(0.32, 0.02, 0.68, 0.74, "black", 0.05)
    for y, colour in ((0.14, "red"), (0.38, "yellow"), (0.62, "green")):
        pen.disc(0.5, y, 0.095, "dark-grey" if dark else colour)
        pen.arc(0.5, y, 0.1, 0.1, 190, 350, "grey", 0.018)


@thing
def blank_poster(pen: Pen) -> None:
    """A sheet on a wall, held by four pins."""
    pen.rect(0.0, 0.0, 1.0, 1.0, pen.colour("white"))
    for x in (0.05, 0.95):
        for y in (0.04, 0.96):
            pen.disc(x, y, 0.018, "red")


@thing
def bus_seat(pen: Pen) -> None:
    """An old bench for two out of a bus, seen from the front."""
    colour = pen.colour("green")
    for x in (0.1, 0.84):
        pen.rect(x, 0.72, x + 0.06, 1.0, "dark-grey")
    pen.rect(0.04, 0.12, 0.96, 0.62, colour, 0.1)
    pen.rect(0.09, 0.18, 0.91, 0.56, f"light-{colour}", 0.08)
    for x in (0.25, 0.42, 0.58, 0.75):
        pen.line([(x, 0.2), (x, 0.54)], colour, 0.018)
    pen.rect(0.02, 0.58, 0.98, 0.78, colour, 0.06)
    pen.line([(0.5, 0.6), (0.5, 0.76)], "black", 0.012)
    pen.rect(0.08, 0.06, 0.92, 0.13, "grey", 0.03)
    pen.line([(0.66, 0.3), (0.72, 0.36), (0.68, 0.44)], "tan", 0.02)


@thing
def display_platform(pen: Pen) -> None:
    pen.poly([(0.1, 0.6), (0.9, 0.6), (1.0, 0.78), (0.0, 0.78)], "cream")
    pen.rect(0.0, 0.78, 1.0, 1.0, "tan")


@thing
def wall_panel(pen: Pen) -> None:
    """An empty panel for a museum's text."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "dark-grey")
    pen.rect(0.02, 0.03, 0.98, 0.97, pen.colour("white"))


@thing
def cinema_doors(pen: Pen) -> None:
    """A model of a cinema front: one grand door, and one narrow door up a stair at the side."""
    pen.rect(0.02, 0.1, 0.98, 1.0, "tan")
    pen.rect(0.06, 0.0, 0.7, 0.16, "red")
    for step in range(9):
        pen.disc(0.09 + 0.0725 * step, 0.16, 0.016, "yellow")
    pen.text(0.38, 0.08, "CINEMA", 0.11, "cream", bold=True)
    pen.rect(0.16, 0.34, 0.6, 1.0, "cream")
    for x in (0.2, 0.39):
        pen.rect(x, 0.4, x + 0.17, 1.0, "brown")
        pen.rect(x + 0.03, 0.46, x + 0.14, 0.72, "light-blue")
    pen.disc(0.35, 0.76, 0.018, "gold")
    pen.disc(0.41, 0.76, 0.018, "gold")
    pen.rect(0.78, 0.4, 0.92, 0.76, "dark-brown")
    pen.disc(0.89, 0.58, 0.014, "grey")
    for step in range(4):
        pen.rect(
            0.72 - 0.0 * step, 0.76 + 0.06 * step, 0.94 + 0.02 * step, 0.82 + 0.06 * step, "grey"
        )
    pen.rect(0.02, 0.97, 0.98, 1.0, "dark-grey")


@thing
def brick_wall(pen: Pen) -> None:
    colour = pen.colour("orange")
    pen.rect(0.0, 0.04, 1.0, 1.0, f"light-{colour}")
    for row in range(8):
        y = 0.04 + 0.12 * row
        pen.line([(0.0, y), (1.0, y)], "cream", 0.012)
        for column in range(7):
            x = 0.15 * column + (0.075 if row % 2 else 0.0)
            if 0 < x < 1:
                pen.line([(x, y), (x, min(y + 0.12, 1.0))], "cream", 0.012)
    pen.rect(-0.01, 0.0, 1.01, 0.06, "grey")


@thing
def sprayed_scrawl(pen: Pen) -> None:
    """Sprayed loops and strokes that spell nothing."""
    colour = pen.colour("black")
    pen.curve(
        [
            (0.02, 0.6),
            (0.1, 0.2),
            (0.2, 0.8),
            (0.28, 0.2),
            (0.36, 0.7),
            (0.46, 0.3),
            (0.4, 0.7),
            (0.56, 0.8),
        ],
        colour,
        0.07,
    )
    pen.curve(
        [(0.56, 0.3), (0.7, 0.16), (0.62, 0.52), (0.8, 0.4), (0.7, 0.8), (0.9, 0.72), (0.98, 0.3)],
        colour,
        0.07,
    )
    pen.curve(
        [(0.0, 0.9), (0.3, 0.98), (0.2, 0.5), (0.5, 0.96), (0.46, 0.5), (0.72, 0.98), (1.0, 0.86)],
        colour,
        0.06,
    )
    for x, y, to in ((0.2, 0.8, 0.98), (0.56, 0.8, 1.0), (0.36, 0.7, 0.86), (0.7, 0.8, 0.99)):
        pen.line([(x, y), (x, to)], colour, 0.025)


@thing
def paint_pots(pen: Pen) -> None:
    for x, colour in ((0.02, "yellow"), (0.36, "green"), (0.7, "brown")):
        pen.rect(x, 0.42, x + 0.28, 1.0, "light-grey")
        pen.oval(x + 0.14, 0.42, 0.14, 0.08, colour)
        pen.rect(x + 0.04, 0.6, x + 0.24, 0.84, colour)
        pen.blob([(x + 0.2, 0.44), (x + 0.28, 0.46), (x + 0.26, 0.6), (x + 0.23, 0.58)], colour)
    pen.line([(0.5, 0.4), (0.64, 0.06)], "tan", 0.05)


@thing
def easel(pen: Pen) -> None:
    """With an empty canvas."""
    pen.line([(0.5, 0.0), (0.14, 1.0)], "brown", 0.035)
    pen.line([(0.5, 0.0), (0.86, 1.0)], "brown", 0.035)
    pen.rect(0.04, 0.12, 0.96, 0.74, pen.colour("white"))
    pen.rect(0.02, 0.74, 0.98, 0.79, "brown")


@thing
def letter_slot_box(pen: Pen) -> None:
    """A wooden box with a slot, a lock, and folded notes that look out."""
    for x, turn in ((0.3, -12), (0.46, 6)):
        note = pen.inside(x, 0.02, 0.24, 0.3, turn=turn)
        note.rect(0, 0, 1, 1, "white")
        for y in (0.25, 0.45):
            note.line([(0.15, y), (0.85, y)], "grey", 0.06)
    pen.rect(0.06, 0.2, 0.94, 1.0, pen.colour("tan"), 0.03)
    pen.rect(0.2, 0.26, 0.8, 0.33, "black", 0.02)
    pen.disc(0.5, 0.88, 0.04, "gold")
    pen.rect(0.16, 0.46, 0.84, 0.78, "cream")


@thing
def lectern(pen: Pen) -> None:
    """A speaker's desk with two microphones."""
    for side in (-1, 1):
        pen.curve(
            [(0.5 + side * 0.14, 0.3), (0.5 + side * 0.16, 0.14), (0.5 + side * 0.06, 0.08)],
            "black",
            0.02,
        )
        pen.oval(0.5 + side * 0.05, 0.07, 0.045, 0.035, "black")
    pen.poly([(0.3, 0.36), (0.7, 0.36), (0.66, 0.94), (0.34, 0.94)], pen.colour("brown"))
    pen.poly([(0.16, 0.34), (0.24, 0.26), (0.76, 0.26), (0.84, 0.34)], pen.colour("brown"))
    pen.rect(0.16, 0.34, 0.84, 0.4, pen.colour("brown"))
    pen.rect(0.26, 0.92, 0.74, 1.0, "dark-brown")


@thing
def potato_sack(pen: Pen) -> None:
    """An open sack full of potatoes."""
    for x, y in ((0.28, 0.24), (0.46, 0.16), (0.64, 0.22), (0.4, 0.3), (0.56, 0.32), (0.74, 0.32)):
        pen.oval(x, y, 0.12, 0.1, "gold")
        pen.disc(x - 0.03, y - 0.01, 0.012, "brown")
        pen.disc(x + 0.04, y + 0.02, 0.012, "brown")
    pen.blob(
        [
            (0.12, 0.34),
            (0.5, 0.42),
            (0.88, 0.34),
            (0.96, 0.84),
            (0.84, 0.99),
            (0.16, 0.99),
            (0.04, 0.84),
        ],
        pen.colour("tan"),
    )
    for y in (0.54, 0.72, 0.88):
        pen.curve([(0.12, y), (0.5, y + 0.05), (0.88, y)], "light-brown", 0.012)
    pen.oval(0.5, 0.7, 0.2, 0.13, "gold")


@thing
def hung_banner(pen: Pen) -> None:
    """A wide cloth without words that hangs from two cords."""
    for x in (0.04, 0.96):
        pen.line([(x, 0.0), (x, 0.3)], "dark-grey", 0.04)
    pen.blob(
        [
            (0.0, 0.3),
            (0.25, 0.33),
            (0.5, 0.35),
            (0.75, 0.33),
            (1.0, 0.3),
            (1.0, 0.94),
            (0.5, 1.0),
            (0.0, 0.94),
        ],
        pen.colour("cream"),
    )
