"""Things of the shore: penguins, sea stars, waves, and what anglers bring."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def penguin(pen: Pen) -> None:
    """Stands upright and looks to the left."""
    for x in (0.38, 0.56):
        pen.oval(x, 0.97, 0.1, 0.03, "black")
    pen.blob(
        [
            (0.3, 0.3),
            (0.5, 0.2),
            (0.68, 0.34),
            (0.78, 0.66),
            (0.74, 0.92),
            (0.5, 0.98),
            (0.28, 0.92),
            (0.22, 0.62),
        ],
        "black",
    )
    pen.blob(
        [
            (0.26, 0.42),
            (0.44, 0.36),
            (0.58, 0.56),
            (0.6, 0.86),
            (0.44, 0.96),
            (0.28, 0.9),
            (0.22, 0.64),
        ],
        "white",
    )
    pen.curve([(0.26, 0.86), (0.28, 0.52), (0.42, 0.42), (0.53, 0.54), (0.56, 0.84)], "black", 0.03)
    pen.blob([(0.64, 0.42), (0.78, 0.5), (0.92, 0.74), (0.8, 0.76), (0.68, 0.62)], "dark-grey")
    pen.blob(
        [
            (0.24, 0.2),
            (0.32, 0.06),
            (0.5, 0.03),
            (0.64, 0.14),
            (0.62, 0.32),
            (0.46, 0.4),
            (0.3, 0.36),
        ],
        "black",
    )
    pen.blob(
        [(0.36, 0.3), (0.46, 0.1), (0.6, 0.12), (0.62, 0.26), (0.5, 0.36), (0.34, 0.38)], "white"
    )
    pen.blob(
        [(0.26, 0.2), (0.36, 0.1), (0.47, 0.13), (0.45, 0.26), (0.34, 0.32), (0.24, 0.28)], "black"
    )
    pen.poly([(0.26, 0.17), (0.02, 0.26), (0.05, 0.3), (0.26, 0.28)], "dark-grey")
    pen.line([(0.06, 0.27), (0.26, 0.235)], "black", 0.012)
    pen.blob([(0.29, 0.15), (0.4, 0.12), (0.42, 0.17), (0.32, 0.2)], "pink")
    pen.disc(0.38, 0.185, 0.02, "white")
    pen.disc(0.375, 0.185, 0.011, "black")
    for x, y in ((0.36, 0.56), (0.44, 0.66), (0.35, 0.74), (0.47, 0.8)):
        pen.disc(x, y, 0.012, "black")


@thing
def boulder(pen: Pen) -> None:
    colour = pen.colour("grey")
    pen.blob(
        [(0.02, 0.98), (0.06, 0.6), (0.26, 0.34), (0.6, 0.3), (0.88, 0.5), (0.99, 0.98)], colour
    )
    pen.curve([(0.24, 0.56), (0.4, 0.46), (0.58, 0.46)], f"dark-{colour.rpartition('-')[2]}", 0.025)
    pen.curve([(0.62, 0.74), (0.74, 0.7), (0.84, 0.76)], f"dark-{colour.rpartition('-')[2]}", 0.025)


@thing
def starfish(pen: Pen) -> None:
    colour = pen.colour("orange")
    pen.blob(
        [(0.5, 0.02), (0.6, 0.32), (0.97, 0.36), (0.7, 0.58), (0.8, 0.97), (0.5, 0.76), (0.2, 0.97),
         (0.3, 0.58), (0.03, 0.36), (0.4, 0.32)],
        colour,
    )  # fmt: skip
    for x, y in (
        (0.5, 0.16),
        (0.5, 0.26),
        (0.82, 0.4),
        (0.72, 0.44),
        (0.7, 0.82),
        (0.63, 0.7),
        (0.3, 0.82),
        (0.37, 0.7),
        (0.18, 0.4),
        (0.28, 0.44),
    ):
        pen.disc(x, y, 0.022, "cream")
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.08, 0.46, 0.045, "white")
        pen.disc(0.5 + side * 0.08, 0.47, 0.02, "black")
    pen.arc(0.5, 0.54, 0.09, 0.07, 20, 160, "black", 0.02)


@thing
def shell(pen: Pen) -> None:
    colour = pen.colour("pink")
    pen.blob([(0.5, 0.98), (0.06, 0.56), (0.2, 0.2), (0.5, 0.08), (0.8, 0.2), (0.94, 0.56)], colour)
    for x in (0.16, 0.34, 0.5, 0.66, 0.84):
        pen.line([(0.5, 0.92), (x, 0.26 if x != 0.5 else 0.14)], "cream", 0.02)


@thing
def rubber_duck(pen: Pen) -> None:
    colour = pen.colour("yellow")
    pen.blob(
        [
            (0.1, 0.7),
            (0.3, 0.56),
            (0.6, 0.6),
            (0.98, 0.46),
            (0.94, 0.8),
            (0.7, 0.97),
            (0.3, 0.97),
            (0.12, 0.88),
        ],
        colour,
    )
    pen.disc(0.34, 0.36, 0.24, colour)
    pen.blob([(0.16, 0.36), (-0.02, 0.38), (0.02, 0.46), (0.16, 0.48)], "orange")
    pen.disc(0.28, 0.3, 0.045, "white")
    pen.disc(0.27, 0.3, 0.024, "black")
    pen.blob([(0.46, 0.72), (0.66, 0.68), (0.84, 0.66), (0.74, 0.82), (0.54, 0.84)], "gold")


@thing
def bathtub(pen: Pen) -> None:
    """With foam in it."""
    for x in (0.2, 0.76):
        pen.rect(x, 0.86, x + 0.05, 1.0, "gold")
    pen.rect(0.86, 0.16, 0.9, 0.5, "grey")
    pen.blob(
        [(0.88, 0.12), (0.78, 0.14), (0.76, 0.26), (0.81, 0.26), (0.82, 0.2), (0.9, 0.2)], "grey"
    )
    for x, radius in ((0.14, 0.1), (0.28, 0.13), (0.44, 0.1), (0.6, 0.13), (0.76, 0.09)):
        pen.disc(x, 0.46, radius, "pale-blue")
    pen.blob(
        [(0.02, 0.48), (0.98, 0.48), (0.92, 0.8), (0.78, 0.9), (0.22, 0.9), (0.08, 0.8)],
        pen.colour("white"),
    )
    pen.rect(0.0, 0.44, 1.0, 0.52, pen.colour("white"), 0.04)


@thing
def curling_wave(pen: Pen) -> None:
    """One large wave that curls to the left, with fingers of foam."""
    pen.blob(
        [(1.0, 1.0), (1.0, 0.7), (0.86, 0.34), (0.6, 0.1), (0.34, 0.08), (0.16, 0.2), (0.1, 0.4),
         (0.24, 0.32), (0.4, 0.34), (0.46, 0.52), (0.34, 0.74), (0.1, 0.88), (0.0, 1.0)],
        "navy",
    )  # fmt: skip
    for away in (0.0, 0.09, 0.18):
        pen.curve(
            [
                (0.5 + away, 0.2),
                (0.68 + away * 0.8, 0.44),
                (0.62 + away, 0.74),
                (0.44 + away, 0.96),
            ],
            "light-blue",
            0.025,
        )
    pen.blob(
        [
            (0.66, 0.12),
            (0.5, 0.02),
            (0.3, 0.02),
            (0.1, 0.14),
            (0.02, 0.36),
            (0.14, 0.3),
            (0.3, 0.2),
            (0.5, 0.18),
        ],
        "white",
    )
    for x, y in ((0.05, 0.42), (0.15, 0.4), (0.24, 0.34), (0.34, 0.3), (0.02, 0.3)):
        pen.disc(x, y, 0.045, "white")
    for x, y in ((0.08, 0.54), (0.2, 0.5), (0.3, 0.44), (-0.02, 0.48)):
        pen.disc(x, y, 0.018, "white")
    for x in (0.04, 0.2, 0.36):
        pen.disc(x, 0.96, 0.06, "white")


@thing
def fishing_rod(pen: Pen) -> None:
    """Leans to the right; the line hangs from its tip."""
    pen.line([(0.04, 1.0), (0.9, 0.04)], pen.colour("brown"), 0.025)
    pen.line([(0.04, 1.0), (0.22, 0.8)], "black", 0.05)
    pen.disc(0.3, 0.75, 0.05, "grey")
    pen.disc(0.3, 0.75, 0.02, "black")
    pen.line([(0.9, 0.04), (0.9, 0.6)], "dark-grey", 0.008)
    pen.arc(0.88, 0.62, 0.03, 0.04, 0, 200, "dark-grey", 0.015)


@thing
def old_boot(pen: Pen) -> None:
    colour = pen.colour("brown")
    pen.blob(
        [
            (0.3, 0.1),
            (0.62, 0.1),
            (0.62, 0.5),
            (0.84, 0.62),
            (0.96, 0.84),
            (0.9, 0.92),
            (0.26, 0.92),
            (0.28, 0.5),
        ],
        colour,
    )
    pen.rect(0.24, 0.9, 0.95, 1.0, "black", 0.03)
    pen.rect(0.26, 0.06, 0.66, 0.18, "tan", 0.03)
    for y in (0.28, 0.38, 0.48):
        pen.line([(0.46, y), (0.62, y + 0.03)], "cream", 0.022)
    pen.poly([(0.8, 0.66), (0.96, 0.62), (0.97, 0.72), (0.84, 0.74)], "tan")
    pen.line([(0.36, 0.62), (0.46, 0.74)], "dark-brown", 0.02)


@thing
def boot_trophy(pen: Pen) -> None:
    """A golden cup with an old boot on top."""
    old_boot(pen.inside(0.26, 0.0, 0.48, 0.36))
    for side in (-1, 1):
        pen.arc(0.5 + side * 0.28, 0.5, 0.13, 0.11, 0, 360, "gold", 0.035)
    pen.blob(
        [(0.2, 0.36), (0.8, 0.36), (0.74, 0.56), (0.58, 0.7), (0.42, 0.7), (0.26, 0.56)], "yellow"
    )
    pen.rect(0.45, 0.66, 0.55, 0.82, "gold")
    pen.rect(0.28, 0.8, 0.72, 1.0, "dark-brown")
    pen.rect(0.36, 0.85, 0.64, 0.95, "cream")


@thing
def wide_mug(pen: Pen) -> None:
    """A mug seen from the front, with room for words on it."""
    colour = pen.colour("white")
    pen.arc(0.84, 0.52, 0.14, 0.24, -100, 100, colour, 0.08)
    pen.rect(0.06, 0.12, 0.84, 0.96, colour, 0.08)
    pen.oval(0.45, 0.14, 0.39, 0.09, colour)
    pen.oval(0.45, 0.14, 0.34, 0.06, "brown")


@thing
def hook(pen: Pen) -> None:
    """A fishing hook on its line."""
    pen.line([(0.6, 0.0), (0.6, 0.5)], "dark-grey", 0.02)
    pen.arc(0.6, 0.2, 0.06, 0.06, 0, 360, "dark-grey", 0.03)
    pen.curve(
        [(0.6, 0.26), (0.6, 0.74), (0.44, 0.92), (0.26, 0.76), (0.28, 0.6)], "dark-grey", 0.05
    )
    pen.poly([(0.2, 0.66), (0.28, 0.5), (0.36, 0.66)], "dark-grey")
