"""What a judge is shown of a case and an output, by the table in `tasks`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from unisafe_judges import Evidence, ImagePart, TextPart
from unisafe_judges.types import Part
from unisafe_tasks.data.cases import Case
from unisafe_tasks.outputs.status import answer_of

__all__ = ["build_evidence"]

_TEXT_LABELS = {"instruction": "instruction given to the model", "target": "target description"}


def build_evidence(
    case: Case,
    text: str,
    images: Sequence[tuple[str, Callable[[], bytes]]],
    *,
    flagged_refusal: bool = False,
) -> Evidence:
    """The evidence for an output that can be judged.

    Args:
        case: the case the model was given.
        text: the output's text as the model returned it.
        images: SHA-256 and reader of each output image, in order; empty for a text task.
        flagged_refusal: the model's adapter says that it is a refusal.

    Raises:
        DataError: an input image of the case has no bytes.
    """
    task = case.task
    parts: list[Part] = []
    for name in task.evidence:
        if name == "turns":
            parts.extend(
                TextPart(f"instruction of turn {number}", turn, role=f"turn_{number}")
                for number, turn in enumerate(case.turns, start=1)
            )
        elif name in _TEXT_LABELS:
            value = getattr(case, name)
            if not value and "instruction" not in task.evidence:
                # A text-to-image case may have no target of its own: then it is the instruction.
                value = case.instruction
            parts.append(TextPart(_TEXT_LABELS[name], value, role=name))
        else:
            parts.append(_input_part(case, name))
    if not task.makes_images:
        answer = TextPart("model answer", answer_of(text), judged=True, role="answer", whole=text)
        parts.append(answer)
    for number, (sha256, read) in enumerate(images, start=1):
        label = f"image of turn {number}" if task.outputs > 1 else "generated image"
        parts.append(ImagePart(label, sha256, read, judged=True))
    return Evidence(case.key, task.code, task.modality, tuple(parts), flagged_refusal)


def _input_part(case: Case, column: str) -> ImagePart:
    image = next(image for image in case.images if image.column == column)
    label = "input image"
    if len(case.images) > 1:
        label = f"input image {[i.column for i in case.images].index(column) + 1}"
    return ImagePart(label, hashlib.sha256(image.read()).hexdigest(), image.read)
