"""Animals, wild plants, and a camera that is aimed at a pond."""

from __future__ import annotations

from tools.benign.pen import Pen
from tools.benign.things import thing


@thing
def woolly_sheep(pen: Pen) -> None:
    """Looks to the left."""
    for x in (0.36, 0.46, 0.7, 0.8):
        pen.rect(x, 0.7, x + 0.05, 1.0, "black")
    fleece = [
        (0.24, 0.5), (0.26, 0.3), (0.4, 0.22), (0.54, 0.14), (0.7, 0.2), (0.86, 0.26), (0.94, 0.44),
        (0.96, 0.62), (0.84, 0.76), (0.66, 0.82), (0.48, 0.82), (0.32, 0.74),
    ]  # fmt: skip
    pen.blob(fleece, pen.colour("cream"))
    for x, y in ((0.42, 0.4), (0.58, 0.32), (0.76, 0.4), (0.5, 0.58), (0.68, 0.56), (0.84, 0.6)):
        pen.arc(x, y, 0.07, 0.06, 150, 360, "tan", 0.018)
    pen.oval(0.34, 0.28, 0.08, 0.04, "black")
    pen.blob(
        [(0.04, 0.46), (0.14, 0.26), (0.26, 0.22), (0.34, 0.34), (0.26, 0.5), (0.12, 0.56)], "black"
    )
    pen.blob(
        [(0.16, 0.26), (0.22, 0.14), (0.34, 0.16), (0.36, 0.28), (0.26, 0.3)], pen.colour("cream")
    )
    pen.disc(0.17, 0.36, 0.03, "white")
    pen.disc(0.165, 0.365, 0.015, "navy")


@thing
def sheep_shears(pen: Pen) -> None:
    """Old shears of one piece of steel; the blades are at the top."""
    pen.poly([(0.46, 0.56), (0.34, 0.04), (0.5, 0.5), (0.54, 0.56)], "light-grey")
    pen.poly([(0.54, 0.56), (0.66, 0.04), (0.5, 0.5), (0.46, 0.56)], "light-grey")
    pen.poly([(0.3, 0.6), (0.34, 0.02), (0.48, 0.54)], "grey")
    pen.poly([(0.7, 0.6), (0.66, 0.02), (0.52, 0.54)], "grey")
    pen.curve(
        [
            (0.38, 0.56),
            (0.3, 0.7),
            (0.32, 0.88),
            (0.5, 0.98),
            (0.68, 0.88),
            (0.7, 0.7),
            (0.62, 0.56),
        ],
        pen.colour("dark-grey"),
        0.06,
    )


@thing
def pet_carrier(pen: Pen) -> None:
    """A travel box; a cat looks through its door."""
    colour = pen.colour("blue")
    pen.arc(0.5, 0.2, 0.16, 0.1, 180, 360, "dark-grey", 0.05)
    pen.rect(0.02, 0.2, 0.98, 0.96, colour, 0.1)
    pen.rect(0.02, 0.54, 0.98, 0.6, f"dark-{colour}")
    pen.rect(0.2, 0.3, 0.8, 0.88, "black", 0.05)
    for side in (-1, 1):
        pen.poly(
            [(0.5 + side * 0.18, 0.6), (0.5 + side * 0.18, 0.38), (0.5 + side * 0.04, 0.48)],
            "orange",
        )
    pen.oval(0.5, 0.64, 0.22, 0.19, "orange")
    pen.wedge(0.5, 0.88, 0.24, 0.12, 180, 360, "orange")
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.09, 0.6, 0.035, 0.05, "black")
    pen.poly([(0.46, 0.68), (0.54, 0.68), (0.5, 0.73)], "pink")
    for x in (0.3, 0.4, 0.5, 0.6, 0.7):
        pen.line([(x, 0.3), (x, 0.88)], "grey", 0.014)
    pen.rect(0.2, 0.3, 0.23, 0.88, "grey")
    pen.rect(0.77, 0.3, 0.8, 0.88, "grey")


@thing
def fly(pen: Pen) -> None:
    pen.oval(0.28, 0.3, 0.24, 0.14, "pale-grey")
    pen.oval(0.72, 0.3, 0.24, 0.14, "pale-grey")
    pen.oval(0.5, 0.56, 0.16, 0.26, "black")
    pen.disc(0.5, 0.28, 0.12, "dark-green")


@thing
def corpse_flower(pen: Pen) -> None:
    """Open: a tall spike in a ruffled, dark red skirt."""
    pen.rect(0.44, 0.76, 0.56, 0.92, "green")
    pen.blob(
        [
            (0.5, 0.84), (0.28, 0.74), (0.02, 0.42), (0.14, 0.46), (0.2, 0.38), (0.32, 0.46),
            (0.42, 0.4), (0.5, 0.46), (0.6, 0.4), (0.7, 0.46), (0.8, 0.38), (0.88, 0.46),
            (0.98, 0.42), (0.72, 0.74),
        ],
        "green",
    )  # fmt: skip
    pen.blob(
        [(0.5, 0.72), (0.3, 0.64), (0.08, 0.44), (0.2, 0.44), (0.34, 0.5), (0.5, 0.48), (0.66, 0.5),
         (0.8, 0.44), (0.92, 0.44), (0.7, 0.64)],
        "dark-red",
    )  # fmt: skip
    for x, y in ((0.26, 0.5), (0.38, 0.56), (0.62, 0.56), (0.74, 0.5)):
        pen.line([(x, y), (0.5 + (x - 0.5) * 0.4, 0.68)], "red", 0.012)
    pen.blob(
        [(0.43, 0.64), (0.44, 0.3), (0.5, 0.02), (0.56, 0.3), (0.57, 0.64)], pen.colour("gold")
    )


@thing
def corpse_bud(pen: Pen) -> None:
    """Closed: the tip of the spike shows above folded green leaves."""
    pen.rect(0.44, 0.76, 0.56, 0.92, "green")
    pen.blob(
        [(0.45, 0.5), (0.46, 0.24), (0.5, 0.06), (0.54, 0.24), (0.55, 0.5)], pen.colour("gold")
    )
    pen.blob(
        [
            (0.34, 0.8),
            (0.3, 0.56),
            (0.4, 0.34),
            (0.5, 0.44),
            (0.6, 0.32),
            (0.7, 0.56),
            (0.66, 0.8),
            (0.5, 0.86),
        ],
        "green",
    )
    for x in (0.4, 0.5, 0.6):
        pen.curve(
            [(0.5 + (x - 0.5) * 0.5, 0.82), (x, 0.62), (0.5 + (x - 0.5) * 0.9, 0.42)],
            "dark-green",
            0.014,
        )


@thing
def big_pot(pen: Pen) -> None:
    colour = pen.colour("orange")
    pen.poly([(0.06, 0.3), (0.94, 0.3), (0.8, 1.0), (0.2, 1.0)], colour)
    pen.rect(0.0, 0.2, 1.0, 0.38, colour, 0.04)
    pen.oval(0.5, 0.22, 0.44, 0.06, "dark-brown")


@thing
def dandelion(pen: Pen) -> None:
    """Tall, with toothed leaves, a flower and a head of seeds."""
    for side in (-1, 1):

        def at(x: float, y: float, side: int = side) -> tuple[float, float]:
            return 0.5 + side * x, y

        pen.poly(
            [
                at(0.02, 1.0), at(0.12, 0.84), at(0.12, 0.92), at(0.26, 0.74), at(0.25, 0.86),
                at(0.4, 0.7), at(0.46, 0.72), at(0.42, 0.84), at(0.3, 0.94), at(0.14, 1.0),
            ],
            "green",
        )  # fmt: skip
    pen.curve([(0.5, 0.98), (0.44, 0.6), (0.36, 0.3)], "olive", 0.03)
    pen.curve([(0.52, 0.98), (0.6, 0.66), (0.7, 0.44)], "olive", 0.03)
    for step in range(10):
        pen.wedge(0.34, 0.22, 0.17, 0.17, step * 36, step * 36 + 24, "yellow")
    pen.disc(0.34, 0.22, 0.07, "gold")
    pen.disc(0.72, 0.36, 0.14, "pale-grey")
    for step in range(8):
        x, y = (
            (0.12, 0),
            (0.09, 0.09),
            (0, 0.12),
            (-0.09, 0.09),
            (-0.12, 0),
            (-0.09, -0.09),
            (0, -0.12),
            (0.09, -0.09),
        )[step]
        pen.line([(0.72, 0.36), (0.72 + x, 0.36 + y)], "grey", 0.01)


@thing
def thistle(pen: Pen) -> None:
    pen.curve([(0.5, 1.0), (0.48, 0.7), (0.52, 0.34)], "dark-green", 0.045)
    for side, y in ((-1, 0.86), (1, 0.72), (-1, 0.58)):
        pen.poly(
            [
                (0.5, y), (0.5 + side * 0.14, y - 0.12), (0.5 + side * 0.16, y - 0.04),
                (0.5 + side * 0.32, y - 0.16), (0.5 + side * 0.3, y - 0.04),
                (0.5 + side * 0.42, y - 0.06), (0.5 + side * 0.2, y + 0.06),
            ],
            "green",
        )  # fmt: skip
    for step in range(7):
        x = 0.34 + 0.06 * step
        pen.line([(0.52, 0.26), (x, 0.04)], pen.colour("purple"), 0.05)
    pen.oval(0.52, 0.28, 0.13, 0.12, "green")


@thing
def cross_goose(pen: Pen) -> None:
    """Wings half open, beak open, looks to the left."""
    for x in (0.52, 0.64):
        pen.line([(x, 0.78), (x, 0.96)], "orange", 0.03)
        pen.poly([(x, 0.93), (x - 0.1, 1.0), (x + 0.04, 1.0)], "orange")
    pen.blob(
        [
            (0.4, 0.6),
            (0.56, 0.5),
            (0.78, 0.54),
            (0.98, 0.46),
            (0.86, 0.72),
            (0.62, 0.84),
            (0.44, 0.76),
        ],
        "white",
    )
    pen.poly(
        [
            (0.58, 0.6),
            (0.64, 0.3),
            (0.72, 0.36),
            (0.8, 0.2),
            (0.84, 0.34),
            (0.94, 0.24),
            (0.88, 0.56),
            (0.72, 0.68),
        ],
        "pale-grey",
    )
    pen.curve([(0.5, 0.66), (0.4, 0.5), (0.42, 0.34), (0.32, 0.22)], "white", 0.12)
    pen.disc(0.3, 0.2, 0.1, "white")
    pen.poly([(0.24, 0.13), (0.24, 0.2), (0.02, 0.14)], "orange")
    pen.poly([(0.24, 0.22), (0.25, 0.28), (0.06, 0.3)], "orange")
    pen.disc(0.29, 0.17, 0.025, "black")
    pen.line([(0.23, 0.11), (0.34, 0.14)], "black", 0.02)


@thing
def duck(pen: Pen) -> None:
    """Swims to the left; its box ends at the water."""
    pen.blob(
        [(0.2, 0.66), (0.5, 0.58), (0.8, 0.6), (0.98, 0.46), (0.9, 0.86), (0.6, 1.0), (0.3, 0.96)],
        "tan",
    )
    pen.blob([(0.46, 0.7), (0.7, 0.64), (0.84, 0.74), (0.62, 0.86)], "brown")
    pen.blob([(0.22, 0.84), (0.2, 0.54), (0.34, 0.5), (0.4, 0.84)], "dark-green")
    pen.disc(0.26, 0.42, 0.17, "dark-green")
    pen.line([(0.18, 0.62), (0.4, 0.62)], "white", 0.05)
    pen.poly([(0.12, 0.38), (0.12, 0.5), (0.0, 0.5)], "yellow")
    pen.disc(0.22, 0.38, 0.025, "white")


@thing
def tripod_camera(pen: Pen) -> None:
    """With a very long lens; points to the left."""
    for x in (0.44, 0.66, 0.9):
        pen.line([(0.66, 0.46), (x, 1.0)], "black", 0.035)
    pen.rect(0.6, 0.4, 0.72, 0.48, "dark-grey")
    pen.poly([(0.02, 0.2), (0.5, 0.24), (0.5, 0.38), (0.02, 0.42)], pen.colour("grey"))
    pen.rect(0.0, 0.18, 0.08, 0.44, "black")
    pen.rect(0.5, 0.2, 0.86, 0.42, "black", 0.03)
    pen.rect(0.6, 0.12, 0.76, 0.21, "black")
    pen.disc(0.78, 0.28, 0.03, "red")


@thing
def reeds(pen: Pen) -> None:
    for x, top, lean in (
        (0.1, 0.3, -0.06),
        (0.26, 0.08, 0.03),
        (0.42, 0.24, -0.03),
        (0.58, 0.02, 0.05),
        (0.74, 0.2, 0.02),
        (0.9, 0.34, 0.06),
    ):
        pen.line([(x, 1.0), (x + lean, top)], "green", 0.03)
        pen.line([(x, 1.0), (x - lean * 2, top + 0.3)], "olive", 0.025)
        pen.line([(x + lean, top), (x + lean, top + 0.16)], "brown", 0.06)


@thing
def pond(pen: Pen) -> None:
    """Water that lies in the lower half of its box."""
    pen.blob(
        [(0.0, 0.8), (0.2, 0.62), (0.6, 0.58), (0.95, 0.68), (1.0, 0.86), (0.7, 0.99), (0.2, 0.98)],
        "light-blue",
    )
    for x, y in ((0.2, 0.76), (0.5, 0.7), (0.66, 0.86), (0.3, 0.9)):
        pen.line([(x, y), (x + 0.12, y)], "white", 0.01)
