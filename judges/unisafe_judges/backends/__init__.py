"""One module per way to ask a judge; all of them satisfy `Judge`, some `BatchJudge` too.

`BACKENDS` is the table of their names; `backend_named` also finds those of other distributions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from unisafe_judges.backends.base import Backend, BatchJob, BatchJudge, BatchLost, Judge
from unisafe_judges.backends.labels import LabelsJudge
from unisafe_judges.backends.openai_compatible import OpenAICompatibleJudge
from unisafe_judges.extensions import known_names, look_up
from unisafe_judges.specs import (
    GeminiSpec,
    JudgeSpec,
    LabelsSpec,
    LocalGuardSpec,
    ModelSpec,
    OpenAICompatibleSpec,
    OpenAISpec,
    ServedGuardSpec,
    ShieldGemmaSpec,
    TransformersSpec,
)

__all__ = [
    "BACKENDS",
    "BACKENDS_GROUP",
    "Backend",
    "BatchJob",
    "BatchJudge",
    "BatchLost",
    "Judge",
    "LabelsJudge",
    "OpenAICompatibleJudge",
    "backend_named",
    "backend_names",
    "build_batch_judge",
    "build_judge",
]

BACKENDS_GROUP = "unisafe.judge_backends"
"""Entry points of this group add backends: objects of the type `Backend`."""


# The SDKs and torch take seconds to import: only a panel that needs one waits for it.
def _openai(spec: OpenAISpec) -> Judge:
    from unisafe_judges.backends.openai import OpenAIJudge

    return OpenAIJudge(spec)


def _openai_batch(spec: OpenAISpec) -> BatchJudge:
    from unisafe_judges.backends.openai_batch import OpenAIBatchJudge

    return OpenAIBatchJudge(spec)


def _gemini(spec: GeminiSpec) -> Judge:
    from unisafe_judges.backends.gemini import GeminiJudge

    return GeminiJudge(spec)


def _gemini_batch(spec: GeminiSpec) -> BatchJudge:
    from unisafe_judges.backends.gemini_batch import GeminiBatchJudge

    return GeminiBatchJudge(spec)


def _transformers(spec: TransformersSpec) -> Judge:
    from unisafe_judges.backends.transformers import TransformersJudge

    return TransformersJudge(spec)


def _guard_transformers(spec: LocalGuardSpec) -> Judge:
    from unisafe_judges.backends.guard_transformers import LocalGuardJudge

    return LocalGuardJudge(spec)


def _shieldgemma(spec: ShieldGemmaSpec) -> Judge:
    from unisafe_judges.backends.shieldgemma import ShieldGemmaJudge

    return ShieldGemmaJudge(spec)


BACKENDS: Mapping[str, Backend[Any]] = {
    "labels": Backend(LabelsSpec, LabelsJudge),
    "openai-compatible": Backend(OpenAICompatibleSpec, OpenAICompatibleJudge),
    "openai": Backend(OpenAISpec, _openai, _openai_batch),
    "gemini": Backend(GeminiSpec, _gemini, _gemini_batch),
    "transformers": Backend(TransformersSpec, _transformers),
    "guard": Backend(ServedGuardSpec, OpenAICompatibleJudge),
    "guard-transformers": Backend(LocalGuardSpec, _guard_transformers),
    "shieldgemma-2": Backend(ShieldGemmaSpec, _shieldgemma),
}
"""The built-in backends by their names in a panel file."""


def backend_names() -> list[str]:
    """Every name that a panel file may give as a backend, those of other distributions last."""
    return known_names(BACKENDS_GROUP, BACKENDS)


def backend_named(name: str) -> Backend[Any]:
    """The backend that a panel file calls by this name.

    Raises:
        PanelError: nothing has that name, more than one thing has it, or the backend cannot be
            used.
    """
    return look_up(name, BACKENDS, group=BACKENDS_GROUP, kind="judge backend", read=_added)


def build_judge(spec: JudgeSpec) -> Judge:
    """The judge that a panel file's entry describes.

    Raises:
        PanelError: its backend cannot be used, its key is not set, its label file cannot be used,
            or it needs a package that is not installed.
    """
    return backend_named(spec.backend).build(spec)


def build_batch_judge(spec: JudgeSpec) -> BatchJudge | None:
    """The judge's batch API, or None if its backend has none.

    Raises:
        PanelError: its backend cannot be used, or its key is not set.
    """
    build = backend_named(spec.backend).build_batch
    return None if build is None else build(spec)


def _added(name: str, value: object) -> Backend[Any]:
    if not isinstance(value, Backend):
        raise ValueError(f"is a {type(value).__name__}, not a unisafe_judges.Backend")
    spec = value.spec
    if not (isinstance(spec, type) and issubclass(spec, ModelSpec)):
        raise ValueError(f"has the spec {spec!r}, which is not a subclass of ModelSpec")
    field = spec.model_fields.get("backend")
    if field is None or get_args(field.annotation) != (name,):
        raise ValueError(f"has a spec without the field backend: Literal[{name!r}]")
    # A field that is not in the identity would let a reply answer for another setting.
    decides = getattr(spec, "decides", None)
    if not isinstance(decides, tuple) or not set(decides) <= set(spec.model_fields):
        raise ValueError("has a spec with a `decides` that is not a tuple of names of its fields")
    return value
