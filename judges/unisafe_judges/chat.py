"""A chat completion read: what any server of that dialect may put into one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from unisafe_judges.error_codes import BROKEN_OFF, CUT_OFF, DECLINED, failure_of, read_error
from unisafe_judges.errors import CallFailure
from unisafe_judges.types import NO_DETAILS, FailureKind, TokenDetails

__all__ = ["ChatReply", "count", "read_chat", "read_error_in", "read_usage"]

_TELLING = (*sorted(BROKEN_OFF), *sorted(DECLINED), *sorted(CUT_OFF))


@dataclass(frozen=True)
class ChatReply:
    """What an assistant said.

    `thinking` came in a field or part of its own; tags inside `text` are left in it. `images` are
    URLs or data URLs, as given. `refusal` is the model's, in its field of its own; `finish` is why
    the model stopped and `version` what it calls itself, as the server says; tokens as it counts.
    """

    text: str = ""
    thinking: str = ""
    images: tuple[str, ...] = ()
    refusal: str = ""
    finish: str = ""
    version: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    details: TokenDetails = NO_DETAILS

    @property
    def is_blocked(self) -> bool:
        """Whether the provider did not let all of the content through."""
        return self.finish in DECLINED

    @property
    def is_cut_off(self) -> bool:
        """Whether the model ran out of tokens."""
        return self.finish in CUT_OFF


def read_chat(body: object, who: str = "the server") -> ChatReply:
    """Read a chat completion, with the texts and images of all its choices in order.

    Args:
        body: the answer as JSON.
        who: what the sentence of a failure calls the server.

    Raises:
        CallFailure: it is no chat completion (NOT_JSON), holds an error, which is classified, or
            was broken off by the server (SERVER_ERROR).
    """
    if not isinstance(body, dict):
        raise _not_one()
    if (failure := read_error_in(body, who)) is not None:
        raise failure
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise _not_one()
    messages = []
    for choice in choices:
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict):
            raise _not_one()
        messages.append(message)
    parts = [part for message in messages for part in _parts(message)]
    finishes = [f for choice in choices if isinstance(f := choice.get("finish_reason"), str)]
    finish = next((f for f in _TELLING if f in finishes), finishes[0] if finishes else "")
    if finish in BROKEN_OFF:
        raise CallFailure(
            FailureKind.SERVER_ERROR,
            f"the server broke its answer off ({finish})",
            may_be_paid=True,
        )
    sent, written, details = read_usage(body.get("usage"))
    version = body.get("model")
    return ChatReply(
        text="".join(value for kind, value in parts if kind == "text"),
        thinking="\n".join(value for kind, value in parts if kind == "thinking"),
        images=tuple(value for kind, value in parts if kind == "image"),
        refusal=" ".join(value for kind, value in parts if kind == "refusal"),
        finish=finish,
        version=version if isinstance(version, str) and version else None,
        input_tokens=sent,
        output_tokens=written,
        details=details,
    )


def read_error_in(body: Mapping[str, Any], who: str) -> CallFailure | None:
    """The error that came with status 200, at the top of an answer or in a choice."""
    choices = body.get("choices")
    for holder in (body, *(choices if isinstance(choices, list) else ())):
        if isinstance(holder, dict) and holder.get("error"):
            named = {name: holder.get(name) for name in ("error", "error_type")}
            return failure_of(who, read_error(None, named))
    return None


def read_usage(usage: object) -> tuple[int | None, int | None, TokenDetails]:
    """Tokens of the prompt and of the reply, and what they were.

    Chat completions say `prompt_tokens` and `completion_tokens`, the Responses API `input_tokens`
    and `output_tokens`; the details stand beside them in both. Most servers count thinking among
    the reply's tokens; where the total shows that one does not, it is added, since it is paid.
    """
    said = usage if isinstance(usage, dict) else {}
    sent, given = ("prompt", "completion") if "prompt_tokens" in said else ("input", "output")
    prompt, written = count(said.get(f"{sent}_tokens")), count(said.get(f"{given}_tokens"))
    of_prompt, of_reply = (
        part if isinstance(part := said.get(f"{name}_tokens_details"), dict) else {}
        for name in (sent, given)
    )
    details = TokenDetails(
        cached=count(of_prompt.get("cached_tokens")),
        cache_written=count(of_prompt.get("cache_write_tokens")),
        images=count(of_prompt.get("image_tokens")),
        reasoning=count(of_reply.get("reasoning_tokens")),
    )
    if prompt is not None and written is not None and details.reasoning:
        apart = written + details.reasoning
        if details.reasoning > written or count(said.get("total_tokens")) == prompt + apart:
            written = count(apart)
    return prompt, written, details


def count(value: object) -> int | None:
    """A number of tokens as a server gives it, or None where it is none."""
    return value if type(value) is int and 0 <= value < 2**63 else None


def _parts(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a message holds, piece by piece: thinking, text, image or refusal, and its words."""
    for name in ("reasoning_content", "reasoning"):
        if words := _words(message.get(name)):
            yield "thinking", words
            break
    if words := _words(message.get("refusal")):
        yield "refusal", words
    content = message.get("content")
    if isinstance(content, str):
        yield "text", content
    images = message.get("images")
    for image in images if isinstance(images, list) else ():
        if isinstance(image, str):
            yield "image", image
    for part in (*_listed(content), *_listed(images)):
        kind = part.get("type")
        if kind in ("thinking", "reasoning"):
            yield "thinking", _words(part.get("thinking") or part.get("text"))
        elif kind == "refusal":
            yield "refusal", _words(part.get("refusal"))
        elif kind in ("image_url", "image", "output_image") or "image_url" in part:
            if image := _image(part):
                yield "image", image
        elif kind in ("text", "output_text"):
            yield "text", _words(part.get("text"))


def _image(part: Mapping[str, Any]) -> str:
    """The address, data URL or base64 of a part that is an image."""
    for name in ("image_url", "image", "url", "b64_json"):
        inside = part.get(name)
        url = inside.get("url") if isinstance(inside, dict) else inside
        if isinstance(url, str) and url:
            return url
    return ""


def _listed(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _words(value: object) -> str:
    """A text, or the texts of a list of typed parts."""
    if isinstance(value, str):
        return value
    return "".join(_words(part.get("text")) for part in _listed(value))


def _not_one() -> CallFailure:
    return CallFailure(FailureKind.NOT_JSON, "the server's answer is not a chat completion")
