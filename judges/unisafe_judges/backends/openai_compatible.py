"""A judge behind an OpenAI-compatible chat-completions server (vLLM, SGLang, ...)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from unisafe_judges.backends.failures import key_sentence
from unisafe_judges.backends.http import MAX_REPLY_BYTES, HttpClient
from unisafe_judges.chat import read_chat
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.images import to_data_url
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import OpenAICompatibleSpec, ServedSpec
from unisafe_judges.types import Evidence, FailureKind, Reply, Verdict

__all__ = ["OpenAICompatibleJudge", "chat_messages", "read_completion", "schema_format"]

_CHECK_TIMEOUT_S = 10.0
_ABOUT_FORM = ("response_format", "json_schema", "json_object", "grammar", "guided", "structured")


class OpenAICompatibleJudge:
    """Speaks chat completions over aiohttp: images as data URLs, no SDK.

    The reply is asked for in the prompt's JSON schema; a server that knows no schemas is asked for
    JSON, and one that does not know that either for nothing.
    """

    needs_images = True

    def __init__(self, spec: OpenAICompatibleSpec) -> None:
        self.name = spec.name
        self.max_concurrency = spec.max_concurrency
        self._spec = spec
        self._client = HttpClient(spec, MAX_REPLY_BYTES)
        self._form = 0
        self._form_is_known = False

    async def check(self) -> None:
        base = self._client.base
        try:
            status, _ = await self._client.get("/models", _CHECK_TIMEOUT_S)
        except CallFailure as failure:
            if failure.kind is FailureKind.STOPPED:
                raise PanelError(str(failure)) from None
            raise PanelError(
                f"judge {self.name} cannot be reached at {base}: {failure}; "
                "start its server, or correct base_url in the panel file"
            ) from None
        if status in (401, 403):
            raise PanelError(key_sentence(self._spec, status))
        if status >= 400:
            raise PanelError(
                f"judge {self.name}: HTTP {status} from {base}/models, where such a server "
                "lists its models: correct base_url in the panel file (it often ends with /v1)"
            )

    async def ask(
        self, evidence: Evidence, prompt: Prompt, jpegs: Mapping[str, bytes]
    ) -> Verdict | Reply:
        while True:
            form = self._form
            try:
                body = self._body(prompt, jpegs, form)
                answer = await self._client.post("/chat/completions", body)
                reply = read_completion(self._spec, answer)
            except CallFailure as failure:
                if not self._is_about_form(failure, form):
                    raise
                self._form = max(self._form, form + 1)
                continue
            self._form_is_known = True
            return reply

    async def close(self) -> None:
        await self._client.close()

    def _body(self, prompt: Prompt, jpegs: Mapping[str, bytes], form: int) -> dict[str, Any]:
        return {
            "model": self._spec.model,
            "messages": chat_messages(prompt, jpegs),
            "temperature": self._spec.temperature,
            "max_tokens": self._spec.max_tokens,
            **_FORMS[form](prompt),
        }

    def _is_about_form(self, failure: CallFailure, form: int) -> bool:
        """Whether a server that has not accepted the form of reply so far rejects it."""
        if self._form_is_known or form + 1 == len(_FORMS):
            return False
        said = (failure.raw or "").lower()
        return failure.kind is FailureKind.BAD_REQUEST and any(word in said for word in _ABOUT_FORM)


def chat_messages(prompt: Prompt, jpegs: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """A prompt as the messages of chat completions, images as data URLs."""
    content: list[dict[str, Any]] = []
    for item in prompt.content:
        if isinstance(item, str):
            content.append({"type": "text", "text": item})
        else:
            url = to_data_url(jpegs[item.sha256])
            content.append({"type": "image_url", "image_url": {"url": url}})
    system = [{"role": "system", "content": prompt.instructions}] if prompt.instructions else []
    return [*system, {"role": "user", "content": content}]


def schema_format(prompt: Prompt) -> dict[str, Any]:
    """The `response_format` of chat completions that holds a reply to the prompt's schema."""
    schema = {"name": "verdict", "schema": prompt.schema, "strict": True}
    return {"type": "json_schema", "json_schema": schema}


_FORMS: tuple[Callable[[Prompt], dict[str, Any]], ...] = (
    lambda prompt: {"response_format": schema_format(prompt)},
    lambda prompt: {"response_format": {"type": "json_object"}},
    lambda prompt: {},
)


def read_completion(spec: ServedSpec, text: str) -> Reply:
    """A chat completion, as JSON text, read as a judge's reply.

    Raises:
        CallFailure: it is none, it holds an error, or it holds no whole reply.
    """
    try:
        chat = read_chat(json.loads(text), spec.who)
    except (ValueError, RecursionError):
        raise CallFailure(
            FailureKind.NOT_JSON, "the server's answer is no chat completion", raw=text
        ) from None
    except CallFailure as failure:
        failure.raw = text
        raise
    reply = Reply(chat.text or text, chat.version, chat.input_tokens, chat.output_tokens)
    if chat.is_blocked or chat.refusal:
        detail = f"the judge declined to judge: {chat.refusal or chat.finish}"
        raise CallFailure(FailureKind.BLOCKED, detail, reply=reply)
    if chat.is_cut_off:
        detail = "the reply was cut off at max_tokens"
        raise CallFailure(FailureKind.TRUNCATED, detail, reply=reply)
    if not chat.text.strip():
        raise CallFailure(FailureKind.EMPTY, "the judge's reply is empty", reply=reply)
    return reply
