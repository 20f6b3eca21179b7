"""What a job of the workflow leaves: how it ended, and where the run folders are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from unisafe_tasks.files import encode_json, write_atomically
from unisafe_tasks.planning.models_file import ModelEntry
from unisafe_tasks.tasks import Arm, Task

__all__ = [
    "ARM_FOLDERS",
    "OUTCOME",
    "Outcome",
    "read_outcome",
    "run_of",
    "tasks_of",
    "write_outcome",
]

OUTCOME = "outcome.json"
ARM_FOLDERS = {Arm.ADVERSARIAL: "runs", Arm.BENIGN: "runs_benign"}
"""Of the results: each arm is judged as a run of its own."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `run` is its run folder's path from the results folder, if there is one with
    outputs; `said` is the last line of a job that failed."""

    model: str
    task: str
    shard: str
    exit_code: int
    said: str | None
    run: str | None
    seconds: float


def tasks_of(entry: ModelEntry, arm: Arm) -> list[Task]:
    return [task for task in entry.chosen_tasks if task.arm is arm]


def run_of(entry: ModelEntry, arm: Arm) -> Path:
    """The judged run of a model, from the results folder."""
    return Path(ARM_FOLDERS[arm], entry.name)


def write_outcome(folder: Path, outcome: Outcome) -> None:
    write_atomically(folder / OUTCOME, encode_json(asdict(outcome)))


def read_outcome(folder: Path) -> Outcome:
    return Outcome(**json.loads((folder / OUTCOME).read_text("utf-8")))
