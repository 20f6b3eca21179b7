"""What a unified model is asked and what it answers, whatever way it is reached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from typing import Any, Literal, Self

from PIL.Image import Image

from unisafe_judges import CallFailure, FailureKind, ImageError
from unisafe_judges.images import check_image, open_upright
from unisafe_tasks.data.cases import Case
from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RefusalSource

__all__ = ["Answer", "Message", "Picture", "Question", "failed", "first_question"]

_MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}


@dataclass(frozen=True)
class Picture:
    """An image as the bytes of its file."""

    data: bytes = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def suffix(self) -> str:
        """The ending that belongs to the format.

        Raises:
            ImageError: the bytes are no image within the caps.
        """
        return check_image(self.data).suffix

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self.suffix]

    @classmethod
    def of(cls, image: Image) -> Self:
        """A picture as a PNG file; RGB, and without loss."""
        buffer = BytesIO()
        image.convert("RGB").save(buffer, "PNG")
        return cls(buffer.getvalue())

    def open(self) -> Image:
        """The picture, upright and in RGB."""
        return open_upright(self.data)


@dataclass(frozen=True)
class Message:
    """What one side said. `state` is what the model's provider wants back with it, as JSON."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[Picture, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What a model is asked for one turn of a case; the last message is the user's.

    `case` is its key, `ID/CODE`; `turn` counts from 1.
    """

    case: str
    task: Task
    messages: tuple[Message, ...]
    turn: int = 1

    @property
    def wants_image(self) -> bool:
        return self.task.makes_images

    @property
    def text(self) -> str:
        """The user's last words."""
        return self.messages[-1].text

    @property
    def images(self) -> tuple[Picture, ...]:
        """The images that came with them."""
        return self.messages[-1].images

    @cached_property
    def content(self) -> str:
        """All of it as JSON, images by hash: what an answer is found again by."""
        said = [
            [message.role, message.text, [image.sha256 for image in message.images]]
            for message in self.messages
        ]
        return json.dumps([self.case, self.turn, said])


def first_question(case: Case) -> Question:
    """What a case begins with.

    Raises:
        DataError: an input image cannot be read.
    """
    if case.task.is_conversation:
        return Question(case.key, case.task, (Message("user", case.turns[0]),))
    inputs = tuple(Picture(image.read()) for image in case.images)
    return Question(case.key, case.task, (Message("user", case.instruction, inputs),))


@dataclass(frozen=True)
class Answer:
    """What a model said or drew, or why it did not.

    `refusal` says who declined, if anybody; `error` is the reason for that, or for there being
    nothing. `version` is the provider's own name for what answered, and `image_model` that of the
    tool that drew. `thinking`, `cut_off`, `template_opened` and `revised_prompt` are as in
    `RawOutput`.
    """

    text: str = ""
    images: tuple[Picture, ...] = ()
    refusal: RefusalSource | None = None
    error: str | None = None
    version: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    thinking: str = ""
    cut_off: bool = False
    template_opened: bool = False
    revised_prompt: str | None = None
    image_model: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing came, and nothing says why."""
        return not (self.text.strip() or self.images or self.refusal or self.cut_off)

    @property
    def is_final(self) -> bool:
        """Whether asking again would be asking twice: it is an answer, or a refusal."""
        return self.refusal is not None or (self.error is None and not self.is_empty)

    def checked(self) -> Answer:
        """The answer, or an error if an image of it is none within the caps."""
        try:
            for image in self.images:
                # Reading it is the check.
                _ = image.suffix
        except ImageError as error:
            problem = f"the model's image cannot be used: {error}"
            return replace(self, images=(), refusal=None, error=problem)
        return self


def failed(failure: CallFailure) -> Answer:
    """A call's failure as an answer: a provider's block is a refusal, all else is an error."""
    if failure.kind is FailureKind.BLOCKED:
        return Answer(refusal="provider", error=str(failure))
    return Answer(error=str(failure))
