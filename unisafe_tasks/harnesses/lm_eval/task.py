"""The text-output tasks as lm-eval runs them: the class that the YAMLs of lm-eval name.

lm-eval has no plug-in that is loaded before a run. It loads this module when it loads the first of
our tasks, which is after the model and before the first request; the run folder and the checks are
hooked in then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lm_eval import evaluator
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.api_models import TemplateAPI

from unisafe_tasks.errors import exit_with
from unisafe_tasks.harnesses.lm_eval.evaluation import redact_log, with_run_folder
from unisafe_tasks.tasks import Task, task_named

__all__ = ["UnisafeTask"]

_PLACEHOLDER = "<image>"


class UnisafeTask(ConfigurableTask):  # type: ignore[misc]
    """One of our tasks, with images where the model's class looks for them."""

    # Local models are shown an image where the prompt has a placeholder; models behind an API
    # would read the placeholder as text.
    _marks_images = True

    def __init__(self, config: dict[str, Any]) -> None:
        self.unisafe: Task = task_named(config["task"])
        super().__init__(config={name: value for name, value in config.items() if name != "class"})

    def fewshot_context(self, doc: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        model = getattr(kwargs.get("chat_template"), "__self__", None)
        self._marks_images = not isinstance(model, TemplateAPI)
        return super().fewshot_context(doc, *args, **kwargs)

    def doc_to_text(self, doc: Mapping[str, Any], doc_to_text: Any = None) -> Any:
        text = super().doc_to_text(doc, doc_to_text)
        if not self.unisafe.inputs or not self._marks_images:
            return text
        if _PLACEHOLDER in text:
            exit_with(
                f"{doc['id']}/{self.unisafe.code}: its instruction holds {_PLACEHOLDER!r}, which "
                "lm-eval takes for an image: run this task with lmms-eval or a model behind an API"
            )
        return _PLACEHOLDER * len(self.unisafe.inputs) + text


if not getattr(evaluator, "_unisafe", False):
    evaluator._unisafe = True
    redact_log()
    evaluator.evaluate = with_run_folder(evaluator.evaluate)
