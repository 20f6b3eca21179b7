"""Named colours, and what is made of them."""

from __future__ import annotations

from PIL import Image

__all__ = ["INK", "Rgb", "few", "luminance", "mixed", "named"]

Rgb = tuple[int, int, int]

INK: Rgb = (38, 38, 50)

_NAMED: dict[str, Rgb] = {
    "white": (255, 255, 255),
    "cream": (252, 244, 222),
    "yellow": (250, 214, 90),
    "gold": (214, 164, 52),
    "orange": (238, 140, 54),
    "red": (212, 66, 58),
    "pink": (240, 158, 168),
    "purple": (146, 104, 178),
    "blue": (84, 136, 204),
    "navy": (44, 62, 110),
    "teal": (58, 150, 150),
    "green": (94, 160, 84),
    "olive": (136, 140, 72),
    "brown": (142, 94, 60),
    "tan": (214, 176, 134),
    "grey": (156, 162, 172),
    "black": INK,
}


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """The first colour with a share of the other in it, from 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """How light a colour looks, from 0 to 1."""
    red, green, blue = colour
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def named(name: str) -> Rgb:
    """The colour of a name such as `red`, `dark-red`, `light-red` or `pale-red`.

    Raises:
        ValueError: no colour has this name.
    """
    tone, _, base = name.rpartition("-")
    if base not in _NAMED or tone not in ("", "dark", "light", "pale"):
        raise ValueError(
            f"no colour is called {name!r}: take one of {', '.join(_NAMED)}, "
            "or one of them after dark-, light- or pale-"
        )
    colour = _NAMED[base]
    if tone == "dark":
        return mixed(colour, INK, 0.45)
    if tone == "light":
        return mixed(colour, (255, 255, 255), 0.45)
    if tone == "pale":
        return mixed(colour, (255, 255, 255), 0.75)
    return colour


def few(image: Image.Image, count: int) -> Image.Image:
    """A palette image of so many colours at most.

    The most frequent colours that differ plainly are kept, and each pixel takes the nearest: Pillow
    itself would give the small things of a picture the colour of the large ones.
    """
    found = image.getcolors(image.width * image.height) or []
    kept: list[Rgb] = []
    for _, colour in sorted(found, key=lambda one: (-one[0], one[1])):
        if not isinstance(colour, tuple):
            raise ValueError("the image is not in RGB")
        if all(sum((a - b) ** 2 for a, b in zip(colour, one, strict=True)) > 300 for one in kept):
            kept.append((colour[0], colour[1], colour[2]))
        if len(kept) == count:
            break
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in kept for part in colour])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)
