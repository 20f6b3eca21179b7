"""What may be published of a run, and how its model, its data and its files are named.

A score leaves this machine only if the verdicts in the folder still give it; without a score
nothing does. What is not of the whole benchmark takes its marks along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isclose
from pathlib import Path
from typing import Any

from unisafe_tasks.comparability import Basis, basis_of
from unisafe_tasks.errors import PublishingError, RunError
from unisafe_tasks.metrics import METRICS
from unisafe_tasks.redaction import redact
from unisafe_tasks.results import Result, read_results
from unisafe_tasks.sources import HUB_ID

__all__ = [
    "PublishedRun",
    "merge_files",
    "path_component",
    "read_published",
    "require_clean",
    "same_score",
    "slug_of_run",
]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
# Names of devices on Windows, where a checkout of the published files must be possible too.
_DEVICES = re.compile(r"(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")


@dataclass(frozen=True)
class PublishedRun:
    """A run that may be published: judged, with a score, and in agreement with itself.

    `ended` is when it ended, or began if its end is not known.
    """

    result: Result
    basis: Basis
    began: datetime
    ended: datetime

    @property
    def folder(self) -> Path:
        return self.result.folder

    @property
    def info(self) -> Mapping[str, Any]:
        return self.result.info

    @property
    def metrics(self) -> Mapping[str, Any]:
        return self.result.metrics

    @property
    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        """What metrics.json says of each task, by its harness name."""
        tasks: Mapping[str, Mapping[str, Any]] = self.metrics["tasks"]
        return tasks

    @property
    def hub_data(self) -> str | None:
        """The hub id of the data set, or None for the demo set and local copies."""
        return self.basis.data if _HUB_ID.fullmatch(self.basis.data) else None

    @property
    def is_unisafe(self) -> bool:
        """Whether the cases are those of the published data set, by its own name."""
        return self.basis.data == HUB_ID

    @property
    def revision(self) -> str | None:
        """The hub commit of the data, where there is one."""
        return (self.info.get("data") or {}).get("revision")

    @property
    def is_whole(self) -> bool:
        """Whether no score carries a mark."""
        return all(values["complete"] for values in self.tasks.values())

    def unscored(self) -> dict[str, list[str]]:
        """The metrics of each task that have no value. No value is no zero."""
        found = {
            name: [metric for metric in METRICS if values[metric] is None]
            for name, values in self.tasks.items()
        }
        return {name: metrics for name, metrics in found.items() if metrics}


def read_published(folders: Iterable[Path]) -> list[PublishedRun]:
    """Read and score runs that are to be published.

    Raises:
        RunError: a folder is named twice, is no run folder or damaged, or was not judged.
        PublishingError: nothing is scored, the run has no time, or metrics.json says other numbers
            than the verdicts.
    """
    return [_checked(result) for result in read_results(folders)]


def _checked(result: Result) -> PublishedRun:
    basis = basis_of(result)
    folder, tasks = result.folder, result.metrics["tasks"]
    if not any(values["scored"] for values in tasks.values()):
        raise PublishingError(
            f"{folder} has no score: no case of any task was scored, so that there is nothing to "
            "publish"
        )
    if not isinstance((result.info.get("data") or {}).get("source"), str):
        raise PublishingError(f"{folder / 'run.json'} does not say which data the model was run on")
    _require_agreement(result)
    began = _time(result.info.get("started"), folder)
    ended = began if result.info.get("ended") is None else _time(result.info["ended"], folder)
    return PublishedRun(result, basis, began, ended)


def _time(value: object, folder: Path) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise PublishingError(
            f"{folder / 'run.json'}: started or ended is {value!r}, expected an ISO 8601 time with "
            "its offset: a result is published with its date"
        )
    return found.astimezone(UTC)


def _require_agreement(result: Result) -> None:
    """metrics.json, if it is there, must say what the verdicts beside it say."""
    path = result.folder / "metrics.json"
    # A run that was stopped wrote the scores of the tasks it had finished, and holds more.
    if not path.is_file() or result.info.get("status", "complete") != "complete":
        return
    try:
        tasks = json.loads(path.read_bytes())["tasks"]
        stored = {
            (task, metric): tasks[task][metric]
            for task in tasks
            for metric in (*METRICS, "asked", "scored")
        }
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise RunError(f"{path} cannot be read: {type(error).__name__}: {error}") from None
    found = result.metrics["tasks"]
    if set(tasks) != set(found):
        raise PublishingError(f"{path} has other tasks than the verdicts beside it: {_again(path)}")
    for (task, metric), value in stored.items():
        if not same_score(value, found[task][metric]):
            raise PublishingError(
                f"{path} says {metric} {value} of {task}, but the verdicts beside it give "
                f"{found[task][metric]}: {_again(path)}"
            )


def _again(path: Path) -> str:
    return f"look with 'unisafe score {path.parent}' at what is right, and judge or run it again"


def same_score(one: object, other: object) -> bool:
    """Whether two scores are one number, or both absent."""
    if one is None or other is None:
        return one is other
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return False
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def path_component(text: str) -> str:
    """A name as one part of a path that is portable and cannot leave its folder."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:80].strip("._ ")
    if not name or name == "data" or _DEVICES.match(name):
        return f"_{name}"
    return name


def slug_of_run(run: PublishedRun) -> str:
    """The run folder's name, as one part of a path."""
    return path_component(run.folder.resolve().name)


def merge_files(groups: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files of several runs together.

    Raises:
        PublishingError: two runs would write one file with different contents.
    """
    merged: dict[str, bytes] = {}
    for files in groups:
        for path, data in files.items():
            if merged.setdefault(path, data) != data:
                raise PublishingError(
                    f"two of these runs write {path}: export or push them one by one"
                )
    return merged


def require_clean(text: str, where: str, take_out: Callable[[str], str] = redact) -> None:
    """Let nothing out in which `take_out` finds a credential.

    Raises:
        PublishingError: it does; the sentence names the place and not what is there.
    """
    if take_out(text) != text:
        raise PublishingError(
            f"{where} holds what looks like a credential: nothing was written or uploaded; take it "
            "out of the run first"
        )
