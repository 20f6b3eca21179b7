"""Inspect's hooks: they open and close run folders with Inspect's runs and tasks."""

from __future__ import annotations

import atexit
import logging
from contextlib import ExitStack
from pathlib import Path

from anyio import to_thread
from inspect_ai.hooks import (
    EvalSetEnd,
    Hooks,
    RunEnd,
    RunStart,
    SampleEnd,
    TaskEnd,
    TaskStart,
    hooks,
)
from inspect_ai.log import EvalLog, EvalSample, read_eval_log_sample
from inspect_ai.model import get_model
from inspect_ai.util import display_type

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.harnesses.common import print_summary, tell_problem
from unisafe_tasks.harnesses.ending import called_by, fail_at_the_end, terminable
from unisafe_tasks.harnesses.inspect import runs
from unisafe_tasks.harnesses.inspect.model_run import TaskRun
from unisafe_tasks.harnesses.inspect.tasks import are_used, forget_checks
from unisafe_tasks.redaction import in_one_line
from unisafe_tasks.streams import show_all

__all__ = ["RunFolders"]

_log = logging.getLogger("unisafe")
_COMMAND = "inspect_ai._cli"
"""The package of Inspect's command, which calls its evaluator."""
_CANCELLED = ("CancelledError(", "Cancelled(")
"""How a sample's error begins if the evaluation ended before the model answered the sample."""


@hooks("run_folders", "Keeps a UniSAFE run folder for each model")
class RunFolders(Hooks):
    """Opens run folders with the first task of a model and closes them at the end.

    A scheduler's SIGTERM ends a command as Ctrl-C does, for which Inspect has words of its own.
    """

    def __init__(self) -> None:
        self._during_runs = ExitStack()

    def enabled(self) -> bool:
        """Whether a UniSAFE task is in use: Inspect loads this class for every evaluation."""
        return are_used()

    async def on_run_start(self, data: RunStart) -> None:
        self._during_runs.enter_context(terminable(called_by(_COMMAND)))
        runs.plan(data.eval_set_id or data.run_id, data.task_names)

    async def on_task_start(self, data: TaskStart) -> None:
        if not runs.is_ours(data.spec):
            return
        if data.plan.config.temperature == 0:
            _decode_greedily()
        try:
            # Not on the event loop: the data set's fingerprint may have to be made.
            task_run = await to_thread.run_sync(runs.open_task, data.spec, data.plan.config)
        except UnisafeError as error:
            _log.error("%s", in_one_line(str(error)))
            runs.set_current(error)
            if called_by(_COMMAND):
                fail_at_the_end(str(error))
        else:
            runs.set_current(task_run)

    async def on_sample_end(self, data: SampleEnd) -> None:
        task_run, error = runs.task_of(data.eval_id), data.sample.error
        if task_run is None or error is None or error.message.startswith(_CANCELLED):
            return
        await to_thread.run_sync(task_run.fail, str(data.sample.id), error.message)

    async def on_task_end(self, data: TaskEnd) -> None:
        task_run = runs.task_of(data.eval_id)
        if task_run is not None:
            await to_thread.run_sync(_finish, task_run, data.log)

    async def on_run_end(self, data: RunEnd) -> None:
        forget_checks()
        # A set of evaluations goes on with the tasks that failed, in the same folders.
        if data.eval_set_id is None:
            await to_thread.run_sync(_end, data.run_id, called_by(_COMMAND))
            self._during_runs.close()

    async def on_eval_set_end(self, data: EvalSetEnd) -> None:
        await to_thread.run_sync(_end, data.eval_set_id, called_by(_COMMAND))
        self._during_runs.close()


def _decode_greedily() -> None:
    """Turn off sampling: transformers refuses a temperature of 0 while it samples."""
    api = get_model().api
    if getattr(api, "do_sample", False):
        api.do_sample = False  # type: ignore[attr-defined]


def _finish(task_run: TaskRun, log: EvalLog) -> None:
    task_run.run.session.begin_task(task_run.task.name, {"inspect_log": Path(log.location).name})
    sample_ids = log.eval.dataset.sample_ids or []
    missing = [key for key in map(str, sample_ids) if key not in task_run.pending]
    try:
        task_run.take_over([sample for key in missing if (sample := _sample(log, key)) is not None])
    except UnisafeError as error:
        _log.error("%s", in_one_line(str(error)))
    task_run.ended = True


def _sample(log: EvalLog, key: str) -> EvalSample | None:
    """A sample of the log; `log` may be only the log's header."""
    if log.samples is not None:
        return next((sample for sample in log.samples if sample.id == key), None)
    try:
        return read_eval_log_sample(log.location, key)
    except (IndexError, KeyError, OSError, ValueError):
        return None


def _end(group: str, is_command: bool) -> None:
    show_all()
    for run in runs.end_runs(group):
        if display_type() == "full":
            # Inspect has the whole screen until it ends.
            atexit.register(print_summary, run.session)
        elif display_type() != "none":
            print_summary(run.session)
        # An evaluation that was interrupted has an end of its own.
        if is_command and all(task.ended for task in run.tasks.values()):
            tell_problem(run.session)
