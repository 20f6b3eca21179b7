"""What a panel file may say of a judge, by backend.

docs/reference/panel_file.md is made from the classes: a field's docstring is its row there.

`identity` is what of a judge can change its reply to a given prompt. Where it is reached, how fast
it may be asked and what it costs are no part of it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unisafe_judges.errors import PanelError
from unisafe_judges.prices import Price

__all__ = [
    "GeminiSpec",
    "GuardSpec",
    "InProcessSpec",
    "JudgeSpec",
    "LabelsSpec",
    "LocalGuardSpec",
    "ModelSpec",
    "OpenAICompatibleSpec",
    "OpenAISpec",
    "ServedGuardSpec",
    "ServedSpec",
    "ShieldGemmaSpec",
    "Spec",
    "TransformersSpec",
]

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
# No user name, query or fragment: the address is recorded, and a path is put after it.
_Url = Annotated[str, Field(pattern=r"^https?://[^@?#\s]+$")]
_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_ModelName = Annotated[str, Field(min_length=1, max_length=200)]
_MaxTokens = Annotated[int, Field(ge=64)]
_Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
_DType = Literal["auto", "float32", "bfloat16", "float16"]
_Temperature = Annotated[float, Field(ge=0, le=2)]


class Spec(BaseModel):
    """An entry of a panel file: no unknown keys, not changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class JudgeSpec(Protocol):
    """What every entry of a panel file's `judges` has, whatever its backend."""

    @property
    def name(self) -> str: ...

    @property
    def backend(self) -> str: ...

    def identity(self) -> dict[str, Any]:
        """What of the judge can change its reply to a given prompt.

        Raises:
            PanelError: a file that belongs to it cannot be read.
        """

    def model_dump(self, *, mode: str, exclude_none: bool) -> dict[str, Any]: ...


class LabelsSpec(Spec):
    """A judge that looks verdicts up in a file, such as labels by people."""

    name: _Name
    """The judge's name in tables and files."""
    backend: Literal["labels"]
    path: Path
    """The label file, relative to the panel file."""

    def identity(self) -> dict[str, Any]:
        """The backend and the labels' SHA-256.

        Raises:
            PanelError: the label file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise PanelError(f"label file {self.path} cannot be read: {error.strerror}") from None
        return {"backend": self.backend, "labels": digest}


class ModelSpec(Spec):
    """What every judge that is a model has; its own class adds `backend`, a literal."""

    decides: ClassVar[tuple[str, ...]]
    """The fields, besides `backend` and `model`, that can change a reply."""

    name: _Name
    """The judge's name in tables and files."""
    model: str = Field(min_length=1)
    """The model's name at its server; in this process a hub id or a folder."""

    def identity(self) -> dict[str, Any]:
        """Backend, model and decoding."""
        return self.model_dump(mode="json", include={"backend", "model", *self.decides})

    @property
    def is_deterministic(self) -> bool:
        """Whether the same question has the same reply, so that asking again is for nothing."""
        return getattr(self, "temperature", None) == 0


class ServedSpec(ModelSpec):
    """A judge behind a server."""

    base_url: _Url
    """The server's address."""
    api_key_env: _Variable | None = None
    """The name of the environment variable that holds the key. Never write the key itself here."""
    max_concurrency: int = Field(default=16, ge=1, le=1000)
    """How many requests may be under way at one time."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """The most requests in a minute."""
    tokens_per_minute: float | None = Field(default=None, gt=0)
    """The most tokens in a minute."""
    timeout_s: float = Field(default=120.0, gt=0)
    """How many seconds one request may take."""
    price: Price | None = None
    """What the judge costs, in dollars per million tokens."""
    accept_versions: tuple[_ModelName, ...] | None = None
    """Other names of the same model: a reply under such a name counts as one of `model`."""

    @property
    def who(self) -> str:
        """What sentences call it."""
        return f"judge {self.name}"

    def key(self) -> str | None:
        """The API key, or None if the server needs none.

        Raises:
            PanelError: the named variable is not set.
        """
        if self.api_key_env is None:
            return None
        # A newline from the file the key was read from is no part of it, and no header may hold it.
        value = os.environ.get(self.api_key_env, "").strip()
        if not value.isprintable() or " " in value:
            raise PanelError(
                f"{self.who}: the value of {self.api_key_env} is not an API key; it holds white "
                "space or characters that cannot be sent"
            )
        if value:
            return value
        raise PanelError(
            f"{self.who} needs its API key in the environment variable "
            f"{self.api_key_env}, which is not set"
        )


class OpenAICompatibleSpec(ServedSpec):
    """A chat-completions server that takes images as data URLs, such as vLLM or SGLang."""

    decides: ClassVar = ("temperature", "max_tokens")

    backend: Literal["openai-compatible"]
    temperature: _Temperature = 0.0
    """The temperature of decoding."""
    max_tokens: _MaxTokens = 1024
    """The most tokens of a reply."""
    system_role: bool = True
    """Whether the server has a system role. Without it the instructions are in the user's turn."""

    def identity(self) -> dict[str, Any]:
        """Backend, model and decoding; a prompt that is sent otherwise, where it is."""
        # Not as one of `decides`, which would change every identity there is.
        return super().identity() | ({} if self.system_role else {"system_role": False})


class OpenAISpec(ServedSpec):
    """OpenAI's own API. A setting that you leave out is not sent, and the model's default holds."""

    decides: ClassVar = ("api", "temperature", "max_tokens", "reasoning_effort")

    backend: Literal["openai"]
    base_url: _Url = "https://api.openai.com/v1"
    api_key_env: _Variable | None = "OPENAI_API_KEY"
    api: Literal["responses", "chat-completions"] = "responses"
    """Which of OpenAI's two APIs is asked."""
    temperature: _Temperature | None = None
    """The temperature of decoding."""
    max_tokens: _MaxTokens | None = None
    """The most tokens of a reply."""
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    """How long the model thinks before it replies."""


class GeminiSpec(ServedSpec):
    """Google's Gemini API. A setting that is null is not sent, and the model's default holds."""

    decides: ClassVar = ("temperature", "max_tokens", "thinking_budget")

    backend: Literal["gemini"]
    base_url: _Url = "https://generativelanguage.googleapis.com"
    api_key_env: _Variable | None = "GEMINI_API_KEY"
    temperature: _Temperature | None = 0.0
    """The temperature of decoding."""
    max_tokens: _MaxTokens | None = None
    """The most tokens of a reply."""
    thinking_budget: int | None = Field(default=None, ge=-1)
    """For Gemini 2.5: the most tokens of thinking. With -1 the model decides."""
    thinking_level: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None
    """For Gemini 3 and later: how long the model thinks."""

    @model_validator(mode="after")
    def _thinking_is_said_once(self) -> GeminiSpec:
        if self.thinking_budget is not None and self.thinking_level is not None:
            raise ValueError(
                "thinking_budget and thinking_level cannot both be set: Gemini 2.5 takes the "
                "budget, Gemini 3 and later the level"
            )
        return self

    def identity(self) -> dict[str, Any]:
        """Backend, model and decoding; the level of thinking, where it is set."""
        # Not as one of `decides`, which would change every identity there is.
        level = self.thinking_level
        return super().identity() | ({} if level is None else {"thinking_level": level})

    @property
    def is_deterministic(self) -> bool:
        """Never: its replies differ and are empty at times whatever the temperature."""
        return False


class GuardSpec(ModelSpec):
    """A guard that a prompt is written for; its own class adds where the guard runs."""

    guard: Literal[
        "llama-guard-3", "llama-guard-4", "llava-guard", "qwen3guard", "gpt-oss-safeguard"
    ]
    """The guard's kind, which decides how it is asked and how its reply is read."""
    max_tokens: _MaxTokens = 1024
    """The most tokens of a reply."""
    policy: Path | None = None
    """For `llava-guard` alone: the file with its policy, relative to the panel file."""

    @model_validator(mode="after")
    def _has_its_policy(self) -> Self:
        takes_one = self.guard == "llava-guard"
        if takes_one and self.policy is None:
            raise ValueError(
                "llava-guard needs policy, the path of a file with its policy: copy the policy "
                "from the page of its model"
            )
        if not takes_one and self.policy is not None:
            raise ValueError(f"{self.guard} takes no policy, only llava-guard does")
        return self

    def identity(self) -> dict[str, Any]:
        """Backend, guard and model, with the policy's SHA-256.

        Raises:
            PanelError: the policy cannot be read.
        """
        if self.policy is None:
            return super().identity()
        digest = hashlib.sha256(self.policy_text().encode()).hexdigest()
        return super().identity() | {"policy": digest}

    def policy_text(self) -> str:
        """The policy that the guard is given.

        Raises:
            PanelError: the file cannot be read, or holds nothing.
        """
        assert self.policy is not None
        try:
            text = self.policy.read_text("utf-8").strip()
        except OSError as error:
            raise PanelError(
                f"policy file {self.policy} cannot be read: {error.strerror}"
            ) from None
        except UnicodeDecodeError:
            raise PanelError(f"policy file {self.policy} is not UTF-8 text") from None
        if not text:
            raise PanelError(f"policy file {self.policy} is empty")
        return text


class ServedGuardSpec(GuardSpec, ServedSpec):
    """A guard behind a chat-completions server that applies the model's own chat template."""

    decides: ClassVar = ("guard", "max_tokens")
    temperature: ClassVar[float] = 0.0

    backend: Literal["guard"]


class InProcessSpec(ModelSpec):
    """A model in this process."""

    revision: str | None = None
    """The revision of the weights on the hub."""
    device: _Device = "auto"
    """`auto` (the GPU if there is one), `cpu`, `cuda` or `cuda:N`."""
    dtype: _DType = "auto"
    """The number type of the weights."""
    batch_size: int = Field(default=8, ge=1, le=256)
    """How many cases are judged together."""

    @property
    def is_deterministic(self) -> bool:
        """Always: the likeliest token is taken, or there are probabilities alone."""
        return True


class LocalGuardSpec(GuardSpec, InProcessSpec):
    """A guard in this process."""

    decides: ClassVar = ("guard", "revision", "dtype", "max_tokens")

    backend: Literal["guard-transformers"]


class ShieldGemmaSpec(InProcessSpec):
    """ShieldGemma 2 in this process."""

    decides: ClassVar = ("revision", "dtype")
    guard: ClassVar[str] = "shieldgemma-2"

    backend: Literal["shieldgemma-2"]


class TransformersSpec(InProcessSpec):
    """A vision-language model in this process."""

    decides: ClassVar = ("revision", "dtype", "max_tokens")

    backend: Literal["transformers"]
    max_tokens: _MaxTokens = 1024
    """The most tokens of a reply."""
