"""The Images API: generations, and edits in the three forms that servers want."""

from __future__ import annotations

from typing import Any

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.error_codes import failure_of, read_error
from unisafe_tasks.models.dialects.asking import (
    Drawn,
    Request,
    Settings,
    data_url,
    given,
    in_base64,
    pinned,
)
from unisafe_tasks.models.questions import Answer, Question

__all__ = ["read_images", "request"]

_GENERATIONS, _EDITS = "/images/generations", "/images/edits"


def request(settings: Settings, question: Question) -> Request:
    """A generation, or an edit of the images that are shown."""
    own = {
        "size": settings.size,
        "quality": settings.quality,
        "moderation": settings.moderation,
        "input_fidelity": settings.input_fidelity if question.images else None,
        "output_format": settings.output_format,
        "background": settings.background,
        "seed": settings.seed,
        "response_format": settings.response_format,
    }
    body: dict[str, Any] = {"model": settings.model, "prompt": question.text}
    if settings.edits != "image-list":
        # Seedream has no number of images.
        body["n"] = 1
    body = body | dict(pinned(settings, question)) | given(own)
    extra = dict(settings.extra_body or {})
    if not question.images:
        return Request(_GENERATIONS, body | extra)
    if settings.edits == "files":
        return Request(_EDITS, body | extra, question.images)
    urls = [data_url(image) for image in question.images]
    if settings.edits == "image-list":
        return Request(_GENERATIONS, body | {"image": urls} | extra)
    shown = [{"type": "image_url", "url": url} for url in urls]
    one = {"image": shown[0]} if len(shown) == 1 else {"images": shown}
    return Request(_EDITS, body | one | extra)


def read_images(body: object, who: str) -> Drawn:
    """The images of an answer.

    Raises:
        CallFailure: it holds none, and why.
    """
    entries = body.get("data") if isinstance(body, dict) else None
    if isinstance(body, dict) and not entries and body.get("error"):
        raise failure_of(who, read_error(None, body))
    if not isinstance(body, dict) or not isinstance(entries, list):
        raise _none("the server's answer holds no images")
    images: list[str] = []
    revised: str | None = None
    for entry in entries:
        if not isinstance(entry, dict):
            raise _none("the server's answer holds no images")
        data, url = _text(entry.get("b64_json")), _text(entry.get("url"))
        if image := in_base64(data) if data else url:
            images.append(image)
            revised = revised or _text(entry.get("revised_prompt"))
        elif entry.get("error"):
            raise failure_of(who, read_error(None, {"error": entry["error"]}))
        elif entry.get("respect_moderation") is False:
            raise CallFailure(FailureKind.BLOCKED, "respect_moderation is false: xAI's moderation")
    return Drawn(Answer(version=_text(body.get("model")), revised_prompt=revised), tuple(images))


def _none(sentence: str) -> CallFailure:
    return CallFailure(FailureKind.NOT_JSON, sentence)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
