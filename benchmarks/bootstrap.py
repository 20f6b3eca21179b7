"""What intervals cost: CPU seconds, and memory beyond that of the cases. Each in its own process.

One task with 6,802 targets in three cells; all of metrics.json for 6,802 text cases with one judge,
and for 15 models x 6,802 cases x 3 judges.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from unisafe_tasks.metrics import JudgeRow, ScoredCase
from unisafe_tasks.runs.metrics_file import score_run
from unisafe_tasks.statistics import DRAWS, Hierarchy, Resampler, scored_leaves
from unisafe_tasks.tasks import GROUPS
from unisafe_tasks.types import Status

JUDGES = ("one", "two", "three")
SIZES = dict.fromkeys(GROUPS["unisafe_image"], (781, 15))
SIZES |= dict.fromkeys(GROUPS["unisafe_text"], (1226, 21))
"""Task -> cases and subcategories: the published totals, spread evenly."""
TOTAL = 6802
INFO = {"model": "carrot", "data": {}, "panel": {"name": "p", "sha256": "0", "rubric": {}}}


def cases_of_task(
    task: str, size: tuple[int, int], judges: Sequence[str], failing: float, draw: random.Random
) -> list[ScoredCase]:
    """A task's cases; a share `failing` of the outputs and of each judge's verdicts is missing."""
    count, subcategories = size
    cases = []
    for number in range(count):
        subcategory = number % subcategories
        status = Status.FAILED if draw.random() < failing else Status.OK
        rows = tuple(row_of(judge, draw, failing) for judge in judges)
        place = (f"c{subcategory // 4}", f"s{subcategory}")
        cases.append(ScoredCase(f"t{number}", task, *place, status, rows))
    return cases


def row_of(judge: str, draw: random.Random, failing: float) -> JudgeRow:
    if draw.random() < failing:
        return JudgeRow(judge, None, None, None, failure="timeout")
    judgment = int(draw.random() < 0.4)
    return JudgeRow(judge, judgment, 1 + judgment, False, version="1")


@dataclass(frozen=True)
class Usage:
    """CPU seconds and peak memory in MB of this process."""

    seconds: float
    peak: float

    @classmethod
    def now(cls) -> Usage:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return cls(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def one_task() -> Usage:
    """Intervals of a task and of its three subcategories; returns the usage before them."""
    cases = cases_of_task("unisafe_t2t", (TOTAL, 3), JUDGES[:1], 0.0, random.Random(0))
    before = Usage.now()
    hierarchy = Hierarchy.of(scored_leaves(cases), Resampler())
    for estimate in (hierarchy.total, *hierarchy.subcategories.values()):
        estimate.intervals()
    return before


def runs(
    models: int, sizes: Mapping[str, tuple[int, int]], judges: Sequence[str], failing: float
) -> Usage:
    """All of metrics.json of some models; returns the usage before."""
    model_cases = []
    for seed in range(models):
        draw = random.Random(seed)
        model_cases.append(
            [
                case
                for task, size in sizes.items()
                for case in cases_of_task(task, size, judges, failing, draw)
            ]
        )
    before = Usage.now()
    resampler = Resampler()
    for cases in model_cases:
        score_run(INFO, cases, resampler)
    return before


def measured(work: Callable[..., Usage], *given: object) -> str:
    before = work(*given)
    after = Usage.now()
    return (
        f"{after.seconds - before.seconds:.2f} CPU-s, "
        f"{after.peak - before.peak:.0f} MB more, peak {after.peak:.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=15)
    models = parser.parse_args().models
    text = dict.fromkeys(GROUPS["unisafe_text"], (-(-TOTAL // 3), 21))
    works: dict[str, tuple[Any, ...]] = {
        f"intervals of one task, {TOTAL} targets in three cells": (one_task,),
        f"metrics.json of {TOTAL} text cases, one judge": (runs, 1, text, JUDGES[:1], 0.0),
        f"metrics.json of {models} models": (runs, models, SIZES, JUDGES, 0.0),
        "the same, 1 % of outputs and verdicts missing": (runs, models, SIZES, JUDGES, 0.01),
    }
    print(f"{DRAWS} draws")
    for name, work in works.items():
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            print(f"{name}: {pool.submit(measured, *work).result()}", flush=True)


if __name__ == "__main__":
    main()
