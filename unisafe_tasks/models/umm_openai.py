"""`--model umm_openai`: any endpoint in one of OpenAI's dialects that reads and writes both.

`profile=` names a server, which says the dialect and what can be asked (see `profiles`). Without
one, `api=responses` is the Responses API with the image generation tool, `api=images` the Images
API (generations and edits), and `api=chat` chat completions that return images.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.backends.failures import http_failure
from unisafe_judges.backends.http import HttpClient
from unisafe_judges.images import MAX_BYTES
from unisafe_judges.model_names import same_model
from unisafe_tasks.models.arguments import Codes
from unisafe_tasks.models.dialects import chat, images, responses
from unisafe_tasks.models.dialects.asking import Drawn, Request
from unisafe_tasks.models.profiles import Edits, Pins, profile_named
from unisafe_tasks.models.questions import Answer, Question
from unisafe_tasks.models.remote import RemoteArguments, RemoteModel, picture_at
from unisafe_tasks.models.stack import UNKNOWN
from unisafe_tasks.tasks import TASKS

__all__ = ["UmmOpenAI"]

# Images come in base64, which takes a third more, and there may be drafts.
_MAX_ANSWER_BYTES = 4 * MAX_BYTES
_CHECK_TIMEOUT_S = 10.0
_IMAGE_TASKS = frozenset(code for code, task in TASKS.items() if task.makes_images)
_DIALECTS = {
    "responses": (responses.request, responses.read_response),
    "images": (images.request, images.read_images),
    "chat": (chat.request, chat.read_completion),
}
_IMAGE_SETTINGS = ("quality", "moderation", "input_fidelity", "output_format", "background")
_DRAWN_WITH = ("steps", "guidance", "seed")
_TAKEN = {
    "responses": {
        *("system_prompt", "temperature", "max_tokens", "size", "image_model", "action"),
        *_IMAGE_SETTINGS,
    },
    "images": {"size", "seed", "response_format", *_IMAGE_SETTINGS},
    "chat": {"system_prompt", "temperature", "max_tokens", "seed", "size", "modalities"},
}
"""The settings that each dialect has a place for."""


class OpenAIArguments(RemoteArguments):
    """A server that speaks one of the dialects of OpenAI."""

    no_stack: ClassVar[tuple[str, ...]] = (
        *RemoteArguments.no_stack,
        *("api", "modalities", "response_format", "output_format"),
    )
    adapter: ClassVar[str] = "umm_openai"
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
    decides_if_given: ClassVar[tuple[str, ...]] = (
        *RemoteArguments.decides_if_given,
        "image_model",
        "action",
        "input_fidelity",
        "output_format",
        "background",
    )

    api: Literal["responses", "images", "chat"] = "responses"
    """The dialect, unless a profile says it: the Responses API with the image tool, the Images API,
    or chat completions that return images."""
    tasks: Codes | None = None
    """The tasks that the model can do, such as `TI:IE`, if it cannot do all that its API can."""
    size: str | None = None
    """The size of images, such as `1024x1024`."""
    quality: str | None = None
    """The quality of images, of the image tool and the Images API."""
    moderation: str | None = None
    """How strictly the provider moderates images, of the image tool and the Images API."""
    image_model: str | None = None
    """The model that the image tool draws with."""
    action: Literal["generate", "edit", "auto"] | None = None
    """Whether the image tool draws anew or edits."""
    input_fidelity: str | None = None
    """How closely an edit keeps to its input images, of the image tool and the Images API."""
    output_format: str | None = None
    """The file format of images, of the image tool and the Images API."""
    background: str | None = None
    """The background of images, of the image tool and the Images API."""
    modalities: str | None = None
    """Of chat completions, such as `text:image`; text tasks then ask for text alone."""
    response_format: Literal["b64_json", "url"] | None = None
    """Of the Images API, for servers that give URLs unless asked for bytes."""

    @model_validator(mode="before")
    @classmethod
    def _as_the_profile_says(cls, value: Any) -> Any:
        """What a profile decides, and no argument may say otherwise."""
        if not isinstance(value, dict) or value.get("profile") is None:
            return value
        profile = profile_named(str(value["profile"]), "umm_openai")
        if value.get("api") not in (None, profile.draws):
            raise ValueError(f"profile={value['profile']} speaks api={profile.draws}")
        if value.get("system_prompt") is not None and not profile.takes_system:
            raise ValueError(
                f"profile={value['profile']} has no place for a system_prompt: the server drops it"
            )
        decided = {"modalities": profile.modalities, "response_format": profile.response_format}
        said = {name: given for name, given in value.items() if given is not None}
        return {
            **{name: given for name, given in decided.items() if given is not None},
            **said,
            "api": profile.draws,
        }

    @model_validator(mode="after")
    def _no_setting_is_ignored(self) -> OpenAIArguments:
        dialects = (self.api, *((self.server.writes,) if self.server else ()))
        taken = set().union(*(_TAKEN.get(dialect or "", set()) for dialect in dialects))
        for name in sorted(set().union(*_TAKEN.values()) - taken):
            if name in self.model_fields_set and getattr(self, name) is not None:
                raise ValueError(
                    f"api={self.api} has no place for {name}: leave it out, or send what the "
                    "server takes by extra_body"
                )
        return self

    def stack(self) -> dict[str, Any]:
        unsaid = ("moderation", "tool_model") if self.api == "responses" else _DRAWN_WITH
        return {**dict.fromkeys(unsaid, UNKNOWN), **super().stack()}

    @property
    def edits(self) -> Edits:
        return self.server.edits if self.server else "files"

    @property
    def pins(self) -> Pins:
        return self.server.pins if self.server else Pins()

    @property
    def drawing_model(self) -> str | None:
        """The model of the image tool that is asked for by name."""
        named: str | None = self.image_model or self.pins.draw.get("model")
        return named if self.api == "responses" else None

    @property
    def around(self) -> tuple[str, str]:
        return self.server.around if self.server else ("", "")


class UmmOpenAI(RemoteModel):
    """Plain requests and answers: what one server adds and another lacks is in its dialect."""

    name = "umm_openai"
    arguments = OpenAIArguments
    spec: OpenAIArguments

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._client = HttpClient(self.spec, _MAX_ANSWER_BYTES)
        self._root: str | None = None
        server = self.spec.server
        self.history = server.history if server else "last" if self.spec.api == "images" else "full"

    @property
    def tasks(self) -> frozenset[str]:
        server = self.spec.server
        able = frozenset(TASKS) if self.spec.api != "images" else _IMAGE_TASKS
        able = server.tasks if server else able
        return able if self.spec.tasks is None else able & self.spec.tasks

    async def is_known_to_serve(self) -> bool:
        """Whether the server's list of models has it; many have no list, or another."""
        try:
            status, text = await self._client.get("/models", _CHECK_TIMEOUT_S)
        except CallFailure as failure:
            if failure.kind is FailureKind.CONNECTION:
                # A server may be busy, or have no list: the first question decides.
                return False
            raise
        if status == 401:
            raise http_failure(self.spec, status, text)
        try:
            listed = json.loads(text)["data"]
            entry = next(entry for entry in listed if entry["id"] == self.spec.model)
        except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
            return False
        # Of vLLM: the folder or hub id of the weights behind the served name.
        root = entry.get("root")
        self._root = root if isinstance(root, str) and root != self.spec.model else None
        return True

    def facts(self) -> dict[str, Any]:
        root = {"served_weights": self._root} if self._root else {}
        return {**super().facts(), **root}

    def substitute(self, answer: Answer) -> str | None:
        """Also a tool that drew under another name than the one that was asked for."""
        asked, drew = self.spec.drawing_model, answer.image_model
        if asked and drew and not same_model(asked, drew):
            return drew
        return super().substitute(answer)

    async def call(self, question: Question) -> Answer:
        server = self.spec.server
        dialect: str = self.spec.api
        if server and server.writes and not question.wants_image:
            dialect = server.writes
        request, read = _DIALECTS[dialect]
        drawn = read(await self._post(request(self.spec, question)), self.spec.who)
        return await self._with_images(drawn, question)

    async def close(self) -> None:
        await self._client.close()

    async def _post(self, request: Request) -> Any:
        if request.files:
            text = await self._client.post(request.path, form=request.form())
        else:
            body = json.dumps(dict(request.body)).encode()
            text = await self._client.post(request.path, [body])
        try:
            # An answer with images has megabytes.
            return await asyncio.to_thread(json.loads, text)
        except (ValueError, RecursionError):
            raise CallFailure(FailureKind.NOT_JSON, "the server's answer is not JSON") from None

    async def _with_images(self, drawn: Drawn, question: Question) -> Answer:
        pictures = [await picture_at(image, self.spec) for image in drawn.images]
        revised = drawn.answer.revised_prompt
        return replace(
            drawn.answer,
            images=tuple(pictures),
            # Some servers repeat the prompt.
            revised_prompt=revised if revised != question.text else None,
        )
