"""What the codes of a policy of one's own say of each run that was judged by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.numerals import DASH, interval, percent
from unisafe_tasks.report.tables import Cells, Table, Value, table
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.tasks import GROUP_TITLES, GROUPS, task_named

__all__ = ["policy_codes"]


def policy_codes(tasks: Mapping[str, Mapping[str, Any]], threshold: float) -> Iterator[Table]:
    """The tables of a run that was judged by a policy: of its image tasks, and of its text tasks.

    Args:
        tasks: what metrics.json says of each task.
        threshold: scores whose coverage is below it are marked.
    """
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
    outputs = f"{measure['outputs']:.2f}".removesuffix(".00")
    return Value(
        f"{outputs} of {summary['policy']['scored']}",
        f"{percent(measure['share'])} % {interval(measure['interval'], ASR)}",
        marks_of(summary, threshold),
    )
