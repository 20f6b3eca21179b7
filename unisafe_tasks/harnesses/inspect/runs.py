"""The run folders of an evaluation: one for all UniSAFE tasks of one model.

Inspect runs tasks one after the other or side by side, for one model or several. A task finds its
run by a context variable that is set where the task begins, and so holds for its samples alone.
"""

from __future__ import annotations

import atexit
import json
import threading
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log import EvalSpec
from inspect_ai.model import GenerateConfig
from rich.markup import escape

from unisafe_tasks.data.cases import registered
from unisafe_tasks.data.sources import source_of
from unisafe_tasks.errors import RunError, UnisafeError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.harnesses.common import as_recorded, data_recorded, folder_name, print_summary
from unisafe_tasks.harnesses.inspect.model_run import ModelRun, TaskRun
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.redaction import printable, redact, redacted
from unisafe_tasks.runs.folder import PREDICTIONS, make_run_folder
from unisafe_tasks.settings import panel_setting
from unisafe_tasks.tasks import ARM_TASKS, TASK_NAMES, Arm, task_named

__all__ = [
    "current",
    "end_runs",
    "is_ours",
    "open_task",
    "plan",
    "sentence",
    "set_current",
    "settled_rows",
    "task_of",
]


def sentence(error: UnisafeError) -> PrerequisiteError:
    """An error as Inspect prints it without a traceback."""
    return PrerequisiteError(escape(printable(redact(str(error)))))


def is_ours(spec: EvalSpec) -> bool:
    """Whether an evaluation is of one of our tasks."""
    return _name_of(spec) in TASK_NAMES


def plan(group: str, names: Sequence[str]) -> None:
    """Say which tasks an evaluation, or set of evaluations, is to run."""
    named = {name.rpartition("/")[2] for name in names} | set(_planned.get(group, ()))
    _planned[group] = [name for name in TASK_NAMES if name in named]


def open_task(spec: EvalSpec, config: GenerateConfig) -> TaskRun:
    """Open or join the run of a task's model.

    Raises:
        UnisafeError: data, panel or folder cannot be used.
    """
    with _lock:
        return _join(spec, config)


def set_current(task: TaskRun | UnisafeError) -> None:
    """Set what `current` returns in this context, and in contexts that begin in it."""
    _current.set(task)


def current() -> TaskRun:
    """The task that the calling sample belongs to.

    Raises:
        PrerequisiteError: no task was begun, or its run could not be opened; one sentence.
    """
    task_run = _current.get()
    if isinstance(task_run, UnisafeError):
        raise sentence(task_run)
    if task_run is None:
        raise sentence(
            UnisafeError(
                "outputs are judged while they are made: to judge them again, or by another "
                "panel, use unisafe judge with the run folder"
            )
        )
    return task_run


def task_of(eval_id: str) -> TaskRun | None:
    """The task of an evaluation, if it is ours and was begun."""
    return _evaluations.get(eval_id)


def settled_rows(folder: str, code: str, arm: Arm) -> Mapping[str, Mapping[str, Any]]:
    """The rows of a task as they stand in its run folder, by id, once they are final."""
    name = ARM_TASKS[arm][code].name
    for run in list(_runs):
        if str(run.session.folder.path) == folder:
            return run.tasks[name].settle() if name in run.tasks else {}
    try:
        # The run has ended: the log is scored again.
        return {
            row["id"]: row
            for _, row in read_run_rows(Path(folder), PREDICTIONS, RunError)
            if row["scenario_type"] == code
        }
    except (RunError, KeyError, OSError):
        return {}


def end_runs(group: str) -> list[ModelRun]:
    """Close the runs of an evaluation, or set of evaluations, and return them."""
    with _lock:
        _planned.pop(group, None)
        ended = [run for run in _runs if run.key[0] == group]
        for run in ended:
            run.close()
            _runs.remove(run)
            for eval_id in [name for name, task in _evaluations.items() if task.run is run]:
                del _evaluations[eval_id]
    return ended


_current: ContextVar[TaskRun | UnisafeError | None] = ContextVar("unisafe_task", default=None)
_runs: list[ModelRun] = []
_evaluations: dict[str, TaskRun] = {}
_planned: dict[str, list[str]] = {}
_lock = threading.RLock()


def _join(spec: EvalSpec, config: GenerateConfig) -> TaskRun:
    name = _name_of(spec)
    key = _key_of(spec)
    # A task that is named twice for one model needs two folders; one that is tried again, one.
    free = (run for run in _runs if run.key == key and run.id_of(name) in (None, spec.task_id))
    run = next(free, None)
    if run is None:
        run = _open(spec, key, config.system_message)
        _runs.append(run)
    case_count = len(spec.dataset.sample_ids or ())
    task_run = run.tasks.get(name)
    if task_run is None:
        cases = registered(task_named(name))
        logs_images = spec.config.log_images is not False
        task_run = run.tasks[name] = TaskRun(spec.task_id, cases, run, case_count, logs_images)
    task_run.ended = False
    task_run.case_count = case_count
    _evaluations[spec.eval_id] = task_run
    run.session.begin_task(name, {"asked": case_count, "gen_kwargs": _described(config)})
    return task_run


def _open(spec: EvalSpec, key: tuple[str, ...], system_prompt: str | None) -> ModelRun:
    if spec.solver:
        raise UnisafeError(
            f"UniSAFE asks a model with the case alone: run without --solver {spec.solver}"
        )
    arm = task_named(_name_of(spec)).arm
    source = source_of(arm)
    base = spec.task_args.get("output_path")
    model = redact(spec.model)
    settings = RunSettings(
        folder=make_run_folder(None if base is None else Path(str(base)), folder_name(model, arm)),
        model=model,
        limited=spec.config.limit is not None or spec.config.sample_id is not None,
        details={
            "harness": "inspect",
            "tasks": [name for name in _planned.get(key[0], []) if task_named(name).arm is arm],
            "model_args": as_recorded(spec.model_args),
            "system_prompt": redact(system_prompt or ""),
            "data_setting": data_recorded(arm),
            "limit": spec.config.limit,
            "sample_id": spec.config.sample_id,
            "inspect_run": spec.run_id,
            "inspect_eval_set": spec.eval_set_id,
        },
    )
    return ModelRun(key, Session(settings, source, resolve_panel(panel_setting(), source)), source)


def _key_of(spec: EvalSpec) -> tuple[str, ...]:
    configuration = (spec.model_generate_config.model_dump(exclude_none=True), spec.model_args)
    return (
        spec.eval_set_id or spec.run_id,
        spec.model,
        task_named(_name_of(spec)).arm,
        str(spec.task_args.get("output_path")),
        json.dumps(configuration, default=str, sort_keys=True),
    )


def _name_of(spec: EvalSpec) -> str:
    return (spec.task_registry_name or spec.task).rpartition("/")[2]


def _described(config: GenerateConfig) -> Mapping[str, Any]:
    """The decoding as run.json has it; headers hold credentials more often than decoding."""
    given = config.model_dump(exclude_none=True, exclude={"extra_headers"})
    described: Mapping[str, Any] = json.loads(json.dumps(redacted(given), default=str))
    return described


def _close_the_rest() -> None:
    """End the runs that Inspect left open: the process exits, and folders must be readable."""
    for group in {run.key[0] for run in _runs}:
        for run in end_runs(group):
            print_summary(run.session)


atexit.register(_close_the_rest)
