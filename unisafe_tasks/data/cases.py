"""The benchmark's cases: the official schema, typed, checked, and lazy about images.

A case is keyed by (id, scenario_type). `id` names a risk target and is shared by its projections
into other tasks, which is what makes failures comparable across tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from unisafe_tasks.data.cache_layout import conversions_folder
from unisafe_tasks.data.stored_images import ImageColumn
from unisafe_tasks.errors import DataError, NoCasesError
from unisafe_tasks.tasks import TASKS, TURNS, Task

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "COLUMNS",
    "IMAGE_COLUMNS",
    "TEXT_COLUMNS",
    "Case",
    "CaseImage",
    "CaseSet",
    "check_row",
    "register",
    "registered",
]

TEXT_COLUMNS = (
    "id",
    "category",
    "subcategory",
    "unsafe_trigger",
    "target",
    "scenario_type",
    "instruction",
)
IMAGE_COLUMNS = ("input_image", "input_image_b")
COLUMNS = (*TEXT_COLUMNS, *IMAGE_COLUMNS, "turns")

_ROWS_AT_ONCE = 1000
_NEVER_EMPTY = ("id", "category", "subcategory", "scenario_type")


@dataclass(frozen=True)
class CaseImage:
    """An input image of a case; `read` returns its bytes as the data set stores them.

    `digest` returns what `sha256` is, and `file` what errors call its file, if it is in one.
    """

    column: str
    read: Callable[[], bytes] = field(compare=False, repr=False)
    digest: Callable[[], str] = field(compare=False, repr=False)
    file: Callable[[], str] = field(default=str, compare=False, repr=False)

    @property
    def sha256(self) -> str:
        """The hex digest of the bytes, computed at most once for each image of a case set.

        Raises:
            DataError: as `read` does, if it is not known without reading.
        """
        return self.digest()


@dataclass(frozen=True)
class Case:
    """One case of one task. `images` are the input images in the order a model is given them."""

    id: str
    task: Task
    category: str
    subcategory: str
    unsafe_trigger: str
    target: str
    instruction: str
    turns: tuple[str, ...]
    images: tuple[CaseImage, ...] = ()

    @property
    def key(self) -> str:
        """`ID/CODE`, for people, label files and sample logs."""
        return f"{self.id}/{self.task.code}"


class CaseSet:
    """The cases of one task, in the data set's order. Rows are read when they are asked for."""

    def __init__(self, task: Task, rows: Dataset, where: str) -> None:
        """Take the rows of one split and keep those of `task`.

        Args:
            task: the task whose rows are kept.
            rows: a split with the official columns.
            where: what errors call the split, such as `demo, split image`.

        Raises:
            DataError: a column is missing, a row is wrong, a key appears twice, or no row is left.
        """
        self.task = task
        given, kept = _rows_of(task, rows, where)
        self.rows = given.select(kept)
        # Chosen once: to choose columns costs far more than to read a row of them.
        self._texts = self.rows.select_columns([*TEXT_COLUMNS, "turns"])
        self.images: Mapping[str, ImageColumn] = {
            column: ImageColumn(given, column, kept) for column in IMAGE_COLUMNS
        }
        """The images of each image column, by the number of the row in `rows`."""
        self._index = _checked(self, kept, where)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Case]:
        return (self._case(index, row) for index, row in enumerate(self.texts()))

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._index

    def __getitem__(self, case_id: str) -> Case:
        """The case of an id.

        Raises:
            KeyError: the task has no such case.
        """
        index = self._index[case_id]
        return self._case(index, self._texts[index])

    def texts(self) -> Iterator[dict[str, Any]]:
        """The rows in order, without their images."""
        for batch in self._texts.iter(batch_size=_ROWS_AT_ONCE):
            for values in zip(*batch.values(), strict=True):
                yield dict(zip(batch, values, strict=True))

    def _case(self, index: int, texts: Mapping[str, Any]) -> Case:
        return Case(
            id=texts["id"],
            task=self.task,
            category=texts["category"],
            subcategory=texts["subcategory"],
            unsafe_trigger=texts["unsafe_trigger"] or "",
            target=texts["target"] or "",
            instruction=texts["instruction"] or "",
            turns=tuple(texts["turns"] or ()),
            images=tuple(self._image(index, column, texts["id"]) for column in self.task.inputs),
        )

    def _image(self, index: int, column: str, case_id: str) -> CaseImage:
        images, where = self.images[column], f"{case_id}: {column}"
        return CaseImage(
            column,
            partial(images.read, index, where),
            partial(images.sha256, index, where),
            partial(images.file, index),
        )


def check_row(row: Mapping[str, Any], where: str) -> Task:
    """Check the text fields of one row and say which task it belongs to.

    Raises:
        DataError: naming the row (`where`) and the field.
    """
    for column in TEXT_COLUMNS:
        value = row.get(column)
        if value is None and column not in _NEVER_EMPTY:
            continue
        if not isinstance(value, str):
            raise DataError(f"{where}: {column} must be a text, found {type(value).__name__}")
        _check_encodable(value, column, where)
        if column in _NEVER_EMPTY and not value.strip():
            raise DataError(f"{where}: {column} is empty")
    task = _task_of(row["scenario_type"], where)
    if task.needs_instruction and not (row.get("instruction") or "").strip():
        raise DataError(f"{where}: instruction is empty, and scenario_type {task.code} needs one")
    turns = [] if row.get("turns") is None else row["turns"]
    if not isinstance(turns, list) or any(not isinstance(turn, str) for turn in turns):
        raise DataError(f"{where}: turns must be a list of texts")
    for turn in turns:
        _check_encodable(turn, "turns", where)
    if task.is_conversation and (len(turns) != TURNS or not all(t.strip() for t in turns)):
        raise DataError(
            f"{where}: turns must hold {TURNS} instructions for scenario_type {task.code}, "
            f"found {len(turns)}"
        )
    return task


def register(cases: CaseSet) -> None:
    """Make a task's cases findable for scoring, which a harness hands documents without images."""
    _REGISTERED[cases.task.name] = cases


def registered(task: Task) -> CaseSet:
    """The cases last registered for a task.

    Raises:
        KeyError: none were.
    """
    return _REGISTERED[task.name]


_REGISTERED: dict[str, CaseSet] = {}


def _task_of(code: object, where: str) -> Task:
    if not isinstance(code, str) or code not in TASKS:
        known = ", ".join(TASKS)
        raise DataError(f"{where}: scenario_type is {code!r}, expected one of {known}")
    return TASKS[code]


def _check_encodable(text: str, column: str, where: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"{where}: {column} holds half of a surrogate pair") from None


def _rows_of(task: Task, rows: Dataset, where: str) -> tuple[Dataset, list[int]]:
    """All rows with the official columns, and the numbers of those of the task."""
    from datasets import Image

    if missing := [name for name in COLUMNS if name not in rows.column_names]:
        raise DataError(f"{where}: the column {missing[0]!r} is missing")
    codes = list(rows["scenario_type"])
    for number, code in enumerate(codes, start=1):
        # A row that belongs to no task of this split would be left out of every one of them.
        if _task_of(code, f"{where}, row {number}").split != task.split:
            raise DataError(f"{where}, row {number}: scenario_type {code} is in the wrong split")
    kept = [index for index, code in enumerate(codes) if code == task.code]
    if not kept:
        raise NoCasesError(f"{where} has no case with scenario_type {task.code} ({task.name})")
    # A column that nobody knows could be an image, which a harness would decode and log.
    chosen = rows.select_columns(list(COLUMNS))
    for column in IMAGE_COLUMNS:
        # Undecoded, so that bytes and not pixels travel and a hostile image harms nobody here.
        try:
            chosen = chosen.cast_column(column, Image(decode=False))
        except Exception as error:
            raise DataError(f"{where}: the column {column!r} holds no images: {error}") from None
    return chosen, kept


def _checked(cases: CaseSet, kept: Sequence[int], where: str) -> dict[str, int]:
    """Check the rows of a task, and index them by their ids."""
    index: dict[str, int] = {}
    code = cases.task.code
    for number, (given, row) in enumerate(zip(kept, cases.texts(), strict=True)):
        row_where = f"{where}, row {given + 1}"
        check_row(row, row_where)
        if (first := index.setdefault(row["id"], number)) != number:
            raise DataError(
                f"{row_where}: id {row['id']!r} with scenario_type {code} appears twice, "
                f"first in row {kept[first] + 1}"
            )
    for column in cases.task.inputs:
        images = cases.images[column]
        for number, given in enumerate(kept):
            if (path := images.outside(number)) is not None:
                raise DataError(
                    f"{where}, row {given + 1}: {column} names an image outside the cache "
                    f"{conversions_folder()}: {path[:200]!r}"
                )
            if not images.has(number):
                raise DataError(
                    f"{where}, row {given + 1}: {column} is missing, which scenario_type {code} "
                    "needs"
                )
    return index
