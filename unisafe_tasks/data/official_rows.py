"""Rows in whatever form, read into the official form: each checked, each case once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from unisafe_judges.errors import ImageError
from unisafe_tasks.data.cases import COLUMNS
from unisafe_tasks.data.forms import Told, is_absent, read_columns, read_texts
from unisafe_tasks.data.image_forms import Folders, read_images
from unisafe_tasks.data.official_form import SplitRow
from unisafe_tasks.data.stored_images import ImageEntries
from unisafe_tasks.errors import DataError
from unisafe_tasks.tasks import TASKS

__all__ = ["Placed", "official_rows"]

Placed = tuple[dict[str, Any], str, Folders, str | None]
"""A row as it came, its place in words, the folders its images may be in, and its split."""


def official_rows(
    rows: Callable[[], Iterator[Placed]], entries: ImageEntries, told: Told
) -> Iterator[SplitRow]:
    """Each case once, in the official form, with its split.

    Args:
        rows: gives the rows from the first on.
        entries: keeps their images.
        told: gets what was read in another form.

    Raises:
        DataError: naming the row that is wrong, and its field.
    """
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    for given, where, folders, split in rows():
        row = _row(given, where, folders, entries, told)
        task = TASKS[row["scenario_type"]]
        key = (row["id"], task.code)
        content = _digest(row)
        if key in seen:
            first, known = seen[key]
            if content != known:
                raise DataError(
                    f"{where}: a second case {row['id']}/{task.code} with other contents, first in "
                    f"{first}"
                )
            told["a case is there twice with the same contents, and read once"] += 1
            continue
        seen[key] = (where, content)
        if split is not None and split != task.split:
            told[f"a case of {task.name} is in split {split!r}, and read into {task.split!r}"] += 1
        yield task.split, row


def _row(
    given: Mapping[str, Any], where: str, folders: Folders, entries: ImageEntries, told: Told
) -> dict[str, Any]:
    read_columns(given, where, told)
    texts = read_texts(given, where, told)
    task = TASKS[texts["scenario_type"]]
    images = read_images(given, task, where, folders, told)
    for column in task.inputs:
        if images[column] is None:
            there = [str(name) for name, value in given.items() if not is_absent(value)]
            raise DataError(
                f"{where}: {column} is missing, which scenario_type {task.code} needs; the row "
                f"has: {', '.join(there)}"
            )
    kept: dict[str, dict[str, Any] | None] = {}
    for column, image in images.items():
        try:
            kept[column] = None if image is None else entries.keep(image)
        except ImageError as error:
            raise DataError(f"{where}: {column}: {error}") from None
    return {name: (texts | kept)[name] for name in COLUMNS}


def _digest(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([row[name] for name in COLUMNS]).encode()).hexdigest()
