"""Panel files: which judges, under which rubric, with which settings.

A panel's identity is a hash of all that can change a verdict: the rubric's text, and each judge's
name, backend, model, decoding or labels. Where a judge is reached and how fast is no part of it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unisafe_judges.errors import PanelError
from unisafe_judges.rubric import Rubric, load_rubric

__all__ = ["JudgeSpec", "LabelsSpec", "OpenAICompatibleSpec", "Panel", "load_panel"]

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelsSpec(_Spec):
    """A judge that looks verdicts up in a label file; `path` is relative to the panel file."""

    name: _Name
    backend: Literal["labels"]
    path: Path


class Price(_Spec):
    """Dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class _ModelSpec(_Spec):
    """What every judge that is a model has.

    `api_key_env` is the name of the environment variable that holds the key, never the key.
    `timeout_s` is per request, in seconds.
    """

    name: _Name
    model: str = Field(min_length=1)
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    max_tokens: int = Field(default=1024, ge=64)
    max_concurrency: int = Field(default=16, ge=1, le=1000)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    timeout_s: float = Field(default=120.0, gt=0)
    price: Price | None = None

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
                f"judge {self.name}: the value of {self.api_key_env} is no API key: it holds white "
                "space or characters that cannot be sent"
            )
        if value:
            return value
        raise PanelError(
            f"judge {self.name} needs its API key in the environment variable "
            f"{self.api_key_env}, which is not set"
        )


class OpenAICompatibleSpec(_ModelSpec):
    """A chat-completions server that takes images as data URLs."""

    backend: Literal["openai-compatible"]
    # No user name, query or fragment: the address is recorded, and a path is put after it.
    base_url: str = Field(pattern=r"^https?://[^@?#\s]+$")
    temperature: float = Field(default=0.0, ge=0, le=2)


JudgeSpec = Annotated[LabelsSpec | OpenAICompatibleSpec, Field(discriminator="backend")]


class _PanelFile(_Spec):
    rubric: str
    judges: tuple[JudgeSpec, ...] = Field(min_length=1)
    max_calls: int | None = Field(default=None, ge=0)
    max_cost: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _names_differ(self) -> _PanelFile:
        names = [judge.name for judge in self.judges]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two judges are named {twice[0]!r}")
        return self


@dataclass(frozen=True)
class Panel:
    """A panel that has been read and checked. `name` is its preset's or file's name."""

    name: str
    rubric: Rubric
    judges: tuple[LabelsSpec | OpenAICompatibleSpec, ...]
    sha256: str
    max_calls: int | None = None
    max_cost: float | None = None

    def describe(self) -> dict[str, Any]:
        """What is recorded of the panel with every result. It holds no key."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "rubric": {"name": self.rubric.name, "sha256": self.rubric.sha256},
            "judges": [_described(judge) for judge in self.judges],
            "max_calls": self.max_calls,
            "max_cost": self.max_cost,
        }

    def judge_identity(self, judge: LabelsSpec | OpenAICompatibleSpec) -> dict[str, Any]:
        """What of a judge can change its reply to a given prompt; its name cannot."""
        return {key: value for key, value in _settings(judge).items() if key != "name"}


def _described(judge: LabelsSpec | OpenAICompatibleSpec) -> dict[str, Any]:
    described = judge.model_dump(mode="json", exclude_none=True)
    if isinstance(judge, LabelsSpec):
        # A path says more about the machine than about the labels.
        described |= {"path": judge.path.name, "sha256": _file_hash(judge.path)}
    return described


def load_panel(path: Path, name: str | None = None) -> Panel:
    """Read a panel file.

    Raises:
        PanelError: one sentence naming the file, the line and the field, and what is expected.
    """
    try:
        text = path.read_text("utf-8")
        document = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except OSError as error:
        raise PanelError(f"panel file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PanelError(f"panel file {path} is not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: an impossible date
        reason = " ".join(str(error).split())
        raise PanelError(f"panel file {path} is not valid YAML: {reason}") from None
    if not isinstance(value, dict):
        raise PanelError(f"panel file {path} must hold the keys 'rubric' and 'judges'")
    try:
        file = _PanelFile.model_validate(value)
    except ValidationError as error:
        raise PanelError(_sentence(path, document, error)) from None
    judges = tuple(_anchored(judge, path.parent) for judge in file.judges)
    rubric = load_rubric(file.rubric)
    return Panel(
        name=name or path.stem,
        rubric=rubric,
        judges=judges,
        sha256=_identity(rubric, judges),
        max_calls=file.max_calls,
        max_cost=file.max_cost,
    )


def _anchored(
    judge: LabelsSpec | OpenAICompatibleSpec, folder: Path
) -> LabelsSpec | OpenAICompatibleSpec:
    if isinstance(judge, LabelsSpec):
        return judge.model_copy(update={"path": (folder / judge.path).resolve()})
    return judge


def _identity(rubric: Rubric, judges: tuple[LabelsSpec | OpenAICompatibleSpec, ...]) -> str:
    identity = {"rubric": rubric.sha256, "judges": [_settings(judge) for judge in judges]}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _settings(judge: LabelsSpec | OpenAICompatibleSpec) -> dict[str, Any]:
    if isinstance(judge, LabelsSpec):
        return {"name": judge.name, "backend": judge.backend, "labels": _file_hash(judge.path)}
    kept = {"name", "backend", "model", "temperature", "max_tokens"}
    return judge.model_dump(mode="json", include=kept)


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PanelError(f"label file {path} cannot be read: {error.strerror}") from None


def _sentence(path: Path, document: yaml.Node | None, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    # In a judge the backend's name is third in the location without being a key of the file.
    location = [part for place, part in enumerate(first["loc"]) if place != 2]
    field = ".".join(str(part) for part in location) or "the file"
    line = _line(document, location)
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        reason = f"unknown key{_did_you_mean(location)}"
    elif first["type"] == "missing":
        reason = "this key is missing"
    elif first["type"].startswith("union_tag"):
        reason = "backend must be one of: labels, openai-compatible"
    return f"panel file {path}, line {line}: {field}: {reason}"


def _did_you_mean(location: list[Any]) -> str:
    models: list[type[BaseModel]] = (
        [_PanelFile] if len(location) == 1 else [LabelsSpec, OpenAICompatibleSpec]
    )
    known = sorted({name for model in models for name in model.model_fields})
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known keys: {', '.join(known)}"


def _line(node: yaml.Node | None, location: list[Any]) -> int:
    if node is None:
        return 1
    line = node.start_mark.line
    for part in location:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, content in node.value:
                if key.value == part:
                    line, child = key.start_mark.line, content
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            child = node.value[part]
            line = child.start_mark.line
        if child is None:
            break
        node = child
    return int(line) + 1
