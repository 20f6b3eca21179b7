"""UniSAFE as tasks for Inspect: `inspect eval unisafe_tasks/unisafe_t2t --model ...`.

The way of one case: `samples` (case -> sample) -> the model, four turns by `conversation` ->
`outputs` (what came back) -> `scorer` (verdicts and metrics), while `runs` keeps the run folder,
which `hooks` opens and closes.
"""

from __future__ import annotations

from unisafe_tasks.harnesses.inspect.hooks import RunFolders
from unisafe_tasks.harnesses.inspect.tasks import (
    unisafe_i2i,
    unisafe_i2t,
    unisafe_it2t,
    unisafe_mmi2i,
    unisafe_mt2i,
    unisafe_t2i,
    unisafe_t2t,
)

__all__ = [
    "RunFolders",
    "unisafe_i2i",
    "unisafe_i2t",
    "unisafe_it2t",
    "unisafe_mmi2i",
    "unisafe_mt2i",
    "unisafe_t2i",
    "unisafe_t2t",
]
