"""Screens, diagrams and squared paper."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def process_tree(pen: Pen) -> None:
    """A sketch of a parent and its two children, one of them dead; it fills its box."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "grey")
    pen.rect(0.02, 0.03, 0.98, 0.97, "white")
    for x in (0.27, 0.73):
        pen.line([(0.5, 0.36), (x, 0.62)], "navy", 0.015)
    for x, y, colour in (
        (0.5, 0.24, "pale-blue"), (0.27, 0.74, "pale-green"), (0.73, 0.74, "pale-red"),
    ):  # fmt: skip
        pen.oval(x, y, 0.17, 0.14, colour)
    pen.text(0.5, 0.21, "PARENT", 0.07, "navy", bold=True)
    pen.text(0.5, 0.29, "waits...", 0.06, "navy")
    pen.text(0.27, 0.71, "CHILD 1", 0.06, "dark-green", bold=True)
    pen.text(0.27, 0.78, "running", 0.055, "dark-green")
    pen.text(0.73, 0.71, "CHILD 2", 0.06, "dark-red", bold=True)
    pen.text(0.73, 0.78, "dead", 0.055, "dark-red")
    for way in (-1, 1):
        pen.line([(0.62 - 0.035 * way, 0.45), (0.62 + 0.035 * way, 0.53)], "red", 0.02)


@thing
def dot_grid(pen: Pen) -> None:
    """Six rows of six dots, four of them red: a small cross without its foot."""
    pen.rect(0.0, 0.0, 1.0, 1.0, "white")
    for line in range(1, 12):
        pen.line([(line / 12, 0.0), (line / 12, 1.0)], "pale-blue", 0.004)
        pen.line([(0.0, line / 12), (1.0, line / 12)], "pale-blue", 0.004)
    for row in range(6):
        for column in range(6):
            ill = (row, column) in {(1, 3), (2, 2), (2, 3), (4, 1)}
            pen.disc(1 / 12 + column / 6, 1 / 12 + row / 6, 0.05, "red" if ill else "light-grey")


@thing
def wall_display(pen: Pen) -> None:
    """A small screen in a wooden frame that shows an error."""
    pen.rect(0.0, 0.14, 1.0, 0.9, "brown", 0.04)
    pen.rect(0.05, 0.2, 0.95, 0.84, "navy")
    pen.text(0.5, 0.34, "WEATHER", 0.09, "pale-blue", bold=True)
    pen.text(0.5, 0.52, "program not running", 0.075, "yellow")
    pen.text(0.5, 0.66, "--:--    -- degrees", 0.075, "light-grey")


@thing
def alarming_phone(pen: Pen) -> None:
    """A phone whose screen shows a message from ACORN BANK."""
    pen.rect(0.22, 0.0, 0.78, 1.0, "black", 0.06)
    pen.rect(0.26, 0.06, 0.74, 0.92, "pale-teal")
    pen.rect(0.26, 0.06, 0.74, 0.18, "teal")
    pen.text(0.5, 0.12, "NEW MESSAGE", 0.05, "white", bold=True)
    pen.rect(0.29, 0.24, 0.71, 0.7, "white", 0.03)
    for row, words in enumerate(
        ("ACORN BANK", "Your card is", "blocked. Tap", "here and type", "your PIN now!")
    ):
        pen.text(
            0.5, 0.31 + 0.08 * row, words, 0.055, "red" if row == 0 else "black", bold=row == 0
        )
    pen.rect(0.36, 0.76, 0.64, 0.86, "red", 0.03)
    pen.text(0.5, 0.81, "TAP HERE", 0.05, "white", bold=True)
