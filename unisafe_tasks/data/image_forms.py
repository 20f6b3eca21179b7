"""The forms in which others store an image: its bytes, a path, base64, in an object or a list."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from unisafe_tasks.data.cache_layout import without_cache
from unisafe_tasks.data.cases import IMAGE_COLUMNS
from unisafe_tasks.data.forms import Told, is_absent, shape_of
from unisafe_tasks.errors import DataError
from unisafe_tasks.files import path_inside
from unisafe_tasks.tasks import Task

__all__ = ["A_PATH", "Folders", "find_image", "named_paths", "read_images", "what_is_there"]

Folders = Sequence[Path]
"""The folders that paths of images may be relative to. The first holds all of them."""

A_PATH = "a path, whose file is read"

_LOOKED_AT = 100_000
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
# What the files of PNG, JPEG, WebP and GIF begin with, as base64.
_BASE64 = re.compile(r"(iVBORw0KGgo|/9j/|UklGR|R0lGOD)[A-Za-z0-9+/=\s]{40}")


def read_images(
    row: Mapping[str, Any], task: Task, where: str, folders: Folders, told: Told
) -> dict[str, bytes | Path | None]:
    """The images of a row: their bytes, or their file, links resolved.

    Raises:
        DataError: naming the row (`where`) and the column.
    """
    values = {column: _items(row.get(column)) for column in IMAGE_COLUMNS}
    first, second = IMAGE_COLUMNS
    if len(values[first]) == len(task.inputs) == 2 and not values[second]:
        told[f"{first} holds both images"] += 1
        values = {first: values[first][:1], second: values[first][1:]}
    images: dict[str, bytes | Path | None] = {}
    for column, items in values.items():
        if len(items) > 1:
            raise DataError(f"{where}: {column} holds {len(items)} images, expected one")
        if items and isinstance(row.get(column), list):
            told[f"{column} is a list"] += 1
        images[column] = None
        if items:
            images[column], form = _image(items[0], f"{where}: {column}", folders)
            if form is not None:
                told[f"{column} is {form}"] += 1
    return images


def named_paths(row: Mapping[str, Any]) -> Iterator[str]:
    """The paths that a row names instead of holding the images themselves."""
    for column in IMAGE_COLUMNS:
        for item in _items(row.get(column)):
            value = _content(item)
            if isinstance(value, str) and _encoded(value) is None:
                yield value


def find_image(name: str, folders: Folders) -> Path:
    """The file of an image, links resolved.

    Raises:
        ValueError: there is none in these folders; its text is to follow the name.
    """
    for folder in folders:
        path = path_inside(folders[0], str(folder / name))
        try:
            if path.is_file():
                return path
        except OSError:  # a name that is too long
            continue
    root = folders[0].resolve()
    raise ValueError(f"which is not in {root}; {what_is_there(root)}")


def what_is_there(folder: Path) -> str:
    """A folder's files by their endings, in words."""
    files = (path for path in without_cache(folder, folder.rglob("*")) if path.is_file())
    endings = Counter(path.suffix or path.name for path in islice(files, _LOOKED_AT))
    ranked = sorted(endings.items(), key=lambda entry: (-entry[1], entry[0]))
    listed = ", ".join(f"{count:,} {ending}" for ending, count in ranked[:5])
    return f"there are: {listed or 'no files'}"


def _items(value: object) -> list[object]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if not is_absent(_content(item))]


def _content(item: object) -> object:
    """The bytes, the text or the path that stands for an image."""
    if not isinstance(item, dict):
        return None if item == b"" else item
    data = item.get("bytes")
    if isinstance(data, str):  # JSON has no bytes
        data = data and f"data:;base64,{data}"
    return data or item.get("path")


def _image(item: object, where: str, folders: Folders) -> tuple[bytes | Path, str | None]:
    """An image, and what form it had if that is not the one of `datasets`."""
    value = _content(item)
    if isinstance(value, bytes):
        return value, None if isinstance(item, dict) else "plain bytes"
    if not isinstance(value, str):
        raise DataError(
            f"{where} must be the bytes of an image or a path, or an object with one of them; "
            f"found {shape_of(item)}"
        )
    if (encoded := _encoded(value)) is not None:
        try:
            return base64.b64decode(encoded), "base64"
        except binascii.Error as error:
            raise DataError(f"{where} is not base64: {error}") from None
    try:
        return find_image(value, folders), A_PATH
    except ValueError as problem:
        raise DataError(f"{where} names {value[:200]!r}, {problem}") from None


def _encoded(text: str) -> str | None:
    """The base64 of a data URL, or of a text that begins as image files do."""
    if head := _DATA_URL.match(text):
        return text[head.end() :]
    return text if _BASE64.match(text) else None
