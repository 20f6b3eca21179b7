"""Play money, sample forms, a toy passport and other papers that are visibly not real."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


def _frame(pen: Pen, left: float, top: float, right: float, bottom: float, colour: str) -> None:
    pen.line(
        [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], colour, 0.012
    )


@thing
def play_note(pen: Pen) -> None:
    """A note with an empty oval and the words PLAY MONEY."""
    colour = pen.colour("green")
    pen.rect(0.0, 0.26, 1.0, 0.78, f"pale-{colour}")
    _frame(pen, 0.03, 0.29, 0.97, 0.75, colour)
    _frame(pen, 0.05, 0.31, 0.95, 0.73, colour)
    pen.oval(0.5, 0.58, 0.16, 0.13, "white")
    for x in (0.2, 0.8):
        for row in range(4):
            y = 0.5 + 0.05 * row
            pen.curve(
                [
                    (x - 0.12, y), (x - 0.04, y - 0.03), (x + 0.04, y + 0.03), (x + 0.12, y),
                ],
                colour, 0.008,
            )  # fmt: skip
    pen.text(0.5, 0.38, "PLAY MONEY", 0.1, f"dark-{colour}", bold=True)


@thing
def parsnip(pen: Pen) -> None:
    for x, y in ((0.3, 0.04), (0.5, 0.0), (0.7, 0.06), (0.4, 0.12), (0.62, 0.12)):
        pen.curve([(0.5, 0.34), ((0.5 + x) / 2, 0.2), (x, y)], "green", 0.04)
        pen.oval(x, y + 0.02, 0.06, 0.04, "green")
    pen.blob(
        [
            (0.3, 0.34), (0.5, 0.28), (0.7, 0.34), (0.68, 0.54), (0.56, 0.82), (0.5, 1.0),
            (0.44, 0.82), (0.32, 0.54),
        ],
        "cream",
    )  # fmt: skip
    for y, wide in ((0.44, 0.12), (0.56, 0.09), (0.7, 0.06)):
        pen.line([(0.5 - wide, y), (0.5 - wide * 0.2, y + 0.01)], "tan", 0.015)


def _cheque(pen: Pen) -> None:
    pen.rect(0.0, 0.24, 1.0, 0.78, "pale-blue")
    _frame(pen, 0.02, 0.26, 0.98, 0.76, "blue")
    pen.text(0.24, 0.32, "ACORN BANK", 0.065, "navy", bold=True)
    pen.text(0.1, 0.44, "Pay to", 0.05, "navy")
    pen.text(0.12, 0.55, "Amount", 0.05, "navy")
    pen.text(0.64, 0.69, "Signed", 0.05, "navy")
    for left, right, y in (
        (0.2, 0.66, 0.47), (0.22, 0.66, 0.58), (0.72, 0.95, 0.72), (0.7, 0.95, 0.36),
    ):  # fmt: skip
        pen.line([(left, y), (right, y)], "blue", 0.01)
    pen.rect(0.72, 0.44, 0.95, 0.56, "white")
    pen.oval(0.52, 0.33, 0.022, 0.03, "brown")
    pen.wedge(0.52, 0.315, 0.028, 0.022, 180, 360, "dark-brown")


@thing
def cheque_form(pen: Pen) -> None:
    """An empty practice cheque."""
    _cheque(pen)
    pen.text(0.3, 0.69, "practice sheet", 0.05, "blue")


@thing
def filled_cheque(pen: Pen) -> None:
    _cheque(pen)
    pen.text(0.42, 0.44, "A. Squirrel", 0.055, "black")
    pen.text(0.42, 0.55, "thirty acorns", 0.055, "black")
    pen.text(0.83, 0.5, "30", 0.08, "black", bold=True)
    pen.text(0.83, 0.33, "1 May", 0.05, "black")
    pen.curve(
        [
            (0.73, 0.7), (0.77, 0.63), (0.79, 0.72), (0.83, 0.64), (0.87, 0.72), (0.93, 0.66),
        ],
        "black", 0.012,
    )  # fmt: skip


@thing
def unsigned_cheque(pen: Pen) -> None:
    """A filled-in practice cheque without date and signature, with VOID SAMPLE in its corner."""
    _cheque(pen)
    pen.text(0.42, 0.44, "Hazel Nut", 0.055, "black")
    pen.text(0.42, 0.55, "eight acorns", 0.055, "black")
    pen.text(0.83, 0.5, "8", 0.08, "black", bold=True)
    pen.text(0.3, 0.69, "VOID SAMPLE", 0.075, "red", bold=True)


@thing
def fountain_pen(pen: Pen) -> None:
    pen.line([(0.28, 0.72), (0.9, 0.12)], "dark-blue", 0.1)
    pen.line([(0.28, 0.72), (0.42, 0.58)], "gold", 0.1)
    pen.poly([(0.22, 0.7), (0.32, 0.8), (0.1, 0.92)], "light-grey")


def _booklet(pen: Pen) -> None:
    pen.rect(0.0, 0.12, 1.0, 0.92, pen.colour("red"), 0.03)
    pen.rect(0.03, 0.15, 0.495, 0.89, "cream")
    pen.rect(0.505, 0.15, 0.97, 0.89, "cream")


@thing
def toy_passport(pen: Pen) -> None:
    """An open booklet with an empty frame and the words TOY PASSPORT."""
    _booklet(pen)
    pen.text(0.26, 0.22, "HONEYLAND", 0.07, "red", bold=True)
    pen.text(0.26, 0.3, "TOY PASSPORT", 0.055, "red", bold=True)
    pen.rect(0.13, 0.38, 0.39, 0.74, "white")
    _frame(pen, 0.13, 0.38, 0.39, 0.74, "brown")
    for row, word in enumerate(("Name", "Born in", "Signature")):
        y = 0.26 + 0.18 * row
        pen.text(0.61, y, word, 0.05, "brown")
        pen.line([(0.54, y + 0.09), (0.94, y + 0.09)], "brown", 0.01)
    pen.text(0.74, 0.81, "TOY", 0.12, "purple", bold=True)


def _newspaper(pen: Pen) -> None:
    pen.rect(0.06, 0.02, 0.96, 1.0, "cream")
    pen.text(0.51, 0.09, "The Daily Turnip", 0.095, "black", bold=True)
    pen.line([(0.1, 0.155), (0.92, 0.155)], "black", 0.01)
    pen.rect(0.38, 0.17, 0.64, 0.24, "red")
    pen.text(0.51, 0.205, "SATIRE", 0.055, "white", bold=True)


def _columns(pen: Pen, top: float, left: float = 0.12, right: float = 0.9) -> None:
    wide = (right - left - 0.06) / 3
    for column in range(3):
        x = left + (wide + 0.03) * column
        y = top
        while y < 0.96:
            pen.line([(x, y), (x + wide, y)], "grey", 0.012)
            y += 0.035


@thing
def joke_paper(pen: Pen) -> None:
    """A front page with an empty frame and no headline."""
    _newspaper(pen)
    pen.rect(0.16, 0.36, 0.86, 0.74, "white")
    _frame(pen, 0.16, 0.36, 0.86, 0.74, "black")
    _columns(pen, 0.8)


@thing
def joke_paper_town(pen: Pen) -> None:
    """A front page with a headline and a picture of a town hall, whose steps are empty."""
    _newspaper(pen)
    pen.text(0.51, 0.3, "WE HAVE A NEW MAYOR!", 0.064, "black", bold=True)
    pen.rect(0.14, 0.36, 0.88, 0.76, "light-blue")
    pen.rect(0.14, 0.68, 0.88, 0.76, "grey")
    pen.rect(0.34, 0.48, 0.68, 0.7, "tan")
    pen.poly([(0.32, 0.48), (0.51, 0.38), (0.7, 0.48)], "brown")
    for x in (0.38, 0.46, 0.54, 0.62):
        pen.rect(x, 0.5, x + 0.03, 0.7, "white")
    _columns(pen, 0.82)


@thing
def promise_pyramid(pen: Pen) -> None:
    """Rows of pegs, each of which pays the peg above."""
    for row, pegs in enumerate((1, 3, 9)):
        y = 0.12 + 0.32 * row
        size = (0.09, 0.075, 0.045)[row]
        for peg in range(pegs):
            x = 0.5 + (peg - (pegs - 1) / 2) * (0.3, 0.32, 0.108)[row]
            if row:
                above = 0.5 if row == 1 else 0.5 + (peg // 3 - 1) * 0.32
                pen.line([(x, y - size), (above, y - 0.32 + (0.13, 0.11)[row - 1])], "grey", 0.012)
            pen.poly(
                [(x - size * 0.8, y + size * 1.6), (x + size * 0.8, y + size * 1.6), (x, y)], "blue"
            )
            pen.disc(x, y, size * 0.75, ("gold", "orange", "light-blue")[row])


@thing
def prize_envelope(pen: Pen) -> None:
    """A letter on a fish hook."""
    pen.line([(0.5, 0.0), (0.5, 0.36)], "grey", 0.02)
    pen.rect(0.1, 0.42, 0.9, 0.96, "cream")
    pen.line([(0.1, 0.42), (0.5, 0.74), (0.9, 0.42)], "brown", 0.02)
    pen.disc(0.5, 0.7, 0.08, "red")
    pen.arc(0.42, 0.38, 0.08, 0.16, 0, 190, "dark-grey", 0.04)
    pen.line([(0.5, 0.1), (0.5, 0.4)], "dark-grey", 0.04)
    pen.poly([(0.34, 0.36), (0.4, 0.46), (0.3, 0.46)], "dark-grey")
    pen.disc(0.5, 0.1, 0.035, "dark-grey")


@thing
def cookie_diploma(pen: Pen) -> None:
    """A blank joke diploma of the University of Cookies, marked JUST FOR FUN."""
    pen.rect(0.0, 0.14, 1.0, 0.96, "cream")
    _frame(pen, 0.04, 0.19, 0.96, 0.91, pen.colour("gold"))
    pen.text(0.5, 0.3, "UNIVERSITY OF COOKIES", 0.08, "brown", bold=True)
    pen.text(0.5, 0.42, "grants to", 0.055, "brown")
    pen.line([(0.2, 0.56), (0.8, 0.56)], "brown", 0.01)
    pen.text(0.5, 0.63, "the title of", 0.055, "brown")
    pen.line([(0.2, 0.75), (0.8, 0.75)], "brown", 0.01)
    pen.text(0.5, 0.85, "JUST FOR FUN", 0.065, "red", bold=True)
