"""The site's models.yaml: what no run knows of a model, and a reader of a leaderboard asks."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from unisafe_judges.yaml_files import faults_in_words, read_yaml
from unisafe_tasks.errors import PublishingError

__all__ = ["ModelEntry", "read_models"]

_Text = Annotated[str, Field(min_length=1, max_length=100)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _https(link: str) -> str:
    try:
        parts = urlsplit(link)
        named = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc
    except ValueError:
        named = False
    if not named or not link.isascii() or not link.isprintable() or " " in link:
        raise ValueError("must be an address that begins with https:// and names no user")
    return link


class ModelEntry(_Entry):
    """A model: `name` is that of its runs (`model` in run.json), `date` when it came out.

    `submitter` is who ran it.
    """

    name: Annotated[str, Field(min_length=1, max_length=1000)]
    organisation: _Text | None = None
    size: _Text | None = None
    openness: Literal["open source", "open weights", "closed"] | None = None
    link: Annotated[str, Field(max_length=500), AfterValidator(_https)] | None = None
    date: datetime.date | None = None
    submitter: _Text | None = None


class _ModelsFile(_Entry):
    models: tuple[ModelEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [entry.name for entry in self.models]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two entries have the name {twice[:100]}")
        return self


def read_models(path: Path) -> dict[str, ModelEntry]:
    """The entries of the site's models.yaml, by the models' names.

    Raises:
        UnisafeError: the file cannot be read or is wrong; it names the line and the field.
    """
    what = "models file of a site"
    document, value = read_yaml(path, what, "'models'")
    try:
        entries = _ModelsFile.model_validate(value).models
    except ValidationError as error:
        said = faults_in_words(path, what, document, error, _known_keys)
        raise PublishingError(said) from None
    return {entry.name: entry for entry in entries}


def _known_keys(problem: ErrorDetails) -> list[str]:
    form = ModelEntry if problem["loc"][:1] == ("models",) else _ModelsFile
    return list(form.model_fields)
