"""What a source holds: counts, shared targets, sizes, duplicates, and what is missing.

Images are read one at a time, each content once; only their hashes and sizes are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from unisafe_judges import ImageError, Modality, taxonomy
from unisafe_judges.images import check_image
from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.names import outside_taxonomy
from unisafe_tasks.data.sources import Source, fingerprint, load_cases
from unisafe_tasks.errors import DataError, NoCasesError
from unisafe_tasks.streams import shown_progress
from unisafe_tasks.tasks import TASKS, Arm, Task

__all__ = ["PUBLISHED", "datasheet"]

PUBLISHED: Mapping[str, int] = {
    "cases": 6802,
    "image-output cases": 3124,
    "text-output cases": 3678,
    "image categories": 7,
    "image subcategories": 15,
    "text subcategories": 21,
}
"""The totals that are published (arXiv 2603.17476 and the authors' README). Cases by task are
not."""

_FORMAT = "unisafe-datasheet/1"
_MODALITIES: tuple[Modality, ...] = ("image", "text")


_Size = tuple[int, int, int]
"""Of an image its bytes, its width and its height in pixels."""


@dataclass
class _Reading:
    """What is kept of a task's cases, which are read one at a time."""

    lengths: list[int] = field(default_factory=list)
    sizes: list[_Size] = field(default_factory=list)
    contents: dict[str, list[str]] = field(default_factory=dict)
    unreadable: int = 0


def datasheet(source: Source) -> dict[str, Any]:
    """Everything that `unisafe data describe --json` says.

    Some numbers have many values: an image's bytes, width and height (pixels), and an instruction's
    characters, which include the turns of a four-turn case. For these `min`, `median` and `max` are
    given.

    Raises:
        DataError: the source cannot be read, or has no case of any task.
    """
    sets: dict[str, CaseSet] = {}
    notes: list[str] = []
    for code, task in TASKS.items():
        try:
            sets[code] = load_cases(source, task)
        except NoCasesError as absent:
            notes.append(str(absent))
    if not sets:
        raise DataError(f"{source.name} holds no case of any task")
    cells = {code: _cells(cases) for code, cases in sets.items()}
    users: dict[str, list[str]] = {}
    sizes: dict[str, _Size | None] = {}
    readings = {code: _read(cases, users, sizes) for code, cases in sets.items()}
    tasks = {
        case_set.task.name: _task(case_set.task, cells, readings[code])
        for code, case_set in sets.items()
    }
    modalities = {
        modality: _modality(modality, cells)
        for modality in _MODALITIES
        if any(TASKS[code].modality == modality for code in sets)
    }
    subset = source.subset and source.subset.for_run()
    sheet = {
        "format": _FORMAT,
        "source": source.name,
        "revision": source.revision,
        "fingerprint": fingerprint(source),
        "subset": subset
        and {name: value for name, value in subset.items() if name != "population"},
        "cases": sum(map(len, cells.values())),
        "targets": len(set().union(*cells.values())),
        "tasks": tasks,
        "modalities": modalities,
        "shared": _shared(cells),
        "images": _images(readings.values(), users),
    }
    is_ours = source.is_demo or source.arm is Arm.BENIGN
    sheet["published"] = None if is_ours or subset else _against_published(sheet)
    unknown = outside_taxonomy({cases.task: cases.rows["subcategory"] for cases in sets.values()})
    return sheet | {"notes": [*notes, *source.notes, *_notes(source, sheet), *unknown]}


def _cells(cases: CaseSet) -> dict[str, tuple[str, str]]:
    """Target -> its cell: category and subcategory."""
    columns = (cases.rows[name] for name in ("id", "category", "subcategory"))
    return {
        target: (category, subcategory)
        for target, category, subcategory in zip(*columns, strict=True)
    }


def _read(cases: CaseSet, users: dict[str, list[str]], sizes: dict[str, _Size | None]) -> _Reading:
    """Read a task's cases.

    Args:
        cases: the task's.
        users: gets the cases that use an image, by the image's hash.
        sizes: gets the size of an image, by its hash; None if it cannot be read.
    """
    reading = _Reading()
    # By the row: to look each case up by its id takes ten times as long.
    rows = shown_progress(cases.texts(), len(cases), cases.task.name)
    for number, row in enumerate(rows):
        hashes = []
        for column in cases.task.inputs:
            images, where = cases.images[column], f"{row['id']}: {column}"
            digest = images.sha256(number, where)
            hashes.append(digest)
            users.setdefault(digest, []).append(f"{row['id']}/{cases.task.code}")
            if digest not in sizes:
                sizes[digest] = _size(images.read(number, where))
            if (size := sizes[digest]) is None:
                reading.unreadable += 1
            else:
                reading.sizes.append(size)
        turns = list(row["turns"] or ())
        reading.lengths.append(len(row["instruction"] or "") + sum(map(len, turns)))
        content = json.dumps([row["instruction"], turns, hashes])
        digest = hashlib.sha256(content.encode()).hexdigest()
        reading.contents.setdefault(digest, []).append(row["id"])
    return reading


def _size(data: bytes) -> _Size | None:
    try:
        facts = check_image(data)
    except ImageError:
        return None
    return len(data), facts.width, facts.height


def _task(
    task: Task, cells: Mapping[str, Mapping[str, tuple[str, str]]], reading: _Reading
) -> dict[str, Any]:
    cell_of = cells[task.code]
    siblings = {
        target
        for code, targets in cells.items()
        if TASKS[code].modality == task.modality
        for target in targets
    }
    others = {target for code, targets in cells.items() if code != task.code for target in targets}
    missing = sorted(siblings - set(cell_of))
    bytes_, widths, heights = zip(*reading.sizes, strict=True) if reading.sizes else ((), (), ())
    return {
        "code": task.code,
        "cases": len(cell_of),
        "categories": len({category for category, _ in cell_of.values()}),
        "subcategories": len(set(cell_of.values())),
        "shared_targets": len(set(cell_of) & others),
        "counts": _counts(cell_of.values()),
        "instruction_characters": _range(reading.lengths),
        "input_images": {
            "count": len(reading.sizes) + reading.unreadable,
            "unreadable": reading.unreadable,
            "bytes": _range(bytes_),
            "width": _range(widths),
            "height": _range(heights),
        },
        "duplicates": sorted(ids for ids in reading.contents.values() if len(ids) > 1),
        "missing_targets": missing,
    }


def _modality(
    modality: Modality, cells: Mapping[str, Mapping[str, tuple[str, str]]]
) -> dict[str, Any]:
    tasks = [targets for code, targets in cells.items() if TASKS[code].modality == modality]
    subcategories = {cell for targets in tasks for cell in targets.values()}
    names = {entry.code: entry.name for entry in taxonomy(modality)}
    return {
        "cases": sum(map(len, tasks)),
        "targets": len(set().union(*tasks)),
        "categories": len({category for category, _ in subcategories}),
        "subcategories": len(subcategories),
        "names": {code: names[code] for _, code in sorted(subcategories) if code in names},
        "unknown_subcategories": sorted({code for _, code in subcategories if code not in names}),
        "in_every_task": len(set.intersection(*map(set, tasks))),
    }


def _shared(cells: Mapping[str, Mapping[str, tuple[str, str]]]) -> dict[str, Any]:
    """Targets by the number of tasks they are in, and by whether these make images or text."""
    tasks: dict[str, list[Modality]] = {}
    for code, targets in cells.items():
        for target in targets:
            tasks.setdefault(target, []).append(TASKS[code].modality)
    shared = [modalities for modalities in tasks.values() if len(modalities) > 1]
    return {
        "targets_by_tasks": dict(sorted(Counter(map(len, tasks.values())).items())),
        "in_every_task_shown": sum(len(modalities) == len(cells) for modalities in tasks.values()),
        "within_image": sum(set(modalities) == {"image"} for modalities in shared),
        "within_text": sum(set(modalities) == {"text"} for modalities in shared),
        "across_both": sum(len(set(modalities)) > 1 for modalities in shared),
    }


def _images(readings: Iterable[_Reading], users: Mapping[str, list[str]]) -> dict[str, Any]:
    several = {
        digest: keys
        for digest, keys in sorted(users.items())
        if len({key.rpartition("/")[0] for key in keys}) > 1
    }
    return {
        "count": sum(map(len, users.values())),
        "distinct": len(users),
        "unreadable": sum(reading.unreadable for reading in readings),
        "in_several_targets": several,
    }


def _against_published(sheet: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    def of(modality: Modality, what: str) -> int:
        return int(sheet["modalities"].get(modality, {}).get(what, 0))

    here = {
        "cases": sheet["cases"],
        "image-output cases": of("image", "cases"),
        "text-output cases": of("text", "cases"),
        "image categories": of("image", "categories"),
        "image subcategories": of("image", "subcategories"),
        "text subcategories": of("text", "subcategories"),
    }
    return {name: {"published": value, "here": here[name]} for name, value in PUBLISHED.items()}


def _notes(source: Source, sheet: Mapping[str, Any]) -> list[str]:
    notes = []
    if source.is_demo:
        notes.append("Demo data are not compared with the published totals.")
    elif source.arm is Arm.BENIGN:
        notes.append("The benign set is ours and not the paper's: it has no published totals.")
    elif source.subset is not None:
        notes.append("A subset is not compared with the published totals.")
    if unreadable := sheet["images"]["unreadable"]:
        notes.append(
            f"Input images that cannot be read: {unreadable}; unisafe data validate names them."
        )
    return notes


def _counts(cells: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for (category, subcategory), count in sorted(Counter(cells).items()):
        counts.setdefault(category, {})[subcategory] = count
    return counts


def _range(values: Sequence[int]) -> dict[str, float] | None:
    if not values:
        return None
    return {"min": min(values), "median": median(values), "max": max(values)}
