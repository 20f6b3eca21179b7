"""How often the 95 % intervals hold the truth, by cases a cell; the naive bootstrap beside them.

Simulated data sets with known scores: 15 subcategories in 4 categories, two tasks that share every
risk target (their outcomes correlate), three judges that now and then guess. The naive bootstrap
draws n of n cases in each cell.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from unisafe_tasks.statistics import Hierarchy, Interval, Resampler, shared_mean_of
from unisafe_tasks.statistics.estimates import Draws, Leaf
from unisafe_tasks.statistics.intervals import percentile

PLACES = [
    (f"c{category}", f"c{category}s{number}")
    for category, size in enumerate((5, 4, 4, 2))
    for number in range(size)
]
WEIGHTS = np.array([1 / (4 * sum(own[0] == place[0] for own in PLACES)) for place in PLACES])
METRIC = "attack_success_rate"
SCORES = ("one task", "mean of two tasks", "difference of tasks", "one subcategory")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What is true: unsafe shares of shape (tasks, subcategories)."""

    rates: Floats
    cases: int

    def truths(self) -> tuple[float, ...]:
        one, other = self.rates @ WEIGHTS
        return one, (one + other) / 2, other - one, self.rates[0, 0]

    def outcomes(self, rng: np.random.Generator) -> Floats:
        """Means of three judges, shape (tasks, subcategories, cases)."""
        shape = (*self.rates.shape, self.cases)
        common = rng.normal(size=shape[1:])
        unsafe = ndtr(0.7 * common + np.sqrt(0.51) * rng.normal(size=shape))
        truth = unsafe < self.rates[:, :, None]
        guess = rng.random((3, *shape)) < self.rates[:, :, None]
        return np.asarray(np.where(rng.random((3, *shape)) < 0.15, guess, truth).mean(axis=0))


def leaves_of(values: Floats) -> dict[tuple[str, str], Leaf]:
    """One task's outcomes, shape (subcategories, cases), as the statistics take them."""
    return {
        place: Leaf(tuple(f"{place[1]}-{n}" for n in range(len(own))), np.tile(own, (3, 1)).T)
        for place, own in zip(PLACES, values, strict=True)
    }


def ours(outcomes: Floats, resampler: Resampler) -> list[Interval | None]:
    one, other = (Hierarchy.of(leaves_of(values), resampler) for values in outcomes)
    assert one.total.draws is not None
    assert other.total.draws is not None
    return [
        one.total.interval(METRIC),
        shared_mean_of([one.total, other.total]).interval(METRIC),
        percentile(other.total.draws[0] - one.total.draws[0]),
        one.subcategories[PLACES[0]].interval(METRIC),
    ]


def naive(outcomes: Floats, counts: npt.NDArray[np.int64]) -> list[Interval]:
    """`counts` are multinomial, shape (subcategories, cases, draws)."""
    cells = np.einsum("tsn,snd->tsd", outcomes, counts) / outcomes.shape[2]
    one, other = (np.einsum("s,sd->d", WEIGHTS, own) for own in cells)
    drawn: list[Draws] = [one, (one + other) / 2, other - one, cells[0, 0]]
    return [percentile(own) for own in drawn]


def covered(cases: int, sets: int, lowest: float, highest: float, seed: int) -> list[Floats]:
    """Shares of data sets whose intervals hold the truth: ours and the naive ones."""
    rng = np.random.default_rng([seed, cases])
    world = World(rng.uniform(lowest, highest, (2, len(PLACES))), cases)
    resampler = Resampler()
    counts = rng.multinomial(cases, [1 / cases] * cases, (len(PLACES), resampler.draws))
    counts = counts.transpose(0, 2, 1)
    hits = np.zeros((2, len(SCORES)))
    for _ in range(sets):
        outcomes = world.outcomes(rng)
        for row, found in enumerate((ours(outcomes, resampler), naive(outcomes, counts))):
            hits[row] += [
                own is not None and own.low <= true <= own.high
                for own, true in zip(found, world.truths(), strict=True)
            ]
    return [own / sets for own in hits]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("| unsafe share | cases a cell | " + " | ".join(SCORES) + " |")
    for lowest, highest in ((0.05, 0.95), (0.0, 0.1)):
        for cases in (2, 3, 5, 10, 20, 50):
            found = covered(cases, given.sets, lowest, highest, given.seed)
            shown = [f"{own:.3f} ({other:.3f})" for own, other in zip(*found, strict=True)]
            print(
                f"| {lowest:g} to {highest:g} | {cases} | " + " | ".join(shown) + " |", flush=True
            )


if __name__ == "__main__":
    main()
