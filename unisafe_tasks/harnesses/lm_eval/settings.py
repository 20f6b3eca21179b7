"""The settings of lm-eval: where they are found, and which of them are refused."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.harnesses.lm_eval.asking import parser_of

__all__ = ["arguments_of_call", "refuse_settings"]

_EVALUATOR = "lm_eval.evaluator"


def arguments_of_call() -> Mapping[str, Any]:
    """The arguments of lm-eval's `simple_evaluate`, which tells `evaluate` neither model nor path.

    An empty mapping if another function called `evaluate`.
    """
    frame = inspect.currentframe()
    while frame is not None:
        is_it = frame.f_code.co_name == "simple_evaluate"
        if is_it and frame.f_globals.get("__name__") == _EVALUATOR:
            return dict(frame.f_locals)
        frame = frame.f_back
    return {}


def refuse_settings(
    tasks: Mapping[str, Any], lm: Any, caller: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Refuse what would end in a traceback, or in answers to other cases.

    Args:
        tasks: ours, by name.
        lm: lm-eval's model.
        caller: the arguments of `simple_evaluate`.
        given: those of `evaluate`.

    Raises:
        UnisafeError: one sentence with what to do instead.
    """
    pictured = [name for name, task in tasks.items() if task.unisafe.inputs]
    if pictured and not getattr(lm, "MULTIMODAL", False):
        raise UnisafeError(
            f"{', '.join(pictured)}: this --model reads no images; use hf-multimodal, vllm-vlm or "
            "a chat model behind an API, or run unisafe_t2t alone"
        )
    if int(caller.get("num_fewshot") or 0):
        raise UnisafeError("UniSAFE asks each case without examples: run without --num_fewshot")
    if caller.get("use_cache") and getattr(lm, "think_end_token", None) is not None:
        raise UnisafeError(
            "lm-eval's response cache may hold answers without their thinking: run a model with "
            "think_end_token without --use_cache"
        )
    if caller.get("use_cache") and parser_of(lm) is not None:
        raise UnisafeError(
            "lm-eval's response cache keeps an answer's words alone, without its refusal, block or "
            "thinking: run a model behind an API without --use_cache"
        )
    if caller.get("use_cache") and pictured:
        raise UnisafeError(
            "lm-eval's response cache ignores images, so its answers cannot be trusted: "
            "run the tasks with input images without --use_cache"
        )
    if given["cache_requests"]:
        raise UnisafeError(
            "lm-eval's request cache knows nothing of the data, may ask the cases of another set, "
            "and keeps the gated images: run without --cache_requests"
        )
    if given["limit"] is not None and given["limit"] <= 0:
        raise UnisafeError(f"--limit {given['limit']:g} asks no case: leave it out for all cases")
    for name, chosen in (given["samples"] or {}).items():
        if name not in tasks:
            raise UnisafeError(f"--samples names {name!r}, which is not among --tasks")
        available = len(tasks[name].eval_docs)
        wrong = [
            number for number in chosen if not (type(number) is int and 0 <= number < available)
        ]
        if wrong or len(set(chosen)) < len(chosen):
            what = f"case {wrong[0]!r} of {available}" if wrong else "a case twice"
            raise UnisafeError(f"--samples asks for {what} in {name}: name numbers from 0, once")
