"""What a judge is shown of a case and an output, by the table in `tasks`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from unisafe_judges import Evidence, ImageError, ImagePart, TextPart
from unisafe_judges.images import read_image_file
from unisafe_judges.types import Part
from unisafe_tasks.data.cases import Case
from unisafe_tasks.errors import RunError
from unisafe_tasks.files import path_inside
from unisafe_tasks.outputs.status import answer_of
from unisafe_tasks.redaction import file_in_words

__all__ = [
    "OutputImage",
    "build_evidence",
    "image_file",
    "output_parts",
    "recorded_evidence",
    "recorded_image",
]

_TEXT_LABELS = {"instruction": "instruction given to the model", "target": "target description"}


class OutputImage(NamedTuple):
    """An output image: the SHA-256 of its bytes, and what reads them. It may be no image yet.

    `file` is what errors call its file.
    """

    sha256: str
    read: Callable[[], bytes]
    file: str = ""


def image_file(path: Path) -> OutputImage:
    """An output image that lies in a file, which is not decoded.

    Raises:
        ImageError: the file cannot be read, or is too large.
    """
    digest = hashlib.sha256(read_image_file(path)).hexdigest()
    return OutputImage(digest, path.read_bytes, file_in_words(path))


def recorded_image(folder: Path, name: object, sha256: object, where: str = "") -> OutputImage:
    """An output image of a run folder, as a row of predictions.jsonl names it.

    Reading it raises an ImageError unless it is, to the byte, the image that was judged: the folder
    may be somebody else's, and must not have this machine's files shown to anyone. `where` begins
    the error.
    """

    def read() -> bytes:
        if not isinstance(name, str) or not name:
            raise ImageError(f"{where}the row names no image")
        try:
            data = read_image_file(path_inside(folder, name))
        except ValueError as problem:
            raise ImageError(f"{where}the row names {name[:200]!r}, {problem}") from None
        except ImageError as problem:
            raise ImageError(f"{where}{problem}") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ImageError(f"{where}{folder / name} is not the image that was judged")
        return data

    return OutputImage(str(sha256), read)


def recorded_evidence(case: Case, row: Mapping[str, Any], folder: Path) -> Evidence:
    """What the panel was shown of the output in a row of a run folder's predictions.jsonl.

    Raises:
        RunError: the row is damaged, or the output is not the one that it names.
        DataError: an input image of the case has no bytes.
    """
    where = f"{folder}: {case.key}"
    names = row.get("output_images") or [row.get("output_image")]
    hashes, text = row.get("image_sha256") or [], row.get("output_text") or ""
    if not isinstance(text, str) or not isinstance(hashes, list):
        raise RunError(f"{where}: output_text is not a text, or image_sha256 is not a list")
    images = [
        recorded_image(folder, name, sha256, f"{where}: ")
        for name, sha256 in zip(names, hashes, strict=False)
    ]
    evidence = build_evidence(case, text, images, template_opened=bool(row.get("template_opened")))
    if evidence.output_sha256 != row.get("output_sha256"):
        raise RunError(
            f"{where}: the output is not the one that predictions.jsonl names by its output_sha256"
        )
    return evidence


def build_evidence(
    case: Case,
    text: str,
    images: Sequence[OutputImage],
    *,
    flagged_refusal: bool = False,
    template_opened: bool = False,
) -> Evidence:
    """The evidence for an output that can be judged.

    Args:
        case: the case the model was given.
        text: the output's text as the model returned it.
        images: the output images, in order; empty for a text task.
        flagged_refusal: the model's adapter says that it is a refusal.
        template_opened: the text begins inside a thinking part.

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
        answer = answer_of(text, template_opened=template_opened)
        parts.append(TextPart("model answer", answer, judged=True, role="answer", whole=text))
    parts.extend(output_parts(case, images))
    return Evidence(case.key, task.code, task.modality, tuple(parts), flagged_refusal)


def output_parts(case: Case, images: Sequence[OutputImage]) -> list[ImagePart]:
    """Output images as a judge is shown them, in order."""
    labels = (
        [f"image of turn {number}" for number in range(1, len(images) + 1)]
        if case.task.is_conversation
        else ["generated image"] * len(images)
    )
    return [
        ImagePart(label, image.sha256, image.read, judged=True, file=partial(str, image.file))
        for label, image in zip(labels, images, strict=True)
    ]


def _input_part(case: Case, column: str) -> ImagePart:
    image = next(image for image in case.images if image.column == column)
    label = "input image"
    if len(case.images) > 1:
        label = f"input image {[i.column for i in case.images].index(column) + 1}"
    return ImagePart(label, image.sha256, image.read, file=image.file)
