"""The cases as files, for whoever runs inference elsewhere: the official JSONL, with its images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unisafe_judges import ImageError
from unisafe_judges.images import check_image
from unisafe_tasks.data.cases import IMAGE_COLUMNS, Case
from unisafe_tasks.data.sources import Source, load_cases
from unisafe_tasks.errors import DataError, NoCasesError
from unisafe_tasks.files import encode_row, require_empty, write_atomically
from unisafe_tasks.streams import shown_progress
from unisafe_tasks.tasks import TASKS, Task

__all__ = ["CASES_FILE", "export_cases"]

CASES_FILE = "cases.jsonl"


def export_cases(source: Source, folder: Path, tasks: Iterable[Task] = ()) -> int:
    """Write cases and input images into an empty folder; returns how many cases.

    The folder is a data source itself: UNISAFE_DATA may name it.

    Raises:
        DataError: the folder is not empty, or an image cannot be read.
    """
    require_empty(folder, DataError)
    chosen = list(tasks) or list(TASKS.values())
    rows: list[bytes] = []
    suffixes: dict[str, str] = {}
    for task in chosen:
        try:
            cases = load_cases(source, task)
        except NoCasesError:
            continue
        for case in shown_progress(cases, len(cases), task.name):
            rows.append(encode_row(_row(case, _images(case, folder, suffixes))))
    if not rows:
        raise DataError(f"{source.name} holds no case of {', '.join(task.name for task in chosen)}")
    # Last, so that a folder without it was not finished.
    write_atomically(folder / CASES_FILE, b"".join(rows))
    return len(rows)


def _row(case: Case, images: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": case.id,
        "category": case.category,
        "subcategory": case.subcategory,
        "unsafe_trigger": case.unsafe_trigger,
        "target": case.target,
        "scenario_type": case.task.code,
        "instruction": case.instruction,
        **{column: images.get(column) for column in IMAGE_COLUMNS},
        "turns": list(case.turns),
    }


def _images(case: Case, folder: Path, suffixes: dict[str, str]) -> dict[str, str]:
    """Write a case's images, named by their content: cases share many of them.

    `suffixes` are those of the images that were checked, by their hashes.
    """
    names: dict[str, str] = {}
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", case.id)[:40]
    for image in case.images:
        digest = image.sha256
        try:
            if digest not in suffixes:
                suffixes[digest] = check_image(image.read()).suffix
        except ImageError as error:
            raise DataError(f"{case.key}: {image.column}: {error}") from None
        name = f"images/{readable}-{digest[:16]}{suffixes[digest]}"
        if not (folder / name).is_file():
            write_atomically(folder / name, image.read())
        names[image.column] = name
    return names
