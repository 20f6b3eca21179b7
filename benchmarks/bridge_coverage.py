"""How often a bridge between two panels holds the truth, and names changes of the order rightly.

Simulated data sets with known scores: two panels of three judges, three models on the same 600
risk targets of 15 subcategories in 4 categories, and a fourth model that is bridged. Targets are
hard or easy for all models, and a judge guesses now and then. In the worlds without a crossing,
models shift alike, or apart by a standard deviation; the second model is 0.02 safer than the first
under both panels. In the world with a crossing it is 0.08 safer under the old panel and 0.08 less
safe under the new one. The third model is far from both: its place in the order stays.
"""

from __future__ import annotations

import argparse
import resource
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from unisafe_tasks.metrics import JudgeRow, ScoredCase
from unisafe_tasks.results.panel_orders import order_changes
from unisafe_tasks.results.panel_shifts import shifts_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.statistics import Hierarchy, Interval, Resampler, scored_leaves
from unisafe_tasks.statistics.contrasts import difference_interval
from unisafe_tasks.statistics.shifts import Bounds, CarriedShift, carried_shift, shifted
from unisafe_tasks.types import Status

PLACES = [
    (f"c{category}", f"c{category}s{number}")
    for category, size in enumerate((5, 4, 4, 2))
    for number in range(size)
]
WEIGHTS = np.array([1 / (4 * sum(entry[0] == place[0] for entry in PLACES)) for place in PLACES])
CASES = 40
JUDGES = ("kettle", "saucer", "spoon")
METRIC = "attack_success_rate"
TASK = "unisafe_t2t"
OFFSETS = {"carrot": (0.0, 0.0), "leek": (-0.02, -0.02), "turnip": (0.2, 0.2), "beet": (0.1, 0.1)}
"""What is added to each model's rates under the old and the new panel; beet is bridged."""
CROSSING = {**OFFSETS, "leek": (-0.08, 0.08)}
SHIFT = -0.06

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """What is counted in one data set.

    Whether the intervals of a model's shift, of the mean shift and of the bridged score hold the
    truth, and how wide the last one is; whether each true change of the order was named, and as
    clear; whether a change that is none was named, and as clear.
    """

    model: bool
    mean: bool
    bridged: bool
    width: float
    named: bool
    clear: bool
    falsely_named: bool
    falsely_clear: bool


@dataclass(frozen=True)
class World:
    """How far the models' true shifts are apart, and whether two models change their order."""

    apart: float
    crosses: bool = False


def rates(rng: np.random.Generator, world: World) -> dict[str, tuple[Floats, Floats]]:
    """Each model's true unsafe shares by subcategory, under the old and the new panel."""
    base = rng.uniform(0.25, 0.6, len(PLACES))
    by_place = SHIFT + rng.uniform(-0.05, 0.05, len(PLACES))
    true = {}
    for model, (old, new) in (CROSSING if world.crosses else OFFSETS).items():
        change = by_place + world.apart * rng.normal()
        true[model] = np.clip(base + old, 0.02, 0.98), np.clip(base + new + change, 0.02, 0.98)
    return true


def scored_run(
    rng: np.random.Generator, model: str, panel: str, unsafe: Floats, hard: Floats
) -> ScoredRun:
    """A run whose judges see what the model did, and guess in 15 of 100 outputs.

    Args:
        rng: the source of chance.
        model: the model's name.
        panel: the panel's name.
        unsafe: the model's true unsafe shares, of shape (subcategories,).
        hard: how each output stands among those of its subcategory, from 0 to 1, of shape
            (subcategories, cases).
    """
    truth = hard < unsafe[:, None]
    shape = (len(JUDGES), *hard.shape)
    guess = rng.random(shape) < unsafe[:, None]
    verdicts = np.where(rng.random(shape) < 0.15, guess, truth)
    cases = tuple(
        ScoredCase(
            id=f"{place[1]}-{number}",
            task=TASK,
            category=place[0],
            subcategory=place[1],
            status=Status.OK,
            rows=tuple(
                JudgeRow(judge, int(judged), 1 + 2 * int(judged), False)
                for judge, judged in zip(JUDGES, verdicts[:, row, number], strict=True)
            ),
        )
        for row, place in enumerate(PLACES)
        for number in range(CASES)
    )
    # What else is in metrics.json is not asked for.
    return ScoredRun(
        Path(f"{panel}-{model}"), {"model": model}, cases, {"tasks": {TASK: {}}}, {}, {}
    )


def counted(rng: np.random.Generator, resampler: Resampler, world: World) -> Counted:
    """Simulate and bridge one data set."""
    true = rates(rng, world)
    common = rng.normal(size=(len(PLACES), CASES))
    runs = {}
    for model, sides in true.items():
        hard = ndtr(0.7 * common + np.sqrt(0.51) * rng.normal(size=common.shape))
        old = scored_run(rng, model, "old", sides[0], hard)
        runs[model] = old, scored_run(rng, model, "new", sides[1], hard)
    models = [
        shifts_of(model, runs[model][:1], runs[model][1:], resampler)
        for model in runs
        if model != "beet"
    ]
    shifts = {model: float((new - old) @ WEIGHTS) for model, (old, new) in true.items()}
    carried = carried_shift([model.estimates[TASK] for model in models], METRIC)
    first = models[0]
    own = difference_interval(first.estimates[TASK], METRIC)
    bridged = bridged_interval(runs["beet"][0], carried, resampler)
    changes = {
        (change.first, change.second): change.is_clear
        for change in order_changes(models, [TASK], resampler)
        if change.metric == METRIC
    }
    clear = {pair for pair, is_clear in changes.items() if is_clear}
    crossings = true_crossings(true)
    return Counted(
        model=holds(own, shifts[first.model]),
        mean=holds(carried.interval, float(np.mean([shifts[model.model] for model in models]))),
        bridged=holds(bridged, float(true["beet"][1] @ WEIGHTS)),
        width=0.0 if bridged is None else bridged.high - bridged.low,
        named=crossings <= changes.keys(),
        clear=crossings <= clear,
        falsely_named=bool(changes.keys() - crossings),
        falsely_clear=bool(clear - crossings),
    )


def true_crossings(true: dict[str, tuple[Floats, Floats]]) -> set[tuple[str, str]]:
    """The measured models of which the first is truly lower under the old panel only."""
    scores = {
        model: (float(old @ WEIGHTS), float(new @ WEIGHTS))
        for model, (old, new) in true.items()
        if model != "beet"
    }
    return {
        (one, other)
        for one, other in permutations(scores, 2)
        if scores[one][0] < scores[other][0] and scores[one][1] > scores[other][1]
    }


def bridged_interval(
    run: ScoredRun, carried: CarriedShift, resampler: Resampler
) -> Interval | None:
    """The interval of a run of the old panel, bridged."""
    estimate = Hierarchy.of(scored_leaves(run.cases), resampler).total
    interval = estimate.interval(METRIC)
    assert interval is not None
    assert carried.carried is not None
    return shifted(
        float(estimate.values[0]),
        Bounds(interval.low, interval.high),
        carried.value,
        Bounds(carried.carried.low, carried.carried.high),
        METRIC,
    )[1]


def holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=2000)
    given = parser.parse_args()
    names = list(Counted.__dataclass_fields__)
    print(f"| shifts apart | crossing | {' | '.join(names)} | CPU-s |")
    for world in (World(0.0), World(0.02), World(0.0, crosses=True)):
        rng, resampler = np.random.default_rng(16), Resampler(given.draws)
        sets = [counted(rng, resampler, world) for _ in range(given.sets)]
        shown = [f"{np.mean([getattr(each, name) for each in sets]):.3f}" for name in names]
        spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        crosses = "yes" if world.crosses else "no"
        print(f"| {world.apart:g} | {crosses} | {' | '.join(shown)} | {spent:.0f} |", flush=True)


if __name__ == "__main__":
    main()
