"""The benchmark's cases: the official schema, typed, checked, and lazy about images.

A case is keyed by (id, scenario_type). `id` names a risk target and is shared by its projections
into other tasks, which is what makes failures comparable across tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unisafe_judges import Modality, taxonomy
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
    "outside_taxonomy",
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

_ROWS_AT_ONCE = 64
_NEVER_EMPTY = ("id", "category", "subcategory", "scenario_type")


@dataclass(frozen=True)
class CaseImage:
    """An input image of a case; `read` returns its bytes as the data set stores them."""

    column: str
    read: Callable[[], bytes] = field(compare=False, repr=False)


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
        self.rows = _rows_of(task, rows, where)
        self._index = {str(case_id): index for index, case_id in enumerate(self.rows["id"])}
        # Chosen once: to choose columns costs far more than to read a row of them.
        self._texts = self.rows.select_columns([*TEXT_COLUMNS, "turns"])
        self._images = {column: self.rows.select_columns([column]) for column in task.inputs}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Case]:
        return (self[case_id] for case_id in self._index)

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._index

    def __getitem__(self, case_id: str) -> Case:
        """The case of an id.

        Raises:
            KeyError: the task has no such case.
        """
        index = self._index[case_id]
        texts = self._texts[index]
        return Case(
            id=texts["id"],
            task=self.task,
            category=texts["category"],
            subcategory=texts["subcategory"],
            unsafe_trigger=texts["unsafe_trigger"] or "",
            target=texts["target"] or "",
            instruction=texts["instruction"] or "",
            turns=tuple(texts["turns"] or ()),
            images=tuple(
                CaseImage(column, _reader(case_id, images, index, column))
                for column, images in self._images.items()
            ),
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


def outside_taxonomy(subcategories: Mapping[Task, Iterable[str]]) -> list[str]:
    """A sentence for each modality with subcategories that the judges' taxonomy does not know."""
    found: dict[Modality, set[str]] = {}
    for task, codes in subcategories.items():
        found.setdefault(task.modality, set()).update(codes)
    unknown = {
        modality: sorted(codes - {entry.code for entry in taxonomy(modality)})
        for modality, codes in found.items()
    }
    return [
        f"Not in the {modality} taxonomy of the judges: {', '.join(codes)}."
        for modality, codes in unknown.items()
        if codes
    ]


def register(cases: CaseSet) -> None:
    """Make a task's cases findable for scoring, which a harness hands documents without images."""
    _REGISTERED[cases.task.code] = cases


def registered(code: str) -> CaseSet:
    """The cases last registered for a task.

    Raises:
        KeyError: none were.
    """
    return _REGISTERED[code]


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


def _rows_of(task: Task, rows: Dataset, where: str) -> Dataset:
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
    chosen = rows.select_columns(list(COLUMNS)).select(kept)
    for column in IMAGE_COLUMNS:
        # Undecoded, so that bytes and not pixels travel and a hostile image harms nobody here.
        try:
            chosen = chosen.cast_column(column, Image(decode=False))
        except Exception as error:
            raise DataError(f"{where}: the column {column!r} holds no images: {error}") from None
    _check_rows(task, chosen, kept, where)
    return chosen


def _check_rows(task: Task, chosen: Dataset, kept: list[int], where: str) -> None:
    seen: dict[str, int] = {}
    texts = chosen.select_columns([*TEXT_COLUMNS, "turns"])
    for index, row in zip(kept, texts, strict=True):
        row_where = f"{where}, row {index + 1}"
        check_row(row, row_where)
        if row["id"] in seen:
            raise DataError(
                f"{row_where}: id {row['id']!r} with scenario_type {task.code} appears twice, "
                f"first in row {seen[row['id']] + 1}"
            )
        seen[row["id"]] = index
    for column in task.inputs:
        for index, present in zip(kept, _has_image(chosen, column), strict=True):
            if not present:
                raise DataError(
                    f"{where}, row {index + 1}: {column} is missing, which scenario_type "
                    f"{task.code} needs"
                )


def _has_image(rows: Dataset, column: str) -> list[bool]:
    # Taking rows copies their images, so that only a few are taken at once.
    import pyarrow.compute as pc

    arrow = rows.select_columns([column]).with_format("arrow")
    present: list[bool] = []
    for batch in arrow.iter(batch_size=_ROWS_AT_ONCE):
        struct = batch[column].combine_chunks()
        valid = pc.and_(struct.is_valid(), struct.field("bytes").is_valid())
        present.extend(bool(value) for value in valid.to_pylist())
    return present


def _reader(case_id: str, images: Dataset, index: int, column: str) -> Callable[[], bytes]:
    def read() -> bytes:
        value = images[index][column]
        if value is None or value.get("bytes") is None:
            raise DataError(f"{case_id}: {column} holds no image bytes")
        return bytes(value["bytes"])

    return read
