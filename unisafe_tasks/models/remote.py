"""What adapters of served models share: calls within limits, refusals apart from errors, URLs."""

from __future__ import annotations

import base64
import binascii
import re
from abc import abstractmethod
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from unisafe_judges import CallFailure, FailureKind, PanelError
from unisafe_judges.rate_limited_caller import RateLimitedCaller
from unisafe_judges.specs import ServedSpec
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.models.arguments import read_arguments
from unisafe_tasks.models.base import UnifiedModel
from unisafe_tasks.models.fetching import fetch
from unisafe_tasks.models.questions import Answer, Picture, Question

__all__ = ["RemoteArguments", "RemoteModel", "picture_at"]

_DATA_URL = re.compile(r"\Adata:image/[a-z0-9.+-]+;base64,(.*)\Z", re.DOTALL)
_START = 32
"""An image takes seconds: from eight at once it would be minutes until all slots are used."""


class RemoteArguments(ServedSpec):
    """`--model_args` of a served model.

    What is not given is left to the provider: its safety settings, its system prompt and its
    decoding are part of what is measured.
    """

    decides: ClassVar[tuple[str, ...]] = ()
    own_url: ClassVar[str]
    own_key: ClassVar[str]

    name: str = "model"
    max_concurrency: int = Field(default=32, ge=1, le=1000)
    timeout_s: float = Field(default=300.0, gt=0)
    system_prompt: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    allow_urls: bool = False
    """Whether an image that the server only names by URL is fetched."""

    @property
    def who(self) -> str:
        return f"model {self.model}"

    @model_validator(mode="before")
    @classmethod
    def _provider_by_default(cls, value: Any) -> Any:
        """The provider's key is for its own address, and for no other unless that is said."""
        if isinstance(value, dict):
            value = {"base_url": cls.own_url, **value}
            if value["base_url"] == cls.own_url:
                value = {"api_key_env": cls.own_key, **value}
        return value

    @model_validator(mode="after")
    def _key_is_there(self) -> Self:
        try:
            self.key()
        except PanelError as error:
            raise ValueError(str(error)) from None
        return self


class RemoteModel(UnifiedModel):
    """A model behind a server: many questions in flight, as many as it takes well."""

    arguments: ClassVar[type[RemoteArguments]]

    def __init__(self, **given: Any) -> None:
        super().__init__()
        try:
            self.spec = read_arguments(self.arguments, self.name, given)
        except UnisafeError as error:
            exit_with(error)
        self.max_cases = 2 * self.spec.max_concurrency
        self._caller: RateLimitedCaller | None = None

    def identity(self) -> dict[str, Any]:
        return {"base_url": self.spec.base_url, **self.spec.identity()}

    async def ask(self, question: Question) -> Answer:
        if self._caller is None:
            self._caller = RateLimitedCaller(
                self.spec.who,
                self.spec.max_concurrency,
                requests_per_minute=self.spec.requests_per_minute,
                tokens_per_minute=self.spec.tokens_per_minute,
                start=_START,
            )
        return await self._caller.call(lambda: self.call(question))

    @abstractmethod
    async def call(self, question: Question) -> Answer:
        """One request.

        Raises:
            CallFailure: it was not answered, and why.
        """


async def picture_at(url: str, spec: RemoteArguments) -> Picture:
    """The image of a data URL, or, where that is allowed, of any other.

    Raises:
        CallFailure: it is not allowed, or there is no image.
    """
    if inside := _DATA_URL.match(url):
        return Picture(decoded(inside.group(1)))
    if not spec.allow_urls:
        raise CallFailure(
            FailureKind.BAD_REQUEST,
            f"the server gave an address instead of an image ({url[:100]}): with allow_urls=True "
            "it is fetched",
        )
    return Picture(await fetch(url, spec.base_url))


def decoded(text: str) -> bytes:
    """Base64 decoded.

    Raises:
        CallFailure: it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CallFailure(FailureKind.NOT_JSON, "the server's image is not in base64") from None
