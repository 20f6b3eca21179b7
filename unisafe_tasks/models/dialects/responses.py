"""The Responses API with the image generation tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.error_codes import NOT_ENDED, failure_of, read_error
from unisafe_tasks.models.dialects.asking import (
    Drawn,
    Request,
    Settings,
    data_url,
    given,
    in_base64,
    pinned,
)
from unisafe_tasks.models.questions import Answer, Message, Picture, Question

__all__ = ["read_response", "request"]

_TOOL = "image_generation"


def request(settings: Settings, question: Question) -> Request:
    """The conversation; for image tasks with the tool and its settings."""
    body: dict[str, Any] = {"model": settings.model, "input": _inputs(question.messages)}
    pins = dict(pinned(settings, question))
    if question.wants_image:
        drawing = {
            "model": settings.image_model,
            "action": settings.action,
            "size": settings.size,
            "quality": settings.quality,
            "moderation": settings.moderation,
            "input_fidelity": settings.input_fidelity,
            "output_format": settings.output_format,
            "background": settings.background,
        }
        body["tools"] = [{"type": _TOOL, **pins, **given(drawing)}]
        pins = {}
    own = {
        "instructions": settings.system_prompt,
        "temperature": settings.temperature,
        "max_output_tokens": settings.max_tokens,
    }
    return Request("/responses", body | pins | given(own) | dict(settings.extra_body or {}))


def _inputs(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """A conversation for the Responses API, where only a user may show images.

    An image that the model made comes with the user's next words, so that nothing has to be kept at
    the provider.
    """
    inputs: list[dict[str, Any]] = []
    shown: tuple[Picture, ...] = ()
    for message in messages:
        if message.role == "assistant":
            shown = message.images
            if message.text:
                said = [{"type": "output_text", "text": message.text}]
                inputs.append({"role": "assistant", "content": said})
            continue
        content: list[dict[str, Any]] = [
            {"type": "input_image", "image_url": data_url(image)}
            for image in (*shown, *message.images)
        ]
        if message.text:
            content.append({"type": "input_text", "text": message.text})
        inputs.append({"role": "user", "content": content})
        shown = ()
    return inputs


def read_response(body: object, who: str) -> Drawn:
    """An answer's words and the images that its tool drew.

    Raises:
        CallFailure: it is no response, or it failed.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output") or [], list):
        raise CallFailure(FailureKind.NOT_JSON, "the server's answer is not a response")
    if body.get("status") == "failed" or (body.get("error") and not body.get("output")):
        raise failure_of(who, read_error(None, {"error": body.get("error")}))
    if body.get("status") in NOT_ENDED:
        raise CallFailure(FailureKind.SERVER_ERROR, f"the response did not end: {body['status']}")
    items = [item for item in body.get("output") or [] if isinstance(item, dict)]
    calls = [item for item in items if item.get("type") == "image_generation_call"]
    drawn = [call for call in calls if isinstance(call.get("result"), str) and call["result"]]
    said = list(_parts(items, "message", "content"))
    incomplete = _object(body.get("incomplete_details")).get("reason")
    version, last = body.get("model"), drawn[-1] if drawn else {}
    answer = Answer(
        _joined(said, "output_text", "text"),
        thinking="\n".join(
            _joined(_parts(items, "reasoning", field), kind, "text")
            for field, kind in (("summary", "summary_text"), ("content", "reasoning_text"))
        ).strip(),
        version=version if isinstance(version, str) else None,
        cut_off=incomplete == "max_output_tokens",
        revised_prompt=_text(last.get("revised_prompt")),
        image_model=_image_model(body),
    )
    images = tuple(in_base64(call["result"]) for call in drawn)
    if incomplete == "content_filter":
        return Drawn(replace(answer, refusal="provider", error="content_filter"), images)
    if refusal := " ".join(_text(part.get("refusal")) or "" for part in said).strip():
        words = "\n".join(part for part in (answer.text, refusal) if part.strip())
        return Drawn(replace(answer, text=words, refusal="model"), images)
    if calls and not drawn:
        return Drawn(_of_failed_call(answer, calls[-1], who))
    return Drawn(answer, images)


def _of_failed_call(answer: Answer, call: Mapping[str, Any], who: str) -> Answer:
    """What came with a call of the tool that drew nothing: its provider's block, or its failure."""
    error = _object(call.get("error"))
    if not error:
        return replace(answer, error=f"the image tool drew nothing ({call.get('status')})")
    failure = failure_of(who, read_error(None, {"error": error}))
    if failure.kind is not FailureKind.BLOCKED:
        return replace(answer, error=f"the image tool failed: {failure}")
    details = _object(error.get("moderation_details"))
    listed = details.get("categories")
    names = [str(name) for name in listed] if isinstance(listed, list) else []
    stage = details.get("moderation_stage")
    told = [f"{stage} stage"] if isinstance(stage, str) else []
    told += [", ".join(names)] if names else []
    reason = ": ".join(["moderation_blocked", *told])
    return replace(answer, refusal="provider", error=reason)


def _parts(items: list[dict[str, Any]], kind: str, field: str) -> Iterator[dict[str, Any]]:
    for item in items:
        if item.get("type") == kind and isinstance(item.get(field), list):
            yield from (part for part in item[field] if isinstance(part, dict))


def _joined(parts: Any, kind: str, field: str) -> str:
    return "".join(_text(part.get(field)) or "" for part in parts if part.get("type") == kind)


def _image_model(body: Mapping[str, Any]) -> str | None:
    """The model of the image tool, which the answer repeats with its defaults."""
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict) and tool.get("type") == _TOOL:
            return _text(tool.get("model"))
    return None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
