"""A judge behind an OpenAI-compatible chat-completions server (vLLM, SGLang, ...)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from unisafe_judges.errors import FailureKind, JudgeFailure, PanelError
from unisafe_judges.images import to_data_url
from unisafe_judges.panel import OpenAICompatibleSpec
from unisafe_judges.rubric import Prompt
from unisafe_judges.types import Evidence, Reply, Verdict

__all__ = ["OpenAICompatibleJudge"]

_CHECK_TIMEOUT_S = 10.0
_MAX_REPLY_BYTES = 4 * 1024 * 1024
# Not "safety" alone: a server that rejects a request may repeat it, and our prompt has the word.
_BLOCKED = (
    "content_filter",
    "content_policy",
    "content policy",
    "safety filter",
    "safety reasons",
    "safety settings",
    "safety system",
)


class OpenAICompatibleJudge:
    """Speaks chat completions over aiohttp: images as data URLs, JSON output, no SDK retries."""

    needs_images = True

    def __init__(self, spec: OpenAICompatibleSpec) -> None:
        self.name = spec.name
        self.max_concurrency = spec.max_concurrency
        self._spec = spec
        self._base = spec.base_url.rstrip("/")
        self._key = spec.key()
        self._session: aiohttp.ClientSession | None = None

    async def check(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_CHECK_TIMEOUT_S)
        try:
            async with self._client().get(f"{self._base}/models", timeout=timeout) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, UnicodeError) as error:  # of a host like "..."
            raise PanelError(
                f"judge {self.name} cannot be reached at {self._base}: {_reason(error)}; "
                "start its server, or correct base_url in the panel file"
            ) from None
        if status in (401, 403):
            raise PanelError(self._key_sentence(status))
        if status >= 400:
            raise PanelError(
                f"judge {self.name}: HTTP {status} from {self._base}/models, where such a server "
                "lists its models: correct base_url in the panel file (it often ends with /v1)"
            )

    async def ask(
        self, evidence: Evidence, prompt: Prompt, jpegs: Mapping[str, bytes]
    ) -> Verdict | Reply:
        body = self._body(prompt, jpegs)
        try:
            async with self._client().post(f"{self._base}/chat/completions", json=body) as response:
                text = self._without_key(await _read_capped(response))
                if response.status != 200:
                    raise self._http_failure(response, text)
        except TimeoutError:
            raise JudgeFailure(
                FailureKind.TIMEOUT, f"no reply within {self._spec.timeout_s:g} s"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise JudgeFailure(FailureKind.CONNECTION, _reason(error)) from None
        return _reply(text)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
                timeout=aiohttp.ClientTimeout(total=self._spec.timeout_s),
                connector=aiohttp.TCPConnector(limit=self.max_concurrency),
            )
        return self._session

    def _body(self, prompt: Prompt, jpegs: Mapping[str, bytes]) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        for item in prompt.content:
            if isinstance(item, str):
                content.append({"type": "text", "text": item})
            else:
                url = to_data_url(jpegs[item.sha256])
                content.append({"type": "image_url", "image_url": {"url": url}})
        return {
            "model": self._spec.model,
            "messages": [
                {"role": "system", "content": prompt.instructions},
                {"role": "user", "content": content},
            ],
            "temperature": self._spec.temperature,
            "max_tokens": self._spec.max_tokens,
            "response_format": {"type": "json_object"},
        }

    def _without_key(self, text: str) -> str:
        # Some gateways echo the request's headers in their error pages.
        return text.replace(self._key, "[api key]") if self._key else text

    def _http_failure(self, response: aiohttp.ClientResponse, text: str) -> JudgeFailure:
        status = response.status
        said = " ".join(text.split())[:300]
        if status in (401, 403):
            return JudgeFailure(FailureKind.STOPPED, self._key_sentence(status))
        if status == 404:
            return JudgeFailure(
                FailureKind.STOPPED,
                f"judge {self.name}: HTTP 404 from {self._base}: the address or the model "
                f"{self._spec.model!r} does not exist there",
            )
        if status == 429:
            return JudgeFailure(
                FailureKind.RATE_LIMITED, f"HTTP 429: {said}", retry_after=_retry_after(response)
            )
        if status >= 500:
            return JudgeFailure(FailureKind.SERVER_ERROR, f"HTTP {status}: {said}")
        kind = FailureKind.BLOCKED if _is_content_block(text) else FailureKind.BAD_REQUEST
        return JudgeFailure(kind, f"HTTP {status}: {said}", raw=text)

    def _key_sentence(self, status: int) -> str:
        variable = self._spec.api_key_env
        what = f"the key in {variable}" if variable else "a request without a key (api_key_env)"
        return f"judge {self.name}: HTTP {status}: {self._base} does not accept {what}"


async def _read_capped(response: aiohttp.ClientResponse) -> str:
    data = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        data += chunk
        if len(data) > _MAX_REPLY_BYTES:
            raise JudgeFailure(
                FailureKind.NOT_JSON, f"the reply is longer than {_MAX_REPLY_BYTES:,} bytes"
            )
    return data.decode("utf-8", "replace")


def _reply(text: str) -> Reply:
    try:
        body = json.loads(text)
        choice = body["choices"][0]
        message = choice["message"]
        content = message.get("content")
        finish = choice.get("finish_reason")
        refusal = message.get("refusal")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise JudgeFailure(
            FailureKind.NOT_JSON, "the server's answer is no chat completion", raw=text
        ) from None
    if finish == "content_filter" or refusal:
        raise JudgeFailure(
            FailureKind.BLOCKED, f"the judge declined to judge: {refusal or finish}", raw=text
        )
    if finish == "length":
        raw = content if isinstance(content, str) and content else text
        raise JudgeFailure(FailureKind.TRUNCATED, "the reply was cut off at max_tokens", raw=raw)
    if not isinstance(content, str) or not content.strip():
        raise JudgeFailure(FailureKind.EMPTY, "the judge's reply is empty", raw=text)
    version = body.get("model")
    usage = body.get("usage") if isinstance(body.get("usage"), dict) else {}
    return Reply(
        content,
        version if isinstance(version, str) else None,
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
    )


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _is_content_block(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in _BLOCKED)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _reason(error: BaseException) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
