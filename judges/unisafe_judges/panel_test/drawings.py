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

__all__ = ["draw"]

_SIDE = 512
_ON_GROUND = 220
_ON_PAPER = 356
_CAPTION_TOP = 398

_Colour = tuple[int, int, int]
_Pen = ImageDraw.ImageDraw
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_INK: _Colour = (40, 40, 52)
_WHITE: _Colour = (255, 255, 255)
_CREAM: _Colour = (255, 250, 232)
_SKY: _Colour = (222, 236, 250)
_MEADOW: _Colour = (214, 232, 206)
_ORANGE: _Colour = (240, 140, 50)
_GREEN: _Colour = (90, 160, 80)
_PURPLE: _Colour = (190, 130, 190)
_RED: _Colour = (215, 70, 60)
_BLUE: _Colour = (110, 150, 210)
_GREY: _Colour = (165, 170, 180)
_BROWN: _Colour = (165, 115, 75)
_YELLOW: _Colour = (250, 215, 100)
_SKIN: _Colour = (245, 210, 175)


def _box(x: int, y: int, half_width: int, half_height: int) -> tuple[int, int, int, int]:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _face(pen: _Pen, x: int, y: int, mood: str) -> None:
    for side in (-1, 1):
        pen.ellipse(_box(x + side * 16, y - 8, 5, 6), fill=_INK)
        if mood == "cross":
            pen.line((x + side * 30, y - 30, x + side * 8, y - 18), fill=_INK, width=5)
        if mood == "sad":
            pen.ellipse(_box(x + side * 20, y + 12, 5, 9), fill=_BLUE, outline=_INK)
    if mood == "happy":
        pen.arc(_box(x, y + 8, 18, 14), 20, 160, fill=_INK, width=5)
    elif mood == "sad":
        pen.arc(_box(x, y + 30, 16, 12), 200, 340, fill=_INK, width=5)
    else:
        pen.line((x - 14, y + 20, x + 14, y + 20), fill=_INK, width=5)


def _carrot(pen: _Pen, x: int, y: int, mood: str) -> None:
    for lean in (-26, 0, 26):
        pen.line((x, y - 70, x + lean, y - 120), fill=_GREEN, width=12)
    pen.polygon([(x - 56, y - 70), (x + 56, y - 70), (x, y + 110)], fill=_ORANGE, outline=_INK)
    _face(pen, x, y - 30, mood)


def _turnip(pen: _Pen, x: int, y: int, mood: str) -> None:
    for lean in (-24, 24):
        pen.line((x, y - 50, x + lean, y - 104), fill=_GREEN, width=13)
    pen.polygon([(x - 24, y + 58), (x + 24, y + 58), (x, y + 110)], fill=_WHITE, outline=_INK)
    pen.ellipse(_box(x, y, 70, 66), fill=_PURPLE, outline=_INK, width=3)
    _face(pen, x, y, mood)


def _robot(pen: _Pen, x: int, y: int, mood: str, colour: _Colour = _BLUE) -> None:
    pen.line((x, y - 82, x, y - 112), fill=_INK, width=5)
    pen.ellipse(_box(x, y - 116, 9, 9), fill=_RED, outline=_INK)
    pen.rectangle(_box(x, y - 36, 58, 46), fill=_GREY, outline=_INK, width=3)
    pen.rectangle(_box(x, y + 62, 46, 48), fill=colour, outline=_INK, width=3)
    _face(pen, x, y - 42, mood)


def _red_robot(pen: _Pen, x: int, y: int, mood: str) -> None:
    _robot(pen, x, y, mood, _RED)


def _mouse(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.arc(_box(x + 66, y + 66, 40, 34), 0, 200, fill=_INK, width=6)
    for side in (-1, 1):
        pen.ellipse(_box(x + side * 44, y - 52, 28, 28), fill=_CREAM, outline=_INK, width=3)
    pen.ellipse(_box(x, y + 16, 64, 76), fill=_GREY, outline=_INK, width=3)
    _face(pen, x, y - 4, mood)


def _cat(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.line((x - 60, y + 70, x - 130, y + 30), fill=_ORANGE, width=16)
    pen.ellipse(_box(x, y + 60, 64, 56), fill=_ORANGE, outline=_INK, width=3)
    for side in (-1, 1):
        ear = [(x + side * 50, y - 30), (x + side * 46, y - 92), (x + side * 8, y - 60)]
        pen.polygon(ear, fill=_ORANGE, outline=_INK)
        pen.line((x + side * 22, y + 2, x + side * 76, y - 6), fill=_INK, width=3)
        pen.line((x + side * 22, y + 8, x + side * 76, y + 14), fill=_INK, width=3)
    pen.ellipse(_box(x, y - 14, 58, 52), fill=_ORANGE, outline=_INK, width=3)
    _face(pen, x, y - 18, mood)


def _dog(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(_box(x, y + 66, 62, 50), fill=_BROWN, outline=_INK, width=3)
    pen.ellipse(_box(x, y - 16, 60, 56), fill=_BROWN, outline=_INK, width=3)
    for side in (-1, 1):
        pen.ellipse(_box(x + side * 64, y - 8, 20, 46), fill=_CREAM, outline=_INK, width=3)
    _face(pen, x, y - 20, mood)


def _child(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.line((x - 18, y + 70, x - 28, y + 112), fill=_INK, width=9)
    pen.line((x + 18, y + 70, x + 28, y + 112), fill=_INK, width=9)
    pen.rounded_rectangle(_box(x, y + 40, 42, 42), 14, fill=_GREEN, outline=_INK, width=3)
    pen.ellipse(_box(x, y - 46, 52, 52), fill=_SKIN, outline=_INK, width=3)
    pen.pieslice(_box(x, y - 52, 54, 50), 190, 350, fill=_BROWN, outline=_INK)
    _face(pen, x, y - 34, mood)


def _gnome(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.polygon([(x - 46, y - 36), (x + 46, y - 36), (x, y - 124)], fill=_RED, outline=_INK)
    pen.rounded_rectangle(_box(x, y + 62, 50, 48), 18, fill=_BLUE, outline=_INK, width=3)
    pen.polygon([(x - 44, y), (x + 44, y), (x, y + 78)], fill=_WHITE, outline=_INK)
    pen.ellipse(_box(x, y - 10, 42, 34), fill=_SKIN, outline=_INK, width=3)
    _face(pen, x, y - 14, mood)


def _fence(pen: _Pen, x: int, y: int, _mood: str) -> None:
    for post in range(-2, 3):
        left = x + post * 34
        pen.polygon(
            [
                (left - 12, y + 110),
                (left - 12, y),
                (left, y - 18),
                (left + 12, y),
                (left + 12, y + 110),
            ],
            fill=_CREAM,
            outline=_INK,
        )
    for rail in (28, 76):
        pen.rectangle(_box(x, y + rail, 88, 7), fill=_CREAM, outline=_INK)


def _house(pen: _Pen, x: int, y: int, _mood: str) -> None:
    pen.polygon([(x - 100, y - 30), (x + 100, y - 30), (x, y - 116)], fill=_RED, outline=_INK)
    pen.rectangle(_box(x, y + 40, 80, 70), fill=_CREAM, outline=_INK, width=3)
    pen.rectangle(_box(x, y + 70, 20, 40), fill=_BROWN, outline=_INK, width=3)
    for side in (-1, 1):
        pen.rectangle(_box(x + side * 50, y + 16, 18, 18), fill=_BLUE, outline=_INK, width=3)


def _sun(pen: _Pen, x: int, y: int, mood: str) -> None:
    for across, down in ((0, -88), (0, 88), (-88, 0), (88, 0), *_CORNERS):
        pen.line((x, y - 50, x + across, y - 50 + down), fill=_YELLOW, width=10)
    pen.ellipse(_box(x, y - 50, 56, 56), fill=_YELLOW, outline=_INK, width=3)
    _face(pen, x, y - 54, mood)


_CORNERS = ((-62, -62), (62, -62), (-62, 62), (62, 62))


def _cake(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(_box(x, y + 92, 120, 18), fill=_WHITE, outline=_INK, width=3)
    if mood == "plate":
        return
    pen.rectangle(_box(x, y + 50, 84, 44), fill=_BROWN, outline=_INK, width=3)
    pen.rectangle(_box(x, y + 12, 84, 12), fill=_WHITE, outline=_INK, width=3)
    if mood == "candles":
        for across in (-50, 0, 50):
            pen.rectangle(_box(x + across, y - 24, 6, 24), fill=_BLUE, outline=_INK)
            pen.ellipse(_box(x + across, y - 60, 7, 12), fill=_ORANGE, outline=_INK)


def _ball(pen: _Pen, x: int, y: int, _mood: str) -> None:
    pen.ellipse(_box(x, y + 62, 48, 48), fill=_RED, outline=_INK, width=3)
    pen.arc(_box(x, y + 62, 26, 48), 0, 360, fill=_WHITE, width=6)


def _bridge(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.rectangle((x - 150, y + 74, x + 150, y + 110), fill=_BLUE)
    pen.arc(_box(x, y + 70, 110, 80), 180, 360, fill=_GREY, width=16)
    if mood == "broken":
        pen.rectangle((x - 36, y - 30, x + 36, y + 70), fill=_SKY)
        for across, down in ((-22, 62), (10, 88), (28, 50)):
            pen.polygon(
                [
                    (x + across - 20, y + down),
                    (x + across + 14, y + down - 16),
                    (x + across + 20, y + down + 14),
                ],
                fill=_GREY,
                outline=_INK,
            )
    deck = ((x - 150, x - 36), (x + 36, x + 150)) if mood == "broken" else ((x - 150, x + 150),)
    for left, right in deck:
        pen.rectangle((left, y - 24, right, y - 6), fill=_GREY, outline=_INK, width=3)


def _bicycle(pen: _Pen, x: int, y: int, _mood: str) -> None:
    for side in (-1, 1):
        pen.ellipse(_box(x + side * 76, y + 56, 54, 54), outline=_INK, width=7)
    frame = [(x - 76, y + 56), (x - 34, y - 20), (x + 50, y - 20), (x, y + 56), (x - 76, y + 56)]
    pen.line(frame, fill=_RED, width=9)
    pen.line((x + 76, y + 56, x + 44, y - 50), fill=_RED, width=9)
    pen.line((x + 24, y - 54, x + 62, y - 46), fill=_INK, width=9)
    pen.line((x - 56, y - 26, x - 16, y - 26), fill=_INK, width=12)


def _coin(pen: _Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(_box(x, y, 100, 100), fill=_YELLOW, outline=_INK, width=5)
    pen.ellipse(_box(x, y, 82, 82), outline=_INK, width=3)
    _face(pen, x, y, mood)


def _stop_sign(pen: _Pen, x: int, y: int, _mood: str) -> None:
    pen.rectangle(_box(x, y + 60, 7, 52), fill=_GREY, outline=_INK)
    corners = [
        (-36, -84),
        (36, -84),
        (84, -36),
        (84, 36),
        (36, 84),
        (-36, 84),
        (-84, 36),
        (-84, -36),
    ]
    pen.polygon([(x + a, y - 40 + d) for a, d in corners], fill=_RED, outline=_WHITE)
    _write(pen, "STOP", x, y - 40, 54, 200, _WHITE)


_Thing = Callable[[_Pen, int, int, str], None]
_THINGS: Mapping[str, _Thing] = {
    thing.__name__.removeprefix("_"): thing
    for thing in (
        *(_carrot, _turnip, _robot, _red_robot, _mouse, _cat, _dog, _child, _gnome),
        *(_fence, _house, _sun, _cake, _ball, _bridge, _bicycle, _coin, _stop_sign),
    )
}


def _blow(pen: _Pen) -> None:
    """A rolling pin in the left one's hand that comes down on the right one's head."""
    pen.line((196, 176, 262, 120), fill=_INK, width=12)
    pen.line((236, 74, 352, 150), fill=_BROWN, width=36)
    pen.line((216, 60, 372, 163), fill=_BROWN, width=13)
    for x, y in ((330, 60), (420, 90), (286, 190)):
        for across, down in ((26, 0), (0, 26), (18, 18), (18, -18)):
            pen.line((x - across, y - down, x + across, y + down), fill=_RED, width=5)


def _pull(pen: _Pen) -> None:
    """An arm of the child on the left, at the tail of the cat on the right."""
    pen.line((168, 244, 252, 252), fill=_INK, width=11)
    pen.ellipse(_box(252, 252, 11, 11), fill=_SKIN, outline=_INK)
    for across in (-34, -14, 6):
        pen.line((240 + across, 206, 246 + across, 228), fill=_RED, width=5)


def _gloves(pen: _Pen) -> None:
    """Boxing gloves between the two, and the ropes of a ring."""
    for x in (212, 300):
        pen.ellipse(_box(x, 212, 28, 24), fill=_YELLOW, outline=_INK, width=3)
    for y in (304, 322):
        pen.line((0, y, _SIDE, y), fill=_WHITE, width=6)


def _hands(pen: _Pen) -> None:
    """Two hands that shake."""
    pen.line((182, 214, 256, 222), fill=_INK, width=10)
    pen.line((330, 214, 256, 222), fill=_INK, width=10)
    pen.ellipse(_box(256, 222, 20, 16), fill=_YELLOW, outline=_INK, width=3)


def _hat(pen: _Pen) -> None:
    """A top hat on the one in the middle."""
    pen.rectangle(_box(256, 92, 40, 38), fill=_INK)
    pen.rectangle(_box(256, 130, 68, 8), fill=_INK)
    pen.rectangle(_box(256, 118, 40, 8), fill=_RED)


_DEEDS: Mapping[str, Callable[[_Pen], None]] = {
    deed.__name__.removeprefix("_"): deed for deed in (_blow, _pull, _gloves, _hands, _hat)
}


def _wrapped(text: str, font: _Font, width: int) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _write(
    pen: _Pen, text: str, x: int, y: int, size: int, width: int, colour: _Colour = _INK
) -> None:
    """Write text around a point, in lines of at most so many pixels."""
    font = ImageFont.load_default(size)
    lines = _wrapped(text, font, width)
    step = size + 7
    top = y - step * len(lines) // 2
    for row, line in enumerate(lines):
        left = x - font.getlength(line) / 2
        pen.text((round(left), top + row * step), line, fill=colour, font=font)


def _paper(pen: _Pen, text: str, *, sealed: bool, pictured: bool) -> None:
    pen.rectangle((36, 24, _SIDE - 36, _SIDE - 24), fill=_CREAM, outline=_INK, width=5)
    pen.rectangle((48, 36, _SIDE - 48, _SIDE - 36), outline=_GREY, width=2)
    y = 134 if pictured else 210 if sealed else _SIDE // 2
    _write(pen, text, _SIDE // 2, y, 23 if pictured else 27, 400)
    if sealed:
        for half, colour in ((46, _RED), (32, _YELLOW)):
            pen.ellipse(_box(392, 414, half, half), fill=colour, outline=_INK, width=3)
        _write(pen, "SEAL", 392, 414, 19, 90)
        pen.line((90, 440, 250, 440), fill=_INK, width=3)
        pen.line([(100, 432), (130, 408), (150, 436), (180, 404), (236, 430)], fill=_BLUE, width=4)


def _over(pen: _Pen, text: str, *, at_top: bool) -> None:
    """A band across the picture, with words in it."""
    size = 21
    high = (size + 7) * len(_wrapped(text, ImageFont.load_default(size), _SIDE - 28)) + 16
    top = 0 if at_top else _SIDE - high
    pen.rectangle((0, top, _SIDE - 1, top + high - 1), fill=_WHITE, outline=_INK, width=3)
    _write(pen, text, _SIDE // 2, top + high // 2, size, _SIDE - 28)


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
    image = Image.new("RGB", (_SIDE, _SIDE), _SKY)
    pen = ImageDraw.Draw(image)
    if paper:
        _paper(pen, paper, sealed=sealed, pictured=bool(cast))
    else:
        pen.rectangle((0, _ON_GROUND + 90, _SIDE, _SIDE), fill=_MEADOW)
    middles = {1: (256,), 2: (140, 376)}.get(len(cast), ())
    for (name, mood), x in zip(cast, middles, strict=True):
        _THINGS[name](pen, x, _ON_PAPER if paper else _ON_GROUND, mood)
    if deed:
        _DEEDS[deed](pen)
    if caption:
        pen.rectangle(
            (12, _CAPTION_TOP, _SIDE - 13, _SIDE - 13), fill=_CREAM, outline=_INK, width=3
        )
        _write(pen, caption, _SIDE // 2, (_CAPTION_TOP + _SIDE - 13) // 2, 29, _SIDE - 50)
    if order:
        # A caption or a seal at the foot stays in sight.
        _over(pen, order, at_top=bool(caption) or sealed)
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
