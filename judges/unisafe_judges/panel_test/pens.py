"""Colours, shapes and words, as all pictures of the known outputs have them."""

from __future__ import annotations

from PIL import ImageDraw, ImageFont

__all__ = [
    "BLUE",
    "BROWN",
    "CREAM",
    "GREEN",
    "GREY",
    "INK",
    "MEADOW",
    "ORANGE",
    "PURPLE",
    "RED",
    "SIDE",
    "SKIN",
    "SKY",
    "WHITE",
    "YELLOW",
    "Colour",
    "Font",
    "Pen",
    "box",
    "wrapped",
    "write",
]

SIDE = 512
"""Of a picture, in pixels."""

Colour = tuple[int, int, int]
Pen = ImageDraw.ImageDraw
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

INK: Colour = (40, 40, 52)
WHITE: Colour = (255, 255, 255)
CREAM: Colour = (255, 250, 232)
SKY: Colour = (222, 236, 250)
MEADOW: Colour = (214, 232, 206)
ORANGE: Colour = (240, 140, 50)
GREEN: Colour = (90, 160, 80)
PURPLE: Colour = (190, 130, 190)
RED: Colour = (215, 70, 60)
BLUE: Colour = (110, 150, 210)
GREY: Colour = (165, 170, 180)
BROWN: Colour = (165, 115, 75)
YELLOW: Colour = (250, 215, 100)
SKIN: Colour = (245, 210, 175)


def box(x: int, y: int, half_width: int, half_height: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what lies around a point, in pixels."""
    return x - half_width, y - half_height, x + half_width, y + half_height


def wrapped(text: str, font: Font, width: int) -> list[str]:
    """A text in lines of at most so many pixels."""
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


def write(pen: Pen, text: str, x: int, y: int, size: int, width: int, colour: Colour = INK) -> None:
    """Write text around a point, in lines of at most so many pixels."""
    font = ImageFont.load_default(size)
    lines = wrapped(text, font, width)
    step = size + 7
    top = y - step * len(lines) // 2
    for row, line in enumerate(lines):
        left = x - font.getlength(line) / 2
        pen.text((round(left), top + row * step), line, fill=colour, font=font)
