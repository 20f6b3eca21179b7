"""What is wrapped around lm-eval's `evaluate`: checks, and the run folder."""

from __future__ import annotations

import functools
import inspect
import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from unisafe_judges.limits import ranks
from unisafe_tasks.data.shards import chosen_shard
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.harnesses.common import (
    agreed_folder,
    arguments_in,
    as_recorded,
    begin_planned,
    complete_samples,
    data_recorded,
    folder_name,
    print_summary,
    record_versions,
    refuse_unwritable,
    tell_problem,
    warn,
    weights_name,
)
from unisafe_tasks.harnesses.ending import called_by, interruptible
from unisafe_tasks.harnesses.lm_eval.asking import asked_by_us
from unisafe_tasks.harnesses.lm_eval.settings import arguments_of_call, refuse_settings
from unisafe_tasks.harnesses.preflight import by_arm, check_run
from unisafe_tasks.judging import open_run
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.redaction import redact, redacted
from unisafe_tasks.settings import rank
from unisafe_tasks.streams import show_all
from unisafe_tasks.tasks import TASK_NAMES, Arm

__all__ = ["redact_log", "with_run_folder"]

Function = Callable[..., Any]

_COMMAND = "lm_eval._cli"
"""The package of the harness's command, which calls its evaluator."""


def with_run_folder(evaluate: Function) -> Function:
    """Check what an evaluation of our tasks needs, open its run folder, and close it after."""

    @functools.wraps(evaluate)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = inspect.signature(evaluate).bind(*args, **kwargs)
        given.apply_defaults()
        tasks = _tasks_in(given.arguments["task_dict"])
        # With --predict_only lm-eval scores nothing, and never calls our functions.
        if not tasks or any("bypass" in task._metric_fn_list for task in tasks.values()):
            return evaluate(*args, **kwargs)
        is_command = called_by(_COMMAND)
        show_all()
        try:
            sessions = _open(tasks, given.arguments)
            for session in sessions:
                begin_planned(session)
        except (UnisafeError, OSError) as error:
            exit_with(error)
        versions: dict[Arm, Counter[str]] = {arm: Counter() for arm in by_arm(tasks)}
        with interruptible(*(run.folder.path for run in sessions), is_command=is_command):
            try:
                with asked_by_us(given.arguments["lm"], versions):
                    results = evaluate(*args, **kwargs)
            finally:
                for session, counts in zip(sessions, versions.values(), strict=True):
                    if unverified := counts.pop("", 0):
                        session.record("unverified", unverified)
                    record_versions(session, session.settings.model, counts)
                open_run.close()
        if is_command:
            _hide_credentials()
        for session in sessions if results is not None else ():
            complete_samples(results, session)
            print_summary(session)
            if is_command:
                tell_problem(session)
        return results

    return wrapped


def _hide_credentials() -> None:
    """Take credentials out of the arguments that lm-eval's command writes and prints at its end."""
    for arguments in map(arguments_of_call().get, ("model_args", "gen_kwargs")):
        if isinstance(arguments, dict):
            arguments.update(redacted(arguments))


def redact_log() -> None:
    """Keep credentials out of what lm-eval logs: it writes a request's headers when it failed."""

    def redacted(record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        return True

    for logger in (logging.getLogger(), logging.getLogger("lm_eval")):
        for handler in logger.handlers:
            handler.addFilter(redacted)


def _open(tasks: Mapping[str, Any], given: Mapping[str, Any]) -> list[Session]:
    caller = arguments_of_call()
    tracker = caller.get("evaluation_tracker")
    output_path = _folder_of(getattr(tracker, "output_path", None))
    lm = given["lm"]
    refuse_unwritable(output_path)
    refuse_settings(tasks, lm, caller, given)
    if getattr(tracker, "push_samples_to_hub", False):
        warn(
            "push_samples_to_hub uploads the gated prompts and the model's outputs; the data "
            "set's terms may forbid that."
        )
    if not given["apply_chat_template"] and _has_chat_template(lm):
        warn(
            "the model is asked without its chat template, which other harnesses apply: add "
            "--apply_chat_template."
        )
    if given["system_instruction"]:
        warn(
            "the model is given a system prompt, which other runs do not have: do not compare the "
            "scores with theirs."
        )
    check_run(list(tasks))
    model = _model_name(caller, lm)
    base = Path(output_path) if output_path else None
    case_counts = _case_counts(tasks, given)
    details: dict[str, Any] = {
        "harness": "lm-eval",
        "model_args": as_recorded(caller.get("model_args")),
        "seeds": [
            caller.get(name)
            for name in ("random_seed", "numpy_random_seed", "torch_random_seed")
            if name in caller
        ],
        "limit": given["limit"],
        "chosen": bool(given["samples"]),
        "gen_kwargs": as_recorded(caller.get("gen_kwargs")),
        "batch_size": caller.get("batch_size"),
        "ranks": ranks(),
        "system_prompt": redact(given["system_instruction"] or ""),
    }
    if given["apply_chat_template"] or _has_chat_template(lm):
        details["chat_template"] = "applied" if given["apply_chat_template"] else "left out"

    def settings(arm: Arm, names: list[str]) -> RunSettings:
        of_arm = {
            "tasks": names,
            "asked": {name: case_counts[name] for name in names},
            "data_setting": data_recorded(arm),
        }
        return RunSettings(
            folder=agreed_folder(base, folder_name(model, arm)),
            model=model,
            limited=given["limit"] is not None or bool(given["samples"]),
            rank=rank(),
            details={**details, **of_arm},
            shard=chosen_shard(),
        )

    return open_run.open_sessions({arm: settings(arm, of) for arm, of in by_arm(tasks).items()})


def _folder_of(output_path: str | None) -> str | None:
    """Where lm-eval writes: beside a file, if it was given the name of one."""
    if output_path and Path(output_path).suffix == ".json":
        return str(Path(output_path).parent)
    return output_path


def _tasks_in(task_dict: Mapping[Any, Any]) -> dict[str, Any]:
    """Our tasks by name, in what `TaskManager.load` or the older `get_task_dict` made."""
    tasks: dict[str, Any] = {}
    for name, value in task_dict.items():
        if isinstance(value, Mapping):
            tasks |= _tasks_in(value)
        elif hasattr(value, "unisafe") and str(name) in TASK_NAMES:
            tasks[str(name)] = value
    return tasks


def _model_name(caller: Mapping[str, Any], lm: Any) -> str:
    model = caller.get("model")
    name = weights_name(arguments_in(caller.get("model_args")))
    if name is None and not isinstance(model, str):
        name = getattr(getattr(lm, "config", None), "_name_or_path", None) or type(lm).__name__
    return redact(name or str(model))


def _has_chat_template(lm: Any) -> bool:
    readers = (getattr(lm, name, None) for name in ("tokenizer", "processor"))
    return any(getattr(reader, "chat_template", None) for reader in readers)


def _case_counts(tasks: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, int]:
    """The number of cases of each task that lm-eval will ask, as it reads --limit and --samples."""
    limit, samples = given["limit"], given["samples"]
    counts: dict[str, int] = {}
    for name, task in tasks.items():
        available = len(task.eval_docs)
        if samples is not None:
            counts[name] = len(samples[name]) if name in samples else available
        elif limit is None:
            counts[name] = available
        else:
            counts[name] = min(available, math.ceil(available * limit) if limit < 1 else int(limit))
    return counts
