"""One module per way to ask a judge; all of them satisfy `Judge`, some `BatchJudge` too."""

from __future__ import annotations

from unisafe_judges.backends.base import BatchJob, BatchJudge, BatchLost, Judge
from unisafe_judges.backends.labels import LabelsJudge
from unisafe_judges.backends.openai_compatible import OpenAICompatibleJudge
from unisafe_judges.specs import (
    GeminiSpec,
    JudgeSpec,
    LabelsSpec,
    OpenAICompatibleSpec,
    OpenAISpec,
)

__all__ = [
    "BatchJob",
    "BatchJudge",
    "BatchLost",
    "Judge",
    "LabelsJudge",
    "OpenAICompatibleJudge",
    "build_batch_judge",
    "build_judge",
]


def build_judge(spec: JudgeSpec) -> Judge:
    """The judge that a panel file's entry describes.

    Raises:
        PanelError: its key is not set, its label file cannot be used, or it needs a package that
            is not installed.
    """
    # The SDKs and torch take seconds to import: only a panel that needs one waits for it.
    if isinstance(spec, LabelsSpec):
        return LabelsJudge(spec)
    if isinstance(spec, OpenAICompatibleSpec):
        return OpenAICompatibleJudge(spec)
    if isinstance(spec, OpenAISpec):
        from unisafe_judges.backends.openai import OpenAIJudge

        return OpenAIJudge(spec)
    if isinstance(spec, GeminiSpec):
        from unisafe_judges.backends.gemini import GeminiJudge

        return GeminiJudge(spec)
    from unisafe_judges.backends.transformers import TransformersJudge

    return TransformersJudge(spec)


def build_batch_judge(spec: JudgeSpec) -> BatchJudge | None:
    """The judge's batch API, or None if its backend has none.

    Raises:
        PanelError: its key is not set.
    """
    if isinstance(spec, OpenAISpec):
        from unisafe_judges.backends.openai_batch import OpenAIBatchJudge

        return OpenAIBatchJudge(spec)
    if isinstance(spec, GeminiSpec):
        from unisafe_judges.backends.gemini_batch import GeminiBatchJudge

        return GeminiBatchJudge(spec)
    return None
