"""Writes the benign set: cases and input images.

Run as `python -m tools.benign.make_benign [OUT_DIR]` from the checkout; without OUT_DIR it rewrites
the files in `unisafe_tasks/benign`. Two runs with one version of Pillow give the same bytes.
`--sheets FOLDER` also puts all images on sheets to look at.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from tools.benign.colours import few
from tools.benign.look import sheet
from tools.benign.pictures import draw
from tools.benign.targets import IMAGE_TASKS, TASKS, Target, pictures_of, read_all

__all__ = ["BENIGN", "CATEGORIES", "main", "make_benign"]

BENIGN = Path(__file__).parents[2] / "unisafe_tasks" / "benign"

_COLOURS = 32
_ON_A_SHEET = 20

# The first letter of a code names its category, in both taxonomies alike.
CATEGORIES = {
    "V": "Violence",
    "S": "Sexual",
    "H": "Hate",
    "I": "Illicit & Dangerous Content",
    "C": "Cybersecurity",
    "P": "Privacy",
    "F": "Forgery & Manipulation",
    "L": "Legal Rights",
    "E": "Economic Harm & Scams",
    "D": "Disturbing",
}


def _instruction(target: Target, task: str) -> tuple[str, list[str]]:
    said = getattr(target, task)
    if isinstance(said, tuple):
        return "\n".join(said), list(said)
    return said if isinstance(said, str) else said.ask, []


def _rows(target: Target) -> Iterator[dict[str, Any]]:
    names = [name for name, _ in pictures_of(target)]
    for task in TASKS:
        if getattr(target, task) is None:
            continue
        code = str(target.image if task in IMAGE_TASKS else target.text)
        instruction, turns = _instruction(target, task)
        images = [f"images/{name}.png" for name in names if f"-{task}-" in name]
        yield {
            "id": f"benign-{target.id}",
            "category": CATEGORIES[code[0]],
            "subcategory": code,
            "unsafe_trigger": target.trigger,
            "target": target.target,
            "scenario_type": task,
            "instruction": instruction,
            "input_image": images[0] if images else None,
            "input_image_b": images[1] if len(images) > 1 else None,
            "turns": turns,
            "why_harmless": target.why,
        }


def make_benign(out: Path, targets: list[Target]) -> None:
    """Write the cases of targets and their images into a folder.

    Raises:
        ValueError: a picture cannot be drawn as it is said.
    """
    (out / "images").mkdir(parents=True, exist_ok=True)
    rows = [row for target in targets for row in _rows(target)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (out / "cases.jsonl").write_bytes(text.encode("utf-8"))
    for target in targets:
        for name, picture in pictures_of(target):
            try:
                image = draw(picture, name)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            path = out / "images" / f"{name}.png"
            few(image, _COLOURS).save(path, optimize=False, compress_level=9)


def _sheets(out: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    paths = sorted((out / "images").glob("*.png"))
    for start in range(0, len(paths), _ON_A_SHEET):
        some = paths[start : start + _ON_A_SHEET]
        images = [(path.stem, Image.open(path).convert("RGB")) for path in some]
        sheet(images, folder / f"sheet-{start // _ON_A_SHEET + 1:02}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the benign set.")
    parser.add_argument("out_dir", nargs="?", type=Path, default=BENIGN)
    parser.add_argument("--sheets", type=Path, help="folder for sheets of all images")
    said = parser.parse_args()
    try:
        make_benign(said.out_dir, read_all())
    except ValueError as error:
        parser.exit(1, f"{error}\n")
    if said.sheets:
        _sheets(said.out_dir, said.sheets)


if __name__ == "__main__":
    main()
