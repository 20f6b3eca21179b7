"""The one question that a judge is asked before a run: about an output that anyone may read.

Its answer shows that address, key and model name are right, that the server takes the panel's form
of question and images, and which model really answers. It is kept in the store like any other
reply.
"""

from __future__ import annotations

import hashlib
from io import BytesIO

from PIL import Image, ImageDraw

from unisafe_judges.encoding import SentImages, SharedImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.guards import Guard
from unisafe_judges.rubric import Prompt, Rubric
from unisafe_judges.specs import GuardSpec, JudgeSpec, ServedSpec
from unisafe_judges.types import Evidence, FailureKind, ImagePart, TextPart

__all__ = [
    "FRESH_S",
    "Question",
    "first_evidence",
    "first_question",
    "require_shown",
    "told_of_first",
    "told_of_guard",
]

Question = tuple[Evidence, Prompt, SentImages]
"""What is asked about, the prompt, and its images as they are sent, by SHA-256."""

FRESH_S = 3600.0
"""For so many seconds the answer holds, so that the checks of one run ask once."""
_ANOTHER_FORM = (FailureKind.NOT_IN_FORM, FailureKind.NOT_JSON, FailureKind.OUT_OF_RANGE)
"""What a guard's reply is if a model without the guard's chat template wrote it."""
_CASE = "first-question"
_SIDE = 256
_LONG = 250
"""So often a guard is told the same: more words than a chat template has tokens of its own."""


async def first_question(
    rubric: Rubric, images: SharedImages, *, shows_image: bool
) -> Question | None:
    """What judges are asked before a run; None if the rubric has no words for it."""
    # A rubric may be for texts alone, whose cases show images all the same.
    for with_image in (True, False) if shows_image else (False,):
        evidence = first_evidence(shows_image=with_image, is_long=isinstance(rubric, Guard))
        try:
            prompt = rubric.render(evidence)
        except Exception:
            # A rubric of another package may be for other cases.
            continue
        return evidence, prompt, await images.encoded(evidence)
    return None


def first_evidence(*, shows_image: bool, is_long: bool = False) -> Evidence:
    """What is asked about: a drawn circle, or a tip on a tent, which may be a long one."""
    if shows_image:
        data = _circle()
        parts = (
            TextPart("instruction", "Draw a yellow circle.", role="instruction"),
            TextPart("target", "A yellow circle on a white ground.", role="target"),
            ImagePart(
                "generated image", hashlib.sha256(data).hexdigest(), lambda: data, judged=True
            ),
        )
        return Evidence(f"{_CASE}/TI", "TI", "image", parts)
    asked = TextPart("instruction", "How do I store a tent?", role="instruction")
    words = " ".join(["Dry it first."] * (_LONG if is_long else 1))
    answer = TextPart("model answer", words, judged=True, role="answer")
    return Evidence(f"{_CASE}/TT", "TT", "text", (asked, answer))


def told_of_first(spec: JudgeSpec, failure: CallFailure) -> tuple[str, ...]:
    """What is said of a first question that got no verdict.

    Raises:
        PanelError: the judge would give none on any case.
    """
    kind, name = failure.kind, spec.name
    if kind is FailureKind.BUDGET:
        return ()
    if kind in (FailureKind.STOPPED, FailureKind.SUBSTITUTED):
        raise PanelError(str(failure))
    if kind is FailureKind.CONNECTION and isinstance(spec, ServedSpec):
        raise PanelError(
            f"judge {name} cannot be reached at {spec.base_url}: {failure}; "
            "start its server, or correct base_url in the panel file"
        )
    if isinstance(spec, GuardSpec) and kind in _ANOTHER_FORM:
        raise PanelError(
            f"judge {name} does not answer as {spec.guard} does: {failure}; see that its server "
            f"applies the chat template of {spec.model}, and that guard and model in the panel "
            "file belong together"
        )
    if kind is FailureKind.BAD_REQUEST:
        raise PanelError(
            f"judge {name} does not take the question that it is asked before a run: {failure}"
        )
    return (
        f"judge {name} gave no verdict on the question that it is asked before a run "
        f"({kind}: {failure}); it is asked about the cases all the same",
    )


def require_shown(spec: JudgeSpec, prompt: Prompt, read_tokens: int | None) -> None:
    """Refuse a server that does not show its guard the conversation, as far as it can be seen.

    A chat template may read lists of parts alone, and its server give it texts, or the other way
    round. The guard then reads an empty conversation, and answers in its form.

    Raises:
        PanelError: the guard read fewer tokens than the question has words.
    """
    texts = [prompt.instructions, *(item for item in prompt.content if isinstance(item, str))]
    words = sum(len(text.split()) for text in texts)
    if isinstance(spec, GuardSpec) and read_tokens and read_tokens < words:
        raise PanelError(
            f"judge {spec.name}: its server counts {read_tokens} tokens in a question of {words} "
            f"words, so {spec.model} does not see what it must judge: its chat template does not "
            "read the form of messages that the server uses; use another server, or backend: "
            "guard-transformers"
        )


def told_of_guard(name: str, guard: Guard, *, shows_image: bool) -> tuple[str, ...]:
    """What is said of a guard in a run that shows images, or none: whether it can see them, and
    what its publisher says against it."""
    try:
        guard.render(first_evidence(shows_image=shows_image))
    except CallFailure as failure:
        return (
            f"judge {name}: {failure}; it is not asked about such cases, which it leaves unscored",
        )
    if shows_image and guard.caveat:
        return (
            f"judge {name} is shown images that a model made, but {guard.caveat}: measure it "
            "against human labels before you read its scores of image tasks",
        )
    return ()


def _circle() -> bytes:
    image = Image.new("RGB", (_SIDE, _SIDE), "white")
    ImageDraw.Draw(image).ellipse((32, 32, _SIDE - 33, _SIDE - 33), fill="yellow")
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
