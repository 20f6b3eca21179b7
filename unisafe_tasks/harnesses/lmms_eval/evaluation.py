"""What the plug-in wraps around lmms-eval's evaluator."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from unisafe_judges.limits import ranks
from unisafe_tasks.data.shards import chosen_shard
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.harnesses.common import (
    agreed_folder,
    as_recorded,
    begin_planned,
    complete_samples,
    data_recorded,
    folder_name,
    model_name,
    print_summary,
    tell_problem,
    warn,
)
from unisafe_tasks.harnesses.ending import called_by, fail_at_the_end, interruptible
from unisafe_tasks.harnesses.lmms_eval.settings import (
    refuse_settings,
    settings_of_call,
    without_credentials,
)
from unisafe_tasks.harnesses.preflight import (
    by_arm,
    check_run,
    check_self_run,
    selected_self_tasks,
    selected_tasks,
)
from unisafe_tasks.judging import open_run
from unisafe_tasks.judging.session import RunSettings
from unisafe_tasks.models import refuse_ambiguous
from unisafe_tasks.models.harness_options import with_generation_options
from unisafe_tasks.redaction import redact, redacted
from unisafe_tasks.self_awareness.results import is_same_model
from unisafe_tasks.settings import rank
from unisafe_tasks.streams import log_from, show_all
from unisafe_tasks.tasks import TASK_NAMES, Arm

__all__ = [
    "whole_conversations",
    "with_preflight",
    "with_run_folder",
]

Function = Callable[..., Any]

_COMMAND = "lmms_eval.__main__"
"""The module of the harness's command, which calls its evaluator."""


def with_preflight(simple_evaluate: Function) -> Function:
    """Check settings, data, panel and keys before the harness builds the model; after it, say what
    went wrong and keep credentials out of what the harness writes."""
    signature = inspect.signature(simple_evaluate)

    @functools.wraps(simple_evaluate)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        names = given["tasks"] or ()
        tasks, self_tasks = selected_tasks(names), selected_self_tasks(names)
        if not (tasks or self_tasks):
            return simple_evaluate(*args, **kwargs)
        show_all()
        log_from(str(given.get("verbosity")))
        is_command = called_by(_COMMAND)
        cli = given["cli_args"] = given["cli_args"] or settings_of_call(given)
        try:
            refuse_settings(given)
            refuse_ambiguous(str(given["model"]))
            given["model_args"] = with_generation_options(
                given["model"], given["model_args"] or "", given["gen_kwargs"]
            )
            _warn_of_uploads(cli)
            if tasks:
                check_run(tasks, judged=not given["predict_only"])
            if self_tasks:
                _check_who_judges(check_self_run(self_tasks).info, cli)
        except (UnisafeError, OSError) as error:
            exit_with(error)
        try:
            with interruptible(is_command=is_command):
                return without_credentials(simple_evaluate(**given), [*tasks, *self_tasks])
        except Exception as error:
            # lmms-eval prints the traceback, goes on with its next configuration and exits with 0.
            if is_command:
                fail_at_the_end(f"the evaluation failed: {type(error).__name__}: {error}")
            raise
        finally:
            if is_command:
                # It prints them once more at its end.
                cli.model_args, cli.gen_kwargs = map(redacted, (cli.model_args, cli.gen_kwargs))

    return wrapped


def with_run_folder(evaluate: Function) -> Function:
    """Open the run folder for an evaluation that has any of our tasks, and close it after.

    If it has tasks of both arms, each arm has a folder.
    """

    @functools.wraps(evaluate)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tasks = _tasks_in(kwargs.get("task_dict") or (args[1] if len(args) > 1 else {}))
        if not tasks:
            return evaluate(*args, **kwargs)
        judged = not getattr(kwargs.get("cli_args"), "predict_only", False)
        is_command = called_by(_COMMAND)
        try:
            settings = {arm: _settings(arm, of, kwargs) for arm, of in by_arm(tasks).items()}
            sessions = open_run.open_sessions(settings, judged=judged)
            for session in sessions:
                begin_planned(session)
        except (UnisafeError, OSError) as error:
            exit_with(error)
        with interruptible(*(run.folder.path for run in sessions), is_command=is_command):
            try:
                results = evaluate(*args, **kwargs)
                for session in sessions if not judged else ():
                    session.end_unjudged()
            finally:
                open_run.close()
        for session in sessions if results is not None else ():
            if judged:
                complete_samples(results, session)
            print_summary(session)
            if judged and is_command:
                tell_problem(session)
        return results

    return wrapped


def whole_conversations(run_agentic: Function) -> Function:
    """Give a model that has `generate_until_agentic` all four-turn requests at once.

    The harness's own loop takes one case after the other; it stays for models without the method.
    """

    @functools.wraps(run_agentic)
    def wrapped(lm: Any, requests: list[Any], *args: Any, **kwargs: Any) -> Any:
        generate = getattr(lm, "generate_until_agentic", None)
        ours = all(request.task_name in TASK_NAMES for request in requests)
        if generate is None or not ours:
            return run_agentic(lm, requests, *args, **kwargs)
        return generate(requests)

    return wrapped


def _settings(arm: Arm, tasks: list[str], kwargs: Mapping[str, Any]) -> RunSettings:
    cli = kwargs.get("cli_args")
    model = model_name(cli)
    counts = _case_counts(kwargs.get("task_dict") or {}, kwargs)
    base = Path(cli.output_path) if cli is not None and getattr(cli, "output_path", None) else None
    details = {
        "harness": "lmms-eval",
        "tasks": tasks,
        "model_args": as_recorded(getattr(cli, "model_args", None)),
        "seeds": list(getattr(cli, "seed", None) or ()),
        "asked": {name: counts[name] for name in tasks if name in counts},
        "limit": kwargs.get("limit"),
        "offset": kwargs.get("offset", 0),
        "gen_kwargs": as_recorded(getattr(cli, "gen_kwargs", None)),
        "system_prompt": redact(kwargs.get("system_instruction") or ""),
        "batch_size": getattr(cli, "batch_size", None),
        "ranks": ranks(),
        "data_setting": data_recorded(arm),
    }
    if kwargs.get("apply_chat_template"):
        details["chat_template"] = "applied"
    limit = kwargs.get("limit")
    return RunSettings(
        folder=agreed_folder(base, folder_name(model, arm)),
        model=model,
        limited=limit not in (None, -1) or bool(kwargs.get("offset")),
        rank=rank(),
        details=details,
        shard=chosen_shard(),
    )


def _case_counts(task_dict: Mapping[Any, Any], kwargs: Mapping[str, Any]) -> dict[str, int]:
    """The number of cases of each task that the harness will ask; it tells whether a run was
    cut."""
    limit, offset = kwargs.get("limit"), int(kwargs.get("offset") or 0)
    counts: dict[str, int] = {}
    for name, task in task_dict.items():
        if isinstance(task, dict):
            counts |= _case_counts(task, kwargs)
        elif str(name) in TASK_NAMES:
            available = max(0, len(task.eval_docs) - offset)
            wanted = available if limit in (None, -1, 0) else float(limit or 0)
            if 0 < wanted < 1:
                wanted = math.ceil(len(task.eval_docs) * wanted)
            counts[str(name)] = min(available, int(wanted))
    return counts


def _tasks_in(task_dict: Mapping[Any, Any]) -> list[str]:
    names: list[str] = []
    for name, value in task_dict.items():
        names.extend(_tasks_in(value) if isinstance(value, dict) else [str(name)])
    return [name for name in names if name in TASK_NAMES]


def _check_who_judges(info: Mapping[str, Any], cli: Any) -> None:
    """Self-awareness is a model's judgment of its own outputs."""
    if getattr(cli, "model", None) == "predictions":
        raise UnisafeError(
            "replayed outputs cannot judge themselves: name the model that made them with --model"
        )
    if is_same_model(model_name(cli), info) is False:
        warn(
            f"{model_name(cli)} is to judge the outputs of {info['model']}; the result will say "
            "that this is not self-awareness."
        )


def _warn_of_uploads(cli: Any) -> None:
    uploads = {
        "--wandb_log_samples": getattr(cli, "wandb_log_samples", False),
        "--swanlab_log_samples": getattr(cli, "swanlab_log_samples", False),
        "push_samples_to_hub": "push_samples_to_hub=true"
        in str(getattr(cli, "hf_hub_log_args", "")).lower(),
    }
    for name, wanted in uploads.items():
        if wanted:
            warn(
                f"{name} uploads the gated prompts and the model's outputs; the data "
                "set's terms may forbid that."
            )
