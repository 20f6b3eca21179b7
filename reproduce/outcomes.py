"""What a job of the workflow leaves: how it ended, and where its run folder is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from unisafe_tasks.files import encode_json, write_atomically

__all__ = ["OUTCOME", "Outcome", "read_outcome", "write_outcome"]

OUTCOME = "outcome.json"


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


def write_outcome(folder: Path, outcome: Outcome) -> None:
    write_atomically(folder / OUTCOME, encode_json(asdict(outcome)))


def read_outcome(folder: Path) -> Outcome:
    return Outcome(**json.loads((folder / OUTCOME).read_text("utf-8")))
