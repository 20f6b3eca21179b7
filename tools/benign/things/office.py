"""Things from an office, a concert hall, a studio and a writer's desk."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def wilted_fern(pen: Pen) -> None:
    """A pot whose leaves all hang down, with a frown on the pot."""
    for x, top in ((0.08, 0.74), (0.22, 0.5), (0.78, 0.5), (0.92, 0.74)):
        pen.curve([(0.5, 0.56), ((0.5 + x) / 2, 0.24), (x, top - 0.1), (x, top)], "olive", 0.035)
        for leaf in range(4):
            y = top - 0.06 * leaf
            pen.oval(x, y, 0.06, 0.03, "olive" if leaf % 2 else "tan")
    pen.curve([(0.5, 0.56), (0.5, 0.3), (0.62, 0.2), (0.7, 0.34)], "olive", 0.035)
    pen.oval(0.7, 0.36, 0.05, 0.06, "tan")
    pen.poly([(0.26, 0.6), (0.74, 0.6), (0.66, 1.0), (0.34, 1.0)], "orange")
    pen.rect(0.22, 0.54, 0.78, 0.64, "orange")
    for x in (0.42, 0.58):
        pen.disc(x, 0.74, 0.025, "black")
    pen.arc(0.5, 0.9, 0.1, 0.07, 200, 340, "black", 0.02)


@thing
def old_piano(pen: Pen) -> None:
    """An upright piano; some keys are gone and one hangs loose."""
    pen.rect(0.04, 0.1, 0.96, 0.94, "brown", 0.02)
    pen.rect(0.0, 0.04, 1.0, 0.13, "dark-brown", 0.02)
    pen.rect(0.2, 0.2, 0.8, 0.42, "dark-brown")
    pen.rect(0.36, 0.22, 0.64, 0.4, "cream")
    for row in range(3):
        pen.line([(0.39, 0.27 + 0.05 * row), (0.61, 0.27 + 0.05 * row)], "black", 0.008)
    pen.rect(0.0, 0.5, 1.0, 0.7, "dark-brown")
    for key in range(14):
        left = 0.045 + 0.065 * key
        shade = "black" if key in (3, 8, 9) else "white"
        pen.rect(left, 0.53, left + 0.065, 0.67, shade)
        if key % 7 not in (2, 6) and key != 8:
            pen.rect(left + 0.045, 0.53, left + 0.085, 0.6, "black")
    pen.inside(0.22, 0.62, 0.07, 0.16, turn=24).rect(0, 0, 1, 1, "white")
    for x in (0.08, 0.84):
        pen.rect(x, 0.7, x + 0.08, 1.0, "dark-brown")
    pen.rect(0.4, 0.86, 0.6, 0.9, "gold")


@thing
def slot_box(pen: Pen) -> None:
    """A box with a slot and a coin above it."""
    pen.rect(0.1, 0.4, 0.9, 1.0, pen.colour("blue"), 0.03)
    pen.poly([(0.1, 0.42), (0.22, 0.3), (0.98, 0.3), (0.9, 0.42)], "light-blue")
    pen.line([(0.4, 0.36), (0.66, 0.36)], "black", 0.035)
    pen.disc(0.54, 0.18, 0.13, "gold")
    pen.disc(0.54, 0.18, 0.08, "yellow")
    pen.rect(0.2, 0.56, 0.8, 0.86, "white")
    pen.text(0.5, 0.71, "?", 0.24, "black", bold=True)


@thing
def old_radio(pen: Pen) -> None:
    colour = pen.colour("brown")
    pen.line([(0.8, 0.3), (0.94, 0.0)], "dark-grey", 0.025)
    pen.rect(0.02, 0.28, 0.98, 0.96, colour, 0.1)
    pen.disc(0.3, 0.6, 0.23, "tan")
    for row in range(5):
        y = 0.45 + 0.075 * row
        pen.line([(0.14, y), (0.46, y)], "dark-brown", 0.015)
    pen.rect(0.58, 0.38, 0.9, 0.54, "cream")
    pen.line([(0.7, 0.39), (0.7, 0.53)], "red", 0.02)
    for x in (0.66, 0.82):
        pen.disc(x, 0.74, 0.08, "gold")


@thing
def writing_desk(pen: Pen) -> None:
    """An old desk with an empty sheet, an inkwell with a quill, and a candle."""
    for x in (0.08, 0.86):
        pen.poly([(x, 0.6), (x + 0.07, 0.6), (x + 0.05, 1.0), (x + 0.02, 1.0)], "dark-brown")
    pen.rect(0.02, 0.56, 0.98, 0.68, "brown")
    for left in (0.14, 0.56):
        pen.rect(left, 0.68, left + 0.3, 0.82, "brown")
        pen.disc(left + 0.15, 0.75, 0.02, "gold")
    pen.poly([(0.34, 0.44), (0.64, 0.44), (0.7, 0.57), (0.28, 0.57)], "cream")
    pen.rect(0.74, 0.44, 0.84, 0.57, "navy", 0.02)
    pen.curve([(0.79, 0.46), (0.86, 0.26), (0.98, 0.1)], "white", 0.045)
    pen.line([(0.79, 0.46), (0.96, 0.14)], "grey", 0.01)
    pen.rect(0.12, 0.3, 0.18, 0.56, "white")
    pen.blob([(0.15, 0.16), (0.18, 0.25), (0.15, 0.29), (0.12, 0.25)], "yellow")


@thing
def masked_book(pen: Pen) -> None:
    """A book's cover with a carnival mask, by A. Nonymous."""
    pen.rect(0.14, 0.0, 0.86, 1.0, pen.colour("purple"), 0.02)
    pen.rect(0.14, 0.0, 0.2, 1.0, "dark-purple")
    pen.text(0.53, 0.13, "THE SPOON", 0.1, "white", bold=True)
    pen.text(0.53, 0.25, "THAT SANG", 0.1, "white", bold=True)
    pen.blob(
        [
            (0.26, 0.46), (0.4, 0.42), (0.53, 0.5), (0.66, 0.42), (0.8, 0.46), (0.78, 0.6),
            (0.64, 0.68), (0.53, 0.58), (0.42, 0.68), (0.28, 0.6),
        ],
        "gold",
    )  # fmt: skip
    for x in (0.4, 0.66):
        pen.oval(x, 0.54, 0.06, 0.04, "black")
    pen.curve([(0.8, 0.5), (0.84, 0.62), (0.8, 0.74)], "red", 0.03)
    pen.text(0.53, 0.86, "A. Nonymous", 0.09, "yellow", bold=True)


@thing
def spoon_book(pen: Pen) -> None:
    """An invented book with its author, year and publisher on the cover."""
    pen.rect(0.1, 0.0, 0.9, 1.0, "teal", 0.02)
    pen.rect(0.1, 0.0, 0.17, 1.0, "dark-teal")
    pen.rect(0.22, 0.06, 0.84, 0.94, "cream")
    pen.text(0.53, 0.16, "Tilda Ladle", 0.075, "black")
    pen.text(0.53, 0.31, "ON SPOONS", 0.1, "dark-red", bold=True)
    pen.oval(0.53, 0.48, 0.07, 0.08, "grey")
    pen.line([(0.53, 0.55), (0.53, 0.74)], "grey", 0.035)
    pen.text(0.53, 0.82, "Drawer Press", 0.065, "black")
    pen.text(0.53, 0.89, "1950", 0.065, "black")


@thing
def fridge_card(pen: Pen) -> None:
    """A card headed IN AN EMERGENCY with two open lines, under a magnet."""
    pen.rect(0.02, 0.06, 0.98, 0.98, "white", 0.02)
    pen.rect(0.02, 0.06, 0.98, 0.26, "red", 0.02)
    pen.text(0.5, 0.16, "IN AN EMERGENCY", 0.085, "white", bold=True)
    for row, word in enumerate(("Name:", "Doctor:")):
        y = 0.42 + 0.24 * row
        pen.text(0.2, y, word, 0.085, "black")
        pen.line([(0.36, y + 0.05), (0.92, y + 0.05)], "black", 0.012)
    pen.disc(0.5, 0.04, 0.045, "blue")


@thing
def fridge(pen: Pen) -> None:
    """A refrigerator's door, seen close up."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "pale-teal", 0.06)
    pen.line([(0.0, 0.86), (1.0, 0.86)], "dark-teal", 0.012)
    pen.rect(0.06, 0.2, 0.09, 0.66, "grey", 0.02)
    for x, y, colour in ((0.9, 0.1, "yellow"), (0.92, 0.5, "red"), (0.18, 0.1, "green")):
        pen.disc(x, y, 0.035, colour)


@thing
def gift_parcel(pen: Pen) -> None:
    colour = pen.colour("purple")
    pen.rect(0.1, 0.44, 0.9, 1.0, colour)
    pen.rect(0.05, 0.34, 0.95, 0.48, colour)
    pen.rect(0.44, 0.34, 0.56, 1.0, "yellow")
    for way in (-1, 1):
        pen.blob(
            [
                (0.5, 0.34), (0.5 + 0.1 * way, 0.14), (0.5 + 0.3 * way, 0.12),
                (0.5 + 0.26 * way, 0.3),
            ],
            "yellow",
        )  # fmt: skip
    pen.disc(0.5, 0.33, 0.05, "gold")


@thing
def stuffed_envelope(pen: Pen) -> None:
    """An open envelope with play coins that stick out of it."""
    pen.poly([(0.06, 0.5), (0.5, 0.16), (0.94, 0.5)], "light-brown")
    for x, y in ((0.3, 0.46), (0.48, 0.38), (0.66, 0.44)):
        pen.disc(x, y, 0.13, "gold")
        pen.disc(x, y, 0.08, "yellow")
    pen.rect(0.06, 0.5, 0.94, 1.0, "tan")
    pen.line([(0.06, 0.5), (0.5, 0.8), (0.94, 0.5)], "brown", 0.02)
