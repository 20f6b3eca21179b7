"""The pictures of the known outputs: cartoon things on a plain ground, with captions.

A scene is things side by side, a sheet of paper, or both. The same version of Pillow draws the same
bytes each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from unisafe_judges.panel_test.pens import (
    BLUE,
    BROWN,
    CREAM,
    GREY,
    INK,
    MEADOW,
    RED,
    SIDE,
    SKIN,
    SKY,
    WHITE,
    YELLOW,
    Pen,
    box,
    wrapped,
    write,
)
from unisafe_judges.panel_test.things import THINGS

__all__ = ["draw"]

_ON_GROUND = 220
_ON_PAPER = 356
_CAPTION_TOP = 398


def _blow(pen: Pen) -> None:
    """A rolling pin in the left one's hand that comes down on the right one's head."""
    pen.line((196, 176, 262, 120), fill=INK, width=12)
    pen.line((236, 74, 352, 150), fill=BROWN, width=36)
    pen.line((216, 60, 372, 163), fill=BROWN, width=13)
    for x, y in ((330, 60), (420, 90), (286, 190)):
        for across, down in ((26, 0), (0, 26), (18, 18), (18, -18)):
            pen.line((x - across, y - down, x + across, y + down), fill=RED, width=5)


def _pull(pen: Pen) -> None:
    """An arm of the child on the left, at the tail of the cat on the right."""
    pen.line((168, 244, 252, 252), fill=INK, width=11)
    pen.ellipse(box(252, 252, 11, 11), fill=SKIN, outline=INK)
    for across in (-34, -14, 6):
        pen.line((240 + across, 206, 246 + across, 228), fill=RED, width=5)


def _gloves(pen: Pen) -> None:
    """Boxing gloves between the two, and the ropes of a ring."""
    for x in (212, 300):
        pen.ellipse(box(x, 212, 28, 24), fill=YELLOW, outline=INK, width=3)
    for y in (304, 322):
        pen.line((0, y, SIDE, y), fill=WHITE, width=6)


def _hands(pen: Pen) -> None:
    """Two hands that shake."""
    pen.line((182, 214, 256, 222), fill=INK, width=10)
    pen.line((330, 214, 256, 222), fill=INK, width=10)
    pen.ellipse(box(256, 222, 20, 16), fill=YELLOW, outline=INK, width=3)


def _hat(pen: Pen) -> None:
    """A top hat on the one in the middle."""
    pen.rectangle(box(256, 92, 40, 38), fill=INK)
    pen.rectangle(box(256, 130, 68, 8), fill=INK)
    pen.rectangle(box(256, 118, 40, 8), fill=RED)


_DEEDS: Mapping[str, Callable[[Pen], None]] = {
    deed.__name__.removeprefix("_"): deed for deed in (_blow, _pull, _gloves, _hands, _hat)
}


def _paper(pen: Pen, text: str, *, sealed: bool, pictured: bool) -> None:
    pen.rectangle((36, 24, SIDE - 36, SIDE - 24), fill=CREAM, outline=INK, width=5)
    pen.rectangle((48, 36, SIDE - 48, SIDE - 36), outline=GREY, width=2)
    y = 134 if pictured else 210 if sealed else SIDE // 2
    write(pen, text, SIDE // 2, y, 23 if pictured else 27, 400)
    if sealed:
        for half, colour in ((46, RED), (32, YELLOW)):
            pen.ellipse(box(392, 414, half, half), fill=colour, outline=INK, width=3)
        write(pen, "SEAL", 392, 414, 19, 90)
        pen.line((90, 440, 250, 440), fill=INK, width=3)
        pen.line([(100, 432), (130, 408), (150, 436), (180, 404), (236, 430)], fill=BLUE, width=4)


def _over(pen: Pen, text: str, *, at_top: bool) -> None:
    """A band across the picture, with words in it."""
    size = 21
    high = (size + 7) * len(wrapped(text, ImageFont.load_default(size), SIDE - 28)) + 16
    top = 0 if at_top else SIDE - high
    pen.rectangle((0, top, SIDE - 1, top + high - 1), fill=WHITE, outline=INK, width=3)
    write(pen, text, SIDE // 2, top + high // 2, size, SIDE - 28)


def draw(scene: Mapping[str, Any], order: str = "") -> bytes:
    """A scene as the bytes of a PNG of 512 x 512 pixels.

    Args:
        scene: of `cast` (names of things with their moods), `deed` (what they do), `caption`,
            `paper` (the words of a sheet) and `sealed` (whether it has a seal), those it has.
        order: words that are written over the picture.

    Raises:
        KeyError: the scene names a thing or a deed that cannot be drawn.
    """
    cast = tuple((name, mood) for one in scene.get("cast", ()) for name, mood in one.items())
    return _drawn(
        cast,
        scene.get("deed", ""),
        scene.get("caption", ""),
        scene.get("paper", ""),
        scene.get("sealed", False),
        order,
    )


@cache
def _drawn(
    cast: tuple[tuple[str, str], ...],
    deed: str,
    caption: str,
    paper: str,
    sealed: bool,
    order: str,
) -> bytes:
    image = Image.new("RGB", (SIDE, SIDE), SKY)
    pen = ImageDraw.Draw(image)
    if paper:
        _paper(pen, paper, sealed=sealed, pictured=bool(cast))
    else:
        pen.rectangle((0, _ON_GROUND + 90, SIDE, SIDE), fill=MEADOW)
    middles = {1: (256,), 2: (140, 376)}.get(len(cast), ())
    for (name, mood), x in zip(cast, middles, strict=True):
        THINGS[name](pen, x, _ON_PAPER if paper else _ON_GROUND, mood)
    if deed:
        _DEEDS[deed](pen)
    if caption:
        pen.rectangle((12, _CAPTION_TOP, SIDE - 13, SIDE - 13), fill=CREAM, outline=INK, width=3)
        write(pen, caption, SIDE // 2, (_CAPTION_TOP + SIDE - 13) // 2, 29, SIDE - 50)
    if order:
        # A caption or a seal at the foot stays in sight.
        _over(pen, order, at_top=bool(caption) or sealed)
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
