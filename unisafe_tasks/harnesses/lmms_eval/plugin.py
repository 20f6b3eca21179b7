"""The lmms-eval plug-in: our models are registered, and our tasks found without a flag.

lmms-eval loads this module's entry point when it builds its model registry, before it looks for
tasks. What it has no door for is hooked here, each hook on its own and guarded: if lmms-eval
changes, a warning says how to go on without the hook.

1. `TaskManager.initialize_tasks`: our YAML folder is added.
2. `TaskManager.match_tasks`: names are checked.
3. `evaluator.simple_evaluate`: data, panel and keys are checked before the model is built.
4. `evaluator.evaluate`: the run folder is opened with the harness's settings, and closed.
5. `evaluator._run_generate_until_agentic`: a model that can hold four-turn conversations itself is
   given all of them at once.
6. loguru: credentials are taken out of what lmms-eval logs (it logs HF_TOKEN at start-up).
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.harnesses.preflight import check_names
from unisafe_tasks.models import adapters
from unisafe_tasks.redaction import redact

__all__ = ["register"]

_log = logging.getLogger("unisafe")


def register() -> list[Any]:
    """The entry point: install the hooks and return our model manifests."""
    _guarded("keeping credentials out of the log", _redact_log)
    _guarded("finding the tasks", _hook_task_manager)
    _guarded("checks from the first evaluation on", _hook_evaluator_at_first_use)
    from lmms_eval.models.registry_v2 import ModelManifest

    qwen = "lmms_eval.models.{}.qwen2_5_omni.Qwen2_5_Omni"
    return [
        *(
            ModelManifest(model_id=name, simple_class_path=adapter.class_path)
            for name, adapter in adapters().items()
        ),
        ModelManifest(
            model_id="qwen2_5_omni",
            simple_class_path=qwen.format("simple"),
            chat_class_path=qwen.format("chat"),
            aliases=("qwen_omni",),
        ),
        # lmms-eval names a class for `bagel` that its module does not have.
        ModelManifest(model_id="bagel", simple_class_path="lmms_eval.models.simple.bagel.BagelUMM"),
    ]


def _guarded(purpose: str, install: Callable[[], None]) -> None:
    try:
        install()
    except Exception as error:
        _log.warning(
            "unisafe: the hook for %s does not fit this lmms-eval (%s: %s); "
            'run with --include_path "$(unisafe tasks-dir)"',
            purpose,
            type(error).__name__,
            error,
        )


def _redact_log() -> None:
    from loguru import logger

    def patch(record: Any) -> None:
        record["message"] = redact(record["message"])

    logger.configure(patcher=patch)


def _hook_task_manager() -> None:
    from lmms_eval.tasks import TaskManager

    if getattr(TaskManager, "_unisafe", False):
        return
    initialize, match = TaskManager.initialize_tasks, TaskManager.match_tasks

    @functools.wraps(initialize)
    def initialize_tasks(self: Any, *args: Any, **kwargs: Any) -> Any:
        _guarded("run folder and checks before the model is built", _hook_evaluator)
        index = initialize(self, *args, **kwargs)
        return {**self._get_task_and_group(str(tasks_dir())), **index}

    @functools.wraps(match)
    def match_tasks(self: Any, task_list: list[str]) -> Any:
        matched = match(self, task_list)
        try:
            check_names(task_list, self.all_tasks, matched)
        except UnisafeError as error:
            exit_with(error)
        return matched

    TaskManager.initialize_tasks = initialize_tasks
    TaskManager.match_tasks = match_tasks
    TaskManager._unisafe = True


class _Unhooked(ModuleType):
    """lmms-eval's evaluator until its `simple_evaluate` is looked up for the first time."""

    def __getattribute__(self, name: str) -> Any:
        if name == "simple_evaluate":
            self.__class__ = ModuleType  # type: ignore[assignment]
            _guarded("run folder and checks before the model is built", _hook_evaluator)
            return getattr(self, name)
        return super().__getattribute__(name)


def _hook_evaluator_at_first_use() -> None:
    # Entry points load while the evaluator is imported, before its functions are defined. Its first
    # evaluation makes the first TaskManager, too late for checks; lmms-eval's command makes one
    # before.
    module = sys.modules.get("lmms_eval.evaluator")
    if module is not None and not hasattr(module, "_unisafe"):
        module.__class__ = _Unhooked


def _hook_evaluator() -> None:
    from lmms_eval import evaluator

    from unisafe_tasks.harnesses.lmms_eval import evaluation

    if getattr(evaluator, "_unisafe", False):
        return
    evaluator._unisafe = True
    wrappers = {
        "simple_evaluate": ("checks before the model is built", evaluation.with_preflight),
        "evaluate": ("the run folder", evaluation.with_run_folder),
        "_run_generate_until_agentic": ("whole conversations", evaluation.whole_conversations),
    }
    for name, (purpose, wrap) in wrappers.items():
        _guarded(purpose, functools.partial(_wrap, evaluator, name, wrap))


def _wrap(module: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    setattr(module, name, wrap(getattr(module, name)))
