"""Things of pubs and their kitchens."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def long_drink(pen: Pen) -> None:
    """A tall open glass with a straw and a slice of lemon."""
    pen.line([(0.5, 0.9), (0.68, 0.0)], "red", 0.03)
    pen.poly([(0.22, 0.16), (0.78, 0.16), (0.7, 1.0), (0.3, 1.0)], "pale-blue")
    pen.poly([(0.25, 0.36), (0.75, 0.36), (0.69, 0.97), (0.31, 0.97)], pen.colour("orange"))
    for x, y in ((0.34, 0.42), (0.52, 0.5), (0.42, 0.62)):
        pen.rect(x, y, x + 0.12, y + 0.12, "white", 0.02)
    pen.disc(0.24, 0.18, 0.13, "yellow")
    pen.disc(0.24, 0.18, 0.09, "light-yellow")


@thing
def paper_lids(pen: Pen) -> None:
    """A pile of round lids with a hole for the straw, and one that leans on it."""
    for step in range(5):
        y = 0.9 - 0.09 * step
        pen.oval(0.4, y, 0.36, 0.1, "light-grey")
        pen.oval(0.4, y - 0.03, 0.36, 0.1, pen.colour("white"))
    pen.oval(0.46, 0.5, 0.04, 0.015, "black")
    pen.oval(0.8, 0.68, 0.17, 0.31, "light-grey")
    pen.oval(0.78, 0.68, 0.17, 0.31, pen.colour("white"))
    pen.oval(0.78, 0.56, 0.025, 0.04, "black")


@thing
def pub_counter(pen: Pen) -> None:
    """A bar with two taps, for the lower part of a picture."""
    for x in (0.12, 0.18):
        pen.rect(x, 0.02, x + 0.03, 0.3, "gold")
        pen.rect(x - 0.01, -0.08, x + 0.04, 0.06, "dark-brown")
        pen.rect(x + 0.02, 0.1, x + 0.045, 0.2, "grey")
    pen.rect(0.0, 0.3, 1.0, 0.44, pen.colour("tan"))
    pen.rect(0.0, 0.44, 1.0, 1.0, "brown")
    for x in (0.05, 0.29, 0.53, 0.77):
        pen.rect(x, 0.54, x + 0.18, 0.94, "dark-brown")


@thing
def dumb_waiter(pen: Pen) -> None:
    """A small lift for dishes in a wall: a hatch, an empty box on a rope, a wheel, a bell."""
    pen.rect(0.1, 0.02, 0.9, 0.98, pen.colour("brown"))
    pen.rect(0.17, 0.09, 0.83, 0.91, "black")
    pen.disc(0.5, 0.18, 0.07, "grey")
    pen.disc(0.5, 0.18, 0.025, "dark-grey")
    for x in (0.44, 0.56):
        pen.line([(x, 0.18), (x, 0.4)], "tan", 0.025)
    pen.rect(0.22, 0.4, 0.78, 0.84, "grey")
    pen.rect(0.26, 0.45, 0.74, 0.8, "dark-grey")
    pen.rect(0.22, 0.62, 0.78, 0.65, "grey")
    pen.rect(0.15, 0.89, 0.85, 0.98, "cream", 0.01)
    pen.text(0.5, 0.935, "DISHES ONLY", 0.07, bold=True)
    pen.rect(0.92, 0.3, 1.0, 0.52, "cream", 0.02)
    for y, colour in ((0.37, "green"), (0.45, "red")):
        pen.disc(0.96, y, 0.025, colour)
    pen.wedge(0.96, 0.22, 0.05, 0.06, 180, 360, "gold")


@thing
def plate_of_pasta(pen: Pen) -> None:
    pen.oval(0.5, 0.8, 0.5, 0.16, "white")
    for x, y in ((0.3, 0.66), (0.5, 0.6), (0.7, 0.66), (0.4, 0.72), (0.6, 0.72)):
        pen.oval(x, y, 0.15, 0.1, pen.colour("yellow"))
        pen.arc(x, y, 0.09, 0.05, 0, 360, "gold", 0.02)
    pen.blob([(0.36, 0.58), (0.5, 0.46), (0.64, 0.58), (0.5, 0.66)], "red")
    pen.blob([(0.48, 0.5), (0.56, 0.4), (0.6, 0.48)], "green")
