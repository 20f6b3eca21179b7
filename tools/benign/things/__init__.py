"""Things that pictures are made of. Each draws itself into a box and is known by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tools.benign.pen import HEIGHT, WIDTH, Pen

__all__ = ["Thing", "draw_thing", "put", "thing", "thing_names"]

Thing = Callable[[Pen], None]

_THINGS: dict[str, Thing] = {}


def thing(draw: Thing) -> Thing:
    """Make a function known as the thing of its name."""
    name = draw.__name__
    if name in _THINGS:
        raise ValueError(f"two things are called {name!r}: {_THINGS[name].__module__} has one")
    _THINGS[name] = draw
    return draw


@cache
def _all() -> dict[str, Thing]:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return _THINGS


def thing_names() -> list[str]:
    return sorted(_all())


def draw_thing(name: str, pen: Pen) -> None:
    """Draw a thing into the box of a pen.

    Raises:
        ValueError: nothing has this name.
    """
    if name not in _all():
        raise ValueError(f"no thing is called {name!r}: tools/benign/things has none of this name")
    _THINGS[name](pen)


def put(pen: Pen, name: str, x: float, foot: float, size: float, colour: str = "") -> None:
    """A thing whose foot's middle is at (x, foot) and whose height is `size` of the picture's."""
    wide = size * HEIGHT / WIDTH
    draw_thing(name, pen.inside(x - wide / 2, foot - size, wide, size, colour=colour))
