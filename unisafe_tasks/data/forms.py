"""The forms in which others write a row, all read as one.

The data set is gated, and who exports it writes what is convenient: numbers as ids, paths where
images were, a list as JSON. Whatever can be meant in one way only is read, and told; a row that
cannot be read is refused with a sentence.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from unisafe_judges.errors import ImageError
from unisafe_judges.images import read_image_file
from unisafe_tasks.data.cases import COLUMNS, IMAGE_COLUMNS, TEXT_COLUMNS, check_row
from unisafe_tasks.errors import DataError
from unisafe_tasks.files import path_inside
from unisafe_tasks.tasks import TASKS, Task

__all__ = [
    "A_PATH",
    "Told",
    "Where",
    "find_image",
    "named_paths",
    "read_columns",
    "read_row",
    "read_texts",
    "what_is_there",
]

Told = Counter[str]
"""What was read in another form than the official one -> in how many rows."""

Where = Sequence[Path]
"""The folders that paths of images may be relative to. The first holds all of them."""

A_PATH = "a path, whose file is read"

_LOOKED_AT = 100_000
_OPTIONAL = ("unsafe_trigger", "target", "instruction", *IMAGE_COLUMNS, "turns")
_TURN_KEYS = ("instruction", "content", "text", "prompt", "value")
_ANSWERS = frozenset({"assistant", "model", "gpt", "system"})
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
# What the files of PNG, JPEG, WebP and GIF begin with, as base64.
_BASE64 = re.compile(r"(iVBORw0KGgo|/9j/|UklGR|R0lGOD)[A-Za-z0-9+/=\s]{40}")


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


_CODES = {
    _letters(name): task.code
    for task in TASKS.values()
    for name in (task.code, task.name, task.name.removeprefix("unisafe_"), task.title)
} | {"multimodalunderstanding": "MU", "multiturnimageediting": "MT"}


def read_row(row: Mapping[str, Any], where: str, folders: Where, told: Told) -> dict[str, Any]:
    """A row with the official columns, its images as bytes.

    Raises:
        DataError: naming the row (`where`) and the field.
    """
    read_columns(row, where, told)
    texts = read_texts(row, where, told)
    task = TASKS[texts["scenario_type"]]
    images = _images(row, task, where, folders, told)
    for column in task.inputs:
        if images[column] is None:
            raise DataError(
                f"{where}: {column} is missing, which scenario_type {task.code} needs; the row "
                f"has: {', '.join(str(name) for name, value in row.items() if not _absent(value))}"
            )
    return {name: (texts | images)[name] for name in COLUMNS}


def read_columns(names: Iterable[str], where: str, told: Told) -> None:
    """Check the columns of a row or a file, and tell which are missing or not known.

    Raises:
        DataError: naming the place (`where`) and a column that every row needs.
    """
    there = list(names)
    for column in COLUMNS:
        if column not in there:
            if column not in _OPTIONAL:
                raise DataError(
                    f"{where}: the column {column!r} is missing; there are: {', '.join(there)}"
                )
            told[f"the column {column} is missing, and read as empty"] += 1
    if extra := sorted(set(there) - set(COLUMNS)):
        told[f"other columns are left out: {', '.join(extra)}"] += 1


# --- texts ---


def read_texts(row: Mapping[str, Any], where: str, told: Told) -> dict[str, Any]:
    """The texts of a row and its turns, checked.

    Raises:
        DataError: naming the row (`where`) and the field.
    """
    texts = {column: row.get(column) for column in TEXT_COLUMNS}
    for column in ("unsafe_trigger", "target", "instruction"):
        if isinstance(texts[column], float) and math.isnan(texts[column]):
            texts[column] = None
    texts["id"] = _id(texts["id"], told)
    texts["scenario_type"] = _code(texts["scenario_type"], told)
    task = TASKS.get(texts["scenario_type"])
    turns = row.get("turns")
    if isinstance(texts["instruction"], list):
        texts["instruction"], turns = _spread(texts["instruction"], turns, task, told)
    texts["turns"] = _turns(turns, task, where, told)
    check_row(texts, where)
    if task is not None and not (texts["instruction"] or "").strip():
        told[f"instruction is empty ({task.name})"] += 1
    return texts


def _absent(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _id(value: object, told: Told) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and float(value) == int(value):  # type: ignore[call-overload, arg-type]
        told["id is a number, and read as text"] += 1
        return str(int(value))  # type: ignore[call-overload]
    return value


def _code(value: object, told: Told) -> Any:
    if not isinstance(value, str) or value in TASKS:
        return value
    code = _CODES.get(_letters(value))
    if code is None:
        return value
    told[f"scenario_type is written {value[:60]!r}, and read as {code}"] += 1
    return code


def _spread(
    instruction: list[Any], turns: object, task: Task | None, told: Told
) -> tuple[object, object]:
    """Instruction and turns where the instruction is a list: the turns, or one text."""
    if task is not None and task.is_conversation and _absent(turns):
        told["instruction holds the turns"] += 1
        return None, instruction
    if len(instruction) == 1:
        told["instruction is a list of one text"] += 1
        return instruction[0], turns
    return instruction, turns


def _turns(value: object, task: Task | None, where: str, told: Told) -> list[str]:
    try:
        return _listed(value, told)
    except ValueError as problem:
        if task is not None and not task.is_conversation:
            told["turns cannot be read, and the task has none"] += 1
            return []
        raise DataError(f"{where}: {problem}") from None


def _listed(value: object, told: Told) -> list[str]:
    if _absent(value):
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("turns must be a list of texts, found a text") from None
        told["turns is a JSON text"] += 1
    if isinstance(value, dict):
        # How `datasets` gives a sequence of objects.
        columns = [value[key] for key in _TURN_KEYS if isinstance(value.get(key), list)]
        if len(columns) != 1:
            raise ValueError(f"turns must be a list of texts, found {_shape(value)}")
        told["turns is an object with a list"] += 1
        value = columns[0]
    if not isinstance(value, list):
        raise ValueError(f"turns must be a list of texts, found {type(value).__name__}")
    turns = [_turn(turn, told) for turn in value if not _said_by_a_model(turn)]
    filled = [turn for turn in turns if turn is not None and turn.strip()]
    if len(filled) < len(turns):
        told["turns has empty entries, which are left out"] += 1
    return filled


def _turn(value: object, told: Told) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in _TURN_KEYS:
            if isinstance(value.get(key), str):
                told["turns is a list of objects"] += 1
                return str(value[key])
    raise ValueError(
        f"turns must be a list of texts, or of objects with one of {', '.join(_TURN_KEYS)}; found "
        f"{_shape(value)}"
    )


def _said_by_a_model(turn: object) -> bool:
    return isinstance(turn, dict) and str(turn.get("role")).casefold() in _ANSWERS


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with the keys {', '.join(map(repr, value)) or 'none'}"[:200]
    return type(value).__name__


# --- images ---


def _images(
    row: Mapping[str, Any], task: Task, where: str, folders: Where, told: Told
) -> dict[str, dict[str, Any] | None]:
    """The images of a row as `datasets` stores them: their bytes, and the name of their file.

    Raises:
        DataError: naming the row (`where`) and the column.
    """
    values = {column: _items(row.get(column)) for column in IMAGE_COLUMNS}
    first, second = IMAGE_COLUMNS
    if len(values[first]) == len(task.inputs) == 2 and not values[second]:
        told[f"{first} holds both images"] += 1
        values = {first: values[first][:1], second: values[first][1:]}
    images: dict[str, dict[str, Any] | None] = {}
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
            value, _ = _content(item)
            if isinstance(value, str) and _encoded(value) is None:
                yield value


def find_image(name: str, folders: Where) -> Path:
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
    files = (path for path in folder.rglob("*") if path.is_file())
    endings = Counter(path.suffix or path.name for path in islice(files, _LOOKED_AT))
    ranked = sorted(endings.items(), key=lambda entry: (-entry[1], entry[0]))
    listed = ", ".join(f"{count:,} {ending}" for ending, count in ranked[:5])
    return f"there are: {listed or 'no files'}"


def _items(value: object) -> list[object]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if not _absent(_content(item)[0])]


def _content(item: object) -> tuple[object, str | None]:
    """The bytes, the text or the path that stands for an image, and the name of its file."""
    if not isinstance(item, dict):
        return (None if item == b"" else item), None
    path, data = item.get("path"), item.get("bytes")
    if isinstance(data, str):  # JSON has no bytes
        data = data and f"data:;base64,{data}"
    return data or path, Path(path).name if isinstance(path, str) else None


def _image(item: object, where: str, folders: Where) -> tuple[dict[str, Any], str | None]:
    """An image, and what form it had if that is not the one of `datasets`."""
    value, name = _content(item)
    if isinstance(value, bytes):
        return {"bytes": value, "path": name}, None if isinstance(item, dict) else "plain bytes"
    if not isinstance(value, str):
        raise DataError(
            f"{where} must be the bytes of an image or a path, or an object with one of them; "
            f"found {_shape(item)}"
        )
    if (encoded := _encoded(value)) is not None:
        try:
            return {"bytes": base64.b64decode(encoded), "path": name}, "base64"
        except binascii.Error as error:
            raise DataError(f"{where} is no base64: {error}") from None
    try:
        path = find_image(value, folders)
        return {"bytes": read_image_file(path), "path": path.name}, A_PATH
    except ValueError as problem:
        raise DataError(f"{where} names {value[:200]!r}, {problem}") from None
    except ImageError as error:
        raise DataError(f"{where}: {error}") from None


def _encoded(text: str) -> str | None:
    """The base64 of a data URL, or of a text that begins as image files do."""
    if head := _DATA_URL.match(text):
        return text[head.end() :]
    return text if _BASE64.match(text) else None
