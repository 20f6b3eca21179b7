"""`--model umm_openai`: any endpoint in one of OpenAI's dialects that reads and writes both.

`api=responses` is the Responses API with the image generation tool, `api=images` the Images API
(generations and edits), `api=chat` chat completions that return images, as vLLM-Omni, SGLang and
routers give them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import aiohttp

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.backends.http import HttpClient
from unisafe_judges.images import MAX_BYTES
from unisafe_tasks.models.arguments import Codes
from unisafe_tasks.models.questions import Answer, Message, Picture, Question
from unisafe_tasks.models.remote import RemoteArguments, RemoteModel, decoded, picture_at
from unisafe_tasks.tasks import TASKS

__all__ = ["UmmOpenAI"]

# Images come in base64, which takes a third more, and there may be drafts.
_MAX_ANSWER_BYTES = 4 * MAX_BYTES
_IMAGE_TASKS = frozenset(code for code, task in TASKS.items() if task.makes_images)


class OpenAIArguments(RemoteArguments):
    """`tasks` says what a model does that cannot do all that its API has, such as `TI:IE`."""

    own_url: ClassVar[str] = "https://api.openai.com/v1"
    own_key: ClassVar[str] = "OPENAI_API_KEY"
    decides: ClassVar[tuple[str, ...]] = (
        "api",
        "system_prompt",
        "temperature",
        "max_tokens",
        "seed",
        "size",
        "quality",
        "moderation",
        "modalities",
        "response_format",
    )

    api: Literal["responses", "images", "chat"] = "responses"
    tasks: Codes | None = None
    size: str | None = None
    quality: str | None = None
    moderation: str | None = None
    modalities: str | None = None
    """Of chat completions, such as `text:image`; most servers need none."""
    response_format: Literal["b64_json", "url"] | None = None
    """Of the Images API, for servers that give URLs unless asked for bytes."""


class UmmOpenAI(RemoteModel):
    """Plain requests and answers: what one server adds and another lacks is read here."""

    name = "umm_openai"
    arguments = OpenAIArguments
    spec: OpenAIArguments

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._client = HttpClient(self.spec, _MAX_ANSWER_BYTES)
        if self.spec.api == "images":
            self.history = "last"

    @property
    def tasks(self) -> frozenset[str]:
        able = _IMAGE_TASKS if self.spec.api == "images" else frozenset(TASKS)
        return able if self.spec.tasks is None else able & self.spec.tasks

    async def call(self, question: Question) -> Answer:
        if self.spec.api == "responses":
            return await self._read_response(
                await self._post("/responses", response_body(self.spec, question))
            )
        if self.spec.api == "chat":
            return await self._read_completion(
                await self._post("/chat/completions", chat_body(self.spec, question))
            )
        body = images_body(self.spec, question)
        if not question.images:
            return await self._read_images(await self._post("/images/generations", body))
        return await self._read_images(
            await self._post("/images/edits", form=_form(body, question.images))
        )

    async def close(self) -> None:
        await self._client.close()

    async def _post(
        self, path: str, body: dict[str, Any] | None = None, form: aiohttp.FormData | None = None
    ) -> Any:
        text = await self._client.post(path, body, form)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise CallFailure(FailureKind.NOT_JSON, "the server's answer is no JSON") from None

    async def _read_response(self, body: Any) -> Answer:
        try:
            items = body.get("output") or []
            parts = [
                part for item in items if item["type"] == "message" for part in item["content"]
            ]
            words = "".join(part["text"] for part in parts if part["type"] == "output_text")
            refusal = " ".join(part["refusal"] for part in parts if part["type"] == "refusal")
            drawn = [
                item["result"]
                for item in items
                if item["type"] == "image_generation_call" and item.get("result")
            ]
            error = body.get("error") or {}
            incomplete = (body.get("incomplete_details") or {}).get("reason")
            version = body.get("model")
        except (AttributeError, KeyError, TypeError):
            raise CallFailure(FailureKind.NOT_JSON, "the server's answer is no response") from None
        images = tuple(Picture(decoded(data)) for data in drawn)
        if body.get("status") == "failed":
            blocked = str(error.get("code")) in ("invalid_prompt", "image_content_policy_violation")
            kind = FailureKind.BLOCKED if blocked else FailureKind.SERVER_ERROR
            raise CallFailure(kind, f"{error.get('code')}: {error.get('message')}")
        return _answer(words, images, refusal, incomplete, version)

    async def _read_completion(self, body: Any) -> Answer:
        try:
            choice = body["choices"][0]
            message = choice["message"]
            content = message.get("content")
            given = content if isinstance(content, list) else []
            words = content if isinstance(content, str) else ""
            words += "".join(part["text"] for part in given if part.get("type") == "text")
            urls = [
                part["image_url"]["url"]
                for part in [*given, *(message.get("images") or [])]
                if part.get("type") == "image_url"
            ]
            version, finish = body.get("model"), choice.get("finish_reason")
            refusal = message.get("refusal") or ""
        except (AttributeError, KeyError, IndexError, TypeError):
            raise CallFailure(
                FailureKind.NOT_JSON, "the server's answer is no chat completion"
            ) from None
        images = [await picture_at(url, self.spec) for url in urls]
        return _answer(words, tuple(images), refusal, finish, version)

    async def _read_images(self, body: Any) -> Answer:
        try:
            entries = [(item.get("b64_json"), item.get("url")) for item in body["data"]]
        except (AttributeError, KeyError, TypeError):
            raise CallFailure(FailureKind.NOT_JSON, "the server's answer holds no images") from None
        images = [
            Picture(decoded(data)) if data else await picture_at(str(url), self.spec)
            for data, url in entries
        ]
        return _answer("", tuple(images), "", None, None)


def response_body(spec: OpenAIArguments, question: Question) -> dict[str, Any]:
    """A request of the Responses API."""
    body: dict[str, Any] = {"model": spec.model, "input": _inputs(question.messages)}
    if question.wants_image:
        tool = {"size": spec.size, "quality": spec.quality, "moderation": spec.moderation}
        body["tools"] = [{"type": "image_generation", **_given(tool)}]
    return body | _given(
        {
            "instructions": spec.system_prompt,
            "temperature": spec.temperature,
            "max_output_tokens": spec.max_tokens,
        }
    )


def chat_body(spec: OpenAIArguments, question: Question) -> dict[str, Any]:
    """A request for chat completions, the conversation with its images as data URLs."""
    messages: list[dict[str, Any]] = []
    if spec.system_prompt:
        messages.append({"role": "system", "content": spec.system_prompt})
    for message in question.messages:
        content: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": _data_url(image)}}
            for image in message.images
        ]
        if message.text:
            content.append({"type": "text", "text": message.text})
        messages.append({"role": message.role, "content": content})
    body = {"model": spec.model, "messages": messages}
    modalities = spec.modalities.split(":") if spec.modalities and question.wants_image else None
    return body | _given(
        {
            "temperature": spec.temperature,
            "max_tokens": spec.max_tokens,
            "seed": spec.seed,
            "modalities": modalities,
        }
    )


def images_body(spec: OpenAIArguments, question: Question) -> dict[str, Any]:
    """A request of the Images API, without the images that go with an edit."""
    return {"model": spec.model, "prompt": question.text, "n": 1} | _given(
        {
            "size": spec.size,
            "quality": spec.quality,
            "moderation": spec.moderation,
            "seed": spec.seed,
            "response_format": spec.response_format,
        }
    )


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
            {"type": "input_image", "image_url": _data_url(image)}
            for image in (*shown, *message.images)
        ]
        content.append({"type": "input_text", "text": message.text})
        inputs.append({"role": "user", "content": content})
        shown = ()
    return inputs


def _answer(
    words: str,
    images: tuple[Picture, ...],
    refusal: str,
    finish: str | None,
    version: object,
) -> Answer:
    name = version if isinstance(version, str) else None
    if finish == "content_filter":
        return Answer(words, refusal="provider", error="content_filter", version=name)
    if refusal:
        return Answer(refusal, images, refusal="model", version=name)
    return Answer(words, images, version=name)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _data_url(image: Picture) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"


def _form(body: Mapping[str, Any], images: Sequence[Picture]) -> aiohttp.FormData:
    """A request with images as files, several of them as a list."""
    form = aiohttp.FormData()
    for name, value in body.items():
        form.add_field(name, str(value))
    for number, image in enumerate(images):
        form.add_field(
            "image[]" if len(images) > 1 else "image",
            image.data,
            filename=f"image-{number}{image.suffix}",
            content_type=image.media_type,
        )
    return form
