"""`--model umm_gemini`: Gemini models through google-genai, text and images in and out."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from google import genai
from google.genai import errors, types

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.backends.failures import without_key
from unisafe_judges.backends.gemini import BLOCKING, gemini_failure, make_client
from unisafe_judges.backends.transport import sdk_client
from unisafe_judges.images import MAX_BYTES
from unisafe_tasks.models.arguments import Codes
from unisafe_tasks.models.questions import Answer, Message, Picture, Question
from unisafe_tasks.models.remote import RemoteArguments, RemoteModel, decoded
from unisafe_tasks.tasks import TASKS

__all__ = ["UmmGemini"]


# Images come in base64, which takes a third more, and there may be drafts.
_MAX_ANSWER_BYTES = 4 * MAX_BYTES


class GeminiArguments(RemoteArguments):
    """`aspect_ratio` and `image_size` are the API's, such as `1:1` and `1K`."""

    own_url: ClassVar[str] = "https://generativelanguage.googleapis.com"
    own_key: ClassVar[str] = "GEMINI_API_KEY"
    decides: ClassVar[tuple[str, ...]] = (
        "system_prompt",
        "temperature",
        "max_tokens",
        "seed",
        "aspect_ratio",
        "image_size",
        "thinking_budget",
    )

    tasks: Codes | None = None
    aspect_ratio: str | None = None
    image_size: str | None = None
    thinking_budget: int | None = None


class UmmGemini(RemoteModel):
    """Conversations are sent whole, with the signatures that Gemini puts on its own parts.

    The safety settings are the provider's defaults.
    """

    name = "umm_gemini"
    arguments = GeminiArguments
    spec: GeminiArguments

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._http = sdk_client(self.spec, _MAX_ANSWER_BYTES)
        self._client: genai.Client | None = None

    @property
    def tasks(self) -> frozenset[str]:
        return frozenset(TASKS) if self.spec.tasks is None else self.spec.tasks

    async def call(self, question: Question) -> Answer:
        try:
            async with asyncio.timeout(self.spec.timeout_s):
                response = await self._connected().aio.models.generate_content(
                    model=self.spec.model,
                    contents=[_content(message) for message in question.messages],
                    config=_config(self.spec, question),
                )
        except errors.APIError as error:
            raise gemini_failure(self.spec, error) from None
        except TimeoutError:
            raise CallFailure(
                FailureKind.TIMEOUT, f"no answer within {self.spec.timeout_s:g} s"
            ) from None
        except ValueError as error:
            said = without_key(self.spec, str(error))
            raise CallFailure(
                FailureKind.NOT_JSON, f"the server's answer is no JSON: {said}"
            ) from None
        raw = response.sdk_http_response
        return read_answer(without_key(self.spec, (raw.body if raw else None) or ""))

    async def close(self) -> None:
        await self._http.aclose()

    def _connected(self) -> genai.Client:
        if self._client is None:
            self._client = make_client(self.spec, self.spec.key(), self._http)
        return self._client


def _content(message: Message) -> types.Content:
    signatures = message.state
    parts = [
        types.Part(
            inline_data=types.Blob(data=image.data, mime_type=image.media_type),
            thought_signature=_signature(signatures.get("image")),
        )
        for image in message.images
    ]
    if message.text:
        parts.append(
            types.Part(text=message.text, thought_signature=_signature(signatures.get("text")))
        )
    return types.Content(role="user" if message.role == "user" else "model", parts=parts)


def _signature(text: object) -> bytes | None:
    return base64.b64decode(text) if isinstance(text, str) else None


def _config(spec: GeminiArguments, question: Question) -> types.GenerateContentConfig:
    thinking = spec.thinking_budget
    shape = spec.aspect_ratio or spec.image_size
    return types.GenerateContentConfig(
        system_instruction=spec.system_prompt,
        temperature=spec.temperature,
        max_output_tokens=spec.max_tokens,
        seed=spec.seed,
        response_modalities=["TEXT", "IMAGE"] if question.wants_image else None,
        image_config=(
            types.ImageConfig(aspect_ratio=spec.aspect_ratio, image_size=spec.image_size)
            if shape and question.wants_image
            else None
        ),
        thinking_config=(
            None if thinking is None else types.ThinkingConfig(thinking_budget=thinking)
        ),
        should_return_http_response=True,
    )


def read_answer(text: str) -> Answer:
    """A generateContent answer, as JSON text, read.

    Raises:
        CallFailure: it is none.
    """
    try:
        body = json.loads(text)
        version = body.get("modelVersion")
        blocked = (body.get("promptFeedback") or {}).get("blockReason")
        candidates: Any = body.get("candidates") or ({},)
        candidate = candidates[0]
        finish, said = candidate.get("finishReason"), candidate.get("finishMessage")
        parts = [
            part
            for part in (candidate.get("content") or {}).get("parts") or ()
            if not part.get("thought")
        ]
        words = "".join(part.get("text", "") for part in parts)
        drawn = [part["inlineData"]["data"] for part in parts if "inlineData" in part]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise CallFailure(
            FailureKind.NOT_JSON, "the server's answer is no generateContent answer"
        ) from None
    name = version if isinstance(version, str) else None
    images = tuple(Picture(decoded(data)) for data in drawn)
    reason = blocked or finish
    if blocked or finish in BLOCKING:
        detail = f"{reason}: {said}" if said else str(reason)
        return Answer(words, images, refusal="provider", error=detail, version=name)
    if not words and not images:
        return Answer(error=f"an empty answer ({finish or 'no candidate'})", version=name)
    return Answer(words, images, version=name, state=_state(parts))


def _state(parts: list[Mapping[str, Any]]) -> dict[str, str]:
    """The last signature of each kind of part, to be given back with it."""
    state: dict[str, str] = {}
    for part in parts:
        if signature := part.get("thoughtSignature"):
            state["image" if "inlineData" in part else "text"] = str(signature)
    return state
