"""models.yaml: the models of a table, how each is asked, and what its arithmetic takes for granted.

Nothing in it was measured here but what says so. `reproduce/` runs it; `unisafe estimate` adds up.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from unisafe_judges.errors import UnisafeError
from unisafe_judges.prices import Price, price_keys
from unisafe_judges.yaml_files import faults_in_words, read_yaml
from unisafe_tasks.tasks import ARM_TASKS, TASKS, Arm, Task

__all__ = ["GpuHour", "ModelEntry", "ModelsFile", "read_models"]

_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GpuHour(_Entry):
    """What an hour of one GPU costs; `source` says who says so, or that it is assumed."""

    dollars: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    source: str = Field(min_length=1)


class OfEachKind(_Entry):
    """A number for outputs that are images, and one for texts."""

    image: _Seconds | None = None
    text: _Seconds | None = None


class CaseCounts(_Entry):
    """How many cases the data has, where the data itself is not at hand."""

    image: _Count
    text: _Count


class Tokens(_Entry):
    """What one call of a model behind an API takes: tokens sent and written."""

    input: _Count
    output: _Count


class TokensOfEachKind(_Entry):
    """Tokens of a call for an image, and of one for a text."""

    image: Tokens | None = None
    text: Tokens | None = None


def _known(codes: tuple[str, ...]) -> tuple[str, ...]:
    if not codes or len(set(codes)) < len(codes) or not set(codes) <= set(TASKS):
        raise ValueError(f"tasks must be different ones of {', '.join(TASKS)}")
    return codes


class ModelEntry(_Entry):
    """A model of the table.

    `tasks` are codes of UniSAFE's tasks, and `benign` those of the benign set that it is asked too.
    `model`, `model_args` and `batch_size` are lmms-eval's; `{environment}` in `model_args` is the
    folder of the environment of `runner`. `server` is a command that must be running. `seconds` is
    for one output on `gpus` GPUs. `gone` says since when and why a model cannot be had any more;
    it is in no table then.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    tasks: Annotated[tuple[str, ...], AfterValidator(_known)]
    benign: Annotated[tuple[str, ...], AfterValidator(_known)] = ()
    model: str | None = Field(default=None, min_length=1)
    model_args: str = ""
    batch_size: _Count | None = None
    runner: str | None = Field(default=None, pattern=r"^[a-z0-9_]+$")
    server: str | None = Field(default=None, min_length=1)
    shards: Annotated[int, Field(ge=1, le=1000)] = 1
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    gpu_gb: _Seconds | None = None
    seconds: OfEachKind | None = None
    price: Price | None = None
    tokens: TokensOfEachKind | None = None
    run: Literal["real weights", "tiny weights", "dialect", "stand-in", "read"] = "read"
    note: str | None = Field(default=None, min_length=1)
    gone: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if (self.model is None) == (self.gone is None):
            raise ValueError(f"{self.name} needs either model, as lmms-eval names it, or gone")
        return self

    @property
    def chosen_tasks(self) -> list[Task]:
        codes = {Arm.ADVERSARIAL: self.tasks, Arm.BENIGN: self.benign}
        return [ARM_TASKS[arm][code] for arm, of_arm in codes.items() for code in of_arm]


class ModelsFile(_Entry):
    """The file: `date` is when it was last looked over."""

    date: datetime.date
    gpu_hour: GpuHour | None = None
    cases: CaseCounts | None = None
    models: tuple[ModelEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [entry.name.lower() for entry in self.models]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two models have the name {twice[0]}")
        return self


def read_models(path: Path) -> ModelsFile:
    """Read models.yaml.

    Raises:
        UnisafeError: one sentence naming the file, the line and the field, and what is expected.
    """
    what = "models file"
    document, value = read_yaml(path, what, "'date' and 'models'")
    try:
        return ModelsFile.model_validate(value)
    except ValidationError as error:
        raise UnisafeError(faults_in_words(path, what, document, error, _known_keys)) from None


def _known_keys(problem: ErrorDetails) -> list[str]:
    match problem["loc"]:
        case ("models", int(), "price", *rest):
            return price_keys(("price", *rest))
        case ("models", int(), str()):
            return sorted(ModelEntry.model_fields)
        case ("models", int(), "tokens", "image" | "text", str()):
            return sorted(Tokens.model_fields)
        case ("models", int(), "tokens" | "seconds", str()):
            return sorted(OfEachKind.model_fields)
        case ("gpu_hour", str()):
            return sorted(GpuHour.model_fields)
        case ("cases", str()):
            return sorted(CaseCounts.model_fields)
        case (str(),):
            return sorted(ModelsFile.model_fields)
    return []
