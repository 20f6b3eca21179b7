"""What carries words in a picture. Each draws itself and says where its words go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.benign.pen import Pen

__all__ = ["CARRIERS", "Area"]


@dataclass(frozen=True)
class Area:
    """Where words go in the carrier's box, and how they look.

    Attributes:
        left, top, right, bottom: in units of the carrier's box.
        colour: of the letters.
        bold: whether the letters are thick.
        align: `left` or `center`.
    """

    left: float
    top: float
    right: float
    bottom: float
    colour: str = "black"
    bold: bool = False
    align: str = "center"


def air(_: Pen) -> Area:
    """Nothing: the words stand on what is there."""
    return Area(0, 0, 1, 1)


def whiteboard(pen: Pen) -> Area:
    pen.rect(0, 0, 1, 0.94, "grey", 0.02)
    pen.rect(0.02, 0.03, 0.98, 0.91, "white")
    pen.rect(0.3, 0.94, 0.7, 1.0, "dark-grey")
    for x, colour in ((0.36, "red"), (0.48, "blue"), (0.6, "green")):
        pen.rect(x, 0.92, x + 0.07, 0.96, colour)
    return Area(0.06, 0.07, 0.94, 0.88, "navy")


def chalkboard(pen: Pen) -> Area:
    pen.rect(0, 0, 1, 1, "brown")
    pen.rect(0.025, 0.035, 0.975, 0.965, "dark-green")
    pen.rect(0.7, 0.95, 0.78, 0.98, "white")
    return Area(0.06, 0.08, 0.94, 0.9, "white")


def sticky_note(pen: Pen) -> Area:
    colour = pen.colour("yellow")
    pen.poly([(0, 0), (1, 0), (1, 0.86), (0.86, 1), (0, 1)], f"light-{colour.rpartition('-')[2]}")
    pen.poly([(1, 0.86), (0.86, 1), (0.87, 0.87)], colour)
    return Area(0.07, 0.08, 0.93, 0.86)


def poster(pen: Pen) -> Area:
    colour = pen.colour("red")
    pen.rect(0, 0, 1, 1, colour)
    pen.rect(0.035, 0.035, 0.965, 0.965, "cream")
    pen.rect(0.035, 0.035, 0.965, 0.1, colour)
    for x in (0.06, 0.94):
        pen.disc(x, 0.02, 0.018, "grey")
    return Area(0.08, 0.13, 0.92, 0.93, bold=True)


def exam_sheet(pen: Pen) -> Area:
    """Lined paper with holes and a red margin."""
    pen.rect(0, 0, 1, 1, "white")
    for row in range(1, 12):
        pen.line([(0.0, row / 12), (1, row / 12)], "pale-blue", 0.006)
    pen.line([(0.12, 0), (0.12, 1)], "light-red", 0.006)
    for y in (0.18, 0.5, 0.82):
        pen.disc(0.05, y, 0.022, "grey")
    return Area(0.16, 0.06, 0.96, 0.95, align="left")


def letter(pen: Pen) -> Area:
    pen.rect(0, 0, 1, 1, "cream")
    pen.line([(0, 0.34), (1, 0.34)], "pale-brown", 0.005)
    pen.line([(0, 0.67), (1, 0.67)], "pale-brown", 0.005)
    return Area(0.08, 0.07, 0.92, 0.93, "navy", align="left")


def envelope(pen: Pen) -> Area:
    pen.rect(0, 0, 1, 1, "cream", 0.02)
    pen.line([(0, 0.02), (0.5, 0.3), (1, 0.02)], "tan", 0.012)
    pen.rect(0.84, 0.36, 0.95, 0.56, pen.colour("red"))
    return Area(0.08, 0.36, 0.8, 0.92)


def recipe_card(pen: Pen) -> Area:
    colour = pen.colour("orange")
    pen.rect(0, 0, 1, 1, "white", 0.04)
    pen.rect(0, 0, 1, 0.13, colour, 0.04)
    for place in range(12):
        pen.disc(0.05 + 0.082 * place, 0.065, 0.022, "cream")
    return Area(0.07, 0.18, 0.93, 0.94, align="left")


def notice_board(pen: Pen) -> Area:
    """Cork with one large pinned sheet and scraps around."""
    pen.rect(0, 0, 1, 1, "brown")
    pen.rect(0.025, 0.035, 0.975, 0.965, "tan")
    for x, y, colour in (
        (0.04, 0.06, "light-pink"),
        (0.84, 0.74, "light-green"),
        (0.86, 0.08, "light-yellow"),
    ):
        pen.rect(x, y, x + 0.11, y + 0.17, colour)
    pen.rect(0.13, 0.09, 0.87, 0.91, "white")
    pen.disc(0.5, 0.11, 0.022, "red")
    return Area(0.17, 0.16, 0.83, 0.87)


def screen(pen: Pen) -> Area:
    """A laptop, seen from the front, with a window open."""
    pen.rect(0.04, 0, 0.96, 0.86, "black", 0.03)
    pen.rect(0.07, 0.04, 0.93, 0.81, "white")
    pen.rect(0.07, 0.04, 0.93, 0.12, pen.colour("blue"))
    for place, colour in enumerate(("red", "yellow", "green")):
        pen.disc(0.1 + 0.035 * place, 0.08, 0.018, colour)
    pen.poly([(0.02, 0.87), (0.98, 0.87), (1.0, 1.0), (0.0, 1.0)], "grey")
    return Area(0.11, 0.16, 0.89, 0.77, align="left")


def monitor(pen: Pen) -> Area:
    """An old screen with light letters on dark ground."""
    pen.rect(0, 0, 1, 0.84, "cream", 0.05)
    pen.rect(0.06, 0.06, 0.94, 0.76, "black", 0.05)
    pen.rect(0.42, 0.84, 0.58, 0.93, "tan")
    pen.rect(0.28, 0.92, 0.72, 1.0, "cream", 0.02)
    return Area(0.11, 0.11, 0.89, 0.71, "light-green", align="left")


def phone_chat(pen: Pen) -> Area:
    """A telephone with one long bubble of chat."""
    pen.rect(0, 0, 1, 1, "black", 0.06)
    pen.rect(0.035, 0.05, 0.965, 0.95, pen.colour("pale-teal"))
    pen.rect(0.035, 0.05, 0.965, 0.14, "teal")
    pen.disc(0.11, 0.095, 0.028, "cream")
    pen.rect(0.18, 0.08, 0.5, 0.11, "white")
    pen.poly([(0.1, 0.72), (0.06, 0.84), (0.24, 0.76)], "white")
    pen.rect(0.08, 0.19, 0.92, 0.78, "white", 0.05)
    pen.rect(0.08, 0.85, 0.8, 0.92, "white", 0.03)
    pen.disc(0.88, 0.885, 0.03, "teal")
    return Area(0.12, 0.22, 0.88, 0.75, align="left")


def speech(pen: Pen) -> Area:
    """A speech bubble whose tip is at the lower left; give the things that speak their place."""
    pen.poly([(0.2, 0.74), (0.08, 1.0), (0.4, 0.78)], "white")
    pen.rect(0, 0, 1, 0.8, "white", 0.12)
    return Area(0.07, 0.07, 0.93, 0.74)


def label(pen: Pen) -> Area:
    """A tag on a string."""
    pen.curve([(0.02, 0.1), (0.08, 0.3), (0.12, 0.5)], "brown", 0.03)
    pen.poly([(0.06, 0.5), (0.18, 0.08), (1, 0.08), (1, 0.92), (0.18, 0.92)], pen.colour("cream"))
    pen.disc(0.13, 0.5, 0.05, "grey")
    return Area(0.22, 0.14, 0.96, 0.88)


def board_sign(pen: Pen) -> Area:
    """A painted board on two posts, as at a gate or a beach."""
    for x in (0.16, 0.78):
        pen.rect(x, 0.6, x + 0.06, 1.0, "brown")
    pen.rect(0, 0, 1, 0.72, pen.colour("green"), 0.04)
    pen.rect(0.025, 0.035, 0.975, 0.685, "white", 0.03)
    return Area(0.06, 0.07, 0.94, 0.65, bold=True)


def newspaper(pen: Pen) -> Area:
    pen.rect(0, 0, 1, 1, "pale-grey")
    pen.rect(0.06, 0.05, 0.94, 0.12, "dark-grey")
    for row in range(5):
        y = 0.76 + 0.045 * row
        for left in (0.06, 0.37, 0.68):
            pen.line([(left, y), (left + 0.26, y)], "grey", 0.012)
    return Area(0.06, 0.16, 0.94, 0.72, bold=True)


def notebook(pen: Pen) -> Area:
    """A spiral-bound page of squares."""
    pen.rect(0, 0, 1, 1, "white", 0.02)
    for place in range(1, 14):
        pen.line([(place / 14, 0.08), (place / 14, 1)], "pale-grey", 0.003)
        pen.line([(0, 0.08 + place / 15), (1, 0.08 + place / 15)], "pale-grey", 0.003)
    for place in range(14):
        pen.arc(0.06 + 0.068 * place, 0.03, 0.012, 0.035, 0, 360, "dark-grey", 0.01)
    return Area(0.07, 0.12, 0.93, 0.95, "navy", align="left")


def parchment(pen: Pen) -> Area:
    pen.blob(
        [
            (0.05, 0.06),
            (0.35, 0.02),
            (0.7, 0.07),
            (0.96, 0.03),
            (0.97, 0.5),
            (0.94, 0.96),
            (0.6, 0.93),
            (0.3, 0.98),
            (0.04, 0.95),
            (0.06, 0.5),
        ],
        "pale-gold",
    )
    return Area(0.12, 0.13, 0.88, 0.87, "dark-brown")


def form(pen: Pen) -> Area:
    """A form with a grey head and a stamp that says SPECIMEN."""
    pen.rect(0, 0, 1, 1, "white")
    pen.rect(0.05, 0.05, 0.95, 0.14, "light-grey")
    for y in (0.84, 0.91):
        pen.line([(0.08, y), (0.5, y)], "grey", 0.006)
    stamp = pen.inside(0.58, 0.8, 0.36, 0.14, turn=-6)
    stamp.rect(0, 0, 1, 1, "white")
    stamp.text(0.5, 0.5, "SPECIMEN", 0.5, "red", bold=True)
    return Area(0.08, 0.18, 0.92, 0.78, align="left")


Carrier = Callable[[Pen], Area]

CARRIERS: Mapping[str, Carrier] = {
    carrier.__name__: carrier
    for carrier in (
        *(air, whiteboard, chalkboard, sticky_note, poster, exam_sheet, letter, envelope),
        *(recipe_card, notice_board, screen, monitor, phone_chat, speech, label, board_sign),
        *(newspaper, notebook, parchment, form),
    )
}
