"""Outputs that exist already: a predictions JSONL, a run folder, or samples of --predict_only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unisafe_tasks.cases import Case, CaseSet
from unisafe_tasks.errors import NoCasesError, PredictionsError
from unisafe_tasks.jsonl import read_rows
from unisafe_tasks.outputs import RawOutput, parse_output
from unisafe_tasks.predictions import Prediction, predictions_path, read_predictions
from unisafe_tasks.sources import Source, load_cases
from unisafe_tasks.tasks import SELF_GROUP, TASKS, Task

__all__ = ["Outputs", "read_outputs"]


@dataclass(frozen=True)
class Outputs:
    """A model's outputs with their cases, in the data set's order. `limited`: not all cases.

    `path` is the file or folder they were read from.
    """

    path: Path
    model: str
    items: tuple[tuple[Case, RawOutput], ...]
    limited: bool


def read_outputs(
    setting: str, source: Source, tasks: Sequence[Task], limit: int | None = None
) -> Outputs:
    """Read a model's outputs for `tasks`, or for every task that the file has rows of.

    A case of an asked task without an output is there as a failed one.

    Raises:
        UnisafeError: the file is doubtful as a whole, or the data lacks a task.
    """
    path = Path(setting).expanduser()
    cases = {task.code: load_cases(source, task) for task in tasks or _tasks_in(source)}
    # What a model was asked of the full set can be judged on a subset alone.
    is_part = source.subset is not None
    # A run of several ranks that was stopped has a file of each.
    files = sorted([*path.glob("predictions.jsonl"), *path.glob("predictions.rank*.jsonl")])
    if not files and (path.is_dir() or "samples_unisafe_" in path.name):
        model, found = _from_samples(path, cases, is_part=is_part)
    else:
        predictions: dict[tuple[str, str], Prediction] = {}
        for file in files or [predictions_path(str(path))]:
            predictions |= read_predictions(file, cases, is_part=is_part)
        model = next(iter(predictions.values())).model
        found = {
            key: parse_output(prediction.as_output(), prediction.task)
            for key, prediction in predictions.items()
        }
    codes = [code for code in cases if tasks or any(found_code == code for _, found_code in found)]
    missing = RawOutput(error="there is no output for this case", sealed=True)
    items = [
        (case, found.get((case.id, code), missing))
        for code in codes
        for case in _first(cases[code], limit)
    ]
    if not items:
        raise PredictionsError(f"{setting} has no output of the tasks asked for")
    return Outputs(path, model, tuple(items), limit is not None)


def _first(cases: CaseSet, limit: int | None) -> Iterable[Case]:
    for number, case in enumerate(cases):
        if limit is not None and number >= limit:
            return
        yield case


def _tasks_in(source: Source) -> list[Task]:
    found = []
    for task in TASKS.values():
        try:
            load_cases(source, task)
        except NoCasesError:
            continue
        found.append(task)
    return found


def _from_samples(
    path: Path, cases: Mapping[str, CaseSet], *, is_part: bool
) -> tuple[str, dict[tuple[str, str], RawOutput]]:
    files = sorted(path.rglob("*samples_unisafe_*.jsonl")) if path.is_dir() else [path]
    # What a model said of its outputs is none of them.
    files = [file for file in files if f"samples_{SELF_GROUP}_" not in file.name]
    if not files:
        raise PredictionsError(
            f"{path} is neither a run folder nor a folder with a harness's sample files"
        )
    found: dict[tuple[str, str], RawOutput] = {}
    for file in files:
        for number, row in read_rows(file, PredictionsError):
            where = f"{file}, line {number}"
            case_id, _, code = str(row.get("target", "")).rpartition("/")
            if code not in TASKS:
                raise PredictionsError(f"{where}: target is no ID/CODE of a UniSAFE case")
            if code not in cases:
                continue
            if case_id not in cases[code]:
                if is_part:
                    continue
                raise PredictionsError(f"{where}: the data set has no case {case_id}/{code}")
            if (case_id, code) in found:
                raise PredictionsError(
                    f"{where}: a second output for {case_id}/{code}: name one sample file, or a "
                    "folder with those of one run"
                )
            answer = row.get("filtered_resps")
            answer = answer[0] if isinstance(answer, list) and answer else answer
            root = path if path.is_dir() else path.parent
            raw = parse_output(answer, TASKS[code], foreign=True)
            found[case_id, code] = _inside(raw, root, where)
    # One name for all rows: an adapter may say it of its own, a case without an output cannot.
    folder = path.resolve().parent.name if path.is_file() else path.resolve().name
    model = next((raw.model for raw in found.values() if raw.model), folder)
    return model, {key: replace(raw, model=None) for key, raw in found.items()}


def _inside(raw: RawOutput, root: Path, where: str) -> RawOutput:
    """The output as one whose files are taken, since they lie where the samples do."""
    for name in raw.images:
        if not Path(name).resolve().is_relative_to(root.resolve()):
            raise PredictionsError(
                f"{where}: names {name!r}, which is outside {root}; put the images beside the "
                "sample files"
            )
    return replace(raw, sealed=True)
