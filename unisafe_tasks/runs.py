"""The run folder: what a run leaves behind, and the only thing that scoring needs.

predictions.jsonl   one row per case, the official format plus our fields, written before judging
images/             the output images, byte for byte as the model made them
verdicts.jsonl      one row per case and judge, the official format plus our fields
metrics.json        the scores
run.json            everything needed to repeat the run

While several ranks work, rank N > 0 writes `predictions.rankN.jsonl` and `verdicts.rankN.jsonl`,
which rank 0 merges at the end; whoever reads the folder reads both.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from unisafe_judges.images import check_image
from unisafe_judges.panel import EnsembleMethod
from unisafe_tasks.errors import RunError
from unisafe_tasks.files import encode_json, encode_row, read_rows, write_atomically
from unisafe_tasks.metrics import JudgeRow, ScoredCase
from unisafe_tasks.tasks import TASKS
from unisafe_tasks.types import Status

__all__ = [
    "Run",
    "RunContents",
    "StoredImage",
    "read_run",
    "row_files",
    "scored_case",
    "settled_status",
]

PREDICTIONS, VERDICTS = "predictions", "verdicts"

UNNAMED = "model"
"""What a run calls its model if nobody has said its name."""

_KEY_FIELDS = ("scenario_type", "id", "judge", "repeat")


@dataclass(frozen=True)
class _Kind:
    """What a field may hold, in the words of a person and as a check."""

    what: str
    holds: Callable[[Any], bool]


_TEXT = _Kind("a text", lambda value: isinstance(value, str))
_TEXT_OR_NULL = _Kind("a text or null", lambda value: isinstance(value, str | None))
_COUNT = _Kind("a whole number from 0", lambda value: type(value) is int and value >= 0)
_NUMBER = _Kind("a whole number from 1", lambda value: type(value) is int and value >= 1)
_OBJECT = _Kind("an object", lambda value: isinstance(value, dict))
_OBJECT_OR_NULL = _Kind("an object or null", lambda value: isinstance(value, dict | None))
_INFO = {
    "model": _TEXT,
    "status": _TEXT,
    "limited": _Kind("true or false", lambda value: isinstance(value, bool)),
    "started": _TEXT_OR_NULL,
    "ended": _TEXT_OR_NULL,
    "data": _OBJECT,
    "data.source": _TEXT_OR_NULL,
    "data.revision": _TEXT_OR_NULL,
    "data.fingerprint": _TEXT_OR_NULL,
    "data.subset": _OBJECT_OR_NULL,
    "data.subset.of": _OBJECT,
    "data.subset.of.source": _TEXT,
    "data.subset.seed": _COUNT,
    "data.subset.per_subcategory": _NUMBER,
    "data.subset.population": _OBJECT,
    "data.subset.population.*": _OBJECT,
    "data.subset.population.*.*": _OBJECT,
    "data.subset.population.*.*.*": _NUMBER,
    "versions": _OBJECT,
    "versions.*": _TEXT,
    "asked": _OBJECT,
    "asked.*": _COUNT,
    "panel": _OBJECT_OR_NULL,
    "panel.name": _TEXT,
    "panel.sha256": _TEXT,
    "panel.rubric": _OBJECT,
    "panel.rubric.name": _TEXT,
    "panel.rubric.sha256": _TEXT,
    "panel.ensemble": _Kind(
        f"one of {', '.join(get_args(EnsembleMethod))}",
        lambda value: value in get_args(EnsembleMethod),
    ),
    "panel.min_verdicts": _NUMBER,
    "panel.judge_repeats": _NUMBER,
    "panel.judges": _Kind("a list", lambda value: isinstance(value, list)),
    "panel.judges.*": _OBJECT,
    "panel.judges.*.name": _TEXT,
}
"""run.json as far as anything reads it, what holds others before them; `*` is each one there."""
_REQUIRED = {
    *("model", "panel.name", "panel.sha256", "panel.rubric", "panel.judges.*.name"),
    *("data.subset.of", "data.subset.of.source", "data.subset.per_subcategory"),
    "data.subset.population",
}
_ABSENT = object()


@dataclass(frozen=True)
class StoredImage:
    """An output image in a run folder; `path` is relative to the folder."""

    path: str
    sha256: str


class Run:
    """A run folder that is being written. Safe for several threads."""

    def __init__(self, folder: Path, rank: int = 0) -> None:
        """Open `folder`, making it if needed.

        Raises:
            RunError: it cannot be written to.
        """
        self.folder = folder
        self.rank = rank
        self._lock = threading.Lock()
        try:
            (folder / "images").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"run folder {folder} cannot be made: {error.strerror}") from None

    def store_image(self, data: bytes, code: str, case_id: str, number: int) -> StoredImage:
        """Keep an output image unchanged, under a name that cannot collide or leave the folder.

        Raises:
            ImageError: the bytes are no image within the caps.
        """
        facts = check_image(data)
        readable = re.sub(r"[^A-Za-z0-9._-]+", "_", case_id)[:60].strip(".") or "case"
        name = f"{code}-{readable}-{number}-{facts.sha256[:16]}{facts.suffix}"
        path = self.folder / "images" / name
        if not path.is_file():
            write_atomically(path, data)
        return StoredImage(f"images/{name}", facts.sha256)

    def has_images(self) -> bool:
        """Whether the model has made any image in this run, on any rank."""
        return any((self.folder / "images").iterdir())

    def append(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows to `predictions` or `verdicts`; they are on disk when this returns."""
        data = b"".join(encode_row(row) for row in rows)
        suffix = f".rank{self.rank}" if self.rank else ""
        with self._lock, (self.folder / f"{name}{suffix}.jsonl").open("ab") as file:
            file.write(data)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write metrics.json or run.json, whole or not at all."""
        write_atomically(self.folder / name, encode_json(value))

    def merge_ranks(self) -> None:
        """Put the rows of all ranks into one file each, sorted by task, id and judge."""
        codes = list(TASKS)

        def place(row: Mapping[str, Any]) -> tuple[int, str, str, int]:
            task = codes.index(row["scenario_type"])
            return task, str(row["id"]), str(row.get("judge", "")), int(row.get("repeat", 0))

        with self._lock:
            for name in (PREDICTIONS, VERDICTS):
                files = row_files(self.folder, name)
                rows = {
                    tuple(row.get(field) for field in _KEY_FIELDS): row
                    for file in files
                    for _, row in read_rows(file, RunError)
                }
                if not rows:
                    continue
                data = b"".join(encode_row(row) for row in sorted(rows.values(), key=place))
                write_atomically(self.folder / f"{name}.jsonl", data)
                for file in files:
                    if file.name != f"{name}.jsonl":
                        file.unlink()


@dataclass(frozen=True)
class RunContents:
    """A run folder that was read."""

    folder: Path
    info: dict[str, Any]
    cases: tuple[ScoredCase, ...]


def read_run(folder: Path) -> RunContents:
    """Read what scoring needs of a run folder.

    Raises:
        RunError: it is no run folder, or a file in it is damaged; it names file and line.
    """
    if not (folder / "run.json").is_file():
        raise RunError(f"{folder} is no run folder: it has no run.json{_hint(folder)}")
    try:
        text = (folder / "run.json").read_text("utf-8")
        info = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{folder / 'run.json'} cannot be read: {error}") from None
    _require_info(info, folder / "run.json")
    verdicts: dict[tuple[str, str], dict[tuple[str, int], dict[str, Any]]] = {}
    for file in row_files(folder, VERDICTS):
        for number, row in read_rows(file, RunError):
            where = f"{file}, line {number}"
            _require(row, ("id", "scenario_type", "judge"), where)
            _require_verdict(row, where)
            _require_panel(row, info, where)
            key = (row["id"], row["scenario_type"])
            verdicts.setdefault(key, {})[row["judge"], row.get("repeat", 0)] = row
    predictions: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
    for file in row_files(folder, PREDICTIONS):
        for number, row in read_rows(file, RunError):
            where = f"{file}, line {number}"
            _require(row, ("id", "scenario_type", "category", "subcategory", "status"), where)
            key = (row["id"], row["scenario_type"])
            digest = row.get("output_sha256")
            for verdict in verdicts.get(key, {}).values():
                if verdict.get("output_sha256", digest) != digest:
                    judge = verdict["judge"]
                    raise RunError(f"{where}: the verdict of {judge} is on another output")
            predictions[key] = (row, where)
    makes_images = any(row.get("image_sha256") for row, _ in predictions.values())
    cases = tuple(
        scored_case(row, verdicts.get(key, {}).values(), makes_images, where)
        for key, (row, where) in predictions.items()
    )
    return RunContents(folder, info, cases)


def _hint(folder: Path) -> str:
    """What a person may have meant by a folder that holds no run."""
    if not folder.is_dir():
        return ", since there is no such folder"
    inside = sorted(path.parent.name for path in folder.glob("*/run.json"))
    if inside:
        return f"; name one of the {len(inside)} run folders in it, such as {folder / inside[0]}"
    kinds = {"self_awareness.json": "a self-awareness result", "key.jsonl": "a labelling folder"}
    return next((f"; it is {kind}" for name, kind in kinds.items() if (folder / name).exists()), "")


def scored_case(
    row: Mapping[str, Any], verdicts: Iterable[Mapping[str, Any]], makes_images: bool, where: str
) -> ScoredCase:
    """A prediction row and its verdict rows as what the metrics count.

    Raises:
        RunError: a value in them is none of ours; it begins with `where`.
    """
    try:
        status = settled_status(Status(row["status"]), bool(row.get("text_refusal")), makes_images)
        return ScoredCase(
            id=row["id"],
            task=TASKS[row["scenario_type"]].name,
            category=row["category"],
            subcategory=row["subcategory"],
            status=status,
            history=_history(row.get("history")),
            rows=tuple(
                JudgeRow(
                    judge=verdict["judge"],
                    judgment=verdict.get("judgment"),
                    risk_rating=verdict.get("risk_rating"),
                    refusal=verdict.get("refusal"),
                    failure=verdict.get("failure"),
                    version=verdict.get("judge_version"),
                )
                for verdict in verdicts
            ),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RunError(f"{where}: unusable value: {error}") from None


def _history(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError(f"history is {value!r}, expected a text")
    return value


def settled_status(status: Status, text_refusal: bool, makes_images: bool) -> Status:
    """The final status, once it is known whether the model made any image in the run.

    A text-only model that says "I can't create images" has no image; a model that draws and says so
    has refused.
    """
    if status is Status.NO_IMAGE and text_refusal and makes_images:
        return Status.REFUSED
    return status


def row_files(folder: Path, name: str) -> list[Path]:
    """The files that hold a run's `predictions` or `verdicts`; of a row in two, the last counts."""
    return sorted([*folder.glob(f"{name}.jsonl"), *folder.glob(f"{name}.rank*.jsonl")])


def _require(row: Mapping[str, Any], fields: tuple[str, ...], where: str) -> None:
    for field in fields:
        if not isinstance(row.get(field), str):
            raise RunError(f"{where}: {field} is missing or no text")


def _require_info(info: Any, path: Path) -> None:
    """run.json as far as scoring reads it."""
    if not isinstance(info, dict):
        raise RunError(f"{path} cannot be read: it holds no JSON object")
    for pattern, kind in _INFO.items():
        for place, value in _fields(info, pattern.split(".")):
            name = ".".join(place)
            if value is _ABSENT:
                if pattern in _REQUIRED:
                    raise RunError(f"{path}: {name} is missing")
            elif not kind.holds(value):
                found = reprlib.repr(value)[:100]
                raise RunError(f"{path}: {name} is {found}, expected {kind.what}")


def _fields(
    value: Any, names: list[str], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each place that a pattern names, with what is there; what it would be in must be sound."""
    if not names:
        yield at, value
        return
    own, *rest = names
    if own == "*":
        for name, item in value.items() if isinstance(value, dict) else enumerate(value, start=1):
            yield from _fields(item, rest, (*at, str(name)[:60]))
    elif isinstance(value, dict):
        if own in value:
            yield from _fields(value[own], rest, (*at, own))
        elif not rest:
            yield (*at, own), _ABSENT


def _finite(text: str) -> float:
    """A number that can be written again; JSON has no NaN and no Infinity."""
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:60]} is no number of JSON")
    return number


def _require_panel(row: Mapping[str, Any], info: Mapping[str, Any], where: str) -> None:
    """A verdict belongs to the run's panel, or the numbers would be another panel's."""
    panel = info.get("panel") or {}
    if row.get("panel_sha256", panel.get("sha256")) != panel.get("sha256"):
        raise RunError(f"{where}: the verdict is of another panel than run.json names")
    names = [judge.get("name") for judge in panel.get("judges", ())]
    if names and row["judge"] not in names:
        raise RunError(f"{where}: the panel has no judge {row['judge']!r}")


def _require_verdict(row: Mapping[str, Any], where: str) -> None:
    """A verdict is whole or absent: none of its values, or all of them."""
    version = row.get("judge_version")
    if type(row.get("repeat", 0)) is not int or not isinstance(version, str | None):
        raise RunError(f"{where}: repeat is no number, or judge_version no text")
    given = tuple(row.get(name) for name in ("judgment", "risk_rating", "refusal"))
    types = tuple(type(value) for value in given)
    if given == (None, None, None) or (
        types == (int, int, bool) and given[0] in (0, 1) and given[1] in (0, 1, 2, 3)
    ):
        return
    raise RunError(
        f"{where}: judgment, risk_rating and refusal are {given}, "
        "expected 0 or 1, 0 to 3, and true or false, or three nulls"
    )
