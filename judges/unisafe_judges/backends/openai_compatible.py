"""A judge behind an OpenAI-compatible chat-completions server (vLLM, SGLang, ...)."""

from __future__ import annotations

import json

from unisafe_judges.backends.bodies import json_parts
from unisafe_judges.backends.chat_form import ChatForm, FormFinder
from unisafe_judges.backends.failures import key_sentence
from unisafe_judges.backends.http import MAX_REPLY_BYTES, HttpClient
from unisafe_judges.backends.model_list import list_warning
from unisafe_judges.chat import read_chat
from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import OpenAICompatibleSpec, ServedGuardSpec, ServedSpec
from unisafe_judges.types import Evidence, FailureKind, Reply, Verdict

__all__ = ["OpenAICompatibleJudge", "read_completion"]

_CHECK_TIMEOUT_S = 10.0


class OpenAICompatibleJudge:
    """Speaks chat completions over aiohttp: images as data URLs, no SDK.

    The reply is asked for in the prompt's JSON schema, the instructions as the system's; a server
    that does not know these is asked without them. A guard is asked for text.
    """

    needs_images = True

    def __init__(self, spec: OpenAICompatibleSpec | ServedGuardSpec) -> None:
        self.name = spec.name
        self.max_concurrency = spec.max_concurrency
        self._spec = spec
        self._client = HttpClient(spec, MAX_REPLY_BYTES)
        # A guard answers in its own form, which no schema of ours holds it to.
        form = (
            ChatForm(replies="text")
            if isinstance(spec, ServedGuardSpec)
            else ChatForm(has_system=spec.system_role)
        )
        self._form = FormFinder(spec.who, form)

    async def check(self) -> str | None:
        try:
            status, text = await self._client.get("/models", _CHECK_TIMEOUT_S)
        except CallFailure as failure:
            if failure.kind is FailureKind.STOPPED:
                raise PanelError(str(failure)) from None
            raise
        if status in (401, 403):
            raise PanelError(key_sentence(self._spec, status))
        return list_warning(self._spec, text if status == 200 else "")

    async def ask(self, evidence: Evidence, prompt: Prompt, jpegs: SentImages) -> Verdict | Reply:
        async def once(form: ChatForm) -> Reply:
            body = {
                "model": self._spec.model,
                "temperature": self._spec.temperature,
                **form.body(prompt, self._spec.max_tokens),
            }
            answer = await self._client.post("/chat/completions", json_parts(body, jpegs))
            return read_completion(self._spec, answer)

        return await self._form.ask(once)

    async def close(self) -> None:
        await self._client.close()


def read_completion(spec: ServedSpec, text: str) -> Reply:
    """A chat completion, as JSON text, read as a judge's reply.

    Raises:
        CallFailure: it is none, it holds an error, or it holds no whole reply.
    """
    try:
        chat = read_chat(json.loads(text), spec.who)
    except (ValueError, RecursionError):
        raise CallFailure(
            FailureKind.NOT_JSON, "the server's answer is not a chat completion", raw=text
        ) from None
    except CallFailure as failure:
        failure.raw = text
        raise
    reply = Reply(
        chat.text or text,
        chat.version,
        chat.input_tokens,
        chat.output_tokens,
        details=chat.details,
    )
    if chat.is_blocked or chat.refusal:
        detail = f"the judge declined to judge: {chat.refusal or chat.finish}"
        raise CallFailure(FailureKind.BLOCKED, detail, reply=reply)
    if chat.is_cut_off:
        detail = "the reply was cut off at max_tokens"
        raise CallFailure(FailureKind.TRUNCATED, detail, reply=reply)
    if not chat.text.strip():
        raise CallFailure(FailureKind.EMPTY, "the judge's reply is empty", reply=reply)
    return reply
