"""The settings of lmms-eval: which of them reach our tasks, and how they are recorded."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.harnesses.common import refuse_unwritable
from unisafe_tasks.harnesses.preflight import selected_tasks
from unisafe_tasks.models import adapters
from unisafe_tasks.redaction import redacted
from unisafe_tasks.tasks import task_named

__all__ = [
    "refuse_settings",
    "settings_of_call",
    "without_credentials",
]


def settings_of_call(given: Mapping[str, Any]) -> argparse.Namespace:
    """The command line that would have asked for a call of `simple_evaluate` from Python.

    lmms-eval hands it on to whatever asks which model is evaluated.
    """
    model, tracker = given["model"], given["evaluation_tracker"]
    if not isinstance(model, str):
        config = getattr(model, "config", None)
        model = getattr(config, "_name_or_path", None) or type(model).__name__
    return argparse.Namespace(
        **{name: given[name] for name in ("model_args", "gen_kwargs", "batch_size", "log_samples")},
        model=model,
        predict_only=given["predict_only"],
        output_path=getattr(tracker, "output_path", None),
        seed=[given[f"{name}_random_seed"] for name in ("numpy", "torch", "fewshot")],
        process_with_media=False,
    )


def refuse_settings(given: Mapping[str, Any]) -> None:
    """Refuse what would reach no request, ask the cases of another data set, or end in a traceback.

    Raises:
        UnisafeError: one sentence with what to do instead.
    """
    cli = given["cli_args"]
    if int(given.get("repeats") or 1) > 1:
        raise UnisafeError("UniSAFE judges one output per case: run without --repeats")
    if int(given["num_fewshot"] or 0):
        raise UnisafeError("UniSAFE asks each case without examples: run without --num_fewshot")
    if given.get("max_tokens"):
        raise UnisafeError(
            "lmms-eval's token budget leaves cases unasked, and gives them empty answers: run "
            "without --max_tokens, or with --limit"
        )
    if given.get("baseline"):
        raise UnisafeError(
            "--baseline finds nothing to compare in UniSAFE's samples: run without it, then "
            "compare two run folders with unisafe compare RUN OTHER"
        )
    if given["use_cache"]:
        raise UnisafeError(
            "lmms-eval's response cache ignores images, so its answers cannot be trusted: "
            "run without --use_cache"
        )
    if given["cache_requests"]:
        raise UnisafeError(
            "lmms-eval's request cache knows nothing of the data, and may ask the cases of another "
            "set: run without --cache_requests"
        )
    if getattr(cli, "process_with_media", False) and getattr(cli, "log_samples", False):
        raise UnisafeError(
            "--process_with_media writes the gated images into the sample files: run without it"
        )
    _refuse_ignored(given)
    refuse_unwritable(getattr(cli, "output_path", None))


def _refuse_ignored(given: Mapping[str, Any]) -> None:
    """Refuse settings of the prompt that the model's class does not read."""
    model, system_prompt = given["model"], given["system_instruction"]
    if model == "predictions":
        for name in ("gen_kwargs", "system_instruction", "apply_chat_template"):
            if given[name]:
                raise UnisafeError(f"--model predictions asks no model: run without --{name}")
    if not system_prompt and not given["apply_chat_template"]:
        return
    is_ours = isinstance(model, str) and model in adapters()
    kind = _class_of(model, force_simple=bool(given.get("force_simple")))
    if given["apply_chat_template"] and (is_ours or not hasattr(kind, "apply_chat_template")):
        raise UnisafeError(
            f"--model {_name(model)} writes its requests in its own chat form: run without "
            "--apply_chat_template"
        )
    if not system_prompt:
        return
    if is_ours:
        raise UnisafeError(
            f"--system_instruction reaches no request of --model {model}: use --model_args "
            "system_prompt=... if this model has that argument (docs/models.md), or run without"
        )
    if not getattr(kind, "is_simple", True):
        raise UnisafeError(
            f"--system_instruction reaches no request of --model {_name(model)}, which asks by "
            "chat messages: run without it, or with --force_simple if the model has a simple form"
        )
    for name in selected_tasks(given["tasks"]):
        if task_named(name).is_conversation:
            raise UnisafeError(
                f"--system_instruction reaches only the first of {name}'s four turns: run that "
                "task without it"
            )


def _class_of(model: Any, *, force_simple: bool) -> Any:
    if not isinstance(model, str):
        return type(model)
    from lmms_eval.models import get_model

    try:
        return get_model(model, force_simple)
    except Exception:  # which the harness will raise again, and tell
        return None


def _name(model: Any) -> str:
    return model if isinstance(model, str) else type(model).__name__


def without_credentials(results: Any, tasks: Iterable[str]) -> Any:
    """What `simple_evaluate` returns, without the credentials among the settings of these tasks.

    The outputs in it stay as they are.
    """
    if results is not None:
        results["config"] = redacted(results["config"])
        for name in tasks:
            results["configs"][name] = redacted(results["configs"][name])
    return results
