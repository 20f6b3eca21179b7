"""Official predictions files: one JSON object per case, made by whatever ran the model.

What makes a whole file doubtful stops it: invalid JSON, a duplicate or unknown case, two models,
a wrong number of images, a path that leaves the file's folder. One image that cannot be read leaves
that case unscored.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

from unisafe_tasks.data.benign import targets
from unisafe_tasks.errors import PredictionsError
from unisafe_tasks.files import PACKAGE, path_inside, read_rows, read_run_rows
from unisafe_tasks.outputs.parsing import encode_raw, named_twice
from unisafe_tasks.tasks import TASKS, Arm, Task
from unisafe_tasks.types import RawOutput, RefusalSource, Status

__all__ = [
    "BUNDLED",
    "REFUSAL_FLAG",
    "Prediction",
    "is_of_benign_set",
    "kept_fields",
    "predictions_path",
    "read_predictions",
    "read_run_predictions",
    "refusal_in",
    "unknown_case",
    "warn_of_left_out",
]

_log = logging.getLogger("unisafe")

# Our rows name a missing image or text as an error, but the output did not fail.
_ANSWERED = (Status.NO_IMAGE, Status.NO_OUTPUT)
_READ_IN_WORDS = ("rubric", "judge")
_KEPT: Mapping[str, type] = {
    "thinking": str,
    "template_opened": bool,
    "cut_off": bool,
    "revised_prompt": str,
    "version": str,
}
REFUSAL_FLAG = "refusal_flag"
"""Who called an output a refusal, in a row whose other fields do not tell it."""

BUNDLED = ("demo", "demo-cautious", "demo-text-only", "demo-flaky")
"""Scripted models whose predictions are bundled: for the demo set, and for the benign text task."""


@dataclass(frozen=True)
class Prediction:
    """One row of a predictions file; `raw` is what the model returned, with absolute paths."""

    id: str
    task: Task
    raw: RawOutput

    def as_output(self) -> str:
        """The row as an adapter's return value."""
        return encode_raw(self.raw)


def predictions_path(setting: str, arm: Arm = Arm.ADVERSARIAL) -> Path:
    """A path, or the name of a bundled scripted model, whose outputs for the benign set are apart.

    Raises:
        PredictionsError: there is no such file.
    """
    if setting in BUNDLED:
        folder = PACKAGE / "demo" / "predictions"
        return folder / ("benign" if arm is Arm.BENIGN else "") / f"{setting}.jsonl"
    path = Path(setting).expanduser()
    if not path.is_file():
        raise PredictionsError(
            f"there is no predictions file {setting!r}; give a JSONL file, or one of the bundled "
            f"scripted models: {', '.join(BUNDLED)}"
        )
    return path


def is_of_benign_set(path: Path) -> bool:
    """Whether the first row of a predictions file is of a case of the benign set.

    Raises:
        PredictionsError: the file cannot be read.
    """
    first = next(read_rows(path, PredictionsError), None)
    return first is not None and first[1].get("id") in targets()


def unknown_case(case_id: str, code: str, where: str) -> PredictionsError:
    """What is said of an output for a case that the data does not have."""
    hint = ", but the benign set has it: name the data 'benign'" if case_id in targets() else ""
    return PredictionsError(f"{where}: the data set has no case {case_id}/{code}{hint}")


def read_predictions(
    path: Path, cases: Mapping[str, Container[str]], *, is_part: bool = False
) -> dict[tuple[str, str], Prediction]:
    """Read a predictions file: (id, code) -> prediction.

    Args:
        path: the JSONL file.
        cases: for each task code, the ids that have a case. Rows of other tasks' codes are not
            checked against the data.
        is_part: the cases are a subset of those that the model was asked; rows of others are left
            out, and a warning says how many.

    Raises:
        PredictionsError: naming the file, the line and the case.
    """
    predictions: dict[tuple[str, str], Prediction] = {}
    lines: dict[tuple[str, str], int] = {}
    left_out = 0
    for number, row in read_rows(path, PredictionsError):
        where = f"{path}, line {number}"
        prediction = _prediction(row, path.parent, where)
        key = (prediction.id, prediction.task.code)
        if key in predictions:
            raise PredictionsError(
                f"{where}: a second prediction for {key[0]}/{key[1]}, first in line {lines[key]}"
            )
        if not _is_asked(key, cases, where, is_part=is_part):
            left_out += 1
            continue
        predictions[key], lines[key] = prediction, number
    models = sorted({str(prediction.raw.model) for prediction in predictions.values()})
    if len(models) > 1:
        raise PredictionsError(f"{path} mixes the models {', '.join(models)}: use one file each")
    _require_some(path, predictions, left_out, is_part=is_part)
    return predictions | _overwritten(predictions)


def _overwritten(
    predictions: Mapping[tuple[str, str], Prediction],
) -> dict[tuple[str, str], Prediction]:
    """Those that name an image file which another case names too, as the failures that they are."""
    owners: dict[Path, set[tuple[str, str]]] = {}
    for key, prediction in predictions.items():
        for name in prediction.raw.images:
            owners.setdefault(Path(name).resolve(), set()).add(key)
    failed = {}
    for path, keys in owners.items():
        for key in keys if len(keys) > 1 else ():
            raw = RawOutput(
                error=named_twice(str(path)), model=predictions[key].raw.model, sealed=True
            )
            failed[key] = replace(predictions[key], raw=raw)
    return failed


def read_run_predictions(
    folder: Path, cases: Mapping[str, Container[str]], *, is_part: bool = False
) -> dict[tuple[str, str], Prediction]:
    """The same of a run folder, which a run may have left in whatever state.

    The rows of all ranks are read, and of two for one case the last counts; a torn last line is
    left out with a warning. Rows may name several models, such as those of a partial replay.

    Raises:
        PredictionsError: naming the file, the line and the case.
    """
    rows: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
    for where, row in read_run_rows(folder, "predictions", PredictionsError):
        prediction = _prediction(row, folder, where)
        rows[prediction.id, prediction.task.code] = row, where
    predictions = {
        key: _prediction(row, folder, where)
        for key, (row, where) in rows.items()
        if _is_asked(key, cases, where, is_part=is_part)
    }
    _require_some(folder, predictions, len(rows) - len(predictions), is_part=is_part)
    return predictions


def _is_asked(
    key: tuple[str, str], cases: Mapping[str, Container[str]], where: str, *, is_part: bool
) -> bool:
    if key[1] not in cases or key[0] in cases[key[1]]:
        return True
    if is_part:
        return False
    raise unknown_case(*key, where)


def _require_some(
    path: Path, predictions: Mapping[Any, Prediction], left_out: int, *, is_part: bool
) -> None:
    if not predictions:
        what = "prediction of a case of the subset" if is_part else "predictions"
        raise PredictionsError(f"{path} holds no {what}")
    warn_of_left_out(path, left_out)


def warn_of_left_out(path: Path, rows: int) -> None:
    """Warn of the rows of a file whose cases are not in the subset."""
    if rows:
        said = "1 row of a case" if rows == 1 else f"{rows:,} rows of cases"
        _log.warning("%s: %s outside the subset left out", path, said)


def _prediction(row: Mapping[str, Any], folder: Path, where: str) -> Prediction:
    for name in ("id", "scenario_type", "model"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise PredictionsError(f"{where}: {name} is missing or is not a text")
    code = row["scenario_type"].strip().upper()
    if code not in TASKS:
        raise PredictionsError(
            f"{where}: scenario_type is {row['scenario_type']!r}, "
            f"expected one of {', '.join(TASKS)}"
        )
    task = TASKS[code]
    text, error, refusal = row.get("output_text"), row.get("error"), row.get("refusal")
    if not isinstance(text, str | None):
        raise PredictionsError(f"{where}: output_text must be a text")
    if not isinstance(refusal, bool | None):
        raise PredictionsError(f"{where}: refusal must be true or false")
    if row.get(REFUSAL_FLAG) not in (None, *get_args(RefusalSource)):
        raise PredictionsError(
            f"{where}: {REFUSAL_FLAG} must be one of {', '.join(get_args(RefusalSource))}"
        )
    images = _images(row, task, folder, where)
    excused = refusal or bool(error)
    if task.makes_images and not excused and len(images) != task.outputs:
        field = "output_images" if task.is_conversation else "output_image"
        raise PredictionsError(
            f"{where}: {row['id']}/{code} needs {task.outputs} image(s) in {field}, "
            f"found {len(images)}"
        )
    status = row.get("status")
    return Prediction(
        row["id"].strip(),
        task,
        RawOutput(
            text=text or "",
            images=tuple(map(str, images)),
            refusal=refusal_in(row),
            error=None if status in _ANSWERED else str(error) if error else None,
            unsupported=status == Status.UNSUPPORTED,
            history=_history(row, task),
            model=row["model"].strip(),
            sealed=True,
            **_kept(row, where),
        ),
    )


def refusal_in(row: Mapping[str, Any]) -> RefusalSource | None:
    """Who called the output of a prediction row a refusal.

    Our own rows say more than the official flag, so that a run folder can be judged again.
    """
    if (flag := row.get(REFUSAL_FLAG)) is not None:
        return cast(RefusalSource, flag)
    if row.get("refusal"):
        source = row.get("refusal_source")
        # What a rubric or a judge made of the words, another one may see otherwise.
        if source in _READ_IN_WORDS:
            return "claimed" if row.get("text_refusal") is True else None
        return source if source in ("provider", "safety_checker") else "model"
    return "claimed" if row.get("text_refusal") is True else None


def kept_fields(raw: RawOutput) -> dict[str, Any]:
    """What a prediction row says of an output besides the official format, where there is any."""
    given = {name: getattr(raw, name) for name in _KEPT}
    return {name: value for name, value in given.items() if value}


def _kept(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    given = {name: row[name] for name in _KEPT if row.get(name) is not None}
    for name, value in given.items():
        if type(value) is not _KEPT[name]:
            what = "true or false" if _KEPT[name] is bool else "a text"
            raise PredictionsError(f"{where}: {name} must be {what}")
    return given


def _history(row: Mapping[str, Any], task: Task) -> str | None:
    history = row.get("history")
    given = history if isinstance(history, str) and history else None
    # A row of ours without one says that no turn was shown to the model.
    is_ours = row.get("status") is not None
    return given or ("replayed" if task.is_conversation and not is_ours else None)


def _images(row: Mapping[str, Any], task: Task, folder: Path, where: str) -> tuple[Path, ...]:
    if not task.makes_images:
        return ()
    field = "output_images" if task.is_conversation else "output_image"
    value = row.get(field)
    names = value if isinstance(value, list) else [value] if value else []
    paths = []
    for name in names:
        if not isinstance(name, str) or not name:
            raise PredictionsError(f"{where}: {field} must hold paths")
        try:
            paths.append(path_inside(folder, name))
        except ValueError as problem:
            raise PredictionsError(f"{where}: {field} names {name[:200]!r}, {problem}") from None
    return tuple(paths)
