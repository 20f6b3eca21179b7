"""What stands behind and on a stage, in a sculpture class and in a museum of history."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def rubber_mask(pen: Pen) -> None:
    """An empty monster mask on a stand."""
    colour = pen.colour("grey")
    pen.rect(0.46, 0.72, 0.54, 0.96, "dark-brown")
    pen.oval(0.5, 0.96, 0.26, 0.05, "dark-brown")
    for side in (-1, 1):
        pen.poly(
            [(0.5 + side * 0.28, 0.36), (0.5 + side * 0.48, 0.22), (0.5 + side * 0.28, 0.52)],
            colour,
        )
        pen.poly(
            [(0.5 + side * 0.1, 0.14), (0.5 + side * 0.2, 0.0), (0.5 + side * 0.24, 0.2)], "cream"
        )
    pen.blob(
        [
            (0.5, 0.08),
            (0.78, 0.2),
            (0.8, 0.5),
            (0.66, 0.76),
            (0.5, 0.82),
            (0.34, 0.76),
            (0.2, 0.5),
            (0.22, 0.2),
        ],
        colour,
    )
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.14, 0.36, 0.09, 0.06, "black")
        pen.curve(
            [(0.5 + side * 0.26, 0.24), (0.5 + side * 0.14, 0.26), (0.5 + side * 0.05, 0.31)],
            "dark-grey",
            0.035,
        )
    pen.blob([(0.5, 0.4), (0.57, 0.53), (0.5, 0.56), (0.43, 0.53)], "dark-grey")
    pen.rect(0.36, 0.64, 0.64, 0.7, "black", 0.03)
    for x in (0.42, 0.5, 0.58):
        pen.rect(x - 0.02, 0.64, x + 0.02, 0.675, "white")


@thing
def wax_gash(pen: Pen) -> None:
    """A long cut of wax with ragged edges and some drops."""
    for x, low in ((0.28, 0.78), (0.5, 0.98), (0.76, 0.7)):
        pen.line([(x, 0.5), (x, low)], "red", 0.06)
    upper = [(0.0, 0.5), (0.12, 0.4), (0.24, 0.44), (0.36, 0.36), (0.5, 0.42), (0.64, 0.34)]
    lower = [(0.86, 0.58), (0.72, 0.56), (0.6, 0.62), (0.44, 0.57), (0.3, 0.63), (0.14, 0.55)]
    pen.poly([*upper, (0.78, 0.42), (0.9, 0.4), (1.0, 0.5), *lower], "red")
    inner = [(0.1, 0.49), (0.36, 0.44), (0.64, 0.43), (0.92, 0.49), (0.6, 0.54), (0.3, 0.55)]
    pen.poly(inner, "dark-red")


@thing
def stage_blood(pen: Pen) -> None:
    pen.rect(0.14, 0.14, 0.86, 1.0, "pale-blue", 0.08)
    pen.rect(0.18, 0.26, 0.82, 0.96, "red", 0.06)
    pen.rect(0.14, 0.02, 0.86, 0.18, "black", 0.03)
    pen.rect(0.14, 0.44, 0.86, 0.84, "cream")
    pen.text(0.5, 0.56, "STAGE", 0.17, "dark-red", bold=True)
    pen.text(0.5, 0.73, "BLOOD", 0.17, "dark-red", bold=True)


@thing
def brushes(pen: Pen) -> None:
    """Make-up brushes in a cup."""
    for x, top, hair in ((0.3, 0.14, "tan"), (0.5, 0.04, "brown"), (0.7, 0.18, "black")):
        pen.line([(0.5 + (x - 0.5) * 0.6, 0.7), (x, top + 0.2)], "gold", 0.045)
        pen.blob([(x - 0.07, top + 0.2), (x, top), (x + 0.07, top + 0.2), (x, top + 0.26)], hair)
    pen.poly([(0.26, 0.52), (0.74, 0.52), (0.68, 1.0), (0.32, 1.0)], pen.colour("teal"))


@thing
def tray(pen: Pen) -> None:
    pen.poly([(0.1, 0.62), (0.9, 0.62), (1.0, 0.92), (0.0, 0.92)], pen.colour("light-grey"))
    pen.poly([(0.15, 0.66), (0.85, 0.66), (0.93, 0.88), (0.07, 0.88)], "pale-grey")
    pen.rect(0.0, 0.92, 1.0, 0.97, pen.colour("light-grey"))


@thing
def microphone(pen: Pen) -> None:
    """On a stand."""
    pen.oval(0.5, 0.97, 0.24, 0.03, "black")
    pen.line([(0.5, 0.96), (0.5, 0.22)], "dark-grey", 0.025)
    pen.line([(0.5, 0.22), (0.42, 0.16)], "black", 0.045)
    pen.disc(0.38, 0.12, 0.065, "grey")
    for y in (0.1, 0.14):
        pen.line([(0.33, y), (0.43, y)], "dark-grey", 0.008)


@thing
def bar_stool(pen: Pen) -> None:
    for top, low in ((0.36, 0.22), (0.64, 0.78)):
        pen.line([(top, 0.3), (low, 1.0)], "brown", 0.05)
    pen.line([(0.28, 0.72), (0.72, 0.72)], "brown", 0.04)
    pen.oval(0.5, 0.26, 0.28, 0.08, pen.colour("red"))


@thing
def velvet_cushion(pen: Pen) -> None:
    pen.blob(
        [
            (0.04, 0.64), (0.24, 0.6), (0.5, 0.58), (0.76, 0.6), (0.96, 0.64), (0.99, 0.8),
            (0.96, 0.96), (0.76, 0.99), (0.5, 1.0), (0.24, 0.99), (0.04, 0.96), (0.01, 0.8),
        ],
        pen.colour("purple"),
    )  # fmt: skip
    for x, y in ((0.04, 0.64), (0.96, 0.64), (0.04, 0.96), (0.96, 0.96)):
        pen.disc(x, y, 0.045, "gold")


@thing
def dagger(pen: Pen) -> None:
    """A stage dagger that lies flat, its handle on the right."""
    pen.poly([(0.0, 0.5), (0.1, 0.44), (0.6, 0.42), (0.6, 0.58), (0.1, 0.56)], "light-grey")
    pen.line([(0.06, 0.5), (0.58, 0.5)], "grey", 0.02)
    pen.rect(0.6, 0.34, 0.66, 0.66, "gold", 0.03)
    pen.rect(0.66, 0.45, 0.9, 0.55, "dark-red")
    pen.disc(0.93, 0.5, 0.06, "gold")


@thing
def vial(pen: Pen) -> None:
    """A small old bottle with a cork and a paper label."""
    colour = pen.colour("green")
    pen.rect(0.42, 0.1, 0.58, 0.22, "tan")
    pen.rect(0.44, 0.2, 0.56, 0.42, colour)
    pen.blob(
        [(0.44, 0.4), (0.56, 0.4), (0.76, 0.66), (0.7, 0.96), (0.3, 0.96), (0.24, 0.66)], colour
    )
    pen.rect(0.34, 0.62, 0.66, 0.84, "cream")
    pen.line([(0.4, 0.7), (0.6, 0.7)], "grey", 0.025)
    pen.line([(0.4, 0.77), (0.56, 0.77)], "grey", 0.025)


@thing
def stage_balcony(pen: Pen) -> None:
    """A balcony of painted wood with ivy."""
    pen.rect(0.16, 0.1, 0.84, 0.62, "tan")
    pen.rect(0.36, 0.2, 0.64, 0.62, "dark-brown")
    pen.wedge(0.5, 0.2, 0.14, 0.12, 180, 360, "dark-brown")
    for step in range(7):
        x = 0.08 + 0.13 * step
        pen.rect(x, 0.48, x + 0.05, 0.64, "white")
    pen.rect(0.02, 0.44, 0.98, 0.49, "white")
    pen.rect(0.02, 0.63, 0.98, 0.7, "white")
    pen.rect(0.16, 0.7, 0.84, 1.0, "tan")
    pen.curve([(0.2, 1.0), (0.28, 0.84), (0.18, 0.7), (0.26, 0.56), (0.2, 0.3)], "green", 0.03)
    for x, y in ((0.3, 0.86), (0.17, 0.74), (0.28, 0.6), (0.2, 0.42), (0.24, 0.3)):
        pen.oval(x, y, 0.045, 0.035, "green")


@thing
def clay_hand(pen: Pen) -> None:
    """Cut off at the wrist, on a wooden block."""
    colour = pen.colour("orange")
    pen.rect(0.2, 0.88, 0.8, 1.0, "brown")
    pen.blob(
        [
            (0.34, 0.9),
            (0.38, 0.72),
            (0.3, 0.58),
            (0.34, 0.46),
            (0.68, 0.46),
            (0.7, 0.62),
            (0.62, 0.74),
            (0.66, 0.9),
        ],
        colour,
    )
    for x, top, lean in (
        (0.37, 0.2, -0.04),
        (0.47, 0.12, -0.01),
        (0.57, 0.14, 0.02),
        (0.66, 0.24, 0.05),
    ):
        pen.line([(x, 0.52), (x + lean, top)], colour, 0.075)
    pen.line([(0.36, 0.62), (0.2, 0.5), (0.16, 0.38)], colour, 0.075)
    pen.arc(0.52, 0.66, 0.12, 0.08, 200, 330, "brown", 0.015)


@thing
def wire_cutter(pen: Pen) -> None:
    """A wire between two wooden handles, for clay."""
    pen.curve([(0.12, 0.5), (0.36, 0.6), (0.64, 0.4), (0.88, 0.5)], "dark-grey", 0.02)
    for x in (0.08, 0.92):
        pen.rect(x - 0.05, 0.36, x + 0.05, 0.64, pen.colour("red"), 0.04)


@thing
def clay_block(pen: Pen) -> None:
    colour = pen.colour("orange")
    pen.poly([(0.06, 0.5), (0.3, 0.34), (0.94, 0.34), (0.72, 0.5)], f"light-{colour}")
    pen.rect(0.06, 0.5, 0.72, 1.0, colour)
    pen.poly([(0.72, 0.5), (0.94, 0.34), (0.94, 0.82), (0.72, 1.0)], f"dark-{colour}")


@thing
def model_fortress(pen: Pen) -> None:
    """A fortress with round towers, as a model on a board."""
    colour = pen.colour("tan")
    pen.rect(0.0, 0.92, 1.0, 1.0, "brown")
    pen.rect(0.14, 0.44, 0.86, 0.92, colour)
    for step in range(6):
        pen.rect(0.2 + 0.11 * step, 0.38, 0.26 + 0.11 * step, 0.45, colour)
    for x in (0.14, 0.5, 0.86):
        pen.rect(x - 0.1, 0.26, x + 0.1, 0.92, colour)
        for step in range(3):
            pen.rect(x - 0.1 + 0.075 * step, 0.2, x - 0.05 + 0.075 * step, 0.27, colour)
        pen.rect(x - 0.02, 0.38, x + 0.02, 0.5, "black")
    pen.rect(0.43, 0.7, 0.57, 0.92, "dark-brown")
    pen.line([(0.5, 0.2), (0.5, 0.0)], "brown", 0.02)
    pen.poly([(0.5, 0.0), (0.68, 0.05), (0.5, 0.1)], "white")


@thing
def old_cannon(pen: Pen) -> None:
    pen.poly([(0.02, 0.42), (0.7, 0.5), (0.72, 0.74), (0.02, 0.58)], pen.colour("dark-grey"))
    pen.rect(0.0, 0.38, 0.06, 0.62, pen.colour("dark-grey"))
    pen.disc(0.76, 0.62, 0.06, pen.colour("dark-grey"))
    pen.line([(0.5, 0.7), (0.98, 0.94)], "brown", 0.08)
    pen.disc(0.44, 0.78, 0.21, "brown")
    pen.disc(0.44, 0.78, 0.14, "tan")
    for x, y in ((0.44, 0.6), (0.62, 0.78), (0.44, 0.96), (0.26, 0.78)):
        pen.line([(0.44, 0.78), (x, y)], "brown", 0.03)
