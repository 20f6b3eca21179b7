"""What the dialects share: a request, an answer whose images are yet to come, and the settings."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from unisafe_tasks.models.profiles import Edits, Pins
from unisafe_tasks.models.questions import Answer, Picture, Question

__all__ = ["Drawn", "Request", "Settings", "data_url", "given", "in_base64", "pinned"]


class Settings(Protocol):
    """What a dialect reads of an adapter's arguments; None leaves it to the server."""

    model: str
    system_prompt: str | None
    temperature: float | None
    max_tokens: int | None
    seed: int | None
    size: str | None
    quality: str | None
    moderation: str | None
    image_model: str | None
    input_fidelity: str | None
    output_format: str | None
    background: str | None
    modalities: str | None
    extra_body: Mapping[str, Any] | None

    @property
    def who(self) -> str: ...

    @property
    def action(self) -> str | None: ...

    @property
    def response_format(self) -> str | None: ...

    @property
    def edits(self) -> Edits: ...

    @property
    def pins(self) -> Pins: ...

    @property
    def around(self) -> tuple[str, str]: ...


@dataclass(frozen=True)
class Request:
    """A POST to a path below the base URL: JSON, or a form with `files` as its images."""

    path: str
    body: Mapping[str, Any]
    files: Sequence[Picture] = ()

    def form(self) -> aiohttp.FormData:
        """The body as a form with the images as files, several of them as a list."""
        form = aiohttp.FormData()
        for name, value in self.body.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        for number, image in enumerate(self.files):
            form.add_field(
                "image[]" if len(self.files) > 1 else "image",
                image.data,
                filename=f"image-{number}{image.suffix}",
                content_type=image.media_type,
            )
        return form


@dataclass(frozen=True)
class Drawn:
    """An answer whose images are as the server gave them: data URLs, base64, or addresses."""

    answer: Answer
    images: tuple[str, ...] = field(default=())


def pinned(settings: Settings, question: Question) -> Mapping[str, Any]:
    """The server's defaults that go with a question."""
    if not question.wants_image:
        return settings.pins.write
    return settings.pins.edit if question.images else settings.pins.draw


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that are set."""
    return {name: value for name, value in values.items() if value is not None}


def data_url(image: Picture) -> str:
    """An image as a data URL."""
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"


def in_base64(text: str) -> str:
    """What a server gave where base64 was due; some put a data URL there."""
    return text if text[:5].lower() == "data:" else f"data:image/*;base64,{text}"
