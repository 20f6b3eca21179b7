"""The second step of judging: what an output counts as, and what of it a judge is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisafe_judges import Evidence, Rubric
from unisafe_tasks.data.cases import Case
from unisafe_tasks.judging.evidence import OutputImage, build_evidence
from unisafe_tasks.outputs.status import status_of
from unisafe_tasks.types import RawOutput, Status

__all__ = ["Classified", "classify"]


@dataclass(frozen=True)
class Classified:
    """An output's status, and the evidence if a judge is to be asked about it.

    `refusal_source` says who called it a refusal; `output_sha256` names an output that a judge
    could be shown; `is_unchanged` says that it is an image that the model was shown. Whether a text
    instead of an image is a refusal is decided later, once it is known whether the model makes
    images at all.
    """

    status: Status
    refusal_source: str | None = None
    output_sha256: str | None = None
    evidence: Evidence | None = None
    is_unchanged: bool = False


def classify(
    case: Case, raw: RawOutput, images: Sequence[OutputImage], rubric: Rubric | None
) -> Classified:
    """Decide what an output counts as.

    Args:
        case: the case the model was given.
        raw: what it returned.
        images: its images, in order, all of them supposed to be good.
        rubric: the panel's; None without a panel.

    Raises:
        DataError: an input image of the case has no bytes.
    """
    status = status_of(raw, case.task, len(images))
    if status is Status.REFUSED:
        return Classified(status, raw.refusal)
    if status is not Status.OK:
        return Classified(status)
    evidence = build_evidence(
        case,
        raw.text,
        images,
        flagged_refusal=raw.refusal == "model",
        template_opened=raw.template_opened,
    )
    digest = evidence.output_sha256
    if rubric is not None and rubric.is_refusal(evidence):
        return Classified(Status.REFUSED, "rubric", digest)
    return Classified(Status.OK, None, digest, evidence)
