"""From what Inspect's model API returned to an output of ours.

Everything in it is read as hostile: an image counts only as a data URI in the answer, of checked
size and content; an address or a path that the model names is never followed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ContentImage,
    ContentReasoning,
    ContentText,
    ModelOutput,
)

from unisafe_judges import ImageError
from unisafe_judges.images import MAX_BYTES
from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RawOutput, RefusalSource

__all__ = ["images_in", "read_output"]

Keep = Callable[[bytes, int], str]
"""Stores the bytes of an image under its number in the output, from 1, and returns the path; raises
an ImageError if the bytes are not an image."""

Part = TypeVar("Part", ContentText, ContentImage, ContentReasoning)

_DATA_URI = re.compile(r"\Adata:image/[a-z0-9.+-]{1,40};base64,", re.IGNORECASE)
_MAX_BASE64 = 4 * (MAX_BYTES // 3 + 1)
_NOTHING = "(no content)"
"""What Inspect's providers put where a model gave nothing."""


def read_output(
    task: Task, output: ModelOutput, messages: Sequence[ChatMessage], keep: Keep
) -> RawOutput:
    """What the model returned for a case.

    Args:
        task: the case's task.
        output: the last answer.
        messages: the conversation, the answers included.
        keep: stores an image.
    """
    history = "full" if task.is_conversation else None
    if output.empty:
        return RawOutput(history=history, sealed=True)
    text = _text_of(output.message)
    declined = any(part.refusal for part in _parts(output.message, ContentText))
    refusal: RefusalSource | None = "model" if declined else None
    error = None
    if output.stop_reason == "content_filter" and not declined:
        refusal, error = "provider", _reason(output)
    if _made_up(output):
        if output.stop_reason == "model_length":
            error = f"the request did not fit into the model: {text}"
        text = ""
    try:
        paths = _keep_images(task, output, messages, keep)
    except ImageError as problem:
        return RawOutput(
            text, error=f"the model's image cannot be used: {problem}", history=history, sealed=True
        )
    return RawOutput(
        text=text,
        images=paths,
        refusal=refusal,
        error=error,
        history=history,
        sealed=True,
        thinking="\n".join(
            part.reasoning or part.summary or ""
            for part in _parts(output.message, ContentReasoning)
        ),
        cut_off=output.stop_reason == "max_tokens",
        version=output.model or None,
    )


def images_in(output: ModelOutput) -> list[ContentImage]:
    """The images of an answer, in order."""
    return [] if output.empty else _parts(output.message, ContentImage)


def _keep_images(
    task: Task, output: ModelOutput, messages: Sequence[ChatMessage], keep: Keep
) -> tuple[str, ...]:
    """The images that count: the last of each turn, or the last of the answer."""
    if not task.makes_images:
        return ()
    answers = [output.message]
    if task.is_conversation:
        answers = [message for message in messages if isinstance(message, ChatMessageAssistant)]
    last = [images[-1] for message in answers if (images := _parts(message, ContentImage))]
    return tuple(keep(_bytes_of(image.image), number) for number, image in enumerate(last, start=1))


def _bytes_of(uri: str) -> bytes:
    head = _DATA_URI.match(uri)
    if head is None:
        raise ImageError(
            f"the answer names {uri[:100]!r} instead of an image, and an address that a model "
            "names is not opened"
        )
    if len(uri) - head.end() > _MAX_BASE64:
        raise ImageError(f"the image has more than the {MAX_BYTES:,} bytes allowed")
    try:
        return base64.b64decode(uri[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise ImageError("the image is not in base64") from None


def _text_of(message: ChatMessageAssistant) -> str:
    """The words of an answer, without the reasoning that the provider separates from them."""
    return "" if message.text.strip() == _NOTHING else message.text


def _made_up(output: ModelOutput) -> bool:
    """Whether the words are a provider's error that Inspect wrote into the answer."""
    if output.stop_reason not in ("content_filter", "model_length"):
        return False
    return output.usage is None or not output.usage.output_tokens


def _reason(output: ModelOutput) -> str:
    details = output.choices[0].stop_details
    said = details.explanation if details is not None else None
    return f"content_filter: {said or output.error}" if said or output.error else "content_filter"


def _parts(message: ChatMessageAssistant, kind: type[Part]) -> list[Part]:
    content = message.content if isinstance(message.content, list) else []
    return [part for part in content if isinstance(part, kind)]
