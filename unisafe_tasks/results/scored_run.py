"""Finished runs, as everything that compares or publishes them reads them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from unisafe_tasks.data.names import arm_of
from unisafe_tasks.errors import RunError
from unisafe_tasks.metrics import ScoredCase
from unisafe_tasks.runs.metrics_file import score_run
from unisafe_tasks.runs.reading import RunContents, read_run
from unisafe_tasks.self_awareness import is_self_awareness, read_self_awareness
from unisafe_tasks.statistics import Estimate, Resampler
from unisafe_tasks.tasks import Arm

__all__ = [
    "ScoredRun",
    "labels_of",
    "read_scored_run",
    "read_scored_runs",
    "read_with_self_awareness",
    "scored_contents",
]


@dataclass(frozen=True)
class ScoredRun:
    """A run folder with its scores.

    `info` is run.json, `metrics` what metrics.json holds, recomputed from the stored verdicts;
    `cases` are under the panel's ensemble; `estimates` are the tasks' scores with their draws, and
    `splits` their splits.
    """

    folder: Path
    info: Mapping[str, Any]
    cases: tuple[ScoredCase, ...]
    metrics: Mapping[str, Any]
    estimates: Mapping[str, Estimate]
    splits: Mapping[str, Estimate]

    @property
    def model(self) -> str:
        return str(self.info["model"])

    @property
    def arm(self) -> Arm:
        return arm_of((self.info.get("data") or {}).get("source"))

    def cases_of(self, task: str) -> list[ScoredCase]:
        """The cases of a task by its harness name."""
        return [case for case in self.cases if case.task == task]


def read_scored_run(folder: Path, resampler: Resampler | None = None) -> ScoredRun:
    """Read and score one run folder.

    Raises:
        RunError: it is no run folder, or damaged; file and line are named.
    """
    return scored_contents(read_run(folder), resampler)


def scored_contents(contents: RunContents, resampler: Resampler | None = None) -> ScoredRun:
    """Score a run folder that was read.

    Raises:
        RunError: as `score_run`.
    """
    scored = score_run(contents.info, contents.cases, resampler)
    return ScoredRun(
        contents.folder,
        contents.info,
        scored.cases,
        scored.metrics,
        scored.estimates,
        scored.splits,
    )


def read_scored_runs(
    folders: Iterable[Path], resampler: Resampler | None = None, *, takes_benign: bool = False
) -> list[ScoredRun]:
    """Read several run folders with the same bootstrap draws.

    Raises:
        RunError: as `read_scored_run`; or a folder is named twice; or it is of the benign set, and
            `takes_benign` is false.
    """
    resampler = resampler or Resampler()
    folders = list(folders)
    seen: set[Path] = set()
    results = []
    # Only for people: a terminal, and more than a moment.
    is_watched = len(folders) > 1 and sys.stderr.isatty()
    watched = tqdm(folders, desc="Scoring runs", unit="run", leave=False) if is_watched else folders
    for folder in watched:
        if folder.resolve() in seen:
            raise RunError(f"{folder} is named twice")
        seen.add(folder.resolve())
        contents = read_run(folder)
        if not takes_benign:
            contents.require_adversarial("this command")
        results.append(scored_contents(contents, resampler))
    return results


def read_with_self_awareness(
    folders: Iterable[Path], resampler: Resampler | None = None
) -> tuple[list[ScoredRun], list[dict[str, Any]]]:
    """Run folders of both arms and those of self-awareness runs, told apart by what they hold.

    Raises:
        RunError: as `read_scored_runs` and `read_self_awareness`; or no folder is a run folder.
    """
    folders = list(folders)
    self_folders = [folder for folder in folders if is_self_awareness(folder)]
    runs = [folder for folder in folders if folder not in self_folders]
    if not runs:
        raise RunError("only self-awareness results were named: name the runs they are of too")
    return read_scored_runs(runs, resampler, takes_benign=True), [
        read_self_awareness(folder) for folder in self_folders
    ]


def labels_of(results: Sequence[ScoredRun]) -> list[str]:
    """A name for each run: the model's, with the folder's where two runs are of one model."""
    models = Counter(result.model for result in results)
    labels = [
        result.model if models[result.model] == 1 else f"{result.model} ({result.folder.name})"
        for result in results
    ]
    again = Counter(labels)
    return [
        label if again[label] == 1 else f"{label} #{number}"
        for number, label in enumerate(labels, start=1)
    ]
