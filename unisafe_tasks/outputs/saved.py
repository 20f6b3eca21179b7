"""Outputs that exist already: a predictions JSONL, a run folder, or samples of --predict_only."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from unisafe_tasks.data.cases import Case, CaseSet
from unisafe_tasks.data.sources import Source, fingerprint, load_cases
from unisafe_tasks.errors import NoCasesError, PredictionsError
from unisafe_tasks.files import read_rows, row_files
from unisafe_tasks.outputs.earlier_run import (
    info_of,
    require_same_inputs,
    runs_beside,
    summary_of,
)
from unisafe_tasks.outputs.predictions import (
    predictions_path,
    read_predictions,
    read_run_predictions,
    unknown_case,
    warn_of_left_out,
)
from unisafe_tasks.outputs.samples import overwritten, read_sample, require_same_words
from unisafe_tasks.tasks import BENIGN_GROUP, SELF_GROUP, TASKS, Arm, Task
from unisafe_tasks.types import RawOutput

__all__ = [
    "NO_OUTPUT",
    "Outputs",
    "Stored",
    "case_counts",
    "read_outputs",
    "read_stored",
    "tasks_in",
    "warn_of_lacking",
]

NO_OUTPUT = RawOutput(error="there is no output for this case", sealed=True)


_log = logging.getLogger("unisafe")


@dataclass(frozen=True)
class Outputs:
    """A model's outputs with their cases, in the data set's order. `limited`: not all cases.

    `paths` are the files and folders they were read from, and `made_by` says by which run they were
    made, if that is known. `case_counts` holds, by task name, the number of cases that a limited
    run was to have, if the run says so; it may have ended before.
    """

    paths: tuple[Path, ...]
    model: str
    items: tuple[tuple[Case, RawOutput], ...]
    limited: bool
    case_counts: Mapping[str, int] = field(default_factory=dict)
    made_by: Mapping[str, Any] = field(default_factory=dict)


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
    cases = {task.code: load_cases(source, task) for task in tasks or tasks_in(source)}
    # Outputs of the full set can be judged on a subset alone.
    is_part = source.subset is not None
    info: Mapping[str, Any] = {}
    made_by: Mapping[str, Any] = {}
    is_run = bool(row_files(path, "predictions"))
    is_sampled = not is_run and (path.is_dir() or "samples_unisafe_" in path.name)
    if is_sampled:
        model, outputs = _from_samples(path, cases, is_part=is_part)
    else:
        stored = read_stored(
            path if is_run else predictions_path(str(path), source.arm), source, cases
        )
        model, outputs, info, made_by = stored.model, stored.outputs, stored.info, stored.made_by
    present = {code for _, code in outputs}
    warn_of_lacking(setting, source, tasks, present)
    codes = [code for code in cases if tasks or code in present]
    chosen = present if is_sampled or info.get("limited") is True else set()
    items = [
        (case, outputs.get((case.id, code), NO_OUTPUT))
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
    items = [(case, replace(raw, model=None)) for case, raw in items]
    counts = case_counts(info, source, codes, limit)
    return Outputs((path,), model, tuple(items), limited, counts, made_by)


def warn_of_lacking(
    named: str, source: Source, tasks: Iterable[Task], present: Container[str]
) -> None:
    """Warn of tasks that are asked for and not among the codes that are `present`."""
    for task in tasks:
        if task.code not in present:
            name = source.tasks[task.code].name
            _log.warning("%s has no output of %s: all its cases count as failed", named, name)


@dataclass(frozen=True)
class Stored:
    """Outputs of a predictions file or a run folder, by (id, code); `info` is the run's run.json,
    and `made_by` a summary of it."""

    model: str
    outputs: dict[tuple[str, str], RawOutput]
    info: Mapping[str, Any] = field(default_factory=dict)
    made_by: Mapping[str, Any] = field(default_factory=dict)


def read_stored(path: Path, source: Source, cases: Mapping[str, CaseSet]) -> Stored:
    """Read a predictions file, or a run by its folder or the predictions.jsonl in it.

    Raises:
        PredictionsError: it is doubtful as a whole, or a run on other data than `source`.
    """
    folder = path.parent if path.name == "predictions.jsonl" else path
    info = info_of(folder) if folder.is_dir() else {}
    is_part = source.subset is not None
    if not info and path.is_file():
        found = read_predictions(path, cases, is_part=is_part)
    else:
        found = read_run_predictions(folder, cases, is_part=is_part)
    outputs = {key: prediction.raw for key, prediction in found.items()}
    asked = [cases[code][case_id] for case_id, code in outputs if code in cases]
    if info:
        require_same_inputs(folder, info, source, asked)
    # A replay of a part has its own name on the rows that the file lacked.
    named = info.get("model")
    model = named if isinstance(named, str) else str(next(iter(outputs.values())).model)
    return Stored(model, outputs, info, summary_of(folder, info) if info else {})


def case_counts(
    info: Mapping[str, Any], source: Source, codes: Iterable[str], limit: int | None
) -> dict[str, int]:
    """How many cases of each task a limited run was to have of these data."""
    recorded = info.get("asked")
    if not isinstance(recorded, dict) or info.get("limited") is not True:
        return {}
    # How many of them are in a subset is not known.
    if source.subset is not None and _fingerprint_in(info) != fingerprint(source):
        return {}
    names = [source.tasks[code].name for code in codes]
    counts = ((name, recorded.get(name)) for name in names)
    return {
        name: count if limit is None else min(count, limit)
        for name, count in counts
        if type(count) is int and count >= 0
    }


def _fingerprint_in(info: Mapping[str, Any]) -> object:
    data = info.get("data")
    return data.get("fingerprint") if isinstance(data, dict) else None


def tasks_in(source: Source) -> list[Task]:
    """The tasks that the data has cases of."""
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
    # Samples of self-awareness tasks are not outputs, and an evaluation may have both arms.
    files = [file for file in files if f"samples_{SELF_GROUP}_" not in file.name]
    is_benign = any(case_set.task.arm is Arm.BENIGN for case_set in cases.values())
    if path.is_dir():
        beginning = f"samples_{BENIGN_GROUP}_"
        files = [file for file in files if (beginning in file.name) is is_benign]
    if not files:
        raise PredictionsError(
            f"{path} is neither a run folder nor a folder with a harness's sample files"
        )
    root = path if path.is_dir() else path.parent
    seals = {
        seal
        for info in runs_beside(root.resolve())
        for seal in info.get("seals") or ()
        if isinstance(seal, str)
    }
    outputs: dict[tuple[str, str], RawOutput] = {}
    for file in files:
        left_out = 0
        for number, row in read_rows(file, PredictionsError):
            where = f"{file}, line {number}"
            case_id, _, code = str(row.get("target", "")).rpartition("/")
            if code not in TASKS:
                raise PredictionsError(f"{where}: target is not the ID/CODE of a UniSAFE case")
            if code not in cases:
                continue
            if case_id not in cases[code]:
                if is_part:
                    left_out += 1
                    continue
                raise unknown_case(case_id, code, where)
            if (case_id, code) in outputs:
                raise PredictionsError(
                    f"{where}: a second output for {case_id}/{code}: name one sample file, or a "
                    "folder with those of one run"
                )
            require_same_words(row, cases[code][case_id], where)
            outputs[case_id, code] = read_sample(row, cases[code].task, root, seals, where)
        warn_of_left_out(file, left_out)
    outputs |= overwritten(outputs)
    # One name for all rows: an adapter names its model in an output, but some cases have no output.
    folder = path.resolve().parent.name if path.is_file() else path.resolve().name
    model = next((raw.model for raw in outputs.values() if raw.model), folder)
    return model, {key: replace(raw, sealed=True) for key, raw in outputs.items()}
