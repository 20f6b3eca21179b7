"""Houses of worship."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


def _shut_door(pen: Pen, left: float, right: float, top: float) -> None:
    middle = (left + right) / 2
    pen.rect(left, top, right, 1.0, "brown")
    pen.line([(middle, top), (middle, 1.0)], "black", 0.012)
    for side in (-0.03, 0.03):
        pen.disc(middle + side, (top + 1) / 2, 0.014, "gold")


@thing
def church(pen: Pen) -> None:
    """A nave, and a tower with a cross on top."""
    colour = pen.colour("cream")
    pen.rect(0.36, 0.54, 0.98, 1.0, colour)
    pen.poly([(0.3, 0.56), (0.44, 0.36), (0.92, 0.36), (1.0, 0.56)], "red")
    for x in (0.5, 0.66, 0.82):
        pen.wedge(x + 0.04, 0.72, 0.04, 0.06, 180, 360, "light-blue")
        pen.rect(x, 0.72, x + 0.08, 0.86, "light-blue")
    pen.rect(0.06, 0.36, 0.38, 1.0, colour)
    pen.poly([(0.02, 0.38), (0.22, 0.1), (0.42, 0.38)], "red")
    pen.line([(0.22, 0.0), (0.22, 0.12)], "black", 0.02)
    pen.line([(0.18, 0.04), (0.26, 0.04)], "black", 0.02)
    pen.disc(0.22, 0.5, 0.06, "white")
    pen.line([(0.22, 0.46), (0.22, 0.5), (0.25, 0.5)], "black", 0.012)
    _shut_door(pen, 0.14, 0.3, 0.74)


@thing
def mosque(pen: Pen) -> None:
    """A dome with a crescent, and a slim minaret."""
    pen.rect(0.84, 0.18, 0.94, 1.0, pen.colour("white"))
    pen.poly([(0.82, 0.2), (0.89, 0.04), (0.96, 0.2)], "teal")
    pen.rect(0.81, 0.34, 0.97, 0.38, "teal")
    pen.wedge(0.42, 0.48, 0.28, 0.34, 180, 360, "teal")
    pen.line([(0.42, 0.08), (0.42, 0.16)], "gold", 0.015)
    pen.arc(0.42, 0.04, 0.04, 0.045, 40, 310, "gold", 0.022)
    pen.rect(0.04, 0.48, 0.8, 1.0, pen.colour("white"))
    pen.rect(0.02, 0.46, 0.82, 0.52, "light-teal")
    for x in (0.16, 0.68):
        pen.wedge(x, 0.7, 0.06, 0.09, 180, 360, "light-blue")
        pen.rect(x - 0.06, 0.7, x + 0.06, 0.86, "light-blue")
    pen.wedge(0.42, 0.76, 0.1, 0.12, 180, 360, "brown")
    _shut_door(pen, 0.32, 0.52, 0.76)


@thing
def synagogue(pen: Pen) -> None:
    """A broad gable with a six-pointed star in a round window."""
    colour = pen.colour("tan")
    for x in (0.04, 0.78):
        pen.rect(x, 0.36, x + 0.18, 1.0, colour)
        pen.wedge(x + 0.09, 0.36, 0.09, 0.12, 180, 360, "olive")
    pen.poly([(0.2, 0.4), (0.5, 0.12), (0.8, 0.4), (0.8, 1.0), (0.2, 1.0)], colour)
    pen.line([(0.18, 0.41), (0.5, 0.11), (0.82, 0.41)], "dark-brown", 0.03)
    pen.disc(0.5, 0.46, 0.14, "pale-blue")
    for turn in (1, -1):
        pen.line(
            [
                (0.5, 0.46 - 0.11 * turn),
                (0.595, 0.46 + 0.055 * turn),
                (0.405, 0.46 + 0.055 * turn),
                (0.5, 0.46 - 0.11 * turn),
            ],
            "navy",
            0.018,
        )
    for x in (0.13, 0.87):
        pen.wedge(x, 0.6, 0.045, 0.06, 180, 360, "light-blue")
        pen.rect(x - 0.045, 0.6, x + 0.045, 0.78, "light-blue")
    for x in (0.28, 0.72):
        pen.rect(x - 0.03, 0.7, x + 0.03, 0.86, "light-blue")
    pen.wedge(0.5, 0.74, 0.1, 0.08, 180, 360, "brown")
    _shut_door(pen, 0.4, 0.6, 0.74)


@thing
def hindu_temple(pen: Pen) -> None:
    """A stepped tower in many colours over a pillared porch."""
    for step, colour in enumerate(("orange", "light-pink", "light-teal", "yellow", "light-purple")):
        half, top = 0.34 - 0.055 * step, 0.56 - 0.1 * step
        pen.rect(0.5 - half, top, 0.5 + half, top + 0.1, colour)
        for place in range(5 - step // 2):
            x = 0.5 - half + 2 * half * (place + 0.5) / (5 - step // 2)
            pen.wedge(x, top + 0.09, 0.025, 0.06, 180, 360, "cream")
    pen.wedge(0.5, 0.16, 0.12, 0.1, 180, 360, "orange")
    pen.line([(0.5, 0.06), (0.5, 0.0)], "gold", 0.03)
    pen.poly([(0.5, 0.0), (0.62, 0.02), (0.5, 0.05)], "dark-orange")
    pen.rect(0.08, 0.66, 0.92, 1.0, pen.colour("cream"))
    pen.rect(0.04, 0.64, 0.96, 0.7, "orange")
    for x in (0.12, 0.28, 0.66, 0.82):
        pen.rect(x, 0.7, x + 0.06, 0.96, "light-red")
    pen.rect(0.02, 0.95, 0.98, 1.0, "grey")
    _shut_door(pen, 0.4, 0.6, 0.74)
