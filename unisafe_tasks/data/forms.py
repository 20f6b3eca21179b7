"""The forms in which others write a row, all read as one.

The data set is gated, and who exports it writes what is convenient: numbers as ids, paths where
images were, a list as JSON. Whatever can be meant in one way only is read, and told; a row that
cannot be read is refused with a sentence.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from unisafe_tasks.data.cases import COLUMNS, IMAGE_COLUMNS, TEXT_COLUMNS, check_row
from unisafe_tasks.errors import DataError
from unisafe_tasks.tasks import TASKS, Task

__all__ = ["Told", "is_absent", "read_columns", "read_texts", "shape_of"]

Told = Counter[str]
"""What was read in another form than the official one -> in how many rows."""

_OPTIONAL = ("unsafe_trigger", "target", "instruction", *IMAGE_COLUMNS, "turns")
_TURN_KEYS = ("instruction", "content", "text", "prompt", "value")
_ANSWERS = frozenset({"assistant", "model", "gpt", "system"})


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


_CODES = {
    _letters(name): task.code
    for task in TASKS.values()
    for name in (task.code, task.name, task.name.removeprefix("unisafe_"), task.title)
} | {"multimodalunderstanding": "MU", "multiturnimageediting": "MT"}


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


def read_texts(row: Mapping[str, Any], where: str, told: Told) -> dict[str, Any]:
    """The texts of a row and its turns, checked.

    Raises:
        DataError: naming the row (`where`) and the field.
    """
    texts: dict[str, Any] = {column: row.get(column) for column in TEXT_COLUMNS}
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


def is_absent(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _id(value: object, told: Told) -> object:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        told["id is a number, and read as text"] += 1
        return str(value)
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
    if task is not None and task.is_conversation and is_absent(turns):
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
    if is_absent(value):
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
            raise ValueError(f"turns must be a list of texts, found {shape_of(value)}")
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
        f"{shape_of(value)}"
    )


def _said_by_a_model(turn: object) -> bool:
    return isinstance(turn, dict) and str(turn.get("role")).casefold() in _ANSWERS


def shape_of(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with the keys {', '.join(map(repr, value)) or 'none'}"[:200]
    return type(value).__name__
