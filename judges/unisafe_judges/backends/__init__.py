"""One module per way to ask a judge; all of them satisfy `Judge`."""

from __future__ import annotations

from unisafe_judges.backends.base import Judge
from unisafe_judges.backends.labels import LabelsJudge
from unisafe_judges.backends.openai_compatible import OpenAICompatibleJudge
from unisafe_judges.panel import LabelsSpec, OpenAICompatibleSpec

__all__ = ["Judge", "LabelsJudge", "OpenAICompatibleJudge", "build_judge"]


def build_judge(spec: LabelsSpec | OpenAICompatibleSpec) -> Judge:
    """The judge that a panel file's entry describes.

    Raises:
        PanelError: its key is not set, or its label file cannot be used.
    """
    if isinstance(spec, LabelsSpec):
        return LabelsJudge(spec)
    return OpenAICompatibleJudge(spec)
