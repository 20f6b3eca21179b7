"""UniSAFE as tasks for Inspect: `inspect eval unisafe_tasks/unisafe_t2t --model ...`.

The way of one case: `samples` (case -> sample) -> the model, four turns by `tasks` -> `outputs`
(what came back) -> `scorer` (verdicts and metrics), while `runs` keeps the run folder, which
`hooks` opens and closes.
"""

from __future__ import annotations

from typing import Any

from unisafe_tasks.harnesses.inspect.hooks import RunFolders
from unisafe_tasks.harnesses.inspect.tasks import TASK_FUNCTIONS

__all__ = ["RunFolders"]

# Inspect finds tasks by name in the module that its entry point names.
globals().update(TASK_FUNCTIONS)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
