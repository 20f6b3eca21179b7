"""Things from a workbench, a shed and a key cabinet."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def glue_gun(pen: Pen) -> None:
    colour = pen.colour("orange")
    pen.curve([(0.72, 0.86), (0.84, 0.98), (1.0, 0.9)], "black", 0.035)
    pen.poly([(0.56, 0.5), (0.76, 0.5), (0.82, 0.9), (0.62, 0.92)], colour)
    pen.rect(0.28, 0.26, 0.84, 0.54, colour, 0.08)
    pen.poly([(0.28, 0.3), (0.14, 0.38), (0.14, 0.44), (0.28, 0.5)], "grey")
    pen.poly([(0.14, 0.38), (0.04, 0.4), (0.04, 0.42), (0.14, 0.44)], "dark-grey")
    pen.poly([(0.46, 0.54), (0.56, 0.54), (0.52, 0.72), (0.44, 0.7)], "black")
    pen.rect(0.84, 0.34, 0.9, 0.46, "black")
    pen.curve([(0.32, 0.52), (0.24, 0.8), (0.38, 0.82)], "dark-grey", 0.025)
    pen.line([(0.4, 0.33), (0.72, 0.33)], f"light-{colour}", 0.03)
    pen.blob([(0.03, 0.44), (0.06, 0.5), (0.03, 0.56), (0.0, 0.5)], "pale-yellow")


@thing
def glue_sticks(pen: Pen) -> None:
    for row, colour in enumerate(("pale-yellow", "pale-grey", "pale-yellow", "pale-orange")):
        y = 0.3 + 0.16 * row
        shift = 0.04 * (row % 2)
        pen.rect(0.06 + shift, y, 0.9 + shift, y + 0.12, colour, 0.05)
        pen.oval(0.9 + shift, y + 0.06, 0.025, 0.06, "white")
        pen.line([(0.14 + shift, y + 0.035), (0.8 + shift, y + 0.035)], "white", 0.02)


@thing
def rusty_padlock(pen: Pen) -> None:
    pen.arc(0.5, 0.42, 0.24, 0.34, 180, 360, "dark-grey", 0.1)
    pen.line([(0.26, 0.4), (0.26, 0.54)], "dark-grey", 0.1)
    pen.line([(0.74, 0.4), (0.74, 0.54)], "dark-grey", 0.1)
    pen.rect(0.14, 0.46, 0.86, 0.98, "brown", 0.08)
    for x, y, rx, ry in (
        (0.26, 0.58, 0.07, 0.05), (0.72, 0.86, 0.09, 0.05), (0.76, 0.6, 0.05, 0.07),
        (0.3, 0.88, 0.06, 0.04),
    ):  # fmt: skip
        pen.oval(x, y, rx, ry, "orange")
    pen.disc(0.5, 0.66, 0.075, "black")
    pen.poly([(0.47, 0.68), (0.53, 0.68), (0.57, 0.86), (0.43, 0.86)], "black")


@thing
def plank_door(pen: Pen) -> None:
    """A shed's door with a hasp, seen close up; it fills its box."""
    for plank, colour in enumerate(("olive", "dark-olive", "olive", "dark-olive", "olive")):
        pen.rect(0.2 * plank, 0.0, 0.2 * plank + 0.2, 1.0, colour)
        pen.curve(
            [
                (0.2 * plank + 0.06, 0.1), (0.2 * plank + 0.1, 0.4), (0.2 * plank + 0.07, 0.9),
            ],
            "dark-brown", 0.006,
        )  # fmt: skip
    pen.rect(0.0, 0.2, 1.0, 0.29, "dark-brown")
    pen.rect(0.28, 0.22, 0.72, 0.27, "dark-grey")


@thing
def labelled_key(pen: Pen) -> None:
    """A key with a paper label on a ring."""
    pen.disc(0.22, 0.5, 0.15, "gold")
    pen.disc(0.22, 0.5, 0.07, "dark-brown")
    pen.rect(0.36, 0.46, 0.9, 0.54, "gold")
    for x in (0.7, 0.8):
        pen.rect(x, 0.54, x + 0.06, 0.66, "gold")
    pen.arc(0.12, 0.66, 0.06, 0.1, 0, 360, "grey", 0.02)
    pen.rect(0.02, 0.74, 0.3, 0.92, "cream", 0.02)


@thing
def key_board(pen: Pen) -> None:
    """Eight numbered hooks; five hold a key."""
    pen.rect(0.0, 0.06, 1.0, 0.98, "tan", 0.03)
    pen.rect(0.04, 0.1, 0.96, 0.94, "brown", 0.02)
    for hook in range(8):
        x, y = 0.17 + 0.22 * (hook % 4), 0.26 + 0.4 * (hook // 4)
        pen.rect(x - 0.06, y - 0.1, x + 0.06, y, "cream")
        pen.text(x, y - 0.05, str(hook + 1), 0.09, "black", bold=True)
        pen.arc(x, y + 0.04, 0.02, 0.03, 0, 180, "light-grey", 0.02)
        if hook in (1, 4, 6):
            continue
        pen.disc(x, y + 0.1, 0.045, "gold")
        pen.disc(x, y + 0.1, 0.02, "brown")
        pen.rect(x - 0.012, y + 0.14, x + 0.012, y + 0.27, "gold")
        pen.rect(x + 0.01, y + 0.22, x + 0.045, y + 0.25, "gold")


@thing
def worm_box(pen: Pen) -> None:
    """A wooden box, cut open, with earth, peelings and worms."""
    pen.poly([(0.0, 0.2), (0.12, 0.02), (0.98, 0.02), (1.0, 0.12), (0.16, 0.14)], "tan")
    pen.rect(0.04, 0.24, 0.96, 0.98, "brown", 0.02)
    pen.rect(0.1, 0.3, 0.9, 0.92, "dark-brown")
    for x, y, colour in (
        (0.2, 0.36, "green"), (0.36, 0.34, "orange"), (0.55, 0.36, "yellow"),
        (0.72, 0.35, "light-green"), (0.83, 0.38, "cream"),
    ):  # fmt: skip
        pen.blob([(x - 0.07, y), (x, y - 0.06), (x + 0.07, y + 0.01), (x, y + 0.05)], colour)
    for x, y in (
        (0.2, 0.54), (0.46, 0.5), (0.7, 0.56), (0.3, 0.74), (0.58, 0.72), (0.78, 0.8),
        (0.42, 0.86),
    ):  # fmt: skip
        pen.curve(
            [
                (x - 0.09, y), (x - 0.04, y - 0.05), (x + 0.02, y + 0.04), (x + 0.09, y - 0.01),
            ],
            "pink", 0.04,
        )  # fmt: skip


@thing
def rubber_stamp(pen: Pen) -> None:
    """A stamp above its print, VOID SAMPLE."""
    pen.disc(0.5, 0.12, 0.11, "brown")
    pen.poly([(0.45, 0.18), (0.55, 0.18), (0.6, 0.42), (0.4, 0.42)], "brown")
    pen.rect(0.2, 0.4, 0.8, 0.52, "dark-brown", 0.02)
    pen.rect(0.22, 0.52, 0.78, 0.56, "red")
    pen.rect(0.08, 0.68, 0.92, 0.96, "white", 0.02)
    for edge in (
        ((0.1, 0.7), (0.9, 0.7)), ((0.9, 0.7), (0.9, 0.94)), ((0.9, 0.94), (0.1, 0.94)),
        ((0.1, 0.94), (0.1, 0.7)),
    ):  # fmt: skip
        pen.line(edge, "red", 0.02)
    pen.text(0.5, 0.82, "VOID SAMPLE", 0.12, "red", bold=True)
