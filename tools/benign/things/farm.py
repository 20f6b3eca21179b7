"""Things of fields and ponds."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def rape_plant(pen: Pen) -> None:
    """A stem of oilseed rape: yellow flowers with four petals, long pods, broad leaves."""
    pen.curve([(0.5, 0.2), (0.52, 0.6), (0.5, 1.0)], "green", 0.035)
    for start, (x, y) in ((0.5, (0.26, 0.34)), (0.46, (0.76, 0.3))):
        pen.curve([(0.51, start), ((x + 0.5) / 2, start - 0.02), (x, y)], "green", 0.025)
    pen.blob([(0.51, 0.88), (0.72, 0.7), (0.94, 0.74), (0.82, 0.9)], "dark-green")
    pen.blob([(0.49, 0.8), (0.28, 0.64), (0.06, 0.68), (0.2, 0.84)], "green")
    for y, side in ((0.6, 1), (0.54, -1), (0.66, -1)):
        pen.curve(
            [(0.5, y), (0.5 + side * 0.1, y - 0.04), (0.5 + side * 0.18, y - 0.12)], "olive", 0.02
        )
    for x, y in (
        (0.5, 0.1),
        (0.4, 0.2),
        (0.6, 0.19),
        (0.26, 0.26),
        (0.2, 0.36),
        (0.76, 0.22),
        (0.82, 0.34),
        (0.5, 0.28),
    ):
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            pen.disc(x + 0.035 * dx, y + 0.035 * dy, 0.036, "yellow")
        pen.disc(x, y, 0.018, "olive")


@thing
def crop_field(pen: Pen) -> None:
    """Rows of low green plants that run together in the distance."""
    pen.poly([(0.0, 0.08), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], "brown")
    for row in range(13):
        far, near = 0.02 + 0.08 * row, -0.9 + 0.233 * row
        for step in range(15):
            part = (step / 14) ** 1.6
            x = far + (near - far) * part
            size = 0.02 + 0.05 * part
            if -0.05 < x < 1.05:
                # The box is about three times as wide as high.
                leaf = "green" if step % 2 else "dark-green"
                pen.oval(x, 0.1 + 0.88 * part, size * 0.5, size, leaf)


@thing
def rape_in_bloom(pen: Pen) -> None:
    """A field full of yellow flowers, the nearest ones with their stems."""
    pen.poly([(0.0, 0.06), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], "yellow")
    for row in range(9):
        part = row / 8
        y, size, across = 0.08 + 0.6 * part**1.5, 0.012 + 0.02 * part, round(40 - 20 * part)
        for place in range(across):
            x = (place + pen.random.uniform(0.1, 0.9)) / across
            pen.oval(x, y, size * 0.6, size, "gold" if place % 2 else "light-yellow")
    pen.poly([(0.0, 0.84), (1.0, 0.84), (1.0, 1.0), (0.0, 1.0)], "dark-green")
    for place in range(26):
        x = (place + 0.5) / 26
        top = 0.7 + pen.random.uniform(-0.05, 0.05)
        pen.line([(x, 1.0), (x, top)], "green", 0.02)
        for dx, dy in ((-0.009, 0.02), (0.009, 0.02), (0.0, -0.02), (0.0, 0.04)):
            pen.oval(x + dx, top + dy, 0.01, 0.03, "yellow")


@thing
def ploughed_field(pen: Pen) -> None:
    """Bare earth with furrows."""
    pen.poly([(0.0, 0.06), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], "brown")
    for row in range(10):
        far, near = 0.05 + 0.1 * row, -0.7 + 0.26 * row
        pen.line([(far, 0.06), (far + (near - far) * 0.4, 0.4), (near, 1.0)], "dark-brown", 0.022)


@thing
def beehive(pen: Pen) -> None:
    """A wooden hive with two boxes; bees fly around it."""
    for x in (0.22, 0.7):
        pen.rect(x, 0.9, x + 0.07, 1.0, "dark-brown")
    pen.rect(0.16, 0.34, 0.84, 0.62, pen.colour("white"))
    pen.rect(0.16, 0.62, 0.84, 0.92, pen.colour("white"))
    pen.rect(0.1, 0.24, 0.9, 0.35, "grey")
    pen.rect(0.36, 0.82, 0.64, 0.88, "black")
    pen.rect(0.42, 0.45, 0.58, 0.49, "grey")
    for x, y in ((0.1, 0.12), (0.34, 0.06), (0.94, 0.5), (0.8, 0.1), (0.04, 0.6)):
        pen.oval(x, y - 0.025, 0.025, 0.022, "pale-blue")
        pen.oval(x, y, 0.035, 0.022, "yellow")
        pen.line([(x, y - 0.018), (x, y + 0.018)], "black", 0.012)


@thing
def garden_pond(pen: Pen) -> None:
    """Water in a bank of stones, seen from above at a slant."""
    pen.oval(0.5, 0.56, 0.5, 0.44, "olive")
    pen.oval(0.5, 0.55, 0.45, 0.38, "teal")
    for x, y in ((0.3, 0.4), (0.62, 0.74), (0.74, 0.42)):
        pen.arc(x, y, 0.08, 0.03, 190, 350, "light-teal", 0.012)
    for x, y in (
        (0.06, 0.62),
        (0.16, 0.82),
        (0.36, 0.95),
        (0.62, 0.96),
        (0.86, 0.82),
        (0.96, 0.58),
    ):
        pen.oval(x, y, 0.07, 0.05, "grey")


@thing
def water_hyacinth(pen: Pen) -> None:
    """Floats on round, swollen leaves, with a spike of violet flowers."""
    for x, y in ((0.12, 0.84), (0.34, 0.92), (0.62, 0.92), (0.88, 0.84), (0.24, 0.7), (0.76, 0.7)):
        pen.line([(0.5, 0.9), (x, y)], "olive", 0.05)
        pen.oval(x, y, 0.15, 0.1, "green")
        pen.arc(x, y, 0.08, 0.05, 190, 330, "dark-green", 0.015)
    pen.line([(0.5, 0.86), (0.5, 0.3)], "green", 0.05)
    for row, wide in ((0.2, 0.06), (0.3, 0.1), (0.42, 0.13), (0.54, 0.12)):
        for side in (-1, 1):
            pen.oval(0.5 + side * wide, row, 0.09, 0.07, pen.colour("purple"))
            pen.disc(0.5 + side * wide, row, 0.018, "yellow")
    pen.oval(0.5, 0.12, 0.07, 0.08, pen.colour("purple"))


@thing
def frog(pen: Pen) -> None:
    """Sits and looks out from the picture."""
    colour = pen.colour("green")
    for side in (-1, 1):
        pen.blob(
            [
                (0.5 + side * 0.2, 0.6),
                (0.5 + side * 0.46, 0.62),
                (0.5 + side * 0.48, 0.92),
                (0.5 + side * 0.24, 0.96),
            ],
            colour,
        )
        pen.oval(0.5 + side * 0.3, 0.97, 0.14, 0.03, colour)
    pen.blob([(0.3, 0.5), (0.7, 0.5), (0.76, 0.84), (0.5, 0.97), (0.24, 0.84)], colour)
    pen.oval(0.5, 0.78, 0.15, 0.16, "cream")
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.19, 0.2, 0.12, colour)
    pen.oval(0.5, 0.38, 0.33, 0.2, colour)
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.19, 0.19, 0.08, "yellow")
        pen.oval(0.5 + side * 0.19, 0.19, 0.02, 0.06, "black")
    pen.arc(0.5, 0.36, 0.24, 0.13, 15, 165, "black", 0.02)
