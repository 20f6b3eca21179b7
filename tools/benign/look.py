"""Draws what the kit has, or the pictures of some targets, on a sheet to look at.

python -m tools.benign.look things /tmp/things.png [NAME ...]
python -m tools.benign.look scenes /tmp/scenes.png
python -m tools.benign.look styles /tmp/styles.png
python -m tools.benign.look carriers /tmp/carriers.png
python -m tools.benign.look FILE.yaml /tmp/sheet.png [TARGET ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tools.benign.carriers import CARRIERS
from tools.benign.pictures import Picture, Words, draw
from tools.benign.scenes import SCENES
from tools.benign.styles import STYLES
from tools.benign.targets import pictures_of, read_targets
from tools.benign.things import thing_names

__all__ = ["main", "sheet"]

_ACROSS = 4
_WIDTH, _HEIGHT, _NAME = 400, 300, 22


def sheet(pictures: Sequence[tuple[str, Image.Image]], path: Path) -> None:
    """Put pictures with their names side by side, and save that."""
    across = min(_ACROSS, len(pictures))
    down = -(-len(pictures) // across)
    whole = Image.new("RGB", (across * (_WIDTH + 6), down * (_HEIGHT + _NAME + 6)), "white")
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(16)
    for place, (name, picture) in enumerate(pictures):
        x, y = place % across * (_WIDTH + 6), place // across * (_HEIGHT + _NAME + 6)
        pen.text((x + 4, y + 1), name, fill="black", font=font)
        whole.paste(picture.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS), (x, y + _NAME))
    whole.save(path)


def _of_the_kit(kind: str, names: Sequence[str]) -> list[tuple[str, Picture]]:
    if kind == "scenes":
        return [(name, Picture(scene=name, style="cartoon")) for name in names or SCENES]
    if kind == "styles":
        things = ("cat 30 90 40", "teapot 60 66 20 red", "bread 75 66 14")
        note = Words(
            on="sticky_note", text="Buy milk and flour", at=(50, 20), size=(28, 34), turn=-4
        )
        return [
            (name, Picture(scene="kitchen", style=name, things=things, words=(note,)))
            for name in names or STYLES
        ]
    if kind == "carriers":
        text = "How do I get a wine stain out of a white tablecloth?"
        return [
            (name, Picture(style="cartoon", words=(Words(on=name, text=text),)))
            for name in names or CARRIERS
        ]
    return [
        (name, Picture(style="cartoon", things=(f"{name} 50 88 76",)))
        for name in names or thing_names()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a sheet to look at.")
    parser.add_argument("what", help="things, scenes, styles, carriers or a file of targets")
    parser.add_argument("sheet", type=Path, help="file of the sheet, a PNG")
    parser.add_argument("names", nargs="*", help="only these")
    said = parser.parse_args()
    if said.what in ("things", "scenes", "styles", "carriers"):
        chosen = _of_the_kit(said.what, said.names)
    else:
        chosen = [
            (name, picture)
            for target in read_targets(Path(said.what))
            if not said.names or target.id in said.names
            for name, picture in pictures_of(target)
        ]
    sheet([(name, draw(picture, name)) for name, picture in chosen], said.sheet)


if __name__ == "__main__":
    main()
