"""A pen that draws shapes into a box, whose corners are (0, 0) at the top left and (1, 1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from PIL import Image, ImageChops, ImageDraw

from tools.benign.colours import Rgb, luminance, named
from tools.benign.styles import Style

__all__ = ["HEIGHT", "SCALE", "WIDTH", "Label", "Pen", "Point"]

WIDTH, HEIGHT = 512, 384
SCALE = 2
"""How many times larger a picture is while it is drawn."""

Point = tuple[float, float]

_HATCHES: dict[int, Image.Image] = {}


@dataclass(frozen=True)
class Label:
    """Words that are written when the rest of the picture is finished.

    Attributes:
        text: the words, in lines.
        x, y: the middle, in pixels of the finished picture.
        size: of the letters, in pixels.
        colour: of the letters.
        turn: in degrees, clockwise.
        bold: whether the strokes are thick.
        align: `left` or `center`.
    """

    text: str
    x: float
    y: float
    size: int
    colour: Rgb
    turn: float = 0.0
    bold: bool = False
    align: str = "center"


def _hatch(size: tuple[int, int], gap: int) -> Image.Image:
    if gap not in _HATCHES:
        lines = Image.new("L", size, 0)
        draw = ImageDraw.Draw(lines)
        for x in range(-size[1], size[0], gap):
            draw.line((x, size[1], x + size[1], 0), fill=255, width=3)
        _HATCHES[gap] = lines
    return _HATCHES[gap]


def _round(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points of a part of an oval, from one angle to another; 0 is right, 90 is down."""
    steps = max(6, round(abs(end - start) / 8))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(cx + rx * math.cos(angle), cy + ry * math.sin(angle)) for angle in angles]


def _smooth(points: Sequence[Point], *, closed: bool) -> list[Point]:
    """A soft curve through points (Catmull and Rom's)."""
    around = [points[-1], *points, *points[:2]] if closed else [points[0], *points, points[-1]]
    curve: list[Point] = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        for step in range(8):
            t = step / 8
            x, y = (
                0.5
                * (
                    2 * q
                    + (r - p) * t
                    + (2 * p - 5 * q + 4 * r - s) * t * t
                    + (3 * q - p - 3 * r + s) * t**3
                )
                for p, q, r, s in zip(a, b, c, d, strict=True)
            )
            curve.append((x, y))
    return curve if closed else [*curve, points[-1]]


@dataclass(frozen=True)
class Pen:
    """Draws in a box of a picture, in its style.

    Attributes:
        image: what is drawn on, larger than the finished picture by `SCALE`.
        style: of the picture.
        random: for what may vary from picture to picture; seeded with the picture's name.
        labels: words to be written at the end.
        origin, across, down: the box: its corner and its two sides, in pixels.
        given: the colour that the picture asks for, if any.
    """

    image: Image.Image
    style: Style
    random: Random
    labels: list[Label]
    origin: Point = (0, 0)
    across: Point = (WIDTH * SCALE, 0)
    down: Point = (0, HEIGHT * SCALE)
    given: str = ""

    def colour(self, otherwise: str) -> str:
        """The colour that the picture asks for, or another."""
        return self.given or otherwise

    def inside(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        *,
        turn: float = 0,
        flip: bool = False,
        colour: str = "",
    ) -> Self:
        """A pen for a smaller box, whose top left corner is at (x, y).

        Args:
            x, y, wide, high: of the smaller box, in units of this one.
            turn: the smaller box is turned around its middle, in degrees, clockwise.
            flip: left and right change places.
            colour: what `colour` gives to the drawing in the smaller box.
        """
        origin = self._at(x, y)
        across = (self.across[0] * wide, self.across[1] * wide)
        down = (self.down[0] * high, self.down[1] * high)
        if flip:
            origin, across = (
                (origin[0] + across[0], origin[1] + across[1]),
                (-across[0], -across[1]),
            )
        if turn:
            cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
            middle = (
                origin[0] + (across[0] + down[0]) / 2,
                origin[1] + (across[1] + down[1]) / 2,
            )

            def turned(a: float, b: float) -> Point:
                return a * cos - b * sin, a * sin + b * cos

            away = turned(origin[0] - middle[0], origin[1] - middle[1])
            origin = (middle[0] + away[0], middle[1] + away[1])
            across, down = turned(*across), turned(*down)
        return replace(self, origin=origin, across=across, down=down, given=colour)

    def poly(self, points: Iterable[Point], fill: str) -> None:
        """A filled shape with corners."""
        self._shape(list(points), named(fill))

    def blob(self, points: Sequence[Point], fill: str) -> None:
        """A filled shape with a soft edge through the points."""
        self._shape(_smooth(points, closed=True), named(fill))

    def oval(self, x: float, y: float, rx: float, ry: float, fill: str) -> None:
        """A filled oval around (x, y)."""
        self._shape(_round(x, y, rx, ry, 0, 360), named(fill))

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """A filled circle, round in any box; the radius is in units of the box's height."""
        self._shape(_round(x, y, radius * self._squeeze, radius, 0, 360), named(fill))

    def wedge(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: str
    ) -> None:
        """A filled slice of an oval, from one angle to another; 0 is right, 90 is down."""
        self._shape([*_round(x, y, rx, ry, start, end), (x, y)], named(fill))

    def rect(
        self, left: float, top: float, right: float, bottom: float, fill: str, corner: float = 0
    ) -> None:
        """A filled box; `corner` is the radius of its corners, in units of the height."""
        if not corner:
            self._shape([(left, top), (right, top), (right, bottom), (left, bottom)], named(fill))
            return
        wide = corner * self._squeeze
        self._shape(
            [
                *_round(right - wide, top + corner, wide, corner, -90, 0),
                *_round(right - wide, bottom - corner, wide, corner, 0, 90),
                *_round(left + wide, bottom - corner, wide, corner, 90, 180),
                *_round(left + wide, top + corner, wide, corner, 180, 270),
            ],
            named(fill),
        )

    def line(self, points: Iterable[Point], colour: str, width: float = 0.02) -> None:
        """A line through points; its width is in units of the box's height."""
        self._stroke(list(points), named(colour), width)

    def curve(self, points: Sequence[Point], colour: str, width: float = 0.02) -> None:
        """A soft line through points."""
        self._stroke(_smooth(points, closed=False), named(colour), width)

    def arc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        start: float,
        end: float,
        colour: str,
        width: float = 0.02,
    ) -> None:
        """A part of the edge of an oval, from one angle to another; 0 is right, 90 is down."""
        self._stroke(_round(x, y, rx, ry, start, end), named(colour), width)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str = "black",
        *,
        bold: bool = False,
    ) -> None:
        """Words around (x, y), written last; the letters' size is in units of the box's height."""
        across, down = self._at(x, y)
        pixels = max(6, round(size * math.hypot(*self.down) / SCALE))
        lean = math.degrees(math.atan2(self.down[1], self.down[0])) - 90
        self.labels.append(
            Label(text, across / SCALE, down / SCALE, pixels, named(colour), lean, bold)
        )

    @property
    def _squeeze(self) -> float:
        return math.hypot(*self.down) / math.hypot(*self.across)

    def _at(self, x: float, y: float) -> Point:
        return (
            self.origin[0] + x * self.across[0] + y * self.down[0],
            self.origin[1] + x * self.across[1] + y * self.down[1],
        )

    def _by_hand(self, points: list[Point], *, closed: bool) -> list[tuple[int, int]]:
        """Pixels of points, as far from the true line as the style's hand strays."""
        pixels = [self._at(x, y) for x, y in points]
        far = self.style.wobble * SCALE
        if not far:
            return [(round(x), round(y)) for x, y in pixels]
        phase = [self.random.uniform(0, math.tau) for _ in range(2)]
        ends = [*pixels[1:], pixels[0]] if closed else pixels[1:]
        strayed: list[tuple[int, int]] = []
        for (x, y), (to_x, to_y) in zip(pixels, ends, strict=False):
            steps = max(1, round(math.hypot(to_x - x, to_y - y) / 16))
            for step in range(steps):
                a, b = x + (to_x - x) * step / steps, y + (to_y - y) * step / steps
                a += far * math.sin(b / 21 + phase[0])
                b += far * math.sin(a / 23 + phase[1])
                strayed.append((round(a), round(b)))
        if not closed:
            strayed.append((round(pixels[-1][0]), round(pixels[-1][1])))
        return strayed

    def _shape(self, points: list[Point], colour: Rgb) -> None:
        edge = self._by_hand(points, closed=True)
        draw = ImageDraw.Draw(self.image, "RGBA")
        if self.style.shadow:
            draw.polygon([(x + 5, y + 6) for x, y in edge], fill=(30, 24, 20, 70))
        filled = self.style.fill(colour)
        if self.style.hatched:
            draw.polygon(edge, fill=(255, 254, 250))
            self._hatched(edge, filled)
        else:
            draw.polygon(edge, fill=filled)
        if self.style.outline:
            width = round(self.style.weight * SCALE)
            closed = [*edge, edge[0], edge[1]]
            draw.line(closed, fill=self.style.outline(colour), width=width, joint="curve")

    def _hatched(self, edge: list[tuple[int, int]], colour: Rgb) -> None:
        lightness = luminance(colour)
        if lightness > 0.97:
            return
        left, top = (max(0, min(place)) for place in zip(*edge, strict=True))
        right, bottom = (max(place) + 1 for place in zip(*edge, strict=True))
        part = (left, top, min(right, self.image.width), min(bottom, self.image.height))
        if part[0] >= part[2] or part[1] >= part[3]:
            return
        mask = Image.new("L", (part[2] - left, part[3] - top), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in edge], fill=255)
        strokes = _hatch(self.image.size, 4 + round(lightness * 8)).crop(part)
        self.image.paste(colour, part, ImageChops.multiply(mask, strokes))

    def _stroke(self, points: list[Point], colour: Rgb, width: float) -> None:
        wide = max(SCALE, round(width * math.hypot(*self.down)))
        way = self._by_hand(points, closed=False)
        draw = ImageDraw.Draw(self.image, "RGBA")
        thin = wide <= 3 * SCALE
        # A thin line is a line of the drawing, unless it is as pale as the ruling of paper.
        if self.style.outline and thin and luminance(colour) < 0.68:
            filled = self.style.outline(colour)
        else:
            filled = self.style.fill(colour)
        edge = round(self.style.weight * SCALE)
        if self.style.shadow:
            draw.line([(x + 4, y + 5) for x, y in way], fill=(30, 24, 20, 60), width=wide)
        if self.style.outline and not thin:
            self._run(draw, way, self.style.outline(colour), wide + edge)
            wide = max(1, wide - edge)
        self._run(draw, way, filled, wide)

    @staticmethod
    def _run(draw: ImageDraw.ImageDraw, way: list[tuple[int, int]], colour: Rgb, wide: int) -> None:
        draw.line(way, fill=colour, width=wide, joint="curve")
        half = wide / 2
        for x, y in (way[0], way[-1]):
            draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)
