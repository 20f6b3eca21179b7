"""Chat completions that return images, as vLLM-Omni, OpenRouter and other routers give them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.chat import read_chat
from unisafe_tasks.models.dialects.asking import (
    Drawn,
    Request,
    Settings,
    data_url,
    given,
    pinned,
)
from unisafe_tasks.models.questions import Answer, Question

__all__ = ["read_completion", "request"]

_NOTHING_DRAWN = "Image generation completed but no images were produced."
"""vLLM-Omni's words for a failure of its own, in place of the model's (serving_chat.py)."""


def request(settings: Settings, question: Question) -> Request:
    """The conversation, with its images as data URLs."""
    messages: list[dict[str, Any]] = []
    if settings.system_prompt:
        messages.append({"role": "system", "content": settings.system_prompt})
    before, after = settings.around if question.wants_image else ("", "")
    for message in question.messages:
        content: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": data_url(image)}} for image in message.images
        ]
        if message.text:
            content.append({"type": "text", "text": f"{before}{message.text}{after}"})
        messages.append({"role": message.role, "content": content})
    modalities = None
    if settings.modalities:
        # A server that is not told draws for text tasks too.
        modalities = settings.modalities.split(":") if question.wants_image else ["text"]
    own = given(
        {
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "seed": settings.seed,
            "size": settings.size if question.wants_image else None,
            "modalities": modalities,
        }
    )
    body = {"model": settings.model, "messages": messages}
    return Request(
        "/chat/completions",
        body | dict(pinned(settings, question)) | own | dict(settings.extra_body or {}),
    )


def read_completion(body: object, who: str) -> Drawn:
    """An answer's words and images, of all its choices.

    Raises:
        CallFailure: it is no completion, or it holds an error.
    """
    reply = read_chat(body, who)
    if reply.text.strip() == _NOTHING_DRAWN and not reply.images:
        raise CallFailure(FailureKind.SERVER_ERROR, f"the server drew nothing: {_NOTHING_DRAWN}")
    answer = Answer(
        reply.text,
        thinking=reply.thinking,
        version=reply.version,
        cut_off=reply.is_cut_off,
    )
    if reply.is_blocked:
        return Drawn(replace(answer, refusal="provider", error=reply.finish), reply.images)
    if reply.refusal:
        words = "\n".join(part for part in (reply.text, reply.refusal) if part.strip())
        return Drawn(replace(answer, text=words, refusal="model"), reply.images)
    return Drawn(answer, reply.images)
