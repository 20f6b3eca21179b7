"""UniSAFE as tasks for Inspect: `inspect eval unisafe_tasks/unisafe_t2t --model ...`.

The way of one case: `samples` (case -> sample) -> the model, four turns by `tasks` -> `outputs`
(what came back) -> `scorer` (verdicts and metrics), while `runs` keeps the run folder, which
`hooks` opens and closes.
"""

from __future__ import annotations

from unisafe_tasks.harnesses.inspect.hooks import RunFolders
from unisafe_tasks.harnesses.inspect.task_functions import *  # noqa: F403

# Inspect finds the tasks by name in the module that its entry point names.
__all__ = ["RunFolders"]
