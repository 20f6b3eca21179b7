"""Adapters: models as lmms-eval calls them, which hold conversations and keep every answer.

A distribution outside this one adds an adapter by an entry point of the group
`unisafe.model_adapters`: the name after `--model`, and `package.module:Class`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from unisafe_judges.extensions import installed
from unisafe_tasks.errors import UnisafeError

__all__ = ["ADAPTERS", "Adapter", "adapters", "refuse_ambiguous"]

_GROUP = "unisafe.model_adapters"


@dataclass(frozen=True)
class Adapter:
    """An adapter's class by its path, which is imported when the model is built.

    `is_local`: the weights are on this machine; None where that is not known.
    """

    class_path: str
    is_local: bool | None = None


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "predictions": Adapter("unisafe_tasks.models.predictions.Predictions"),
        "umm_openai": Adapter("unisafe_tasks.models.umm_openai.UmmOpenAI", is_local=False),
        "umm_gemini": Adapter("unisafe_tasks.models.umm_gemini.UmmGemini", is_local=False),
        "umm_diffusers": Adapter("unisafe_tasks.models.umm_diffusers.UmmDiffusers", is_local=True),
        "umm_transformers": Adapter(
            "unisafe_tasks.models.umm_transformers.UmmTransformers", is_local=True
        ),
        "umm_worker": Adapter("unisafe_tasks.models.umm_worker.UmmWorker", is_local=True),
    }
)
"""The adapters of this package by what `--model` calls them."""


def adapters() -> dict[str, Adapter]:
    """All adapters by name: ours, and those that other distributions add. Nothing is imported."""
    added = {
        point.name: Adapter(point.value.replace(":", "."))
        for point in sorted(installed(_GROUP), key=lambda point: point.value)
    }
    return {**added, **ADAPTERS}


def refuse_ambiguous(name: str) -> None:
    """Refuse an adapter's name that two distributions give to two classes.

    Raises:
        UnisafeError: it names the classes.
    """
    paths = [point.value for point in installed(_GROUP).select(name=name)]
    if name in ADAPTERS:
        paths.append(f"{ADAPTERS[name].class_path}, which is built in")
    if len(paths) > 1:
        raise UnisafeError(
            f"--model {name} may mean {' or '.join(sorted(paths))}: uninstall the distribution "
            "whose adapter you do not want"
        )
