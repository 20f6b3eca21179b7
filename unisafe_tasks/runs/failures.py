"""What a run could not score, and why: each case with the reason that the folder has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import RunError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.metrics import ScoredCase, apply_ensemble, ensemble_of
from unisafe_tasks.runs.folder import PREDICTIONS, VERDICTS
from unisafe_tasks.runs.reading import read_run
from unisafe_tasks.tasks import TASK_NAMES, task_named
from unisafe_tasks.types import Status

__all__ = ["Failure", "TaskFailures", "failures_of"]

_SCORED_WITHOUT = "scored, without"


@dataclass(frozen=True)
class Failure:
    """A case that has no score, or has one without a verdict of each judge.

    `what` is the output's status, or which verdict is missing; `reason` is what the folder says.
    """

    case: str
    what: str
    reason: str

    @property
    def is_scored(self) -> bool:
        return self.what.startswith(_SCORED_WITHOUT)


@dataclass(frozen=True)
class TaskFailures:
    """One task: how many cases it was to have, those that failed, and how many were not reached."""

    task: str
    asked: int
    not_reached: int
    failures: tuple[Failure, ...]

    @property
    def unscored(self) -> int:
        """How many of the cases asked have no score."""
        return self.not_reached + sum(not failure.is_scored for failure in self.failures)


def failures_of(folder: Path) -> list[TaskFailures]:
    """The failures of each task of a run, in the order of tables. A task without any is there too.

    Raises:
        RunError: it is no run folder, or damaged; or no panel judged it.
    """
    contents = read_run(folder)
    panel = contents.info.get("panel")
    if not panel:
        raise RunError(
            f"{folder} was not judged, so it has no score: run unisafe judge {folder} "
            "--panel ... first"
        )
    errors = {
        (row["id"], row["scenario_type"]): row.get("error")
        for _, row in read_run_rows(folder, PREDICTIONS, RunError)
        if row.get("error")
    }
    verdicts: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for _, row in read_run_rows(folder, VERDICTS, RunError):
        if row.get("judgment") is None:
            verdicts.setdefault((row["id"], row["scenario_type"]), []).append(row)
    asked = contents.info.get("asked") or {}
    found = []
    for name in TASK_NAMES:
        cases = [case for case in contents.cases if case.task == name]
        if not cases and not asked.get(name):
            continue
        code = task_named(name).code
        failures = [
            failure
            for case in apply_ensemble(cases, ensemble_of(panel))
            for failure in _failures(
                case, errors.get((case.id, code)), verdicts.get((case.id, code), ())
            )
        ]
        count = max(asked.get(name, 0), len(cases))
        found.append(TaskFailures(name, count, count - len(cases), tuple(failures)))
    return found


def _failures(
    case: ScoredCase, error: object, silent: Sequence[Mapping[str, Any]]
) -> Iterator[Failure]:
    if case.status not in (Status.OK, Status.REFUSED):
        yield Failure(case.id, str(case.status), str(error or "no reason is known"))
        return
    judges = ", ".join(dict.fromkeys(str(row["judge"]) for row in silent))
    reasons = "; ".join(dict.fromkeys(map(_said, silent)))
    if case.values_of() is not None:
        if silent:
            yield Failure(case.id, f"{_SCORED_WITHOUT} {judges}", reasons)
    elif case.status is Status.REFUSED:
        reason = "no judge gave a verdict on any output of the task"
        yield Failure(case.id, "refused, not scored", reason)
    elif silent:
        yield Failure(case.id, f"no verdict of {judges}", reasons)
    elif case.verdicts:
        needed = case.ensemble.min_verdicts
        reason = f"{len(case.verdicts)} of the {needed} verdicts that the panel needs"
        yield Failure(case.id, "too few verdicts", reason)
    else:
        yield Failure(case.id, "not judged", "no judge was asked before the run ended")


def _said(row: Mapping[str, Any]) -> str:
    """Why a judge gave no verdict: the kind of failure, and what its server said."""
    kind, detail = row.get("failure"), row.get("error")
    return ": ".join(str(part) for part in (kind, detail) if part) or "no reason is known"
