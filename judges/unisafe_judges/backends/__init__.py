"""One module per way to ask a judge; all of them satisfy `Judge`, some `BatchJudge` too."""

from __future__ import annotations

from unisafe_judges.backends.base import BatchJob, BatchJudge, Judge
from unisafe_judges.backends.labels import LabelsJudge
from unisafe_judges.backends.openai_compatible import OpenAICompatibleJudge
from unisafe_judges.errors import PanelError
from unisafe_judges.specs import (
    JudgeSpec,
    LabelsSpec,
    OpenAICompatibleSpec,
)

__all__ = [
    "BatchJob",
    "BatchJudge",
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
    if isinstance(spec, LabelsSpec):
        return LabelsJudge(spec)
    if isinstance(spec, OpenAICompatibleSpec):
        return OpenAICompatibleJudge(spec)
    raise PanelError(f"judge {spec.name}: backend {spec.backend} is still to come")


def build_batch_judge(spec: JudgeSpec) -> BatchJudge | None:
    """The judge's batch API, or None if its backend has none.

    Raises:
        PanelError: its key is not set.
    """
    return None
