"""Cartoon things, each drawn around a point and in a mood."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from unisafe_judges.panel_test.pens import (
    BLUE,
    BROWN,
    CREAM,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKIN,
    SKY,
    WHITE,
    YELLOW,
    Colour,
    Pen,
    box,
    write,
)

__all__ = ["THINGS"]


def _face(pen: Pen, x: int, y: int, mood: str) -> None:
    for side in (-1, 1):
        pen.ellipse(box(x + side * 16, y - 8, 5, 6), fill=INK)
        if mood == "cross":
            pen.line((x + side * 30, y - 30, x + side * 8, y - 18), fill=INK, width=5)
        if mood == "sad":
            pen.ellipse(box(x + side * 20, y + 12, 5, 9), fill=BLUE, outline=INK)
    if mood == "happy":
        pen.arc(box(x, y + 8, 18, 14), 20, 160, fill=INK, width=5)
    elif mood == "sad":
        pen.arc(box(x, y + 30, 16, 12), 200, 340, fill=INK, width=5)
    else:
        pen.line((x - 14, y + 20, x + 14, y + 20), fill=INK, width=5)


def _carrot(pen: Pen, x: int, y: int, mood: str) -> None:
    for lean in (-26, 0, 26):
        pen.line((x, y - 70, x + lean, y - 120), fill=GREEN, width=12)
    pen.polygon([(x - 56, y - 70), (x + 56, y - 70), (x, y + 110)], fill=ORANGE, outline=INK)
    _face(pen, x, y - 30, mood)


def _turnip(pen: Pen, x: int, y: int, mood: str) -> None:
    for lean in (-24, 24):
        pen.line((x, y - 50, x + lean, y - 104), fill=GREEN, width=13)
    pen.polygon([(x - 24, y + 58), (x + 24, y + 58), (x, y + 110)], fill=WHITE, outline=INK)
    pen.ellipse(box(x, y, 70, 66), fill=PURPLE, outline=INK, width=3)
    _face(pen, x, y, mood)


def _robot(pen: Pen, x: int, y: int, mood: str, colour: Colour = BLUE) -> None:
    pen.line((x, y - 82, x, y - 112), fill=INK, width=5)
    pen.ellipse(box(x, y - 116, 9, 9), fill=RED, outline=INK)
    pen.rectangle(box(x, y - 36, 58, 46), fill=GREY, outline=INK, width=3)
    pen.rectangle(box(x, y + 62, 46, 48), fill=colour, outline=INK, width=3)
    _face(pen, x, y - 42, mood)


def _red_robot(pen: Pen, x: int, y: int, mood: str) -> None:
    _robot(pen, x, y, mood, RED)


def _mouse(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.arc(box(x + 66, y + 66, 40, 34), 0, 200, fill=INK, width=6)
    for side in (-1, 1):
        pen.ellipse(box(x + side * 44, y - 52, 28, 28), fill=CREAM, outline=INK, width=3)
    pen.ellipse(box(x, y + 16, 64, 76), fill=GREY, outline=INK, width=3)
    _face(pen, x, y - 4, mood)


def _cat(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.line((x - 60, y + 70, x - 130, y + 30), fill=ORANGE, width=16)
    pen.ellipse(box(x, y + 60, 64, 56), fill=ORANGE, outline=INK, width=3)
    for side in (-1, 1):
        ear = [(x + side * 50, y - 30), (x + side * 46, y - 92), (x + side * 8, y - 60)]
        pen.polygon(ear, fill=ORANGE, outline=INK)
        pen.line((x + side * 22, y + 2, x + side * 76, y - 6), fill=INK, width=3)
        pen.line((x + side * 22, y + 8, x + side * 76, y + 14), fill=INK, width=3)
    pen.ellipse(box(x, y - 14, 58, 52), fill=ORANGE, outline=INK, width=3)
    _face(pen, x, y - 18, mood)


def _dog(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(box(x, y + 66, 62, 50), fill=BROWN, outline=INK, width=3)
    pen.ellipse(box(x, y - 16, 60, 56), fill=BROWN, outline=INK, width=3)
    for side in (-1, 1):
        pen.ellipse(box(x + side * 64, y - 8, 20, 46), fill=CREAM, outline=INK, width=3)
    _face(pen, x, y - 20, mood)


def _child(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.line((x - 18, y + 70, x - 28, y + 112), fill=INK, width=9)
    pen.line((x + 18, y + 70, x + 28, y + 112), fill=INK, width=9)
    pen.rounded_rectangle(box(x, y + 40, 42, 42), 14, fill=GREEN, outline=INK, width=3)
    pen.ellipse(box(x, y - 46, 52, 52), fill=SKIN, outline=INK, width=3)
    pen.pieslice(box(x, y - 52, 54, 50), 190, 350, fill=BROWN, outline=INK)
    _face(pen, x, y - 34, mood)


def _gnome(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.polygon([(x - 46, y - 36), (x + 46, y - 36), (x, y - 124)], fill=RED, outline=INK)
    pen.rounded_rectangle(box(x, y + 62, 50, 48), 18, fill=BLUE, outline=INK, width=3)
    pen.polygon([(x - 44, y), (x + 44, y), (x, y + 78)], fill=WHITE, outline=INK)
    pen.ellipse(box(x, y - 10, 42, 34), fill=SKIN, outline=INK, width=3)
    _face(pen, x, y - 14, mood)


def _fence(pen: Pen, x: int, y: int, _mood: str) -> None:
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
            fill=CREAM,
            outline=INK,
        )
    for rail in (28, 76):
        pen.rectangle(box(x, y + rail, 88, 7), fill=CREAM, outline=INK)


def _house(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.polygon([(x - 100, y - 30), (x + 100, y - 30), (x, y - 116)], fill=RED, outline=INK)
    pen.rectangle(box(x, y + 40, 80, 70), fill=CREAM, outline=INK, width=3)
    pen.rectangle(box(x, y + 70, 20, 40), fill=BROWN, outline=INK, width=3)
    for side in (-1, 1):
        pen.rectangle(box(x + side * 50, y + 16, 18, 18), fill=BLUE, outline=INK, width=3)


def _sun(pen: Pen, x: int, y: int, mood: str) -> None:
    for across, down in ((0, -88), (0, 88), (-88, 0), (88, 0), *_CORNERS):
        pen.line((x, y - 50, x + across, y - 50 + down), fill=YELLOW, width=10)
    pen.ellipse(box(x, y - 50, 56, 56), fill=YELLOW, outline=INK, width=3)
    _face(pen, x, y - 54, mood)


_CORNERS = ((-62, -62), (62, -62), (-62, 62), (62, 62))


def _cake(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(box(x, y + 92, 120, 18), fill=WHITE, outline=INK, width=3)
    if mood == "plate":
        return
    pen.rectangle(box(x, y + 50, 84, 44), fill=BROWN, outline=INK, width=3)
    pen.rectangle(box(x, y + 12, 84, 12), fill=WHITE, outline=INK, width=3)
    if mood == "candles":
        for across in (-50, 0, 50):
            pen.rectangle(box(x + across, y - 24, 6, 24), fill=BLUE, outline=INK)
            pen.ellipse(box(x + across, y - 60, 7, 12), fill=ORANGE, outline=INK)


def _ball(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.ellipse(box(x, y + 62, 48, 48), fill=RED, outline=INK, width=3)
    pen.arc(box(x, y + 62, 26, 48), 0, 360, fill=WHITE, width=6)


def _bridge(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.rectangle((x - 150, y + 74, x + 150, y + 110), fill=BLUE)
    pen.arc(box(x, y + 70, 110, 80), 180, 360, fill=GREY, width=16)
    if mood == "broken":
        pen.rectangle((x - 36, y - 30, x + 36, y + 70), fill=SKY)
        for across, down in ((-22, 62), (10, 88), (28, 50)):
            pen.polygon(
                [
                    (x + across - 20, y + down),
                    (x + across + 14, y + down - 16),
                    (x + across + 20, y + down + 14),
                ],
                fill=GREY,
                outline=INK,
            )
    deck = ((x - 150, x - 36), (x + 36, x + 150)) if mood == "broken" else ((x - 150, x + 150),)
    for left, right in deck:
        pen.rectangle((left, y - 24, right, y - 6), fill=GREY, outline=INK, width=3)


def _bicycle(pen: Pen, x: int, y: int, _mood: str) -> None:
    for side in (-1, 1):
        pen.ellipse(box(x + side * 76, y + 56, 54, 54), outline=INK, width=7)
    frame = [(x - 76, y + 56), (x - 34, y - 20), (x + 50, y - 20), (x, y + 56), (x - 76, y + 56)]
    pen.line(frame, fill=RED, width=9)
    pen.line((x + 76, y + 56, x + 44, y - 50), fill=RED, width=9)
    pen.line((x + 24, y - 54, x + 62, y - 46), fill=INK, width=9)
    pen.line((x - 56, y - 26, x - 16, y - 26), fill=INK, width=12)


def _coin(pen: Pen, x: int, y: int, mood: str) -> None:
    pen.ellipse(box(x, y, 100, 100), fill=YELLOW, outline=INK, width=5)
    pen.ellipse(box(x, y, 82, 82), outline=INK, width=3)
    _face(pen, x, y, mood)


def _stop_sign(pen: Pen, x: int, y: int, _mood: str) -> None:
    pen.rectangle(box(x, y + 60, 7, 52), fill=GREY, outline=INK)
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
    pen.polygon([(x + a, y - 40 + d) for a, d in corners], fill=RED, outline=WHITE)
    write(pen, "STOP", x, y - 40, 54, 200, WHITE)


_Thing = Callable[[Pen, int, int, str], None]
THINGS: Mapping[str, _Thing] = {
    thing.__name__.removeprefix("_"): thing
    for thing in (
        *(_carrot, _turnip, _robot, _red_robot, _mouse, _cat, _dog, _child, _gnome),
        *(_fence, _house, _sun, _cake, _ball, _bridge, _bicycle, _coin, _stop_sign),
    )
}
