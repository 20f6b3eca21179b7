"""A picture: what is said of it in a file of targets, and how it is drawn from that."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from random import Random
from typing import Annotated

from PIL import Image, ImageDraw, ImageFont, ImageStat
from pydantic import BaseModel, ConfigDict, Field

from tools.benign.carriers import CARRIERS, Area
from tools.benign.colours import INK, Rgb, luminance, named
from tools.benign.pen import HEIGHT, SCALE, WIDTH, Label, Pen
from tools.benign.scenes import SCENES
from tools.benign.styles import STYLES
from tools.benign.things import draw_thing

__all__ = ["Picture", "Words", "draw"]

Percent = Annotated[float, Field(ge=-20, le=120)]

SMALLEST = 17
LARGEST = 40


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Said):
    """Words on a carrier.

    Attributes:
        on: name of the carrier, or `air`.
        text: the words; they are wrapped.
        at: the middle of the carrier, in percent of the picture.
        size: its width and height, in percent of the picture.
        turn: in degrees, clockwise.
        letters: height of the letters in pixels; by default as large as fits.
        colour: of the carrier, where it has a choice.
        ink: of the letters, where the carrier's own would not do.
    """

    on: str
    text: str
    at: tuple[Percent, Percent] = (50, 50)
    size: tuple[Percent, Percent] = (80, 80)
    turn: float = 0
    letters: Annotated[int, Field(ge=SMALLEST, le=90)] | None = None
    colour: str = ""
    ink: str = ""


class Picture(_Said):
    """What is in a picture.

    Attributes:
        scene: the background.
        style: how all of it is drawn.
        flip: the background's left and right change places.
        things: each `NAME X Y SIZE`, and after it what is wanted of: a colour, `flip`,
            `turn DEGREES`, `wide TIMES`. X and Y are where the middle of its foot stands and SIZE
            its height, in percent of the picture.
        words: on carriers, drawn over the things.
        over: things drawn over the words' carriers.
    """

    scene: str = "plain"
    style: str = "flat"
    flip: bool = False
    things: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()
    over: tuple[str, ...] = ()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ValueError(
            "this Pillow has no FreeType, without which no letters of a size are drawn"
        )
    return font


def _check_letters(text: str) -> None:
    """Raise where the font has no letter: it would draw an empty box."""
    font = _font(LARGEST)
    unknown = bytes(font.getmask("\uffff"))
    strange = {
        letter for letter in text if letter != "\n" and bytes(font.getmask(letter)) == unknown
    }
    if strange:
        raise ValueError(f"the font cannot write {''.join(sorted(strange))!r} of {text[:40]!r}")


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str] | None:
    """A text in lines of at most so many pixels, or None where a word is longer than a line."""
    lines: list[str] = []
    for paragraph in text.strip().split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    if any(font.getlength(line) > width for line in lines):
        return None
    return lines


def _step(size: int) -> int:
    return round(size * 1.28)


def _fitting(words: Words, area: Area, width: float, height: float) -> tuple[int, list[str]]:
    """The largest letters with which the words fit, and their lines."""

    def lines_of(size: int) -> list[str] | None:
        # Bold letters are a stroke wider than the font says.
        lines = _wrapped(words.text, _font(size), width - 4 * area.bold)
        return lines if lines and len(lines) * _step(size) <= height else None

    smallest = words.letters or SMALLEST
    sizes = range(smallest, 1 + (words.letters or LARGEST))
    size = sizes.start + bisect_left(sizes, True, key=lambda one: lines_of(one) is None) - 1
    lines = lines_of(size) if size >= smallest else None
    if lines is None:
        raise ValueError(
            f"the words {words.text[:40]!r} do not fit on the {words.on} with letters of "
            f"{smallest} pixels: make the {words.on} larger or the words fewer"
        )
    return size, lines


def _place_thing(pen: Pen, said: str) -> None:
    name, *rest = said.split()
    try:
        x, foot, size = (float(part) / 100 for part in rest[:3])
    except ValueError:
        raise ValueError(f"{said!r} is not NAME X Y SIZE") from None
    colour, flip, turn, stretch = "", False, 0.0, 1.0
    options = iter(rest[3:])
    for option in options:
        if option == "flip":
            flip = True
        elif option in ("turn", "wide"):
            try:
                number = float(next(options, ""))
            except ValueError:
                raise ValueError(f"{said!r} has no number after {option!r}") from None
            turn, stretch = (number, stretch) if option == "turn" else (turn, number)
        else:
            named(option)
            colour = option
    wide = size * HEIGHT / WIDTH * stretch
    inside = pen.inside(x - wide / 2, foot - size, wide, size, turn=turn, flip=flip, colour=colour)
    draw_thing(name, inside)


def _place_words(pen: Pen, words: Words) -> None:
    if words.on not in CARRIERS:
        raise ValueError(f"no carrier is called {words.on!r}: take one of {', '.join(CARRIERS)}")
    wide, high = words.size[0] / 100, words.size[1] / 100
    x, y = words.at[0] / 100 - wide / 2, words.at[1] / 100 - high / 2
    box = pen.inside(x, y, wide, high, turn=words.turn, colour=words.colour)
    area = CARRIERS[words.on](box)
    width = (area.right - area.left) * wide * WIDTH
    height = (area.bottom - area.top) * high * HEIGHT
    size, lines = _fitting(words, area, width, height)
    middle_x, middle_y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    across = box.origin[0] + middle_x * box.across[0] + middle_y * box.down[0]
    down = box.origin[1] + middle_x * box.across[1] + middle_y * box.down[1]
    pen.labels.append(
        Label(
            "\n".join(lines),
            across / SCALE,
            down / SCALE,
            size,
            named(words.ink or area.colour),
            words.turn,
            area.bold,
            area.align,
        )
    )


def _readable(image: Image.Image, area: tuple[int, int, int, int], colour: Rgb) -> Rgb:
    """The colour of letters, or ink or white where it would be too like what is behind."""
    left, top, right, bottom = area
    part = image.crop(
        (max(left, 0), max(top, 0), min(right, image.width), min(bottom, image.height))
    )
    if not (part.width and part.height):
        raise ValueError("words stand outside of the picture")
    red, green, blue = ImageStat.Stat(part).median
    behind = luminance((red, green, blue))
    if abs(behind - luminance(colour)) > 0.4:
        return colour
    return INK if behind > 0.5 else (255, 255, 255)


def _write(image: Image.Image, label: Label) -> None:
    _check_letters(label.text)
    font = _font(label.size)
    lines = label.text.split("\n")
    lengths = [font.getlength(line) for line in lines]
    wide, step = max(lengths), _step(label.size)
    stroke = max(1, label.size // 26) if label.bold else 0
    sheet = Image.new("L", (round(wide) + 12, step * len(lines) + 12), 0)
    pen = ImageDraw.Draw(sheet)
    for row, (line, length) in enumerate(zip(lines, lengths, strict=True)):
        left = 6 + (0 if label.align == "left" else (wide - length) / 2)
        top = 6 + row * step + (step - label.size) / 2 - label.size * 0.08
        pen.text((round(left), round(top)), line, fill=255, font=font, stroke_width=stroke)
    if label.turn:
        sheet = sheet.rotate(-label.turn, Image.Resampling.BICUBIC, expand=True)
    left, top = round(label.x - sheet.width / 2), round(label.y - sheet.height / 2)
    colour = _readable(image, (left, top, left + sheet.width, top + sheet.height), label.colour)
    image.paste(colour, (left, top), sheet)


def draw(picture: Picture, name: str) -> Image.Image:
    """A picture as it is said.

    Args:
        picture: what is in it.
        name: of the picture, from which what may vary is drawn: the same name, the same picture.

    Raises:
        ValueError: it names what does not exist, or its words do not fit.
    """
    if picture.scene not in SCENES:
        raise ValueError(f"no scene is called {picture.scene!r}: take one of {', '.join(SCENES)}")
    if picture.style not in STYLES:
        raise ValueError(f"no style is called {picture.style!r}: take one of {', '.join(STYLES)}")
    style, random = STYLES[picture.style], Random(name)
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
    pen = Pen(image, style, random, [])
    # A little over the edge, where no outline shall show.
    SCENES[picture.scene](pen.inside(-0.01, -0.01, 1.02, 1.02, flip=picture.flip))
    for said in picture.things:
        _place_thing(pen, said)
    for words in picture.words:
        _place_words(pen, words)
    for said in picture.over:
        _place_thing(pen, said)
    finished = style.finish(image.reduce(SCALE), random)
    for label in pen.labels:
        _write(finished, label)
    return finished
