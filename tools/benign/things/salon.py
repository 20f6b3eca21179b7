"""Things of a dog salon and of a room for breast screening."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def grooming_table(pen: Pen) -> None:
    """A table with a rubber mat and an arm with a loose lead."""
    for x in (0.14, 0.82):
        pen.rect(x, 0.56, x + 0.05, 1.0, "grey")
    pen.rect(0.0, 0.48, 1.0, 0.58, "black", 0.02)
    pen.line([(0.94, 0.5), (0.94, 0.02), (0.66, 0.02)], "grey", 0.035)
    pen.line([(0.68, 0.03), (0.68, 0.14)], "red", 0.02)
    pen.arc(0.68, 0.2, 0.04, 0.06, 0, 360, "red", 0.02)


@thing
def hair_brush(pen: Pen) -> None:
    """Lies flat, its bristles up."""
    pen.rect(0.5, 0.56, 1.0, 0.68, pen.colour("teal"), 0.05)
    pen.rect(0.02, 0.52, 0.56, 0.74, pen.colour("teal"), 0.08)
    for step in range(8):
        pen.line([(0.07 + 0.06 * step, 0.53), (0.07 + 0.06 * step, 0.34)], "dark-grey", 0.02)


@thing
def shaggy_dog(pen: Pen) -> None:
    """Stands, with long hair down to the ground and over its eyes, seen from its left side."""
    colour = pen.colour("grey")
    light = f"light-{colour.rpartition('-')[2]}"
    for x in (0.3, 0.42, 0.72, 0.84):
        pen.rect(x, 0.72, x + 0.07, 0.99, light, 0.03)
    pen.blob([(0.86, 0.4), (0.98, 0.24), (0.99, 0.1), (0.92, 0.2), (0.8, 0.36)], light)
    fringe = [(0.24 + 0.058 * step, 0.9 if step % 2 else 0.78) for step in range(13)]
    pen.poly(
        [(0.24, 0.46), (0.34, 0.36), (0.6, 0.34), (0.86, 0.36), (0.96, 0.5), *reversed(fringe)],
        colour,
    )
    for x in (0.4, 0.5, 0.6, 0.7, 0.8):
        pen.curve([(x, 0.42), (x - 0.02, 0.58), (x + 0.01, 0.74)], light, 0.012)
    muzzle = [
        (0.04, 0.5),
        (0.08, 0.66),
        (0.13, 0.58),
        (0.18, 0.72),
        (0.24, 0.62),
        (0.29, 0.76),
        (0.34, 0.62),
        (0.4, 0.68),
    ]
    pen.poly([*muzzle, (0.42, 0.3), (0.32, 0.14), (0.18, 0.14), (0.08, 0.3)], light)
    pen.poly([(0.3, 0.14), (0.4, 0.2), (0.48, 0.44), (0.42, 0.58), (0.36, 0.44)], colour)
    pen.poly(
        [
            (0.12, 0.18),
            (0.32, 0.12),
            (0.31, 0.3),
            (0.27, 0.37),
            (0.23, 0.3),
            (0.18, 0.38),
            (0.14, 0.3),
            (0.08, 0.36),
        ],
        colour,
    )
    pen.oval(0.06, 0.44, 0.05, 0.045, "black")
    pen.blob([(0.12, 0.58), (0.18, 0.56), (0.19, 0.68), (0.14, 0.7)], "pink")


@thing
def shaggy_poodle(pen: Pen) -> None:
    """Sits, seen from the front, a cloud of uncut curls."""
    colour = pen.colour("white")
    shade = f"dark-{colour.rpartition('-')[2]}" if colour != "white" else "light-grey"
    for x, y, radius in (
        (0.3, 0.86, 0.14), (0.5, 0.88, 0.13), (0.7, 0.86, 0.14), (0.24, 0.7, 0.14),
        (0.76, 0.7, 0.14),
        (0.38, 0.66, 0.16), (0.62, 0.66, 0.16), (0.5, 0.74, 0.17), (0.5, 0.56, 0.15),
        (0.36, 0.18, 0.13), (0.5, 0.13, 0.13), (0.64, 0.18, 0.13), (0.38, 0.34, 0.15),
        (0.62, 0.34, 0.15), (0.5, 0.4, 0.16),
    ):  # fmt: skip
        pen.disc(x, y, radius, colour)
        pen.arc(x, y, radius * 0.7, radius * 0.6, 200, 320, shade, 0.012)
    for side in (-1, 1):
        for y, radius in ((0.56, 0.09), (0.46, 0.11), (0.34, 0.1)):
            pen.disc(0.5 + side * 0.29, y, radius, shade)
    pen.line([(0.32, 0.56), (0.68, 0.56)], "red", 0.04)
    pen.disc(0.5, 0.6, 0.045, "gold")
    pen.blob([(0.46, 0.46), (0.54, 0.46), (0.53, 0.55), (0.47, 0.55)], "pink")
    pen.oval(0.5, 0.42, 0.11, 0.08, "pale-grey")
    pen.oval(0.5, 0.37, 0.05, 0.035, "black")
    pen.line([(0.5, 0.4), (0.5, 0.45)], "black", 0.012)
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.09, 0.28, 0.024, "black")
        pen.oval(0.5 + side * 0.12, 0.97, 0.08, 0.035, shade)


@thing
def breast_scanner(pen: Pen) -> None:
    """An X-ray stand: a column, an arm with two flat plates, and a screen on a desk."""
    pen.rect(0.22, 0.06, 0.36, 0.92, "light-grey", 0.04)
    pen.rect(0.1, 0.9, 0.62, 1.0, "grey", 0.03)
    pen.rect(0.3, 0.12, 0.66, 0.26, pen.colour("white"), 0.05)
    pen.poly([(0.48, 0.26), (0.64, 0.26), (0.6, 0.36), (0.52, 0.36)], "dark-grey")
    pen.rect(0.34, 0.42, 0.68, 0.46, "light-blue", 0.01)
    pen.rect(0.34, 0.54, 0.7, 0.62, "dark-grey", 0.02)
    pen.rect(0.3, 0.4, 0.36, 0.64, "white")
    pen.line([(0.16, 0.5), (0.22, 0.5)], "dark-grey", 0.04)
    pen.rect(0.78, 0.34, 1.0, 0.58, "black", 0.02)
    pen.rect(0.8, 0.37, 0.98, 0.54, "blue")
    pen.rect(0.87, 0.58, 0.91, 0.96, "grey")
    pen.rect(0.78, 0.94, 1.0, 1.0, "grey")
