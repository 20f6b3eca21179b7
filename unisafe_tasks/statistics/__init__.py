"""Statistics of results: cases in, estimates with intervals out. Nothing here reads a file.

`resampling` draws risk targets, `estimates` turns cases into scores with intervals, `contrasts`
compares scores of the same targets, `agreement` and `calibration` measure the judges.
"""

from __future__ import annotations

from unisafe_tasks.statistics.contrasts import Difference, between_runs, between_tasks, holm
from unisafe_tasks.statistics.estimates import (
    Estimate,
    Hierarchy,
    mean_of,
    scored_leaves,
    shared_mean_of,
)
from unisafe_tasks.statistics.intervals import CONFIDENCE, Interval
from unisafe_tasks.statistics.resampling import DRAWS, Resampler

__all__ = [
    "CONFIDENCE",
    "DRAWS",
    "Difference",
    "Estimate",
    "Hierarchy",
    "Interval",
    "Resampler",
    "between_runs",
    "between_tasks",
    "holm",
    "mean_of",
    "scored_leaves",
    "shared_mean_of",
]
