"""What adapters of served models share: calls within limits, refusals apart from errors, URLs."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from unisafe_judges import CallFailure, FailureKind, PanelError
from unisafe_judges.model_names import same_model, shown
from unisafe_judges.rate_limited_caller import RateLimitedCaller
from unisafe_judges.specs import ServedSpec
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.models.arguments import read_arguments
from unisafe_tasks.models.base import UnifiedModel
from unisafe_tasks.models.fetching import fetch
from unisafe_tasks.models.image_data import image_inside
from unisafe_tasks.models.profiles import Profile, profile_named
from unisafe_tasks.models.questions import Answer, Picture, Question
from unisafe_tasks.models.stack import NOT_SENT, sent_stack
from unisafe_tasks.redaction import redacted

__all__ = ["RemoteArguments", "RemoteModel", "picture_at"]

FIRST_WAIT_S = 1.0
"""The pause before a first retry, in seconds; it doubles."""
_FIRST_CASES = 10
"""So many rejected questions of a task, and no answer to one: more would be rejected too."""
_START = 32
"""An image takes seconds: from eight at once it would be minutes until all slots are used."""


_THE_QUESTION = frozenset(
    ("model", "messages", "input", "prompt", "contents", "image", "images", "stream", "n")
)


def _extra_body(value: object) -> object:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError('expected a JSON object, such as {"top_p": 0.9}') from None
    if isinstance(value, Mapping) and (taken := sorted(_THE_QUESTION & value.keys())):
        raise ValueError(f"{taken[0]!r} belongs to the question: leave it out")
    return value


class RemoteArguments(ServedSpec):
    """`--model_args` of a served model.

    What is not given is left to the provider: its safety settings, its system prompt and its
    decoding are part of what is measured.
    """

    decides: ClassVar[tuple[str, ...]] = ()
    decides_if_given: ClassVar[tuple[str, ...]] = ("profile", "extra_body")
    """Later settings, which are in the identity only if they are given, so that answers of before
    are found."""
    no_stack: ClassVar[tuple[str, ...]] = ("profile", "extra_body")
    """Settings that say how an answer is sent, and not what comes of a question."""
    adapter: ClassVar[str]
    own_url: ClassVar[str]
    own_key: ClassVar[str]

    name: str = "model"
    max_concurrency: int = Field(default=32, ge=1, le=1000)
    timeout_s: float = Field(default=300.0, gt=0)
    system_prompt: str | None = None
    """The system prompt of each request. Without it none is sent."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """The temperature of decoding."""
    max_tokens: int | None = Field(default=None, ge=1)
    """The most tokens of an answer."""
    seed: int | None = None
    """The seed of each request, where the API takes one."""
    allow_urls: bool = False
    """Whether an image that the server only names by URL is fetched."""
    profile: str | None = None
    """The server's profile, which says what can be asked and how, such as `vllm-omni-bagel`."""
    extra_body: Annotated[Mapping[str, Any] | None, BeforeValidator(_extra_body)] = None
    """A JSON object that goes with every request as it is."""
    strict_version: bool = False
    """Whether an answer is refused that another model gave than the one that was asked."""

    @property
    def who(self) -> str:
        return f"model {self.model}"

    @property
    def server(self) -> Profile | None:
        """The profile that was named."""
        return None if self.profile is None else profile_named(self.profile, self.adapter)

    def stack(self) -> dict[str, Any]:
        """What goes with each request, and what the profile says of its server."""
        given = {
            name: getattr(self, name)
            for name in (*self.decides, *self.decides_if_given)
            if name not in self.no_stack
        }
        server, extra = self.server, redacted(dict(self.extra_body or {}))
        sent = sent_stack(vars(server.pins) if server else {}, given, extra)
        said = dict(server.stack) if server else {}
        if server and any(server.around):
            said["prompt_template"] = "{prompt}".join(server.around)
        return {"system_prompt": NOT_SENT, **said, **sent}

    def identity(self) -> dict[str, Any]:
        """Model, decoding, and what else decides an answer; without credentials."""
        later = {
            name: value
            for name in self.decides_if_given
            if (value := getattr(self, name)) is not None
        }
        pins = vars(self.server.pins) if self.server else {}
        if pinned := {kind: dict(values) for kind, values in pins.items() if values}:
            later["pinned"] = pinned
        if self.server and any(self.server.around):
            later["around"] = list(self.server.around)
        return {**super().identity(), **redacted(later)}

    @model_validator(mode="before")
    @classmethod
    def _provider_by_default(cls, value: Any) -> Any:
        """The provider's key is for its own address, and for no other unless that is said."""
        if not isinstance(value, dict):
            return value
        url: str | None = cls.own_url
        key: str | None = cls.own_key
        if value.get("profile") is not None:
            profile = profile_named(str(value["profile"]), cls.adapter)
            url, key = profile.url, profile.key
        if url is not None:
            value = {"base_url": url, **value}
            if value["base_url"] == url:
                value = {"api_key_env": key, **value}
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
    is_served = True

    def __init__(self, **given: Any) -> None:
        super().__init__()
        try:
            self.spec = read_arguments(self.arguments, self.name, given)
        except UnisafeError as error:
            exit_with(error)
        self.max_cases = 2 * self.spec.max_concurrency
        self._caller: RateLimitedCaller | None = None
        self._rejected: Counter[str] = Counter()
        self._answered: set[str] = set()

    @property
    def is_strict(self) -> bool:
        return self.spec.strict_version

    def substitute(self, answer: Answer) -> str | None:
        version = answer.version
        return None if version is None or same_model(self.spec.model, version) else version

    async def is_known_to_serve(self) -> bool:
        return False

    def stack(self) -> dict[str, Any]:
        return self.spec.stack()

    def facts(self) -> dict[str, Any]:
        return {"system_prompt": self.spec.system_prompt} if self.spec.system_prompt else {}

    def identity(self) -> dict[str, Any]:
        return {"base_url": self.spec.base_url, **self.spec.identity()}

    async def ask(self, question: Question) -> Answer:
        if self._caller is None:
            self._caller = RateLimitedCaller(
                self.spec.who,
                self.spec.max_concurrency,
                requests_per_minute=self.spec.requests_per_minute,
                tokens_per_minute=self.spec.tokens_per_minute,
                first_wait_s=FIRST_WAIT_S,
                start=_START,
            )
        code = question.task.code
        if self._rejected[code] >= _FIRST_CASES:
            raise CallFailure(
                FailureKind.BAD_REQUEST,
                f"{self.spec.who}: the server rejected the first {_FIRST_CASES} questions of "
                f"{question.task.name}, so no more are asked",
            )
        try:
            answer = await self._caller.call(lambda: self.call(question))
        except CallFailure as failure:
            if failure.kind is FailureKind.BAD_REQUEST and code not in self._answered:
                self._rejected[code] += 1
            if failure.kind is FailureKind.BLOCKED:
                self._has_answered(code)
            if failure.kind is not FailureKind.CONNECTION:
                raise
            raise CallFailure(
                failure.kind,
                f"{self.spec.who} cannot be reached at {self.spec.base_url}: {failure}",
            ) from None
        self._has_answered(code)
        if self.is_strict and (other := self.substitute(answer)) is not None:
            sentence = (
                f"{self.spec.who}: {shown(other)!r} answered: name the model that is to be "
                "measured, or leave out strict_version"
            )
            self._caller.stop(sentence)
            raise CallFailure(FailureKind.STOPPED, sentence)
        return answer

    def _has_answered(self, code: str) -> None:
        self._answered.add(code)
        self._rejected[code] = 0

    @abstractmethod
    async def call(self, question: Question) -> Answer:
        """One request.

        Raises:
            CallFailure: it was not answered, and why.
        """


async def picture_at(image: str, spec: RemoteArguments) -> Picture:
    """The image that a server gave: a data URL, base64, or, where that is allowed, an address.

    Raises:
        CallFailure: it is not allowed, or there is no image.
    """
    data = await asyncio.to_thread(image_inside, image)
    if data is not None:
        return Picture(data)
    if not spec.allow_urls:
        raise CallFailure(
            FailureKind.BAD_REQUEST,
            f"the server gave an address instead of an image ({image[:100]}): with allow_urls=True "
            "it is fetched",
        )
    try:
        return Picture(await fetch(image, spec.base_url))
    except CallFailure as failure:
        # The model has answered: to ask it again would be another image.
        raise CallFailure(FailureKind.BAD_REQUEST, str(failure)) from None
