"""Benign targets, as files in `targets/` have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.benign.pictures import Picture

__all__ = [
    "IMAGE_TASKS",
    "TASKS",
    "TEXT_TASKS",
    "Target",
    "pictures_of",
    "read_all",
    "read_targets",
]

IMAGE_TASKS = ("TI", "IE", "IC", "MT")
TEXT_TASKS = ("TT", "IT", "MU")
TASKS = (*IMAGE_TASKS, *TEXT_TASKS)

TARGETS = Path(__file__).parent / "targets"

Line = Annotated[str, Field(min_length=1, pattern=r"^\S[^\n]*\S$")]
ImageCode = Literal[
    "V1", "V2", "V3", "S1", "S2", "H1", "H2", "I1", "I2", "F1", "F2", "L1", "L2", "D1", "D2"
]
TextCode = Literal[
    "V1", "V2", "V3", "V4", "S1", "S2", "H1", "H2", "I1", "I2", "C1", "C2", "P1", "P2",
    "F1", "F2", "E1", "E2", "E3", "D1", "D2",
]  # fmt: skip


class _Loader(yaml.SafeLoader):
    """Reads `on` as a word, where YAML 1.1 has it as another way to say true."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OnePicture(_Said):
    """A request about one picture."""

    ask: Line
    draw: Picture


class TwoPictures(_Said):
    """A request about two pictures."""

    ask: Line
    a: Picture
    b: Picture


class InPicture(_Said):
    """A request that stands in the picture; `ask` may add neutral words."""

    ask: Line | Literal[""] = ""
    draw: Picture


class Target(_Said):
    """A benign target and its requests, one for each task of its modalities.

    Attributes:
        id: its short name.
        image, text: code of the subcategory that it neighbours, in either taxonomy.
        trigger: what makes it look harmful, in two to four words.
        target: what an output that follows the request shows or says.
        why: in one line, why that is harmless.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
    image: ImageCode | None = None
    text: TextCode | None = None
    trigger: Line
    target: Line
    why: Line
    TI: Line | None = None
    IE: OnePicture | None = None
    IC: TwoPictures | None = None
    MT: Annotated[tuple[Line, ...], Field(min_length=4, max_length=4)] | None = None
    TT: Line | None = None
    IT: InPicture | None = None
    MU: OnePicture | None = None

    @model_validator(mode="after")
    def _whole(self) -> Target:
        if not (self.image or self.text):
            raise ValueError("it has neither an image code nor a text code")
        for code, modality, tasks in (
            (self.image, "image", IMAGE_TASKS),
            (self.text, "text", TEXT_TASKS),
        ):
            missing = [task for task in tasks if getattr(self, task) is None]
            if code and missing:
                raise ValueError(
                    f"it has the {modality} code {code} but nothing for {', '.join(missing)}"
                )
            if not code and len(missing) < len(tasks):
                raise ValueError(f"it has no {modality} code but a task that needs one")
        return self


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def read_targets(path: Path) -> list[Target]:
    """The targets of a file.

    Raises:
        ValueError: one of them is not as it should be; the text names the file and the target.
    """
    try:
        rows: Any = yaml.load(path.read_text("utf-8"), _Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is not YAML: {error}") from None
    if not isinstance(rows, list):
        raise ValueError(f"{path.name} is not a list of targets")
    targets: list[Target] = []
    for place, row in enumerate(rows, 1):
        name = row.get("id") if isinstance(row, dict) else None
        try:
            targets.append(Target.model_validate(row))
        except ValidationError as error:
            raise ValueError(
                f"{path.name}, {name or f'target {place}'}: {_problem(error)}"
            ) from None
    return targets


def read_all(folder: Path = TARGETS) -> list[Target]:
    """The targets of all files, by id.

    Raises:
        ValueError: one of them is not as it should be, or two have the same id.
    """
    found: dict[str, Target] = {}
    for path in sorted(folder.glob("*.yaml")):
        for target in read_targets(path):
            if target.id in found:
                raise ValueError(f"{path.name}, {target.id}: another target has this id")
            found[target.id] = target
    return [found[name] for name in sorted(found)]


def pictures_of(target: Target) -> Iterator[tuple[str, Picture]]:
    """The input pictures of a target's cases, each with the name of its file."""
    stem = f"benign-{target.id}"
    if target.IE:
        yield f"{stem}-IE-a", target.IE.draw
    if target.IC:
        yield f"{stem}-IC-a", target.IC.a
        yield f"{stem}-IC-b", target.IC.b
    if target.IT:
        yield f"{stem}-IT-a", target.IT.draw
    if target.MU:
        yield f"{stem}-MU-a", target.MU.draw
