"""What a subset says of itself: subset.json, beside its `data` folder.

It holds the number of cases in the full set. Without that number nobody knows how well a score of
the subset estimates the score of the full set.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.names import original_name
from unisafe_tasks.errors import DataError
from unisafe_tasks.tasks import GROUPS

__all__ = [
    "SUBSET_FILE",
    "Population",
    "Subset",
    "read_subset",
    "subset_name",
]

SUBSET_FILE = "subset.json"

Population = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Task name -> category -> subcategory -> cases in the full set."""


@dataclass(frozen=True)
class Subset:
    """A part of a source, drawn with a seed.

    `source`, `revision` and `fingerprint` are those of the full set. `targets` and `cases` are
    numbers of the subset, and `population` holds the numbers of cases in the full set.
    """

    name: str
    source: str
    revision: str | None
    fingerprint: str
    seed: int
    per_subcategory: int
    targets: int
    cases: int
    population: Population = field(hash=False)

    def for_run(self) -> dict[str, Any]:
        """What run.json says of it."""
        return {
            "of": {
                "source": self.source,
                "revision": self.revision,
                "fingerprint": self.fingerprint,
            },
            "seed": self.seed,
            "per_subcategory": self.per_subcategory,
            "population": self.population,
        }

    def as_json(self) -> dict[str, Any]:
        """What subset.json holds."""
        facts = self.for_run()
        population = facts.pop("population")
        counts = {"targets": self.targets, "cases": self.cases}
        return {
            "format": "unisafe-subset/1",
            "name": self.name,
            **facts,
            **counts,
            "population": population,
        }

    def check(self, cases: CaseSet) -> None:
        """Check that a task's cases can be a part of the full set.

        Raises:
            DataError: a subcategory has more of them than the full set.
        """
        population = self.population.get(cases.task.name, {})
        cells = zip(cases.rows["category"], cases.rows["subcategory"], strict=True)
        for (category, subcategory), count in sorted(Counter(cells).items()):
            full = population.get(category, {}).get(subcategory, 0)
            if count > full:
                raise DataError(
                    f"{self.name}: {cases.task.code} has {count} cases of {category}/{subcategory}"
                    f", and {SUBSET_FILE} says {full} of the full set: draw the subset again"
                )


def subset_name(
    source: str,
    fingerprint: str,
    seed: int,
    per_subcategory: int,
    population: Population,
    ids: Iterable[str],
) -> str:
    """A subset's name: its source's name, and a hash of the full set, the draw and the ids."""
    facts = [fingerprint, seed, per_subcategory, population, sorted(ids)]
    content = json.dumps(facts, sort_keys=True)
    return f"{source}-subset-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def read_subset(folder: Path) -> Subset | None:
    """What a folder's subset.json says; None if the folder has no subset.json.

    Raises:
        DataError: it is damaged; it names the file and what is wrong.
    """
    path = folder / SUBSET_FILE
    if not path.exists():
        return None
    try:
        read = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part)[:60] for part in first["loc"])
        raise _damaged(path, f"{where}: {first['msg']}" if where else first["msg"]) from None
    full = sum(
        count
        for categories in read.population.values()
        for counts in categories.values()
        for count in counts.values()
    )
    if original_name(read.name) != read.of.source or read.name == read.of.source:
        raise _damaged(path, f"name: {read.name!r} is not a subset of {read.of.source!r}")
    if not read.targets <= read.cases <= full:
        raise _damaged(
            path,
            f"{read.targets} targets, {read.cases} cases and a population of {full} do not go "
            "together",
        )
    return Subset(
        read.name,
        **read.of.model_dump(),
        **read.model_dump(exclude={"format", "name", "of"}),
    )


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"{path} is damaged ({what}): draw the subset again with unisafe data subset")


def _require_task(name: str) -> str:
    if name not in GROUPS["unisafe"]:
        raise ValueError(f"{name!r} is no task")
    return name


_TaskName = Annotated[str, AfterValidator(_require_task)]


class _Origin(BaseModel, strict=True, extra="forbid"):
    source: str = Field(min_length=1)
    revision: str | None
    fingerprint: str = Field(pattern=r"^[0-9a-f]{64}$")


class _File(BaseModel, strict=True, extra="forbid"):
    format: Literal["unisafe-subset/1"]
    name: str
    of: _Origin
    seed: int = Field(ge=0)
    per_subcategory: int = Field(ge=1)
    targets: int = Field(ge=1)
    cases: int = Field(ge=1)
    population: dict[_TaskName, dict[str, dict[str, Annotated[int, Field(ge=1)]]]]
