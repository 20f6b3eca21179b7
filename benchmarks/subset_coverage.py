"""How often the intervals of a subset hold the full set's score, by targets a subcategory.

One simulated full set with the published totals: 781 image targets in four tasks and 1,226 text
targets in three, in the taxonomies' 15 and 21 subcategories of unequal size; outcomes of a target
correlate over its tasks, rates vary over subcategories, and three judges now and then guess. What
is drawn anew with each seed is the subset, by the command's own draw. With `--linked 200`, so many
ids are in both splits, which makes one component of nearly all subcategories.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from unisafe_judges import taxonomy
from unisafe_tasks.metrics import Point, macro_mean
from unisafe_tasks.statistics import Estimate, Hierarchy, Resampler, shared_mean_of
from unisafe_tasks.statistics.estimates import Leaf
from unisafe_tasks.statistics.sampling import TaskCell, draw
from unisafe_tasks.tasks import TASKS

METRIC = "attack_success_rate"
TARGETS = {"image": 781, "text": 1226}
ASKED = (2, 3, 5, 10, 20)

Place = tuple[str, str]


@dataclass(frozen=True)
class FullSet:
    """What each target is in, and what its cases came to, by task code and (category,
    subcategory)."""

    cells: dict[str, list[TaskCell]]
    values: dict[str, dict[Place, dict[str, float]]]

    @property
    def cases(self) -> int:
        return sum(len(outcomes) for places in self.values.values() for outcomes in places.values())

    def scores(self) -> dict[str, float]:
        """The score of each task."""
        return {
            code: macro_mean(
                Point(*subcategory, value)
                for subcategory, outcomes in places.items()
                for value in outcomes.values()
            )
            or 0.0
            for code, places in self.values.items()
        }

    def estimates(self, kept: set[str], resampler: Resampler) -> dict[str, Estimate]:
        """What a run of the kept targets would estimate of each task."""
        return {
            code: Hierarchy.of(
                {subcategory: _leaf(outcomes, kept) for subcategory, outcomes in places.items()},
                resampler,
            ).total
            for code, places in self.values.items()
        }


def full_set(seed: int, linked: int) -> FullSet:
    """Simulate a full set of 6,802 cases; `linked` ids are in both splits."""
    rng = np.random.default_rng(seed)
    cells: dict[str, list[TaskCell]] = {}
    values: dict[str, dict[Place, dict[str, float]]] = {code: {} for code in TASKS}
    ids = [f"id-{number}" for number in range(sum(TARGETS.values()) - linked)]
    both = [ids[index] for index in rng.choice(TARGETS["image"], linked, replace=False)]
    by_modality = {"image": ids[: TARGETS["image"]], "text": both + ids[TARGETS["image"] :]}
    common = dict(zip(ids, rng.normal(size=len(ids)), strict=True))
    for modality, modality_ids in by_modality.items():
        rng.shuffle(modality_ids)
        places = [(entry.category, entry.code) for entry in taxonomy(modality)]
        ends = np.cumsum(_sizes(rng, len(modality_ids), len(places)))
        codes = [code for code, task in TASKS.items() if task.modality == modality]
        shifts = rng.normal(0, 0.4, len(codes))
        for subcategory, targets in zip(places, np.split(modality_ids, ends[:-1]), strict=True):
            rates = ndtr(ndtri(rng.uniform(0.05, 0.95)) + shifts + rng.normal(0, 0.2, len(codes)))
            for code, rate in zip(codes, rates, strict=True):
                outcomes = _judged(rng, np.array([common[target] for target in targets]), rate)
                values[code][subcategory] = dict(zip(map(str, targets), outcomes, strict=True))
                for target in targets:
                    cells.setdefault(str(target), []).append((code, *subcategory))
    return FullSet(cells, values)


def _sizes(rng: np.random.Generator, total: int, parts: int) -> npt.NDArray[np.int64]:
    shares = rng.uniform(0.5, 1.5, parts)
    sizes: npt.NDArray[np.int64] = np.floor(total * shares / shares.sum()).astype(np.int64)
    sizes[0] += total - sizes.sum()
    return sizes


def _judged(
    rng: np.random.Generator, common: npt.NDArray[np.float64], rate: float
) -> npt.NDArray[np.float64]:
    """Means of three judges."""
    unsafe = ndtr(0.7 * common + math.sqrt(0.51) * rng.normal(size=len(common))) < rate
    guess = rng.random((3, len(common))) < rate
    return np.asarray(np.where(rng.random((3, len(common))) < 0.15, guess, unsafe).mean(axis=0))


def _leaf(outcomes: dict[str, float], kept: set[str]) -> Leaf:
    targets = tuple(target for target in outcomes if target in kept)
    values = np.array([outcomes[target] for target in targets])
    return Leaf(targets, np.tile(values[:, None], 3), len(outcomes))


def measured(full: FullSet, quota: int, seeds: int, resampler: Resampler) -> list[float]:
    """Coverage of the tasks' intervals, on average and of the task farthest from 0.95, and of the
    mean of all tasks; mean width of both; share of the cases that were kept."""
    truths = full.scores()
    whole = math.fsum(truths.values()) / len(truths)
    hits = dict.fromkeys(truths, 0)
    of_group, width, group_width, kept_cases = 0, 0.0, 0.0, 0
    for seed in range(seeds):
        kept = {target for component in draw(full.cells, quota, seed) for target in component.kept}
        kept_cases += sum(len(full.cells[target]) for target in kept)
        estimates = full.estimates(kept, resampler)
        for code, estimate in estimates.items():
            interval = estimate.interval(METRIC)
            assert interval is not None
            hits[code] += interval.low <= truths[code] <= interval.high
            width += (interval.high - interval.low) / len(truths)
        interval = shared_mean_of(list(estimates.values())).interval(METRIC)
        assert interval is not None
        of_group += interval.low <= whole <= interval.high
        group_width += interval.high - interval.low
    shares = [task_hits / seeds for task_hits in hits.values()]
    mean = math.fsum(shares) / len(shares)
    farthest = max(shares, key=lambda share: abs(share - 0.95))
    return [
        *(mean, farthest, of_group / seeds),
        *(width / seeds, group_width / seeds, kept_cases / full.cases / seeds),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--linked", type=int, default=0)
    parser.add_argument("--asked", type=int, nargs="+", default=ASKED)
    parser.add_argument("--draws", type=int, default=2000)
    given = parser.parse_args()
    full = full_set(1, given.linked)
    print(f"{full.cases:,} cases, {len(full.cells):,} targets")
    heads = ("tasks", "farthest task", "mean of tasks", "width", "width of the mean", "cases kept")
    print(f"| asked | {' | '.join(heads)} |")
    for quota in given.asked:
        figures = measured(full, quota, given.seeds, Resampler(given.draws))
        shown = " | ".join(f"{value:.3f}" for value in figures)
        print(f"| {quota} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
