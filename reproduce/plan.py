"""The jobs of a models file, as JSON for the workflow, which runs in an environment of its own."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from outcomes import ARM_FOLDERS, run_of, tasks_of

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.planning.estimates import Counts, counts_of
from unisafe_tasks.planning.models_file import ModelEntry, read_models
from unisafe_tasks.tasks import Arm, Task

_FOLDERS = ("answers", "environments", "report", *ARM_FOLDERS.values())
_DAY = 24 * 60
_LEAST = 60


def main(models: str) -> None:
    file = read_models(Path(models))
    counts = counts_of(file, None) if file.cases else None
    plan = {entry.name: _jobs(entry, counts) for entry in file.models if entry.gone is None}
    if not plan:
        raise UnisafeError(f"models file {models} has no model that can be had")
    print(json.dumps(plan))


def _jobs(entry: ModelEntry, counts: Counts | None) -> dict[str, Any]:
    if entry.name in _FOLDERS:
        raise UnisafeError(
            f"a model cannot have the name {entry.name}, which a folder of the results has"
        )
    return {
        # A model that is asked otherwise is run again; what does not change an answer is left out.
        "asked": entry.model_dump_json(include={"model", "model_args", "batch_size", "runner"}),
        "tasks": [task.name for task in entry.chosen_tasks],
        "runs": [str(run_of(entry, arm)) for arm in Arm if tasks_of(entry, arm)],
        "shards": entry.shards,
        "gpus": entry.gpus,
        "minutes": {task.name: _minutes(entry, task, counts) for task in entry.chosen_tasks},
    }


def _minutes(entry: ModelEntry, task: Task, counts: Counts | None) -> int:
    """Twice what a job is expected to take, as a scheduler's limit; a day if that is not known."""
    each = getattr(entry.seconds, task.modality, None)
    if counts is None or each is None:
        return _DAY
    expected = counts.outputs([task], task.modality) * float(each) / entry.shards / 60
    return max(_LEAST, math.ceil(2 * expected))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except UnisafeError as error:
        sys.exit(str(error))
