"""Read human labels: from the CSV files of annotators, and from JSONL.

Annotators work in the folder that `sample_export` writes, or in a report, which gives them a JSONL
file. A label belongs to an output, which is
named by its SHA-256, and not to a case.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from unisafe_judges import CallFailure
from unisafe_judges.verdicts import make_verdict
from unisafe_tasks.errors import LabelError
from unisafe_tasks.files import encode_row, read_rows
from unisafe_tasks.tasks import TASKS

__all__ = [
    "COLUMNS",
    "KEY_FILE",
    "LABELS_FILE",
    "Annotation",
    "Annotations",
    "encode_annotations",
    "merge_annotations",
    "read_annotations",
    "read_filled_in",
]

LABELS_FILE, KEY_FILE = "labels.csv", "key.jsonl"
COLUMNS = ("item", "annotator", "judgment", "risk_rating", "refusal", "note")
"""The columns of the CSV file that annotators fill in."""

_KEY_FIELDS = ("item", "id", "scenario_type", "model", "output_sha256")
_DELIMITERS = ",;\t"
_YES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
_NAMELESS = "annotator"


@dataclass(frozen=True)
class Annotation:
    """One person's verdict on one output; `make_verdict` has checked it.

    `model` is the model that gave the output, or None if the label file does not name it.
    """

    id: str
    scenario_type: str
    model: str | None
    output_sha256: str
    annotator: str
    judgment: int
    risk_rating: int
    refusal: bool
    note: str = ""


@dataclass(frozen=True)
class Annotations:
    """The contents of a folder's CSV files. `labels` are in the items' order. `items` is the number
    of items, `missing` has the number of empty items of each annotator, and `unlabelled` is the
    number of items without any label."""

    labels: tuple[Annotation, ...]
    items: int
    missing: Mapping[str, int]
    unlabelled: int


def read_filled_in(folder: Path) -> Annotations:
    """Read every labels*.csv of an annotation folder.

    Each annotator may fill in a separate file, or several may fill in rows of one file. A row
    without an annotator takes the name from its file: `labels-ada.csv` is by `ada`. A row is not
    filled in if its judgment, rating and refusal are all empty.

    Raises:
        LabelError: the folder is not an annotation folder, no row is filled in, or a cell is wrong.
            The message names file and line.
    """
    key = _read_key(folder / KEY_FILE)
    files = sorted(folder.glob("labels*.csv"))
    if not files:
        raise LabelError(f"{folder} holds no labels*.csv")
    labels: dict[tuple[str, str], tuple[Annotation, str]] = {}
    for file in files:
        for where, row in _csv_rows(file):
            label = _filled_in(row, key, file, where)
            if label is None:
                continue
            label_key = (row["item"], label.annotator)
            if label_key in labels:
                raise LabelError(
                    f"{where}: a second label of {row['item']} by {label.annotator}, first in "
                    f"{labels[label_key][1]}"
                )
            labels[label_key] = label, where
    if not labels:
        raise LabelError(f"{folder}: no row of {', '.join(f.name for f in files)} is filled in")
    annotators = sorted({annotator for _, annotator in labels})
    done = [annotator for _, annotator in labels]
    return Annotations(
        labels=tuple(labels[label_key][0] for label_key in sorted(labels)),
        items=len(key),
        missing={name: len(key) - done.count(name) for name in annotators},
        unlabelled=len(key) - len({item for item, _ in labels}),
    )


def encode_annotations(labels: Sequence[Annotation]) -> bytes:
    """Labels as JSONL. The judge backend `labels` reads such a file of one annotator."""
    return b"".join(encode_row(asdict(label)) for label in labels)


def read_annotations(path: Path) -> list[Annotation]:
    """Read a label file, as `unisafe label import` writes it or as the `labels` judge reads it.

    Raises:
        LabelError: a row is wrong. The message names the file and the line.
    """
    annotations: dict[tuple[str | None, ...], Annotation] = {}
    for number, row in read_rows(path, LabelError):
        where = f"{path}, line {number}"
        for name in ("id", "scenario_type", "output_sha256"):
            if not isinstance(row.get(name), str) or not row[name]:
                raise LabelError(f"{where}: {name} is missing or is not a text")
        if row.get("judgment") is None and isinstance(row.get("failure"), str):
            # Of a run's verdicts.jsonl, by a judge that gave none.
            continue
        label = _checked(row, where)
        if annotations.setdefault(_key_of(label), label) != label:
            raise LabelError(
                f"{where}: a second, different label by {label.annotator} for "
                f"{label.id}/{label.scenario_type} and the same output"
            )
    if not annotations:
        raise LabelError(f"{path} holds no labels")
    return list(annotations.values())


def merge_annotations(paths: Sequence[Path]) -> list[Annotation]:
    """The labels of several files together, sorted; the same label in two files counts once.

    Raises:
        LabelError: as `read_annotations`; or two files disagree on a label of one annotator.
    """
    merged: dict[tuple[str | None, ...], tuple[Annotation, Path]] = {}
    for path in paths:
        for label in read_annotations(path):
            earlier, first = merged.setdefault(_key_of(label), (label, path))
            if earlier != label:
                raise LabelError(
                    f"{path}: a second, different label by {label.annotator} for "
                    f"{label.id}/{label.scenario_type} and the same output, first in {first}"
                )
    return sorted((label for label, _ in merged.values()), key=_order_of)


def _key_of(label: Annotation) -> tuple[str | None, ...]:
    return (
        label.id,
        label.scenario_type,
        label.output_sha256,
        label.model,
        label.annotator,
    )


def _order_of(label: Annotation) -> tuple[str, ...]:
    return tuple(part or "" for part in _key_of(label))


def _checked(row: Mapping[str, Any], where: str) -> Annotation:
    if row["scenario_type"] not in TASKS:
        known = ", ".join(TASKS)
        raise LabelError(
            f"{where}: scenario_type is {row['scenario_type']!r}, expected one of {known}"
        )
    for name in ("model", "annotator", "note"):
        if not isinstance(row.get(name), str | None):
            raise LabelError(f"{where}: {name} must be a text")
    try:
        verdict = make_verdict(
            judgment=row.get("judgment"),
            risk_rating=row.get("risk_rating"),
            refusal=row.get("refusal", False),
        )
    except CallFailure as failure:
        raise LabelError(f"{where}: {failure}") from None
    assert verdict.risk_rating is not None
    assert verdict.refusal is not None
    return Annotation(
        id=row["id"],
        scenario_type=row["scenario_type"],
        model=row.get("model") or None,
        output_sha256=row["output_sha256"],
        annotator=row.get("annotator") or _NAMELESS,
        judgment=verdict.judgment,
        risk_rating=verdict.risk_rating,
        refusal=verdict.refusal,
        note=row.get("note") or "",
    )


def _read_key(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        raise LabelError(
            f"{path.parent} is not a finished folder of unisafe label export: it has no {path.name}"
        )
    key: dict[str, dict[str, Any]] = {}
    for number, row in read_rows(path, LabelError):
        for name in _KEY_FIELDS:
            if not isinstance(row.get(name), str):
                raise LabelError(f"{path}, line {number}: {name} is missing or is not a text")
        key[row["item"]] = row
    return key


def _csv_rows(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of a CSV file with its file and line. Spreadsheets may write other separators and a
    BOM."""
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise LabelError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LabelError(f"{file} is not UTF-8 text: save it as CSV in UTF-8") from None
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if missing := [name for name in COLUMNS if name not in names]:
            raise LabelError(f"{file}, line 1: the column {missing[0]!r} is missing")
        for cells in reader:
            where = f"{file}, line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                raise LabelError(
                    f"{where}: {len(cells)} cells, more than the {len(names)} columns: a note with "
                    "a separator needs quotes"
                )
            row = dict.fromkeys(names, "")
            row.update(zip(names, (cell.strip() for cell in cells), strict=False))
            yield where, row
    except csv.Error as error:
        raise LabelError(f"{file}, line {reader.line_num}: not valid CSV: {error}") from None


def _filled_in(
    row: Mapping[str, str], key: Mapping[str, Mapping[str, Any]], file: Path, where: str
) -> Annotation | None:
    if row["item"] not in key:
        raise LabelError(f"{where}: there is no item {row['item']!r} in {KEY_FILE}")
    if not (row["judgment"] or row["risk_rating"] or row["refusal"]):
        return None
    for name, allowed in (("judgment", "01"), ("risk_rating", "0123")):
        if len(row[name]) != 1 or row[name] not in allowed:
            raise LabelError(f"{where}: {name} is {row[name]!r}, expected {' or '.join(allowed)}")
    if row["refusal"].lower() not in _YES:
        raise LabelError(f"{where}: refusal is {row['refusal']!r}, expected 1, 0 or nothing")
    entry = key[row["item"]]
    return _checked(
        {
            **{name: entry[name] for name in _KEY_FIELDS if name != "item"},
            "annotator": row["annotator"] or file.stem.removeprefix("labels-"),
            "judgment": int(row["judgment"]),
            "risk_rating": int(row["risk_rating"]),
            "refusal": _YES[row["refusal"].lower()],
            "note": row["note"],
        },
        where,
    )
