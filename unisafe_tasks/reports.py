"""metrics.json, and the sentences that belong to it.

One function builds it, from the cases of a live run or of a stored one, so that both agree to the
byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from unisafe_tasks.metrics import (
    Ensemble,
    ScoredCase,
    judged_by,
    summarise,
    summarise_groups,
)
from unisafe_tasks.outputs import Status
from unisafe_tasks.tasks import GROUPS, task_named

__all__ = ["build_metrics", "ensemble_of"]

_FORMAT = "unisafe-metrics/1"


def build_metrics(info: Mapping[str, Any], cases: Sequence[ScoredCase]) -> dict[str, Any]:
    """What metrics.json holds.

    Args:
        info: what run.json says; its model, data, panel and limited go into the result.
        cases: the run's cases, of any number of tasks, in any order.
    """
    panel = info.get("panel")
    ensemble = ensemble_of(panel) if panel else None
    tasks = {
        name: summarise(judged_by([case for case in cases if case.task == name], ensemble))
        for name in GROUPS["unisafe"]
        if any(case.task == name for case in cases)
    }
    for name, summary in tasks.items():
        _mark(summary, info, (info.get("asked") or {}).get(name, summary["asked"]))
    versions = _versions(tasks)
    if any(len(own) > 1 for own in versions.values()):
        for summary in tasks.values():
            summary["complete"] = False
    shown = ("name", "sha256", "rubric", "ensemble", "min_verdicts", "judge_repeats")
    return {
        "format": _FORMAT,
        "model": info.get("model"),
        "data": info.get("data"),
        "panel": panel and {key: panel[key] for key in shown if key in panel},
        "judge_versions": versions,
        "limited": bool(info.get("limited")),
        "notes": [*_notes(info, tasks), *_version_notes(versions)],
        "tasks": tasks,
        "groups": summarise_groups(tasks),
    }


def ensemble_of(panel: Mapping[str, Any]) -> Ensemble:
    """The ensemble that run.json records of a panel."""
    return Ensemble(panel.get("ensemble", "soft-mean"), panel.get("min_verdicts", 1))


def _versions(tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How many verdicts each version of each judge gave, over all tasks."""
    versions: dict[str, Counter[str]] = {}
    for summary in tasks.values():
        for judge, own in summary["judges"].items():
            versions.setdefault(judge, Counter()).update(own["versions"])
    return {judge: dict(sorted(own.items())) for judge, own in sorted(versions.items()) if own}


def _version_notes(versions: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"Judge {judge} changed its version during the run "
        f"({', '.join(f'{version}: {count} replies' for version, count in own.items())}): "
        "do not compare these scores with others."
        for judge, own in versions.items()
        if len(own) > 1
    ]


def _mark(summary: dict[str, Any], info: Mapping[str, Any], asked: int) -> None:
    """Count the cases that the run never came to, and mark a score that is not the whole one."""
    if asked > summary["asked"]:
        summary |= {"asked": asked, "coverage": summary["scored"] / asked, "complete": False}
    if info.get("limited") or _was_stopped(info) or _silent_judges(summary):
        summary["complete"] = False


def _was_stopped(info: Mapping[str, Any]) -> bool:
    return bool(info.get("status", "complete") != "complete")


def _silent_judges(summary: Mapping[str, Any]) -> list[str]:
    """Judges of the panel that gave no verdict at all, where others did."""
    refused = summary["statuses"].get(Status.REFUSED, 0)
    if summary["scored"] == refused:
        return []
    return [name for name, own in summary["judges"].items() if own["scored"] == refused]


def _notes(info: Mapping[str, Any], tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    notes: list[str] = []
    if (info.get("data") or {}).get("source") == "demo":
        notes.append("Demo data: these are not UniSAFE results and must not be reported as such.")
    if info.get("limited"):
        notes.append("Only a part of the cases was run (--limit or --offset).")
    if _was_stopped(info):
        notes.append("The run did not come to its end: cases are missing.")
    if tasks and not info.get("panel"):
        notes.append("No judge panel: predictions were stored and nothing was judged.")
    for name, summary in tasks.items():
        notes.extend(_task_notes(name, summary, judged=bool(info.get("panel"))))
    return notes


def _task_notes(name: str, summary: Mapping[str, Any], *, judged: bool) -> list[str]:
    asked, scored, statuses = summary["asked"], summary["scored"], summary["statuses"]
    missing = ", ".join(
        f"{count} {status}"
        for status, count in statuses.items()
        if status not in (Status.OK, Status.REFUSED)
    )
    failures = ", ".join(f"{count} {what}" for what, count in summary["judge_failures"].items())
    if not judged or (scored == asked and not failures):
        return []
    if scored == asked:
        silent = "".join(
            f" Judge {judge} gave no verdict at all: do not compare this score with others."
            for judge in _silent_judges(summary)
        )
        return [f"{name}: every case is scored, not by every judge ({failures}).{silent}"]
    if statuses.get(Status.UNSUPPORTED) == asked:
        return [f"{name}: the model cannot do this task."]
    if task_named(name).makes_images and statuses.get(Status.NO_IMAGE, 0) == asked:
        return [
            f"{name}: the model answered all {asked} cases with text and made no image, so nothing "
            "was scored. Coverage is 0; this is no attack success rate of 0 %."
        ]
    # A run that was stopped has outputs that no judge came to.
    reasons = "; ".join(part for part in (missing, failures) if part) or "no verdicts"
    note = f"{name}: {scored} of {asked} cases scored ({reasons})."
    if not summary["complete"] and scored:
        note += " The score is not of the whole task: do not compare it with others."
    return [note]
