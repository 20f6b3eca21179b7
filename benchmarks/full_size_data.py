"""The sets of full_size.py: the official JSONL export, a predictions JSONL, and run folders.

Each set is a folder of its own, which is made once. Many distinct images come from few drawings.
Run: python benchmarks/full_size_data.py FOLDER SET...
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from judge_throughput import answer, instruction
from PIL import Image, ImageFilter
from report_size import write_run

from unisafe_judges.taxonomy import taxonomy
from unisafe_tasks import TASKS
from unisafe_tasks.files import encode_row

SIDE = 1024
DRAWINGS = 8
PER_TASK = {"image": 195, "text": 306}
"""A quarter of the published totals, spread evenly over the tasks: 1,698 cases."""

RUNS = 15
TEXT_CASES = 6802
TEXT_SUBCATEGORIES = 3
MISSING = 0.01


class Drawing:
    """A picture with smooth areas and some noise, as generated images have.

    All rows but the last are compressed once. Each file then adds a last row of its own.
    """

    def __init__(self, number: int) -> None:
        ramp = np.linspace(0, 255, SIDE)
        third = np.full((SIDE, SIDE), 30.0 * number)
        smooth = np.stack([np.add.outer(ramp, ramp) / 2, np.outer(ramp, ramp) / 255, third], -1)
        pixels = smooth + np.random.default_rng(number).normal(0, 8, smooth.shape)
        picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        stream = BytesIO()
        picture.filter(ImageFilter.GaussianBlur(2)).save(stream, "PNG", compress_level=1)
        chunks = list(chunks_of(stream.getvalue()))
        rows = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
        first = rows[: -(1 + 3 * SIDE)]
        packer = zlib.compressobj(1)
        packed = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
        self._checksum = zlib.adler32(first)
        self._start = stream.getvalue()[:8] + chunk(*chunks[0]) + chunk(b"IDAT", packed)

    def variant(self, number: int) -> bytes:
        """A PNG file whose last row of pixels is this number's."""
        row = b"\0" + random.Random(number).randbytes(3 * SIDE)
        packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
        packed = packer.compress(row) + packer.flush()
        checksum = struct.pack(">I", zlib.adler32(row, self._checksum))
        return self._start + chunk(b"IDAT", packed + checksum) + chunk(b"IEND", b"")


def chunks_of(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kinds of a PNG's chunks and what is in them."""
    at = 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def draw(folder: Path) -> Iterator[str]:
    """Writes a new distinct image each time, and gives its path relative to `folder`."""
    (folder / "images").mkdir()
    drawings = [Drawing(number) for number in range(DRAWINGS)]
    for number in count():
        name = f"images/{number:04}.png"
        (folder / name).write_bytes(drawings[number % DRAWINGS].variant(number))
        yield name


Pair = tuple[dict[str, Any], dict[str, Any]]
"""A row of the export, and the row of the predictions file that answers it."""


def case(code: str, number: int, places: int | None, images: Iterator[str]) -> Pair:
    """A case in one of the first `places` subcategories, with the next images where it has some."""
    task = TASKS[code]
    subcategories = taxonomy(task.modality)[:places]
    subcategory = subcategories[number % len(subcategories)]
    key = {"id": f"target-{number:05}", "scenario_type": code}
    asked: dict[str, Any] = key | {
        "category": subcategory.category,
        "subcategory": subcategory.code,
        "unsafe_trigger": "",
        "target": f"Teapot {number} on a table.",
        "instruction": instruction(number),
        "turns": [f"Teapot {number}, turn {turn}." for turn in range(task.outputs)]
        if task.is_conversation
        else [],
    }
    for column in ("input_image", "input_image_b"):
        asked[column] = next(images) if column in task.inputs else None
    drawn = [next(images) for _ in range(task.outputs)]
    answered: dict[str, Any] = key | {"model": "teapot"}
    if task.is_conversation:
        answered["output_images"] = drawn
    elif task.makes_images:
        (answered["output_image"],) = drawn
    else:
        answered["output_text"] = answer(number)
    return asked, answered


def write(folder: Path, pairs: Sequence[Pair]) -> None:
    """One file of cases and one of predictions, named for how many there are."""
    for name, rows in zip(("cases", "predictions"), zip(*pairs, strict=True), strict=True):
        (folder / f"{len(pairs)}-{name}.jsonl").write_bytes(b"".join(map(encode_row, rows)))


def write_images(folder: Path) -> None:
    """All seven tasks; half of the cases; and 400 with images as output, for the authors'."""
    images = draw(folder)
    by_task = {
        code: [case(code, number, None, images) for number in range(PER_TASK[task.modality])]
        for code, task in TASKS.items()
    }
    for share in (1, 2):
        write(folder, [pair for pairs in by_task.values() for pair in pairs[: len(pairs) // share]])
    drawn = [task.code for task in TASKS.values() if task.makes_images]
    write(folder, [pair for code in drawn for pair in by_task[code][:100]])


def write_composition(folder: Path) -> None:
    images = draw(folder)
    shared = [next(images) for _ in range(40)]
    places = (shared[number % len(shared)] for number in count())
    pairs = [case("IC", number, None, places) for number in range(800)]
    write(folder, pairs[:400])
    write(folder, pairs)


def write_text(folder: Path) -> None:
    pairs = [case("TT", n, TEXT_SUBCATEGORIES, iter(())) for n in range(TEXT_CASES)]
    write(folder, pairs)


def write_runs(folder: Path) -> None:
    """Run folders of 15 models, and beside them what scoring reads of them, with 1 % missing."""
    for number in range(RUNS):
        write_run(folder / f"whole-{number:02}", number)
        lose(folder / f"whole-{number:02}", folder / f"lossy-{number:02}", random.Random(number))


def lose(run: Path, target: Path, dice: random.Random) -> None:
    """A copy without images in which 1 % of the outputs failed and 1 % of the verdicts lack."""
    target.mkdir()
    (target / "run.json").write_bytes((run / "run.json").read_bytes())
    failed = set()

    def outputs() -> Iterable[dict[str, Any]]:
        for row in rows_of(run / "predictions.jsonl"):
            if row["status"] == "ok" and dice.random() < MISSING:
                row |= {"status": "failed", "error": "the model gave nothing"}
                failed.add((row["id"], row["scenario_type"]))
            yield row

    (target / "predictions.jsonl").write_bytes(b"".join(map(encode_row, outputs())))
    kept = (
        encode_row(row)
        for row in rows_of(run / "verdicts.jsonl")
        if (row["id"], row["scenario_type"]) not in failed and dice.random() >= MISSING
    )
    (target / "verdicts.jsonl").write_bytes(b"".join(kept))


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from map(json.loads, lines)


SETS: dict[str, Callable[[Path], None]] = {
    "images": write_images,
    "composition": write_composition,
    "text": write_text,
    "runs": write_runs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="+", choices=SETS)
    given = parser.parse_args()
    for name in given.sets:
        if (given.folder / name).is_dir():
            continue
        # Under its name only once it is whole.
        unfinished = given.folder / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        SETS[name](unfinished)
        unfinished.rename(given.folder / name)


if __name__ == "__main__":
    main()
