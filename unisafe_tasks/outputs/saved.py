"""Outputs that exist already: a predictions JSONL, a run folder, or samples of --predict_only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from unisafe_tasks.data.cases import Case, CaseSet
from unisafe_tasks.data.sources import Source, fingerprint, load_cases
from unisafe_tasks.errors import NoCasesError, PredictionsError
from unisafe_tasks.files import path_inside, read_rows
from unisafe_tasks.outputs.parsing import parse_output
from unisafe_tasks.outputs.predictions import (
    Prediction,
    predictions_path,
    read_predictions,
    warn_of_left_out,
)
from unisafe_tasks.tasks import SELF_GROUP, TASKS, Task
from unisafe_tasks.types import RawOutput

__all__ = ["Outputs", "read_outputs"]


@dataclass(frozen=True)
class Outputs:
    """A model's outputs with their cases, in the data set's order. `limited`: not all cases.

    `path` is the file or folder they were read from. `case_counts` holds, by task name, the number
    of cases that a limited run was to have, if the run says so; it may have ended before.
    """

    path: Path
    model: str
    items: tuple[tuple[Case, RawOutput], ...]
    limited: bool
    case_counts: Mapping[str, int] = field(default_factory=dict)


def read_outputs(
    setting: str, source: Source, tasks: Sequence[Task], limit: int | None = None
) -> Outputs:
    """Read a model's outputs for `tasks`, or for every task that the file has rows of.

    A case without an output counts as a failed one. But a limited run gives only the cases that it
    was asked. A harness's sample file that lacks some of its task's cases is a limited run too.

    Raises:
        UnisafeError: the file is doubtful as a whole, or the data lacks a task.
    """
    path = Path(setting).expanduser()
    cases = {task.code: load_cases(source, task) for task in tasks or _tasks_in(source)}
    # Outputs of the full set can be judged on a subset alone.
    is_part = source.subset is not None
    # A run of several ranks that was stopped has a file of each rank.
    files = sorted([*path.glob("predictions.jsonl"), *path.glob("predictions.rank*.jsonl")])
    info: Mapping[str, Any] = {}
    is_sampled = not files and (path.is_dir() or "samples_unisafe_" in path.name)
    if is_sampled:
        model, outputs = _from_samples(path, cases, is_part=is_part)
    else:
        if files:
            info = _info_of(path, source)
        predictions: dict[tuple[str, str], Prediction] = {}
        for file in files or [predictions_path(str(path))]:
            predictions |= read_predictions(file, cases, is_part=is_part)
        outputs = {key: prediction.raw for key, prediction in predictions.items()}
        model = str(next(iter(outputs.values())).model)
    present = {code for _, code in outputs}
    codes = [code for code in cases if tasks or code in present]
    chosen = present if is_sampled or info.get("limited") is True else set()
    missing = RawOutput(error="there is no output for this case", sealed=True)
    items = [
        (case, outputs.get((case.id, code), missing))
        for code in codes
        for case in islice(
            (case for case in cases[code] if code not in chosen or (case.id, code) in outputs),
            limit,
        )
    ]
    if not items:
        raise PredictionsError(f"{setting} has no output of the tasks asked for")
    fewer = len(items) < sum(len(cases[code]) for code in codes)
    limited = limit is not None or info.get("limited") is True or fewer
    return Outputs(path, model, tuple(items), limited, _case_counts(info, source, codes, limit))


def _case_counts(
    info: Mapping[str, Any], source: Source, codes: Iterable[str], limit: int | None
) -> dict[str, int]:
    """How many cases of each task a limited run was to have of these data."""
    recorded = info.get("asked")
    if not isinstance(recorded, dict) or info.get("limited") is not True:
        return {}
    # How many of them are in a subset is not known.
    if source.subset is not None and _fingerprint_in(info) != fingerprint(source):
        return {}
    counts = ((TASKS[code].name, recorded.get(TASKS[code].name)) for code in codes)
    return {
        name: count if limit is None else min(count, limit)
        for name, count in counts
        if type(count) is int and count >= 0
    }


def _info_of(folder: Path, source: Source) -> Mapping[str, Any]:
    """What run.json says of a run folder's outputs; an empty mapping without run.json.

    Raises:
        PredictionsError: run.json cannot be read, or the run was on other data than `source`.
    """
    path = folder / "run.json"
    if not path.is_file():
        return {}
    try:
        info = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise PredictionsError(f"{path} cannot be read: {error}") from None
    if not isinstance(info, dict):
        raise PredictionsError(f"{path} cannot be read: it holds no JSON object")
    recorded = _fingerprint_in(info)
    if (
        source.subset is not None
        and recorded is not None
        and recorded not in (source.subset.fingerprint, fingerprint(source))
    ):
        raise PredictionsError(
            f"{folder} is a run on other data than {source.name} and what that is a subset of: "
            "name the data that the run was made on (UNISAFE_DATA)"
        )
    return info


def _fingerprint_in(info: Mapping[str, Any]) -> object:
    data = info.get("data")
    return data.get("fingerprint") if isinstance(data, dict) else None


def _tasks_in(source: Source) -> list[Task]:
    tasks = []
    for task in TASKS.values():
        try:
            load_cases(source, task)
        except NoCasesError:
            continue
        tasks.append(task)
    return tasks


def _from_samples(
    path: Path, cases: Mapping[str, CaseSet], *, is_part: bool
) -> tuple[str, dict[tuple[str, str], RawOutput]]:
    files = sorted(path.rglob("*samples_unisafe_*.jsonl")) if path.is_dir() else [path]
    # Samples of self-awareness tasks are not outputs.
    files = [file for file in files if f"samples_{SELF_GROUP}_" not in file.name]
    if not files:
        raise PredictionsError(
            f"{path} is neither a run folder nor a folder with a harness's sample files"
        )
    outputs: dict[tuple[str, str], RawOutput] = {}
    for file in files:
        left_out = 0
        for number, row in read_rows(file, PredictionsError):
            where = f"{file}, line {number}"
            case_id, _, code = str(row.get("target", "")).rpartition("/")
            if code not in TASKS:
                raise PredictionsError(f"{where}: target is no ID/CODE of a UniSAFE case")
            if code not in cases:
                continue
            if case_id not in cases[code]:
                if is_part:
                    left_out += 1
                    continue
                raise PredictionsError(f"{where}: the data set has no case {case_id}/{code}")
            if (case_id, code) in outputs:
                raise PredictionsError(
                    f"{where}: a second output for {case_id}/{code}: name one sample file, or a "
                    "folder with those of one run"
                )
            answer = row.get("filtered_resps")
            answer = answer[0] if isinstance(answer, list) and answer else answer
            root = path if path.is_dir() else path.parent
            raw = parse_output(answer, TASKS[code], foreign=True)
            outputs[case_id, code] = _inside(raw, root, where)
        warn_of_left_out(file, left_out)
    # One name for all rows: an adapter names its model in an output, but some cases have no output.
    folder = path.resolve().parent.name if path.is_file() else path.resolve().name
    model = next((raw.model for raw in outputs.values() if raw.model), folder)
    return model, {key: replace(raw, model=None) for key, raw in outputs.items()}


def _inside(raw: RawOutput, root: Path, where: str) -> RawOutput:
    """The output, sealed: its files are accepted, since they lie in the folder of the samples."""
    for name in raw.images:
        try:
            path_inside(root, str(Path(name).absolute()))
        except ValueError as problem:
            raise PredictionsError(
                f"{where}: names {name[:200]!r}, {problem}; put the images beside the sample files"
            ) from None
    return replace(raw, sealed=True)
