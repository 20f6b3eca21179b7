"""OpenAI as a judge, through its SDK: the Responses API, or chat completions."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx2
import openai

from unisafe_judges.backends.bodies import data_url, json_parts
from unisafe_judges.backends.chat_form import chat_messages, schema_format
from unisafe_judges.backends.failures import http_failure, key_sentence, retry_after, without_key
from unisafe_judges.backends.http import MAX_REPLY_BYTES
from unisafe_judges.backends.model_list import end_warning, list_warning
from unisafe_judges.backends.openai_compatible import read_completion
from unisafe_judges.backends.transport import sdk_client
from unisafe_judges.chat import read_error_in, read_usage
from unisafe_judges.encoding import SentImages
from unisafe_judges.error_codes import NOT_ENDED, failure_of, read_error
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import OpenAISpec, ServedSpec
from unisafe_judges.types import Evidence, FailureKind, Reply, Verdict

__all__ = [
    "OpenAIJudge",
    "endpoint",
    "make_client",
    "read_reply",
    "reason_of",
    "request_body",
]

_CHECK_TIMEOUT_S = 10.0
_AMBIENT = ("OPENAI_CUSTOM_HEADERS", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY")
"""What the SDK would put into every request, another key included."""


class OpenAIJudge:
    """Raw responses over the SDK's aiohttp client, which takes half the CPU of its own."""

    needs_images = True

    def __init__(self, spec: OpenAISpec) -> None:
        self.name = spec.name
        self.max_concurrency = spec.max_concurrency
        self._spec = spec
        self._key = spec.key()
        self._client: openai.AsyncOpenAI | None = None

    async def check(self) -> str | None:
        model = self._spec.model
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_S):
                response = await self._connected().get(
                    f"/models/{quote(model, safe='')}", cast_to=httpx2.Response
                )
        except openai.APIStatusError as error:
            # A key may be allowed to ask models and not to list them: that is HTTP 403.
            if error.status_code == 401:
                raise PanelError(key_sentence(self._spec, 401)) from None
            return end_warning(self._spec)
        except CallFailure as failure:
            if failure.kind is FailureKind.STOPPED:
                raise PanelError(str(failure)) from None
            raise
        except (openai.APIConnectionError, TimeoutError):
            return end_warning(self._spec)
        return list_warning(self._spec, without_key(self._spec, response.text))

    async def ask(self, evidence: Evidence, prompt: Prompt, jpegs: SentImages) -> Verdict | Reply:
        try:
            # The SDK's own time limit is between two bytes, not for the whole.
            async with asyncio.timeout(self._spec.timeout_s):
                response = await self._connected().post(
                    endpoint(self._spec),
                    cast_to=httpx2.Response,
                    # The SDK's own JSON could not hold half a surrogate pair, which a model may
                    # have written.
                    content=b"".join(json_parts(request_body(self._spec, prompt), jpegs)),
                )
        except openai.APIStatusError as error:
            wait_s = retry_after(error.response.headers.get("Retry-After"))
            status, text = error.status_code, error.response.text
            raise http_failure(self._spec, status, text, wait_s) from None
        except TimeoutError:
            raise CallFailure(
                FailureKind.TIMEOUT, f"no reply within {self._spec.timeout_s:g} s"
            ) from None
        except openai.APIConnectionError as error:
            raise CallFailure(FailureKind.CONNECTION, reason_of(error)) from None
        return read_reply(self._spec, without_key(self._spec, response.text))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def _connected(self) -> openai.AsyncOpenAI:
        if self._client is None:
            self._client = make_client(self._spec, self._key)
        return self._client


def make_client(
    spec: ServedSpec,
    key: str | None,
    most_bytes: int = MAX_REPLY_BYTES,
    timeout_s: float | None = None,
) -> openai.AsyncOpenAI:
    """A client of the SDK that leaves retries to us, and goes where the panel file says."""
    with _without(*_AMBIENT):
        return openai.AsyncOpenAI(
            # Without one the SDK would take OPENAI_API_KEY, which is not for any other address.
            api_key=key or "none",
            base_url=spec.base_url,
            max_retries=0,
            timeout=timeout_s or spec.timeout_s,
            http_client=sdk_client(spec, most_bytes, timeout_s),
        )


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """The environment without some variables, which the SDK reads when a client is made."""
    held = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)


def endpoint(spec: OpenAISpec) -> str:
    """The path of the API that a judge is asked through, below its base URL."""
    return "/responses" if spec.api == "responses" else "/chat/completions"


def request_body(spec: OpenAISpec, prompt: Prompt) -> dict[str, Any]:
    """What is asked, for `json_parts`: the same in a call of its own and in a batch."""
    body: dict[str, Any] = {"model": spec.model}
    if spec.temperature is not None:
        body["temperature"] = spec.temperature
    if spec.api == "chat-completions":
        body |= {
            "messages": chat_messages(prompt),
            "response_format": schema_format(prompt.schema),
        }
        if spec.max_tokens is not None:
            body["max_completion_tokens"] = spec.max_tokens
        if spec.reasoning_effort is not None:
            body["reasoning_effort"] = spec.reasoning_effort
        return body
    content = [
        {"type": "input_text", "text": item}
        if isinstance(item, str)
        else {"type": "input_image", "image_url": data_url(item.sha256)}
        for item in prompt.content
    ]
    form = {"type": "json_schema", "name": "verdict", "schema": prompt.schema, "strict": True}
    body |= {
        "input": [{"role": "user", "content": content}],
        "text": {"format": form},
        # What is judged is not left with the provider for others to find.
        "store": False,
    }
    if prompt.instructions:
        body["instructions"] = prompt.instructions
    if spec.max_tokens is not None:
        body["max_output_tokens"] = spec.max_tokens
    if spec.reasoning_effort is not None:
        body["reasoning"] = {"effort": spec.reasoning_effort}
    return body


def read_reply(spec: OpenAISpec, text: str) -> Reply:
    """An answer with status 200, as JSON text, read.

    Raises:
        CallFailure: it is no answer of the API, or it holds no whole reply.
    """
    if spec.api == "chat-completions":
        return read_completion(spec, text)
    return _read_response(spec, text)


def _read_response(spec: OpenAISpec, text: str) -> Reply:
    try:
        body = json.loads(text)
        failed = read_error_in(body, spec.who)
        status = "failed" if failed else body["status"]
        parts = [
            part
            for item in body.get("output") or ()
            if item["type"] == "message"
            for part in item["content"]
        ]
        words = "".join(part["text"] for part in parts if part["type"] == "output_text")
        refusal = " ".join(part["refusal"] for part in parts if part["type"] == "refusal")
        incomplete = (body.get("incomplete_details") or {}).get("reason")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CallFailure(
            FailureKind.NOT_JSON, "the server's answer is not a response", raw=text
        ) from None
    sent, written, details = read_usage(body.get("usage"))
    version = body.get("model")
    version = version if isinstance(version, str) else None
    reply = Reply(words or text, version, sent, written, details=details)
    if status == "failed":
        failure = failed or failure_of(spec.who, read_error(None, body))
        failure.reply = reply
        raise failure
    if status in NOT_ENDED:
        raise CallFailure(
            FailureKind.SERVER_ERROR, f"the response did not end: {status}", reply=reply
        )
    if refusal or incomplete == "content_filter":
        detail = f"the judge declined to judge: {refusal or incomplete}"
        raise CallFailure(FailureKind.BLOCKED, detail, reply=reply)
    if status == "incomplete":
        detail = f"the reply was cut off: {incomplete}"
        raise CallFailure(FailureKind.TRUNCATED, detail, reply=reply)
    if not words.strip():
        raise CallFailure(FailureKind.EMPTY, "the judge's reply is empty", reply=reply)
    return reply


def reason_of(error: BaseException) -> str:
    """Why nothing came, from what the SDK's error came from.

    The error itself says "Connection error.", or that a request timed out which was never sent.
    """
    if isinstance(error, TimeoutError):
        return "no answer in time"
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error) or type(error).__name__
