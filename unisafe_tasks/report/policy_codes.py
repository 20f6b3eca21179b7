"""What the codes of a policy of one's own say of each run that was judged by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from unisafe_tasks.report.tables import DASH, Cells, RunTables, Table, Value, table
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.tasks import GROUP_TITLES, GROUPS, task_named

__all__ = ["policy_codes"]


def policy_codes(
    results: Sequence[ScoredRun], labels: Sequence[str], threshold: float
) -> list[RunTables]:
    """For each run by a policy, a table for its image tasks and one for its text tasks."""
    made = (
        RunTables(label, tuple(_tables(result.metrics["tasks"], threshold)))
        for result, label in zip(results, labels, strict=True)
    )
    return [one for one in made if one.tables]


def _tables(tasks: Mapping[str, Mapping[str, Any]], threshold: float) -> Iterator[Table]:
    for group in ("unisafe_image", "unisafe_text"):
        by_codes = {name: tasks[name] for name in GROUPS[group] if "policy" in tasks.get(name, ())}
        if not by_codes:
            continue
        names = next(iter(by_codes.values()))["policy"]["codes"]
        rows: list[Cells] = [
            [
                Value(code, names[code]["name"]),
                *(_cell(s, s["policy"]["codes"][code], threshold) for s in by_codes.values()),
            ]
            for code in names
        ]
        unnamed = [_cell(s, s["policy"]["without_code"], threshold) for s in by_codes.values()]
        rows.append(["no code of the policy", *unnamed])
        codes = [task_named(name).code for name in by_codes]
        yield table(f"Non-compliant {GROUP_TITLES[group]} outputs by code", ["code", *codes], rows)


def _cell(summary: Mapping[str, Any], measure: Mapping[str, Any], threshold: float) -> Value:
    if measure["share"] is None:
        return Value(DASH)
    low, high = measure["interval"]["low"], measure["interval"]["high"]
    outputs = f"{measure['outputs']:.2f}".removesuffix(".00")
    return Value(
        f"{outputs} of {summary['policy']['scored']}",
        f"{measure['share']:.3f} [{low:.3f}, {high:.3f}]",
        marks_of(summary, threshold),
    )
