"""`--model umm_gemini`: Gemini models through google-genai, text and images in and out."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from google import genai
from google.genai import errors, types

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.backends.failures import without_key
from unisafe_judges.backends.gemini import BLOCKING, gemini_failure, make_client
from unisafe_judges.backends.transport import sdk_client
from unisafe_judges.images import MAX_BYTES
from unisafe_tasks.models.arguments import Codes
from unisafe_tasks.models.image_data import decoded
from unisafe_tasks.models.questions import Answer, Message, Picture, Question
from unisafe_tasks.models.remote import RemoteArguments, RemoteModel
from unisafe_tasks.models.stack import UNKNOWN
from unisafe_tasks.tasks import TASKS

__all__ = ["UmmGemini"]


# Images come in base64, which takes a third more, and there may be drafts.
_MAX_ANSWER_BYTES = 4 * MAX_BYTES
_CUT_OFF = frozenset(("MAX_TOKENS", "CONTINUATION"))
_ACCOUNT = "PUP_LIMITED_DISABLED"


class GeminiArguments(RemoteArguments):
    """Google's Gemini API."""

    adapter: ClassVar[str] = "umm_gemini"
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
    decides_if_given: ClassVar[tuple[str, ...]] = (
        *RemoteArguments.decides_if_given,
        "thinking_level",
        "person_generation",
    )

    tasks: Codes | None = None
    """The tasks that the model can do, such as `TI:IE`, if it cannot do all that its API can."""
    aspect_ratio: str | None = None
    """The API's aspect ratio of images, such as `1:1`."""
    image_size: str | None = None
    """The API's size of images, such as `1K`."""
    thinking_budget: int | None = None
    """The most tokens of thinking, of Gemini 2.5."""
    thinking_level: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None
    """How much the model thinks, of Gemini 3 and later."""
    person_generation: Literal["ALLOW_ALL", "ALLOW_ADULT", "ALLOW_NONE"] | None = None
    """Which people the provider lets the model draw."""

    def stack(self) -> dict[str, Any]:
        return {"safety_settings": "the provider's defaults", "seed": UNKNOWN, **super().stack()}


class UmmGemini(RemoteModel):
    """Conversations are sent whole, with the signatures that Gemini puts on its own parts.

    The safety settings are the provider's defaults, unless `extra_body` has `safetySettings`.
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
                FailureKind.NOT_JSON, f"the server's answer is not JSON: {said}"
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
    return types.GenerateContentConfig(
        system_instruction=spec.system_prompt,
        temperature=spec.temperature,
        max_output_tokens=spec.max_tokens,
        seed=spec.seed,
        # An image model that is not told draws for text tasks too.
        response_modalities=["TEXT", "IMAGE"] if question.wants_image else ["TEXT"],
        image_config=(
            types.ImageConfig(aspect_ratio=spec.aspect_ratio, image_size=spec.image_size)
            if (spec.aspect_ratio or spec.image_size) and question.wants_image
            else None
        ),
        thinking_config=_thinking(spec),
        http_options=_extra(spec, question),
        should_return_http_response=True,
    )


def _thinking(spec: GeminiArguments) -> types.ThinkingConfig | None:
    level = spec.thinking_level
    if spec.thinking_budget is None and level is None:
        return None
    return types.ThinkingConfig(
        thinking_budget=spec.thinking_budget,
        thinking_level=None if level is None else types.ThinkingLevel(level.upper()),
    )


def _extra(spec: GeminiArguments, question: Question) -> types.HttpOptions | None:
    """What the SDK has no place for: it merges this into the request."""
    extra = dict(spec.extra_body or {})
    if spec.person_generation is not None and question.wants_image:
        # The SDK sends it to Vertex AI alone.
        config = dict(extra.get("generationConfig") or {})
        image = dict(config.get("imageConfig") or {})
        config["imageConfig"] = {"personGeneration": spec.person_generation, **image}
        extra["generationConfig"] = config
    return types.HttpOptions(extra_body=extra) if extra else None


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
        said_parts = (candidate.get("content") or {}).get("parts") or ()
        parts = [part for part in said_parts if not part.get("thought")]
        words = "".join(part.get("text", "") for part in parts)
        thinking = "".join(part.get("text", "") for part in said_parts if part.get("thought"))
        drawn = [part["inlineData"]["data"] for part in parts if "inlineData" in part]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise CallFailure(
            FailureKind.NOT_JSON, "the server's answer is not a generateContent answer"
        ) from None
    answer = Answer(
        words,
        tuple(Picture(decoded(data)) for data in drawn),
        version=version if isinstance(version, str) else None,
        state=_state(parts),
        thinking=thinking,
        cut_off=finish in _CUT_OFF,
    )
    reason = next((name for name in (blocked, finish) if name in BLOCKING), blocked or finish)
    detail = f"{reason}: {said}" if said else str(reason)
    if reason in BLOCKING:
        return replace(answer, refusal="provider", error=detail)
    if finish == _ACCOUNT:
        raise CallFailure(FailureKind.STOPPED, f"the account is limited or disabled: {detail}")
    if not words and not answer.images and not answer.cut_off:
        return replace(answer, error=f"an empty answer ({detail if reason else 'no candidate'})")
    return answer


def _state(parts: list[Mapping[str, Any]]) -> dict[str, str]:
    """The last signature of each kind of part, to be given back with it."""
    state: dict[str, str] = {}
    for part in parts:
        if signature := part.get("thoughtSignature"):
            state["image" if "inlineData" in part else "text"] = str(signature)
    return state
