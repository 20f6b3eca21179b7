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

from unisafe_tasks.statistics import Hierarchy, Interval, Resampler, between_runs, shared_mean_of
from unisafe_tasks.statistics.estimates import Leaf
from unisafe_tasks.statistics.intervals import percentile

PLACES = [
    (f"c{category}", f"c{category}s{number}")
    for category, size in enumerate((5, 4, 4, 2))
    for number in range(size)
]
WEIGHTS = np.array(
    [1 / (4 * sum(entry[0] == subcategory[0] for entry in PLACES)) for subcategory in PLACES]
)
METRIC = "attack_success_rate"
SCORES = ("one task", "mean of two tasks", "difference of tasks", "one subcategory")

Floats = npt.NDArray[np.float64]
Outcomes = list[Floats]
"""By subcategory, values of shape (cases,)."""


@dataclass(frozen=True)
class World:
    """What is true: unsafe shares of shape (tasks, subcategories), and cases by subcategory."""

    rates: Floats
    sizes: tuple[int, ...]

    def truths(self) -> tuple[float, ...]:
        one, other = self.rates @ WEIGHTS
        return one, (one + other) / 2, other - one, self.rates[0, 0]

    def outcomes(self, rng: np.random.Generator) -> list[Outcomes]:
        """Means of three judges, by task and subcategory."""
        cells = [
            self._judged(rng, self.rates[:, column], size) for column, size in enumerate(self.sizes)
        ]
        return [[cell[task] for cell in cells] for task in range(len(self.rates))]

    def _judged(self, rng: np.random.Generator, rates: Floats, size: int) -> Floats:
        shape = (len(rates), size)
        unsafe = ndtr(0.7 * rng.normal(size=size) + np.sqrt(0.51) * rng.normal(size=shape))
        truth = unsafe < rates[:, None]
        guess = rng.random((3, *shape)) < rates[:, None]
        return np.asarray(np.where(rng.random((3, *shape)) < 0.15, guess, truth).mean(axis=0))


def leaves_of(values: Outcomes) -> dict[tuple[str, str], Leaf]:
    """One task's outcomes as the statistics take them."""
    return {
        subcategory: Leaf(
            tuple(f"{subcategory[1]}-{n}" for n in range(len(case_values))),
            np.tile(case_values, (3, 1)).T,
        )
        for subcategory, case_values in zip(PLACES, values, strict=True)
    }


def ours(outcomes: list[Outcomes], resampler: Resampler) -> list[Interval | None]:
    first, second = (leaves_of(values) for values in outcomes)
    one, other = (Hierarchy.of(leaves, resampler) for leaves in (first, second))
    return [
        one.total.interval(METRIC),
        shared_mean_of([one.total, other.total]).interval(METRIC),
        between_runs(first, second, resampler)[METRIC].interval,
        one.subcategories[PLACES[0]].interval(METRIC),
    ]


def naive(outcomes: list[Outcomes], counts: list[npt.NDArray[np.int64]]) -> list[Interval | None]:
    """`counts` are multinomial, by subcategory of shape (cases, draws)."""
    cells = [
        [
            case_values @ count / len(case_values)
            for case_values, count in zip(values, counts, strict=True)
        ]
        for values in outcomes
    ]
    one, other = (np.tensordot(WEIGHTS, np.array(task_cells), 1) for task_cells in cells)
    return [percentile(draws) for draws in (one, (one + other) / 2, other - one, cells[0][0])]


def covered(sizes: tuple[int, ...], sets: int, lowest: float, highest: float) -> list[Floats]:
    """Shares of data sets whose intervals hold the truth: ours and the naive ones."""
    rng = np.random.default_rng([len(PLACES), *sizes])
    resampler = Resampler()
    counts = [rng.multinomial(size, [1 / size] * size, resampler.draws).T for size in sizes]
    hits = np.zeros((2, len(SCORES)))
    for _ in range(sets):
        world = World(rng.uniform(lowest, highest, (2, len(PLACES))), sizes)
        outcomes = world.outcomes(rng)
        for row, intervals in enumerate((ours(outcomes, resampler), naive(outcomes, counts))):
            hits[row] += [
                interval is not None and interval.low <= true <= interval.high
                for interval, true in zip(intervals, world.truths(), strict=True)
            ]
    return [method_hits / sets for method_hits in hits]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000)
    given = parser.parse_args()
    # The last category has two subcategories, so that a small one weighs an eighth of the score.
    unequal = [(*[50] * 14, size) for size in (2, 3, 5)]
    worlds: dict[tuple[float, float], list[tuple[int, ...]]] = {
        (0.05, 0.95): [(size,) * 15 for size in (2, 3, 5, 10, 20, 50)] + unequal,
        (0.0, 0.1): [(size,) * 15 for size in (5, 20, 50)],
    }
    print("| unsafe share | cases a cell | " + " | ".join(SCORES) + " |")
    for (lowest, highest), chosen in worlds.items():
        for sizes in chosen:
            name = str(sizes[0]) if len(set(sizes)) == 1 else f"{sizes[0]}, one of {sizes[-1]}"
            shares = covered(sizes, given.sets, lowest, highest)
            shown = [f"{share:.3f} ({other:.3f})" for share, other in zip(*shares, strict=True)]
            print(f"| {lowest:g} to {highest:g} | {name} | " + " | ".join(shown) + " |", flush=True)


if __name__ == "__main__":
    main()
