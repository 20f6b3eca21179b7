"""Google's Gemini as a judge, through google-genai."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from unisafe_judges.backends.failures import (
    http_failure,
    retry_after,
    without_key,
)
from unisafe_judges.backends.http import MAX_REPLY_BYTES
from unisafe_judges.backends.model_list import end_warning
from unisafe_judges.backends.transport import sdk_client
from unisafe_judges.chat import count, read_error_in
from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import GeminiSpec, ServedSpec
from unisafe_judges.types import Evidence, FailureKind, Reply, TokenDetails, Verdict

__all__ = [
    "BLOCKING",
    "GeminiJudge",
    "gemini_failure",
    "make_client",
    "question",
    "read_answer",
    "settings",
]

_CHECK_TIMEOUT_S = 10.0
_NOT_LEFT_TO_THE_FILTER = [
    types.SafetySetting(category=category, threshold=types.HarmBlockThreshold.OFF)
    for category in (
        types.HarmCategory.HARM_CATEGORY_HARASSMENT,
        types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
        types.HarmCategory.HARM_CATEGORY_SEXUALLY_EXPLICIT,
        types.HarmCategory.HARM_CATEGORY_DANGEROUS_CONTENT,
    )
]
BLOCKING = frozenset(
    (
        "SAFETY",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "JAILBREAK",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "MODEL_ARMOR",
        "ESCALATION",
    )
)
"""Finish and block reasons of google-genai 3.4 that mean that content was not let through for what
it is. RECITATION is about copyright, OTHER about anything, NO_IMAGE and IMAGE_OTHER about a model
that drew nothing: none of these is a refusal."""
_CUT_OFF = ("MAX_TOKENS", "CONTINUATION")
_CLOSED = "PUP_LIMITED_DISABLED"
"""The finish reason of an account that is limited or disabled."""
_DURATION = re.compile(r"\A(\d+(?:\.\d+)?)s\Z")


class GeminiJudge:
    """Asked for JSON in the prompt's schema, with the provider's safety settings off.

    The settings are for those who talk with the model; a judge must see what it judges.
    """

    needs_images = True

    def __init__(self, spec: GeminiSpec) -> None:
        self.name = spec.name
        self.max_concurrency = spec.max_concurrency
        self._spec = spec
        self._key = spec.key()
        self._http = sdk_client(spec, MAX_REPLY_BYTES)
        self._client: genai.Client | None = None

    async def check(self) -> str | None:
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_S):
                await self._connected().aio.models.get(model=self._spec.model)
        except errors.APIError as error:
            failure = gemini_failure(self._spec, error)
            # A wrong key is HTTP 400 here. A 404 may be of a gateway that lists no models.
            if error.code in (400, 401, 403) and failure.kind is FailureKind.STOPPED:
                raise PanelError(str(failure)) from None
        except CallFailure as failure:
            if failure.kind is FailureKind.STOPPED:
                raise PanelError(str(failure)) from None
            raise
        except (TimeoutError, ValueError):
            pass
        return end_warning(self._spec)

    async def ask(self, evidence: Evidence, prompt: Prompt, jpegs: SentImages) -> Verdict | Reply:
        config = settings(self._spec, prompt)
        config.should_return_http_response = True
        try:
            async with asyncio.timeout(self._spec.timeout_s):
                response = await self._connected().aio.models.generate_content(
                    model=self._spec.model, contents=question(prompt, jpegs), config=config
                )
        except errors.APIError as error:
            raise gemini_failure(self._spec, error) from None
        except TimeoutError:
            raise CallFailure(
                FailureKind.TIMEOUT, f"no reply within {self._spec.timeout_s:g} s"
            ) from None
        except ValueError as error:
            # The SDK reads what says that it is JSON as JSON, errors too.
            said = without_key(self._spec, str(error))
            raise CallFailure(
                FailureKind.NOT_JSON, f"the server's answer is not JSON: {said}"
            ) from None
        raw = response.sdk_http_response
        return read_answer(self._spec, without_key(self._spec, (raw.body if raw else None) or ""))

    async def close(self) -> None:
        await self._http.aclose()

    def _connected(self) -> genai.Client:
        if self._client is None:
            self._client = make_client(self._spec, self._key, self._http)
        return self._client


def make_client(spec: ServedSpec, key: str | None, http: httpx2.AsyncClient) -> genai.Client:
    """A client of the SDK that leaves retries to us, and goes where the panel file says.

    `http` is its way out; whoever made it closes it.
    """
    return genai.Client(
        # Without one the SDK would take a key from the environment, which is not for this address.
        api_key=key or "none",
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=spec.base_url,
            # Said here, since the environment may say otherwise; schemas need this one.
            api_version="v1beta",
            timeout=round(spec.timeout_s * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
            # Nothing goes out beside it.
            httpx_client=httpx2.Client(transport=httpx2.BaseTransport(), trust_env=False),
        ),
    )


def question(prompt: Prompt, jpegs: SentImages) -> types.Content:
    """A prompt's texts and images, as the one turn of a user."""
    parts = [
        types.Part.from_text(text=item)
        if isinstance(item, str)
        else types.Part.from_bytes(data=jpegs[item.sha256], mime_type="image/jpeg")
        for item in prompt.content
    ]
    return types.Content(role="user", parts=parts)


def settings(spec: GeminiSpec, prompt: Prompt) -> types.GenerateContentConfig:
    """All else that a question goes with."""
    budget, level = spec.thinking_budget, spec.thinking_level
    thinking = types.ThinkingConfig(
        thinking_budget=budget,
        thinking_level=None if level is None else types.ThinkingLevel(level.upper()),
    )
    return types.GenerateContentConfig(
        system_instruction=prompt.instructions or None,
        temperature=spec.temperature,
        max_output_tokens=spec.max_tokens,
        response_mime_type="application/json",
        response_json_schema=dict(prompt.schema),
        safety_settings=_NOT_LEFT_TO_THE_FILTER,
        thinking_config=None if budget is None and level is None else thinking,
    )


def gemini_failure(spec: ServedSpec, error: errors.APIError) -> CallFailure:
    """What an answer with an error means.

    The time to wait is in the body, and a day's quota is no reason to wait.
    """
    text = error.details if isinstance(error.details, str) else json.dumps(error.details)
    if error.code == 429 and _is_of_the_day(error.details):
        said = without_key(spec, str(error.message))
        return CallFailure(
            FailureKind.STOPPED, f"{spec.who}: its quota of the day is used up: {said}"
        )
    headers = getattr(error.response, "headers", None) or {}
    wait_s = _retry_delay(error.details) or retry_after(headers.get("Retry-After"))
    return http_failure(spec, error.code, text, wait_s)


def _is_of_the_day(details: object) -> bool:
    """Whether google.rpc.QuotaFailure names a quota that is counted by the day."""
    try:
        return any(
            "PerDay" in violation["quotaId"]
            for detail in details["error"]["details"]  # type: ignore[index]
            for violation in detail.get("violations") or ()
        )
    except (KeyError, TypeError, AttributeError):
        return False


def _retry_delay(details: object) -> float | None:
    """The seconds of google.rpc.RetryInfo, if the error has one."""
    try:
        for detail in details["error"]["details"]:  # type: ignore[index]
            if match := _DURATION.match(str(detail.get("retryDelay"))):
                return float(match[1])
    except (KeyError, TypeError, AttributeError):
        pass
    return None


def read_answer(spec: ServedSpec, text: str) -> Reply:
    """A generateContent answer, as JSON text, read.

    Raises:
        CallFailure: it is none, or it holds no whole reply.
    """
    try:
        body = json.loads(text)
        failed = read_error_in(body, spec.who)
        blocked = (body.get("promptFeedback") or {}).get("blockReason")
        candidates: Any = body.get("candidates") or ({},)
        finish = candidates[0].get("finishReason")
        parts = (candidates[0].get("content") or {}).get("parts") or ()
        words = "".join(part.get("text", "") for part in parts if not part.get("thought"))
        usage = body.get("usageMetadata") or {}
        tokens = count(usage.get("promptTokenCount")), _tokens_written(usage)
        details = TokenDetails(
            cached=count(usage.get("cachedContentTokenCount")),
            images=_tokens_of_images(usage),
            reasoning=count(usage.get("thoughtsTokenCount")),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise CallFailure(
            FailureKind.NOT_JSON, "the server's answer is not a generateContent answer", raw=text
        ) from None
    if failed is not None:
        raise failed
    version = body.get("modelVersion")
    version = version if isinstance(version, str) else None
    reply = Reply(words or text, version, *tokens, details=details)
    if finish == _CLOSED:
        said = f"{spec.who}: its account is limited or disabled: {finish}"
        raise CallFailure(FailureKind.STOPPED, said, reply=reply)
    if blocked or finish in BLOCKING:
        detail = f"the judge's provider blocked the content: {blocked or finish}"
        raise CallFailure(FailureKind.BLOCKED, detail, reply=reply)
    if finish in _CUT_OFF:
        raise CallFailure(
            FailureKind.TRUNCATED, "the reply was cut off at its token limit", reply=reply
        )
    if not words.strip():
        detail = f"the judge's reply is empty ({finish or 'no candidate'})"
        raise CallFailure(FailureKind.EMPTY, detail, reply=reply)
    if finish not in ("STOP", None):
        raise CallFailure(FailureKind.TRUNCATED, f"the reply ended with {finish}", reply=reply)
    return reply


def _tokens_written(usage: Mapping[str, Any]) -> int | None:
    """Those of the reply and of the thinking before it: both are paid."""
    counts = [count(usage.get(name)) for name in ("candidatesTokenCount", "thoughtsTokenCount")]
    return _sum_of_known(counts)


def _tokens_of_images(usage: Mapping[str, Any]) -> int | None:
    """Those of the prompt's images, which Gemini counts among the prompt's."""
    details = usage.get("promptTokensDetails")
    counts = [
        count(part.get("tokenCount"))
        for part in (details if isinstance(details, list) else ())
        if isinstance(part, dict) and part.get("modality") == "IMAGE"
    ]
    return _sum_of_known(counts)


def _sum_of_known(counts: Iterable[int | None]) -> int | None:
    known = [number for number in counts if number is not None]
    return count(sum(known)) if known else None
