"""What the YAMLs name: the functions a harness calls, from document to request.

The model gets the case's instruction as text with its images in order; a four-turn case gets its
turns one by one, the first without an image, each later one with the image of the turn before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from unisafe_judges import ImageError
from unisafe_judges.images import open_upright
from unisafe_tasks.data.cases import IMAGE_COLUMNS, CaseSet, register, registered
from unisafe_tasks.data.names import BENIGN
from unisafe_tasks.data.sources import source_of
from unisafe_tasks.errors import DataError, UnisafeError, exit_with
from unisafe_tasks.judging import open_run
from unisafe_tasks.outputs.parsing import encode_output, parse_output
from unisafe_tasks.settings import data_setting
from unisafe_tasks.tasks import ARM_TASKS, TURNS, Arm, Task, task_named
from unisafe_tasks.types import RawOutput

if TYPE_CHECKING:
    from datasets import Dataset
    from PIL.Image import Image

__all__ = [
    "BENIGN_PATH",
    "DATASET_PATH",
    "doc_to_target",
    "doc_to_text",
    "doc_to_visual",
    "next_turn",
    "task_of",
]

DATASET_PATH: str
"""What a harness passes to `datasets.load_dataset`: the folder that UNISAFE_DATA resolves to."""

BENIGN_PATH: str
"""The same for the tasks of the benign set, whatever UNISAFE_DATA says."""

_PATHS = {"DATASET_PATH": Arm.ADVERSARIAL, "BENIGN_PATH": Arm.BENIGN}
_CASES_OF = {"cases_": Arm.ADVERSARIAL, "benign_cases_": Arm.BENIGN}
"""`cases_TI`, `benign_cases_TI` and so on are what the YAMLs name as process_docs: one for each
task."""


def __getattr__(name: str) -> Any:
    # The YAMLs name these with !function, so that reading DATASET_PATH is the moment to resolve it.
    if name in _PATHS:
        try:
            return str(source_of(_PATHS[name]).folder)
        except UnisafeError as error:
            exit_with(error)
    for beginning, arm in _CASES_OF.items():
        if name.startswith(beginning) and (code := name.removeprefix(beginning)) in ARM_TASKS[arm]:
            return partial(_cases_of, ARM_TASKS[arm][code])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _cases_of(task: Task, rows: Dataset) -> Dataset:
    """The rows of one task of a split, checked and registered, without their images."""
    setting = BENIGN if task.arm is Arm.BENIGN else data_setting()
    try:
        cases = CaseSet(task, rows, f"{setting}, split {task.split}")
    except DataError as error:
        exit_with(error)
    register(cases)
    # A case's images are read from where it is registered: a document is written into logs.
    documents = cases.rows.remove_columns(list(IMAGE_COLUMNS))
    if task.arm is Arm.ADVERSARIAL:
        return documents
    # Nothing else in a document says of which arm it is.
    return documents.add_column("task", [task.name] * len(documents))


def task_of(doc: Mapping[str, Any]) -> Task:
    """The task of a document, or of a record that a harness made of one."""
    return task_named(doc.get("task") or doc["scenario_type"])


def doc_to_target(doc: Mapping[str, Any]) -> str:
    """`ID/CODE`: there is no right answer, but sample logs carry the target, and so the key."""
    return f"{doc['id']}/{doc['scenario_type']}"


def doc_to_visual(doc: Mapping[str, Any], lmms_eval_specific_kwargs: object = None) -> list[Image]:
    """The case's input images as upright RGB pictures, in order; none for a text-only input."""
    task = task_of(doc)
    if not task.inputs:
        return []
    case = registered(task)[doc["id"]]
    try:
        return [open_upright(image.read()) for image in case.images]
    except (DataError, ImageError) as error:
        # A model cannot be asked without the image; `unisafe data validate` finds these beforehand.
        exit_with(f"{case.key}: an input image cannot be read: {error}")


def doc_to_text(
    doc: Mapping[str, Any],
    lmms_eval_specific_kwargs: object = None,
    previous_output: Sequence[str] | None = None,
    round_idx: int | None = None,
    previous_round_info: Mapping[str, Any] | None = None,
) -> Any:
    """The instruction as the case gives it; for a later turn, lmms-eval's five-tuple.

    The harness asks without `round_idx` for the first prompt of any task, and after turn
    `round_idx` of a four-turn case for what comes next.
    """
    if round_idx is None:
        is_conversation = task_of(doc).is_conversation
        return doc["turns"][0] if is_conversation else doc["instruction"] or ""
    return next_turn(doc, list(previous_output or ()), round_idx, previous_round_info)


def next_turn(
    doc: Mapping[str, Any],
    outputs: list[str],
    turn: int,
    info: Mapping[str, Any] | None,
) -> tuple[list[Image] | None, str | None, bool, list[str] | None, dict[str, Any]]:
    """What follows turn `turn` (1 to 4) of a four-turn case: (visuals, text, end, outputs, info).

    Every turn's image is kept at once, because in-tree models give each turn's file the same name.
    A turn without an image ends the case; the judge is asked only if there are four.
    """
    task = task_of(doc)
    case = registered(task)[doc["id"]]
    raw = parse_output(outputs[-1] if outputs else None, task)
    kept = list((info or {}).get("images", ()))
    if raw.history is not None:
        return None, None, True, [outputs[-1]], {"images": kept}
    try:
        path = open_run.current(task.arm).store_turn(case, raw, turn)
    except (ImageError, OSError) as error:
        return _end(raw, kept, error=str(error))
    if path is None:
        return _end(raw, kept, error=raw.error)
    kept.append(str(path))
    if turn == TURNS:
        return _end(raw, kept, error=None)
    return [open_upright(path.read_bytes())], case.turns[turn], False, None, {"images": kept}


def _end(
    raw: RawOutput, kept: list[str], error: str | None
) -> tuple[None, None, bool, list[str], dict[str, Any]]:
    output = encode_output(
        raw.text,
        kept,
        refusal=raw.refusal,
        error=error,
        unsupported=raw.unsupported,
        history="last",
    )
    return None, None, True, [output], {"images": kept}
