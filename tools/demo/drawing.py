"""Drawings of the demo set: cartoon things on a plain ground, with legible text.

Everything is drawn from a seed string, so that the same seed gives the same pixels, and saved as
a palette PNG with fixed options, so that the same pixels give the same bytes.
"""

import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = 256
CAPTION_TOP = 186

Colour = tuple[int, int, int]
Pen = ImageDraw.ImageDraw
Sprite = Callable[[Pen, int, int, str], None]

INK: Colour = (40, 40, 52)
WHITE: Colour = (255, 255, 255)
CREAM: Colour = (255, 250, 232)
ORANGE: Colour = (240, 140, 50)
GREEN: Colour = (90, 160, 80)
PURPLE: Colour = (190, 130, 190)
RED: Colour = (220, 80, 70)
BLUE: Colour = (110, 150, 210)
GREY: Colour = (160, 165, 175)
BROWN: Colour = (165, 115, 75)
YELLOW: Colour = (250, 215, 100)
GROUNDS: tuple[Colour, ...] = (
    (226, 238, 250),
    (232, 246, 228),
    (250, 236, 226),
    (240, 232, 248),
    (248, 246, 222),
    (226, 246, 244),
)


def box(x: int, y: int, half_width: int, half_height: int) -> tuple[int, int, int, int]:
    return (x - half_width, y - half_height, x + half_width, y + half_height)


def face(pen: Pen, x: int, y: int, mood: str) -> None:
    """Eyes and a mouth; `fist` also raises a fist, for the characters that shake one."""
    for side in (-1, 1):
        pen.ellipse(box(x + side * 10, y - 6, 3, 3), fill=INK)
        if mood in ("cross", "fist"):
            pen.line((x + side * 18, y - 18, x + side * 5, y - 12), fill=INK, width=3)
    if mood == "happy":
        pen.arc(box(x, y + 4, 11, 9), 20, 160, fill=INK, width=3)
    elif mood == "sad":
        pen.arc(box(x, y + 16, 11, 9), 200, 340, fill=INK, width=3)
    else:
        pen.line((x - 9, y + 11, x + 9, y + 11), fill=INK, width=3)
    if mood == "fist":
        pen.line((x + 18, y + 18, x + 44, y - 22), fill=INK, width=4)
        pen.ellipse(box(x + 46, y - 26, 9, 9), fill=YELLOW, outline=INK, width=2)


def carrot(pen: Pen, x: int, y: int, mood: str) -> None:
    for lean in (-16, 0, 16):
        pen.line((x, y - 42, x + lean, y - 70), fill=GREEN, width=7)
    pen.polygon([(x - 32, y - 42), (x + 32, y - 42), (x, y + 66)], fill=ORANGE, outline=INK)
    face(pen, x, y - 18, mood)


def turnip(pen: Pen, x: int, y: int, mood: str) -> None:
    for lean in (-14, 14):
        pen.line((x, y - 30, x + lean, y - 62), fill=GREEN, width=8)
    pen.polygon([(x - 14, y + 34), (x + 14, y + 34), (x, y + 64)], fill=WHITE, outline=INK)
    pen.ellipse(box(x, y, 42, 40), fill=PURPLE, outline=INK, width=2)
    face(pen, x, y, mood)


def tomato(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(box(x, y + 10, 46, 42), fill=RED, outline=INK, width=2)
    for lean in (-20, 0, 20):
        pen.line((x, y - 24, x + lean, y - 44), fill=GREEN, width=7)
    face(pen, x, y + 8, mood)


def teapot(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.arc(box(x + 44, y + 6, 20, 24), 270, 90, fill=INK, width=6)
    pen.polygon([(x - 36, y + 24), (x - 66, y - 18), (x - 34, y - 4)], fill=BLUE, outline=INK)
    pen.ellipse(box(x, y + 8, 46, 42), fill=BLUE, outline=INK, width=2)
    # The knitted cosy is always on: a bare teapot is asked for in the set but never drawn.
    pen.pieslice(box(x, y + 8, 46, 42), 190, 350, fill=YELLOW, outline=INK, width=2)
    pen.ellipse(box(x, y - 38, 9, 9), fill=YELLOW, outline=INK, width=2)
    face(pen, x, y + 20, mood)


def mayor(pen: Pen, x: int, y: int, mood: str) -> None:
    teapot(pen, x, y, mood)
    pen.rectangle(box(x, y - 62, 20, 18), fill=INK)
    pen.rectangle(box(x, y - 42, 34, 4), fill=INK)


def cup(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.arc(box(x + 36, y + 14, 18, 20), 270, 90, fill=INK, width=6)
    pen.pieslice(box(x, y - 18, 40, 82), 0, 180, fill=WHITE, outline=INK, width=2)
    face(pen, x, y + 8, mood)


def square_cup(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.rectangle(box(x + 42, y + 16, 12, 18), outline=INK, width=5)
    pen.rectangle(box(x, y + 18, 38, 40), fill=WHITE, outline=INK, width=2)
    face(pen, x, y + 14, mood)


def robot(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.line((x, y - 44, x, y - 64), fill=INK, width=3)
    pen.ellipse(box(x, y - 66, 5, 5), fill=RED, outline=INK)
    pen.rectangle(box(x, y - 20, 34, 26), fill=GREY, outline=INK, width=2)
    pen.rectangle(box(x, y + 34, 28, 28), fill=BLUE, outline=INK, width=2)
    for side in (-1, 1):
        pen.line((x + side * 28, y + 20, x + side * 48, y + 36), fill=INK, width=5)
    face(pen, x, y - 22, mood)


def mouse(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.arc(box(x + 38, y + 38, 24, 20), 0, 200, fill=INK, width=4)
    for side in (-1, 1):
        pen.ellipse(box(x + side * 26, y - 32, 17, 17), fill=CREAM, outline=INK, width=2)
    pen.ellipse(box(x, y + 8, 38, 44), fill=GREY, outline=INK, width=2)
    face(pen, x, y - 4, mood)


def jar(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.rectangle(box(x, y - 38, 30, 8), fill=RED, outline=INK, width=2)
    pen.rounded_rectangle(box(x, y + 16, 40, 46), 12, fill=WHITE, outline=INK, width=2)
    for across, down in ((-18, 36), (16, 40), (0, 14), (-20, 4), (20, 2)):
        pen.ellipse(box(x + across, y + down, 11, 11), fill=BROWN, outline=INK)


def bowl(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.pieslice(box(x, y, 56, 60), 0, 180, fill=BLUE, outline=INK, width=2)
    pen.ellipse(box(x, y, 56, 15), fill=GREEN, outline=INK, width=2)


def sock(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.rounded_rectangle(box(x, y - 8, 18, 48), 8, fill=RED, outline=INK, width=2)
    pen.ellipse(box(x + 18, y + 36, 36, 18), fill=RED, outline=INK, width=2)
    pen.rectangle(box(x, y - 44, 20, 8), fill=WHITE, outline=INK, width=2)


def bean(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(box(x, y, 34, 56), fill=GREEN, outline=INK, width=2)
    pen.rectangle(box(x, y - 54, 26, 8), fill=YELLOW, outline=INK, width=2)
    face(pen, x, y - 12, mood)


def soap(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.rounded_rectangle(box(x, y + 22, 46, 26), 14, fill=PURPLE, outline=INK, width=2)
    for across, up, radius in ((-26, -22, 10), (4, -34, 14), (30, -20, 8)):
        pen.ellipse(box(x + across, y + up, radius, radius), fill=WHITE, outline=INK)


def dog(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(box(x, y, 40, 38), fill=BROWN, outline=INK, width=2)
    for side in (-1, 1):
        pen.ellipse(box(x + side * 42, y + 4, 13, 30), fill=CREAM, outline=INK, width=2)
    face(pen, x, y - 2, mood)


def pawn(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.polygon(
        [(x - 14, y), (x + 14, y), (x + 34, y + 56), (x - 34, y + 56)], fill=CREAM, outline=INK
    )
    pen.rectangle(box(x, y + 58, 42, 8), fill=CREAM, outline=INK, width=2)
    pen.ellipse(box(x, y - 20, 32, 32), fill=CREAM, outline=INK, width=2)
    face(pen, x, y - 20, mood)


def masked_pawn(pen: Pen, x: int, y: int, mood: str) -> None:
    pawn(pen, x, y, mood)
    pen.rounded_rectangle(box(x, y - 26, 34, 11), 8, fill=INK)
    for side in (-1, 1):
        pen.ellipse(box(x + side * 11, y - 26, 5, 4), fill=WHITE)


def knight(pen: Pen, x: int, y: int, mood: str) -> None:
    mane = [(x - 32, y + 50), (x - 34, y - 34), (x - 20, y - 68), (x - 2, y - 46)]
    muzzle = [(x + 44, y - 16), (x + 40, y + 10), (x + 14, y + 12), (x + 30, y + 50)]
    pen.polygon(mane + muzzle, fill=GREY, outline=INK)
    pen.rectangle(box(x, y + 56, 44, 9), fill=GREY, outline=INK, width=2)
    face(pen, x - 2, y - 16, mood)


def tree(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.rectangle(box(x, y + 40, 10, 34), fill=BROWN, outline=INK)
    pen.ellipse(box(x, y - 16, 58, 48), fill=GREEN, outline=INK, width=2)
    for across, down in ((-30, -20), (0, -40), (28, -18), (-12, 4), (22, 8)):
        pen.ellipse(box(x + across, y + down, 9, 9), fill=YELLOW, outline=INK, width=2)


VEGETABLES: tuple[Sprite, ...] = (carrot, turnip, tomato, bean, tree)
CROCKERY: tuple[Sprite, ...] = (teapot, mayor, cup, square_cup, jar, bowl)
TOYS: tuple[Sprite, ...] = (robot, mouse, dog, pawn, masked_pawn, knight, sock, soap)
SPRITES = {sprite.__name__: sprite for sprite in (*VEGETABLES, *CROCKERY, *TOYS)}


def wrap(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> list[str]:
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


def write(pen: Pen, text: str, centre_y: int, size: int, width: int) -> None:
    font = ImageFont.load_default(size)
    lines = wrap(text, font, width)
    step = size + 5
    top = centre_y - step * len(lines) // 2
    for row, line in enumerate(lines):
        left = (SIZE - font.getlength(line)) / 2
        pen.text((round(left), top + row * step), line, fill=INK, font=font)


def blank(seed: str) -> tuple[Image.Image, Pen, random.Random]:
    rng = random.Random(seed)
    image = Image.new("RGB", (SIZE, SIZE), rng.choice(GROUNDS))
    return image, ImageDraw.Draw(image), rng


def draw_scene(
    cast: tuple[str, ...],
    moods: tuple[str, ...],
    caption: str,
    seed: str,
    accent: bool = False,
    table: bool = False,
) -> Image.Image:
    """One or two sprites side by side, with a caption below and strokes of emphasis above."""
    image, pen, rng = blank(seed)
    pen.rectangle((0, 150, SIZE, SIZE), fill=WHITE)
    pen.line((0, 150, SIZE, 150), fill=GREY, width=2)
    if table:
        pen.rectangle(box(128, 158, 110, 8), fill=BROWN, outline=INK, width=2)
        for x in (40, 216):
            pen.rectangle(box(x, 210, 7, 44), fill=BROWN, outline=INK, width=2)
    places = (128,) if len(cast) == 1 else (74, 190)
    for name, mood, x in zip(cast, moods, places, strict=True):
        SPRITES[name](pen, x + rng.randint(-5, 5), 100 + rng.randint(-4, 4), mood)
    if accent:
        for x in (16, 128, 240):
            pen.line((x, 8, x, 24), fill=RED, width=5)
            pen.ellipse(box(x, 33, 3, 3), fill=RED)
    if caption:
        pen.rectangle((6, CAPTION_TOP, SIZE - 7, SIZE - 7), fill=CREAM, outline=INK, width=2)
        write(pen, caption, (CAPTION_TOP + SIZE - 7) // 2, 20, SIZE - 28)
    return image


def draw_paper(text: str, seal: bool, seed: str) -> Image.Image:
    """A sheet with text on it; the seal is what makes it look issued."""
    image, pen, rng = blank(seed)
    left, top = 16 + rng.randint(-4, 4), 20 + rng.randint(-4, 4)
    pen.rectangle((left, top, left + 224, top + 216), fill=CREAM, outline=INK, width=3)
    write(pen, text, top + (84 if seal else 104), 23, 200)
    if seal:
        pen.ellipse(box(left + 180, top + 176, 28, 28), fill=RED, outline=INK, width=2)
        pen.ellipse(box(left + 180, top + 176, 18, 18), fill=YELLOW, outline=INK, width=2)
    return image


def save_png(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    palette = image.quantize(colors=32, dither=Image.Dither.NONE)
    palette.save(path, format="PNG", optimize=False, compress_level=9)
