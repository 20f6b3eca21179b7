"""When a run lacks a score that it should have."""

from __future__ import annotations

from typing import Any

import pytest

from unisafe_tasks.runs.outcome import first_failures, problem_of


def metrics(judged: bool = True, **tasks: dict[str, int]) -> dict[str, Any]:
    """What metrics.json says of tasks by their statuses; `scored` stands among them."""
    summaries = {
        name: {"scored": statuses.get("scored", 0), "statuses": statuses}
        for name, statuses in tasks.items()
    }
    for summary in summaries.values():
        summary["statuses"] = {k: v for k, v in summary["statuses"].items() if k != "scored"}
    return {"tasks": summaries, "panel": {} if judged else None}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (metrics(a={"ok": 2, "scored": 1}, b={"no_image": 3}, c={"unsupported": 3}), None),
        (metrics(a={"refused": 2, "scored": 2}), None),
        (metrics(a={"ok": 2}), "nothing was scored: no judge gave a verdict on any output"),
        (metrics(a={"failed": 2}), "nothing was scored: the model gave no output"),
        (
            metrics(a={"ok": 2, "scored": 2}, b={"ok": 1}, c={"failed": 1, "no_output": 2}),
            "no score for b, c: see the notes above",
        ),
        (metrics(judged=False, a={"ok": 1, "failed": 1}), None),
        (metrics(judged=False, a={"failed": 2}), "nothing was scored: the model gave no output"),
    ],
)
def test_a_score_is_missing_where_outputs_or_verdicts_are(given: Any, problem: str | None) -> None:
    assert problem_of(given) == problem


def test_a_task_that_was_planned_and_not_come_to_is_missing() -> None:
    given = metrics(a={"ok": 1, "scored": 1})
    assert problem_of(given, ["a", "b"]) == "b did not come to an end: see the notes above"


def test_the_first_reason_of_each_task_with_failed_outputs_is_told() -> None:
    rows = [
        {"id": "1", "scenario_type": "IE", "task": "unisafe_i2i", "status": "failed", "error": "a"},
        {"id": "2", "scenario_type": "IE", "task": "unisafe_i2i", "status": "failed", "error": "b"},
        {"id": "3", "scenario_type": "TI", "task": "unisafe_t2i", "status": "failed", "error": "c"},
        {"id": "3", "scenario_type": "TI", "task": "unisafe_t2i", "status": "ok", "error": None},
        {
            "id": "4",
            "scenario_type": "TT",
            "task": "unisafe_t2t",
            "status": "failed",
            "error": None,
        },
    ]
    assert first_failures(rows) == [
        "unisafe_i2i: 2 failed, the first with: a",
        "unisafe_t2t: 1 failed, the first with: no reason is known",
    ]
