"""How often the 95 % interval of the refusal discrimination holds the true value.

Simulated runs of both arms with known refusal rates: 15 subcategories in 4 categories, two tasks
that share every target of their arm (their refusals correlate). Beside it the plain bootstrap: the
quantiles of the differences of both arms' draws.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from unisafe_tasks.metric_facts import DISCRIMINATION
from unisafe_tasks.statistics import Interval, Resampler
from unisafe_tasks.statistics.discrimination import (
    PairedRefusals,
    mean_of_paired,
    paired_refusals,
)
from unisafe_tasks.statistics.estimates import Leaf, Leaves
from unisafe_tasks.statistics.intervals import percentile

PLACES = [
    (f"c{category}", f"c{category}s{number}")
    for category, size in enumerate((5, 4, 4, 2))
    for number in range(size)
]
WEIGHTS = np.array([1 / (4 * sum(entry[0] == place[0] for entry in PLACES)) for place in PLACES])
TASKS = 2

Floats = npt.NDArray[np.float64]


def arm(rng: np.random.Generator, name: str, rates: Floats, size: int) -> list[Leaves]:
    """An arm's refusals by task; `rates` are of shape (tasks, subcategories)."""
    tasks: list[Leaves] = [{} for _ in rates]
    for column, place in enumerate(PLACES):
        common = rng.normal(size=size)
        for leaves, rate in zip(tasks, rates[:, column], strict=True):
            refused = 0.7 * common + np.sqrt(0.51) * rng.normal(size=size) < ndtri(rate)
            targets = tuple(f"{name}-{place[1]}-{number}" for number in range(size))
            leaves[place] = Leaf(targets, np.column_stack([refused, np.zeros(size)]))
    return tasks


def ours(refusals: PairedRefusals) -> Interval | None:
    measure = refusals.measures()[DISCRIMINATION]
    return None if measure is None else measure.interval


def plain(refusals: PairedRefusals) -> Interval | None:
    first, second = refusals.harmful.draws, refusals.harmless.draws
    return None if first is None or second is None else percentile(first[0] - second[0])


def covered(
    sizes: tuple[int, int], bounds: tuple[tuple[float, float], ...], sets: int
) -> list[Floats]:
    """Shares of data sets whose intervals hold the truth, of one task and of both: ours, plain."""
    rng = np.random.default_rng([*sizes, round(100 * bounds[0][0])])
    resampler = Resampler()
    hits = np.zeros((2, 2))
    for _ in range(sets):
        rates = [rng.uniform(*each, (TASKS, len(PLACES))) for each in bounds]
        harmful, harmless = (
            arm(rng, name, own, size)
            for name, own, size in zip(("harmful", "harmless"), rates, sizes, strict=True)
        )
        truths = (rates[0] - rates[1]) @ WEIGHTS
        of_tasks = [
            paired
            for one, other in zip(harmful, harmless, strict=True)
            if (paired := paired_refusals(one, other, resampler)) is not None
        ]
        of_both = (of_tasks[0], mean_of_paired(of_tasks))
        for row, method in enumerate((ours, plain)):
            intervals = [method(refusals) for refusals in of_both]
            hits[row] += [
                interval is not None and interval.low <= true <= interval.high
                for interval, true in zip(intervals, (truths[0], truths.mean()), strict=True)
            ]
    return [method_hits / sets for method_hits in hits]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000)
    given = parser.parse_args()
    worlds = [
        (((0.3, 0.9), (0.05, 0.4)), [(50, 3), (50, 20), (20, 20), (5, 3)]),
        (((0.9, 1.0), (0.0, 0.1)), [(50, 3), (50, 20)]),
        (((0.0, 0.1), (0.0, 0.1)), [(50, 3), (50, 20)]),
    ]
    print("| harmful refused | harmless refused | cases a cell | one task | mean of two tasks |")
    print("|---|---|---|---|---|")
    for bounds, chosen in worlds:
        for sizes in chosen:
            shares = covered(sizes, bounds, given.sets)
            shown = [f"{share:.3f} ({other:.3f})" for share, other in zip(*shares, strict=True)]
            named = [f"{low:g} to {high:g}" for low, high in bounds]
            cells = [*named, " and ".join(map(str, sizes)), *shown]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
