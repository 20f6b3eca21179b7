"""The facts about each run: coverage, failures, and provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unisafe_tasks.metrics import ensemble_of
from unisafe_tasks.numerals import DASH, percent
from unisafe_tasks.report.tables import Cells, Table, Value, table
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.results.stacks import stack_of
from unisafe_tasks.tasks import task_named
from unisafe_tasks.types import Status

__all__ = ["coverage_of", "provenance", "safety_stack"]

_APART = {
    "blocked": "refused by the provider",
    "held_back": "held back by a safety checker",
    "unchanged": "the input image, unchanged",
}
"""Counts of metrics.json that are there only where they are not 0."""


def coverage_of(result: ScoredRun, threshold: float) -> Iterator[Table]:
    """The statuses of a run's outputs by task, and its judges' failures by reason."""
    statuses: list[Cells] = []
    failures: list[Cells] = []
    tasks = result.metrics["tasks"]
    for name, summary in tasks.items():
        code = task_named(name).code
        counts = summary["statuses"]
        statuses.append(
            [
                code,
                str(summary["asked"]),
                str(summary["scored"]),
                Value(percent(summary["coverage"]), marks=marks_of(summary, threshold)),
                *(str(counts.get(status, 0)) for status in Status),
                str(summary["asked"] - sum(counts.values())),
            ]
        )
        for what, count in summary["judge_failures"].items():
            failures.append([code, what, str(count)])
    heads = ["task", "asked", "scored", "coverage, %", *(s.replace("_", " ") for s in Status)]
    yield table("What became of every case", [*heads, "not reached"], statuses)
    kinds = [name for name in _APART if any(name in summary for summary in tasks.values())]
    if kinds:
        yield table(
            "Told apart from other refusals and outputs",
            ["task", *(_APART[name] for name in kinds)],
            [
                [task_named(name).code, *(str(summary.get(kind, 0)) for kind in kinds)]
                for name, summary in tasks.items()
            ],
        )
    if failures:
        heads = ["task", "judge and reason", "verdicts missing"]
        yield table("Verdicts that judges did not give", heads, failures)


def provenance(result: ScoredRun) -> Table:
    """The data, panel, rubric, judges and versions of a run."""
    heads = ["run folder", "data", "panel", "rubric", "judges", "ensemble", "made with"]
    return table("What its scores rest on", heads, [_record(result)], numeric=False)


def safety_stack(result: ScoredRun) -> Table | None:
    """The parts of a run's safety stack; None if the run does not name it."""
    if not (stack := stack_of(result.info)):
        return None
    caption = "The safety stack that is measured with the model"
    rows = [[name, str(value)] for name, value in stack.items()]
    return table(caption, ["part", "value"], rows, numeric=False)


def _record(result: ScoredRun) -> list[Value | str]:
    info = result.info
    data, panel = _mapping(info.get("data")), _mapping(info.get("panel"))
    rubric = _mapping(panel.get("rubric"))
    versions = _mapping(info.get("versions"))
    made_with = [
        f"{name} {versions[name]}"
        for name in ("unisafe-tasks", "lmms_eval", "lm_eval")
        if name in versions
    ]
    return [
        Value(result.folder.name, str(info.get("ended") or "")[:16].replace("T", " ")),
        Value(str(data.get("source")), _short(data.get("fingerprint"))),
        Value(str(panel.get("name", DASH)), _short(panel.get("sha256"))),
        Value(str(rubric.get("name", DASH)), _short(rubric.get("sha256"))),
        _judges(result, panel),
        Value(ensemble_of(panel).method, f"of {ensemble_of(panel).min_verdicts} or more judges"),
        Value(", ".join(made_with) or DASH, _short(info.get("git_commit"))),
    ]


def _judges(result: ScoredRun, panel: Mapping[str, Any]) -> Value:
    names = [str(_mapping(judge).get("name")) for judge in panel.get("judges") or ()]
    versions = [
        f"{judge}: {', '.join(counts)}"
        for judge, counts in result.metrics["judge_versions"].items()
    ]
    return Value(", ".join(names) or DASH, "; ".join(versions))


def _short(value: Any) -> str:
    return str(value)[:12] if value else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
