"""Whether a run has the scores that it was to have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from unisafe_tasks.types import Status

__all__ = ["first_failures", "problem_of"]

_SHOWN = 300

_CANNOT = {Status.UNSUPPORTED, Status.NO_IMAGE}
"""What the model cannot do: no score is the right result."""


def problem_of(metrics: Mapping[str, Any], planned: Iterable[str] = ()) -> str | None:
    """Why a finished run is not what it was to be, in one sentence; None if it is.

    `metrics` is what metrics.json holds, and `planned` names the tasks that were asked for. A run
    without a panel lacks a task if the model gave no output at all.
    """
    tasks, judged = metrics["tasks"], metrics["panel"] is not None
    missing = [name for name in planned if name not in tasks]
    unscored = [name for name, summary in tasks.items() if _lacks_score(summary, judged=judged)]
    if unscored and len(unscored) == len(tasks):
        asked = any(summary["statuses"].get(Status.OK) for summary in tasks.values())
        what = "no judge gave a verdict on any output" if asked else "the model gave no output"
        return f"nothing was scored: {what}"
    parts = [
        f"no score for {', '.join(unscored)}" if unscored else "",
        f"{', '.join(missing)} did not come to an end" if missing else "",
    ]
    said = "; ".join(part for part in parts if part)
    return f"{said}: see the notes above" if said else None


def first_failures(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """A sentence for each task with failed outputs, with the first reason; for the terminal alone,
    since a server's error may repeat a gated prompt.

    `rows` are prediction rows; of a case with two, the last counts.
    """
    last = {(row["id"], row["scenario_type"]): row for row in rows}
    failed: dict[str, list[str]] = {}
    for row in last.values():
        if row["status"] == Status.FAILED:
            failed.setdefault(row["task"], []).append(str(row.get("error") or "no reason is known"))
    return [
        f"{task}: {len(errors)} failed, the first with: {errors[0][:_SHOWN]}"
        for task, errors in failed.items()
    ]


def _lacks_score(summary: Mapping[str, Any], *, judged: bool) -> bool:
    statuses = {status: count for status, count in summary["statuses"].items() if count}
    if judged:
        return not summary["scored"] and not set(statuses) <= _CANNOT
    return set(statuses) == {Status.FAILED}
