"""A fair part of the risk targets, stratified by task and subcategory; each target is kept whole.

Scores are made of plain means of cells. A cell is a task's cases of one subcategory. All targets of
a cell must have the same chance to be drawn. Otherwise the score of the part does not estimate the
score of the whole. A target has cells in several tasks. Subcategories with a common target form a
component. All targets of a component have one chance: the chance that its smallest subcategory
needs.

The draw is systematic with a random start (Cochran, 1977, Sampling Techniques, chapter 8): the
targets stand in a row, those with the same cells together, and every 1/chance-th target is taken.
So each target has exactly that chance, and each group gets its share. The order of the targets is
random, and so is the order of the groups. With a fixed order the draw has only as many outcomes as
starts. If most groups hold one target, scores then vary more or less than their intervals say.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from unisafe_judges import Modality
from unisafe_tasks.tasks import TASKS

__all__ = ["MIN_CASES_PER_CELL", "Component", "Stratum", "TaskCell", "draw"]

TaskCell = tuple[str, str, str]
"""Task code, category, subcategory."""

Stratum = tuple[Modality, str, str]
"""Modality, category, subcategory: the same code means different things in images and in text."""

MIN_CASES_PER_CELL = 2
"""Cases that a cell keeps, if it has so many: a single case does not show the spread."""

_Profile = tuple[TaskCell, ...]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Component:
    """Subcategories that are linked by common targets.

    `targets` is the number of targets, `chance` the chance of each target to be kept, `kept` the
    targets that were kept, and `most` the largest number of them in one subcategory.
    """

    strata: tuple[Stratum, ...]
    targets: int
    chance: Fraction
    kept: tuple[str, ...]
    most: int


def draw(
    cells: Mapping[str, Collection[TaskCell]], per_subcategory: int, seed: int
) -> tuple[Component, ...]:
    """Draw about `per_subcategory` targets of each subcategory.

    A subcategory without links to others gives exactly so many targets, or all that it has. In a
    component the smallest subcategory gives about so many targets, and the others give more in
    proportion to their size. If some start of the draw would leave a cell with fewer than
    `MIN_CASES_PER_CELL` cases, the chance is raised for the whole component.

    The draw of a component depends on the seed, its targets and its name, and on nothing else.

    Args:
        cells: the id of a target -> the cells that hold the target.
        per_subcategory: targets, from 1.
        seed: a whole number from 0.
    """
    return tuple(
        _drawn(strata, {target: cells[target] for target in targets}, per_subcategory, seed)
        for strata, targets in _components(cells)
    )


def _components(
    cells: Mapping[str, Collection[TaskCell]],
) -> list[tuple[tuple[Stratum, ...], list[str]]]:
    """Strata with a common target, directly or through others, and the targets in them."""
    roots: dict[Stratum, Stratum] = {}

    def root(stratum: Stratum) -> Stratum:
        while (above := roots.setdefault(stratum, stratum)) != stratum:
            stratum = above
        return stratum

    for target_cells in cells.values():
        first, *rest = {root(_stratum(cell)) for cell in target_cells}
        for other in rest:
            roots[other] = first
    strata: dict[Stratum, list[Stratum]] = {}
    for stratum in sorted(roots):
        strata.setdefault(root(stratum), []).append(stratum)
    targets: dict[Stratum, list[str]] = {}
    for target in sorted(cells):
        targets.setdefault(root(_stratum(next(iter(cells[target])))), []).append(target)
    return [(tuple(members), targets[top]) for top, members in strata.items()]


def _drawn(
    strata: tuple[Stratum, ...],
    cells: Mapping[str, Collection[TaskCell]],
    per_subcategory: int,
    seed: int,
) -> Component:
    profiles: dict[_Profile, list[str]] = {}
    for target in sorted(cells):
        profiles.setdefault(tuple(sorted(set(cells[target]))), []).append(target)
    name = json.dumps([seed, strata]).encode("utf-8")
    digest = hashlib.sha256(name).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16])))
    ordered = _shuffled(profiles, rng)
    chance = _chance(ordered, [len(profiles[profile]) for profile in ordered], per_subcategory)
    row = [
        profiles[profile][index]
        for profile in ordered
        for index in rng.permutation(len(profiles[profile]))
    ]
    start = np.array([rng.integers(chance.denominator)])
    steps = np.diff(_taken(np.arange(len(row) + 1), start, chance)[0])
    kept = sorted(target for target, step in zip(row, steps, strict=True) if step)
    counts = Counter(
        stratum for target in kept for stratum in {_stratum(cell) for cell in cells[target]}
    )
    return Component(strata, len(row), chance, tuple(kept), max(counts.values()))


def _shuffled(profiles: Collection[_Profile], rng: np.random.Generator) -> list[_Profile]:
    """The profiles in a random order; profiles that begin with the same cells stay together."""
    beginnings = sorted(
        {profile[:end] for profile in profiles for end in range(1, len(profile) + 1)}
    )
    ranks = dict(zip(beginnings, rng.permutation(len(beginnings)).tolist(), strict=True))
    return sorted(
        profiles, key=lambda profile: [ranks[profile[:end]] for end in range(1, len(profile) + 1)]
    )


def _chance(profiles: Sequence[_Profile], sizes: Sequence[int], per_subcategory: int) -> Fraction:
    """The least chance that gives every subcategory its targets, and every cell its least cases."""
    targets: dict[Stratum, int] = {}
    for profile, size in zip(profiles, sizes, strict=True):
        for stratum in {_stratum(cell) for cell in profile}:
            targets[stratum] = targets.get(stratum, 0) + size
    names = sorted({cell for profile in profiles for cell in profile})
    members = np.array([[cell in profile for cell in names] for profile in profiles], dtype=int)
    wanted = np.minimum(MIN_CASES_PER_CELL, np.array(sizes) @ members)
    ends = np.cumsum([0, *sizes])
    target_count = per_subcategory
    while True:
        chance = min(
            Fraction(1), max(Fraction(target_count, available) for available in targets.values())
        )
        starts = np.arange(chance.denominator)
        by_profile = np.diff(_taken(ends, starts, chance), axis=1)
        if np.all((by_profile @ members).min(axis=0) >= wanted):
            return chance
        target_count += 1


def _taken(lengths: _Ints, starts: _Ints, chance: Fraction) -> _Ints:
    """How many of the row's first `lengths` targets each start takes: shape (starts, lengths)."""
    steps = lengths * chance.numerator + starts[:, None]
    return np.asarray(steps // chance.denominator)


def _stratum(cell: TaskCell) -> Stratum:
    code, category, subcategory = cell
    return TASKS[code].modality, category, subcategory
