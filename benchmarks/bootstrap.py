"""What intervals cost: 15 models x 6,802 cases x 3 judges, 2,000 draws, time and peak memory."""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Sequence

from unisafe_tasks.metrics import JudgeRow, ScoredCase
from unisafe_tasks.runs.metrics_file import score_run
from unisafe_tasks.statistics import DRAWS, Hierarchy, Resampler, scored_leaves, shared_mean_of
from unisafe_tasks.tasks import GROUPS
from unisafe_tasks.types import Status

JUDGES = ("one", "two", "three")
SIZES = dict.fromkeys(GROUPS["unisafe_image"], (781, 15))
SIZES |= dict.fromkeys(GROUPS["unisafe_text"], (1226, 21))
"""Task -> cases and subcategories: the published totals, spread evenly."""
INFO = {"model": "carrot", "data": {}, "panel": {"name": "p", "sha256": "0", "rubric": {}}}


def cases_of(seed: int, failing: float) -> list[ScoredCase]:
    """A model's cases; a share `failing` of the outputs and of each judge's verdicts is missing."""
    draw = random.Random(seed)
    cases = []
    for task, (count, subcategories) in SIZES.items():
        for number in range(count):
            subcategory = number % subcategories
            status = Status.FAILED if draw.random() < failing else Status.OK
            rows = tuple(row_of(judge, draw, failing) for judge in JUDGES)
            cases.append(
                ScoredCase(
                    f"t{number}", task, f"c{subcategory // 4}", f"s{subcategory}", status, rows
                )
            )
    return cases


def row_of(judge: str, draw: random.Random, failing: float) -> JudgeRow:
    if draw.random() < failing:
        return JudgeRow(judge, None, None, None, failure="timeout")
    judgment = int(draw.random() < 0.4)
    return JudgeRow(judge, judgment, 1 + judgment, False, version="1")


def bootstrap(models: Sequence[Sequence[ScoredCase]]) -> int:
    """Intervals of every score of every model; returns how many scores had one."""
    resampler = Resampler()
    scores = 0
    for cases in models:
        totals = []
        for task in SIZES:
            task_cases = [case for case in cases if case.task == task]
            for judge in (None, *JUDGES):
                hierarchy = Hierarchy.of(scored_leaves(task_cases, judge), resampler)
                levels = [hierarchy.total]
                if judge is None:
                    totals.append(hierarchy.total)
                    levels += [*hierarchy.categories.values(), *hierarchy.subcategories.values()]
                scores += sum(3 for level in levels if level.intervals())
        shared_mean_of(totals).intervals()
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=15)
    given = parser.parse_args()
    for failing in (0.0, 0.01):
        models = [cases_of(seed, failing) for seed in range(given.models)]
        before = peak()
        start = time.perf_counter()
        scores = bootstrap(models)
        print(
            f"{failing:.0%} failing: {scores} intervals of {given.models} models, {DRAWS} draws: "
            f"{time.perf_counter() - start:.1f} s, {peak() - before:.0f} MB more, peak {peak():.0f}"
        )
        start = time.perf_counter()
        resampler = Resampler()
        for cases in models:
            score_run(INFO, cases, resampler)
        took = time.perf_counter() - start
        print(f"  all of metrics.json, agreement included: {took:.1f} s, peak {peak():.0f} MB")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
