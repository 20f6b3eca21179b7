"""A subset of a source: drawn, and written as a folder that UNISAFE_DATA may name."""

from __future__ import annotations

import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.official_form import SplitRow, write_splits
from unisafe_tasks.data.sources import Source, fingerprint, load_cases
from unisafe_tasks.data.subset_file import SUBSET_FILE, Subset, subset_name
from unisafe_tasks.errors import DataError, NoCasesError
from unisafe_tasks.files import encode_json, require_empty, write_atomically
from unisafe_tasks.statistics.sampling import Component, TaskCell, draw
from unisafe_tasks.streams import shown_progress
from unisafe_tasks.tasks import TASKS, Arm

__all__ = ["COVERAGE", "DrawnSubset", "coverage_of", "write_subset"]

COVERAGE: Mapping[int, tuple[float, float, float]] = MappingProxyType(
    {
        2: (0.946, 0.986, 0.949),
        3: (0.944, 0.968, 0.953),
        5: (0.953, 0.961, 0.953),
        10: (0.955, 0.966, 0.950),
        20: (0.951, 0.939, 0.954),
    }
)
"""Targets a subcategory -> how often the 95 % intervals held the full set's attack success rate in
1,000 simulated subsets: of the seven tasks on average, of the task farthest from 0.95, and of their
mean. Measured by benchmarks/subset_coverage.py on 6,802 cases, without links between splits."""


@dataclass(frozen=True)
class DrawnSubset:
    """A subset that was written, and how it came about.

    `components` are those of the draw. `kept` holds, by task code, the number of cases of the
    subset and the number of cases of the full set.
    """

    facts: Subset
    folder: Path
    components: tuple[Component, ...]
    kept: Mapping[str, tuple[int, int]]

    @property
    def targets(self) -> int:
        """Risk targets of the full set."""
        return sum(component.targets for component in self.components)


def coverage_of(per_subcategory: int) -> tuple[int, tuple[float, float, float]]:
    """The row of `COVERAGE` for a size: the largest size up to it, or else the smallest size."""
    sizes = sorted(COVERAGE)
    size = sizes[max(0, bisect_right(sizes, per_subcategory) - 1)]
    return size, COVERAGE[size]


def write_subset(source: Source, folder: Path, per_subcategory: int, seed: int = 0) -> DrawnSubset:
    """Draw about `per_subcategory` risk targets of each subcategory and write all their cases.

    The folder is written as a whole or not at all.

    Raises:
        DataError: the folder is not empty or cannot be written, the source's cases cannot be read,
            or it is a subset itself.
    """
    if source.subset is not None:
        raise DataError(
            f"{source.name} is a subset itself: draw from {source.subset.source}, since what a "
            "subset of a subset says of the full set is not known"
        )
    if source.arm is not Arm.ADVERSARIAL:
        raise DataError(f"{source.name} is small: run its tasks whole, or a part with --limit")
    require_empty(folder, DataError)
    sets = _case_sets(source)
    components = draw(_cells(sets), per_subcategory, seed)
    ids = {target for component in components for target in component.kept}
    kept = {code: _rows_kept(cases, ids) for code, cases in sets.items()}
    original = fingerprint(source)
    population = {cases.task.name: _population(cases) for cases in sets.values()}
    facts = Subset(
        name=subset_name(source.name, original, seed, per_subcategory, population, ids),
        source=source.name,
        revision=source.revision,
        fingerprint=original,
        seed=seed,
        per_subcategory=per_subcategory,
        targets=len(ids),
        cases=sum(map(len, kept.values())),
        population=population,
    )
    _write(folder, facts, _rows(sets, kept))
    counts = {code: (len(kept[code]), len(cases)) for code, cases in sets.items()}
    return DrawnSubset(facts, folder, components, counts)


def _case_sets(source: Source) -> dict[str, CaseSet]:
    sets = {}
    for code, task in TASKS.items():
        try:
            sets[code] = load_cases(source, task)
        except NoCasesError:
            continue
    if not sets:
        raise DataError(f"{source.name} holds no case of any task")
    return sets


def _cells(sets: Mapping[str, CaseSet]) -> dict[str, list[TaskCell]]:
    cells: dict[str, list[TaskCell]] = {}
    for code, cases in sets.items():
        columns = (cases.rows[name] for name in ("id", "category", "subcategory"))
        for target, category, subcategory in zip(*columns, strict=True):
            cells.setdefault(target, []).append((code, category, subcategory))
    return cells


def _population(cases: CaseSet) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    cells = zip(cases.rows["category"], cases.rows["subcategory"], strict=True)
    for category, subcategory in sorted(cells):
        in_category = counts.setdefault(category, {})
        in_category[subcategory] = in_category.get(subcategory, 0) + 1
    return counts


def _rows_kept(cases: CaseSet, ids: set[str]) -> list[int]:
    return [index for index, target in enumerate(cases.rows["id"]) if target in ids]


def _rows(sets: Mapping[str, CaseSet], kept: Mapping[str, list[int]]) -> Iterator[SplitRow]:
    for code, cases in sets.items():
        chosen = set(kept[code])
        rows = ((number, row) for number, row in enumerate(cases.texts()) if number in chosen)
        for number, row in shown_progress(rows, len(chosen), cases.task.name):
            yield cases.task.split, row | _images(cases, number, row["id"])


def _images(cases: CaseSet, number: int, case_id: str) -> dict[str, dict[str, Any] | None]:
    """The images of a row, which the subset holds itself: it can be moved."""
    return {
        column: {"bytes": images.read(number, f"{case_id}: {column}"), "path": None}
        if images.has(number)
        else None
        for column, images in cases.images.items()
    }


def _write(folder: Path, facts: Subset, rows: Iterator[SplitRow]) -> None:
    building = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
        building.chmod(0o755)
        write_splits(building, rows)
        write_atomically(building / SUBSET_FILE, encode_json(facts.as_json()))
        building.rename(folder)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror or error}") from None
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)
