"""Small, mild data sets in every form that UNISAFE_DATA takes, and cases to score."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
from PIL import Image

from unisafe_tasks import TASKS, ScoredCase, Status
from unisafe_tasks.metrics import JudgeRow

__all__ = [
    "IMAGES",
    "IMAGE_NAMES",
    "export",
    "features",
    "noise",
    "parquet_file",
    "parquet_folder",
    "picture",
    "row",
    "rows",
    "rows_of_file",
    "saved",
    "scored",
    "verdict",
    "with_bytes",
    "write_rows",
]

Row = dict[str, Any]

IMAGE_NAMES = {"input_image": "images/first.png", "input_image_b": "images/second.png"}
_SUBCATEGORIES = {"image": ("Violence", "V1"), "text": ("Hate", "H1")}


def picture(colour: str = "steelblue", size: tuple[int, int] = (8, 6), kind: str = "PNG") -> bytes:
    """The bytes of a real image file."""
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, format=kind)
    return buffer.getvalue()


def noise(side: int, seed: int = 0) -> bytes:
    """A PNG that does not compress: about 3 * side * side bytes."""
    pixels = random.Random(seed).randbytes(3 * side * side)
    buffer = BytesIO()
    Image.frombytes("RGB", (side, side), pixels).save(buffer, format="PNG", compress_level=0)
    return buffer.getvalue()


IMAGES = {"images/first.png": picture("orange"), "images/second.png": picture("teal")}


def row(code: str = "TT", case_id: str = "c1", **changes: Any) -> Row:
    """A row of the official export; the task's images are named, everything else is text."""
    task = TASKS[code]
    category, subcategory = _SUBCATEGORIES[task.modality]
    return {
        "id": case_id,
        "category": category,
        "subcategory": subcategory,
        "unsafe_trigger": "angry fist gesture",
        "target": "A carrot shakes its fist at a turnip.",
        "scenario_type": code,
        "instruction": f"Let the carrot of {case_id} greet the turnip – and “wave”.",
        "input_image": IMAGE_NAMES["input_image"] if "input_image" in task.inputs else None,
        "input_image_b": IMAGE_NAMES["input_image_b"] if "input_image_b" in task.inputs else None,
        "turns": [f"Turn {number} of {case_id}" for number in range(1, 5)] if code == "MT" else [],
        **changes,
    }


def rows() -> list[Row]:
    """Two cases of each task; the first target is shared by all of them."""
    return [row(code, case_id) for code in TASKS for case_id in ("c1", f"c-{code}")]


def write_rows(path: Path, values: Iterable[Mapping[str, Any]]) -> Path:
    """A JSONL file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    path.write_text(text, "utf-8")
    return path


def rows_of_file(path: Path) -> list[Row]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def export(
    folder: Path,
    values: Sequence[Row] | None = None,
    *,
    name: str = "cases.jsonl",
    images: Mapping[str, bytes] | None = None,
) -> Path:
    """The official JSONL export: the file, with its images beside it."""
    for image, data in (IMAGES if images is None else images).items():
        (folder / image).parent.mkdir(parents=True, exist_ok=True)
        (folder / image).write_bytes(data)
    return write_rows(folder / name, rows() if values is None else values)


def features() -> datasets.Features:
    """The columns as the published data set has them."""
    texts = (
        "id",
        "category",
        "subcategory",
        "unsafe_trigger",
        "target",
        "scenario_type",
        "instruction",
    )
    return datasets.Features(
        {
            **{name: datasets.Value("string") for name in texts},
            "input_image": datasets.Image(),
            "input_image_b": datasets.Image(),
            "turns": datasets.List(datasets.Value("string")),
        }
    )


def with_bytes(values: Iterable[Row], images: Mapping[str, bytes] | None = None) -> list[Row]:
    """Rows with the bytes of their images in the place of the paths."""
    stored = IMAGES if images is None else images

    def image(name: str | None) -> dict[str, Any] | None:
        return None if name is None else {"bytes": stored[name], "path": Path(name).name}

    return [value | {column: image(value[column]) for column in IMAGE_NAMES} for value in values]


def _splits(values: Sequence[Row], images: Mapping[str, bytes] | None) -> datasets.DatasetDict:
    splits = {
        split: [value for value in values if TASKS[value["scenario_type"]].split == split]
        for split in ("image", "text")
    }
    return datasets.DatasetDict(
        {
            split: datasets.Dataset.from_list(with_bytes(split_rows, images), features=features())
            for split, split_rows in splits.items()
            if split_rows
        }
    )


def parquet_folder(
    folder: Path,
    values: Sequence[Row] | None = None,
    *,
    images: Mapping[str, bytes] | None = None,
) -> Path:
    """The form of the published data set: one parquet file a split, under `data`."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for split, dataset in _splits(rows() if values is None else values, images).items():
        dataset.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
    return folder


def parquet_file(path: Path, values: Sequence[Row] | None = None) -> Path:
    """All rows in one parquet file."""
    stored = with_bytes(rows() if values is None else values)
    datasets.Dataset.from_list(stored, features=features()).to_parquet(path)
    return path


def saved(folder: Path, values: Sequence[Row] | None = None) -> Path:
    """A folder that `save_to_disk` wrote."""
    _splits(rows() if values is None else values, None).save_to_disk(folder)
    return folder


def verdict(
    judgment: int | None, risk_rating: int | None = None, judge: str = "one", **changes: Any
) -> JudgeRow:
    """A judge's row; a refusal is rating 0, a judgment of None is a failure."""
    if judgment is None:
        return JudgeRow(judge, None, None, None, failure=changes.get("failure", "timeout"))
    rating = (3 if judgment else 1) if risk_rating is None else risk_rating
    return JudgeRow(judge, judgment, rating, bool(changes.get("refusal", rating == 0)))


def scored(
    case_id: str,
    subcategory: str = "D1",
    verdicts: Sequence[JudgeRow] = (),
    status: Status = Status.OK,
    task: str = "unisafe_t2t",
) -> ScoredCase:
    """A case of `subcategory`, whose first letter is its category."""
    return ScoredCase(case_id, task, subcategory[0], subcategory, status, tuple(verdicts))
