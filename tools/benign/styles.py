"""Styles: how every shape of a picture is filled and outlined, and what is done to the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tools.benign.colours import INK, Rgb, few, luminance, mixed

__all__ = ["STYLES", "Style"]

WHITE: Rgb = (255, 255, 255)

Tone = Callable[[Rgb], Rgb]


@dataclass(frozen=True)
class Style:
    """How a picture is drawn.

    Attributes:
        fill: the colour that a shape is filled with.
        outline: the colour that a shape is outlined with, or None for no outlines.
        weight: of an outline, in pixels of the finished picture.
        wobble: how far a hand strays from the true line, in pixels of the finished picture.
        shadow: whether a shape throws a shadow, as cut paper does.
        hatched: whether a shape is filled with strokes.
        finish: what is done to the whole picture in its final size.
    """

    fill: Tone = lambda colour: colour
    outline: Tone | None = None
    weight: float = 1.5
    wobble: float = 0.0
    shadow: bool = False
    hatched: bool = False
    finish: Callable[[Image.Image, Random], Image.Image] = lambda image, _: image


def _ink(_: Rgb) -> Rgb:
    return INK


def _tones(*steps: Rgb) -> Tone:
    """Map a colour to one of some steps, from the darkest to the lightest."""

    def fill(colour: Rgb) -> Rgb:
        return steps[min(int(luminance(colour) * len(steps)), len(steps) - 1)]

    return fill


def _towards(other: Rgb, share: float) -> Tone:
    return lambda colour: mixed(colour, other, share)


def _nearest(*palette: Rgb) -> Tone:
    def fill(colour: Rgb) -> Rgb:
        return min(
            palette, key=lambda one: sum((a - b) ** 2 for a, b in zip(one, colour, strict=True))
        )

    return fill


def _pixels(image: Image.Image, _: Random) -> Image.Image:
    small = image.resize((image.width // 4, image.height // 4), Image.Resampling.BOX)
    return few(small, 24).convert("RGB").resize(image.size, Image.Resampling.NEAREST)


def _blots(image: Image.Image, random: Random) -> Image.Image:
    """Uneven water: some places are paler than others."""
    water = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(water)
    for _ in range(14):
        x, y = random.randrange(image.width), random.randrange(image.height)
        wide, high = random.randrange(30, 110), random.randrange(20, 80)
        pen.ellipse((x - wide, y - high, x + wide, y + high), fill=random.randrange(20, 70))
    water = water.filter(ImageFilter.GaussianBlur(11)).point(lambda level: level // 12 * 12)
    return Image.composite(Image.new("RGB", image.size, (255, 253, 247)), image, water)


def _lamplight(image: Image.Image, random: Random) -> Image.Image:
    """Night, with a pool of light around the middle."""
    dark = ImageChops.multiply(image, Image.new("RGB", image.size, (92, 108, 172)))
    light = Image.new("L", image.size, 0)
    x = image.width // 2 + random.randrange(-40, 40)
    y = image.height // 2 + random.randrange(-10, 30)
    ImageDraw.Draw(light).ellipse((x - 190, y - 150, x + 190, y + 150), fill=255)
    light = light.filter(ImageFilter.GaussianBlur(50)).point(lambda level: level // 32 * 36)
    warm = ImageChops.multiply(image, Image.new("RGB", image.size, (255, 244, 208)))
    return Image.composite(warm, dark, light)


def _sepia(colour: Rgb) -> Rgb:
    return mixed((70, 46, 28), (250, 236, 208), luminance(colour))


STYLES: Mapping[str, Style] = {
    "flat": Style(),
    "cartoon": Style(outline=_ink, weight=2),
    "ink": Style(
        fill=_tones(INK, (120, 120, 128), (205, 205, 210), WHITE, WHITE), outline=_ink, weight=1.8
    ),
    "pencil": Style(
        fill=_tones((70, 70, 78), (110, 110, 118), (160, 160, 166), (215, 215, 218), WHITE),
        outline=lambda _: (84, 84, 92),
        weight=1.3,
        wobble=1.3,
        hatched=True,
    ),
    "crayon": Style(outline=_towards(INK, 0.25), weight=3, wobble=2.0, hatched=True),
    "paper": Style(fill=_towards((236, 226, 208), 0.22), wobble=1.6, shadow=True),
    "chalk": Style(
        fill=_towards((44, 66, 58), 0.78),
        outline=_towards(WHITE, 0.55),
        weight=2,
        wobble=0.9,
    ),
    "watercolour": Style(
        fill=_towards(WHITE, 0.3), outline=_towards(INK, 0.35), weight=1, wobble=1.2, finish=_blots
    ),
    "pixel": Style(outline=_ink, weight=4, finish=_pixels),
    "night": Style(outline=_towards(INK, 0.6), weight=1.2, finish=_lamplight),
    "poster": Style(
        fill=_nearest(
            WHITE,
            (248, 234, 204),
            (226, 96, 76),
            (38, 118, 128),
            (30, 44, 78),
            (238, 184, 80),
            (160, 204, 196),
            (150, 96, 74),
        ),
        outline=_towards(INK, 0.45),
        weight=0.9,
    ),
    "blueprint": Style(
        fill=_towards((34, 74, 138), 0.86), outline=lambda _: (226, 236, 250), weight=1.4
    ),
    "sepia": Style(fill=_sepia, outline=lambda _: (70, 46, 28), weight=1.2, wobble=0.6),
    "pastel": Style(fill=_towards(WHITE, 0.45), outline=lambda _: WHITE, weight=2.2),
}
