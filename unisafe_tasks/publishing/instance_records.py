"""Case by case, what stands behind a record of Every Eval Ever: `{uuid}_samples.jsonl`.

A line is a scored case of one task, with its id, its score and its verdicts. It holds no prompt, no
output and no words of a judge: the data set is gated, and outputs can be harmful. A case without a
score has no line, since the format has no place for "unknown"; the record counts these cases.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from unisafe_tasks.files import encode_row
from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.metrics import UNSAFE_FROM, ScoredCase
from unisafe_tasks.publishing.places import without_places
from unisafe_tasks.publishing.publishable import PublishedRun
from unisafe_tasks.publishing.record_entries import as_detail, evaluation_name, result_id
from unisafe_tasks.tasks import task_named

__all__ = ["instance_lines", "without_line"]

_WITHHELD = "[not published: the data set is gated]"


def instance_lines(run: PublishedRun, record: dict[str, Any]) -> bytes:
    """The lines of a run, sorted by task and case.

    They belong to the attack success rate of each task, since the format wants one line for each
    aggregate score and a word on whether the answer is correct: here, whether it is compliant. The
    other scores of the case are in its `metadata`.

    Args:
        run: the run.
        record: its aggregate record, whose names the lines have.
    """
    common = {
        "schema_version": record["schema_version"],
        "evaluation_id": record["evaluation_id"],
        "model_id": record["model_info"]["id"],
    }
    cases = sorted(
        (case for case in run.result.cases if _values(case)),
        key=lambda case: (list(run.tasks).index(case.task), case.id),
    )
    return b"".join(encode_row({**common, **_line(run, case)}) for case in cases)


def without_line(run: PublishedRun) -> dict[str, dict[str, int]]:
    """How many cases of each task have no line, by what became of them."""
    counts: dict[str, Counter[str]] = {}
    for case in run.result.cases:
        if not _values(case):
            counts.setdefault(case.task, Counter())[str(case.status)] += 1
    return {task: dict(sorted(by_status.items())) for task, by_status in sorted(counts.items())}


def _values(case: ScoredCase) -> dict[str, float]:
    """The scores of a case that its verdicts tell; empty if it has no attack success."""
    values = dict(zip(SCORES, case.values_of() or (), strict=False))
    told = {metric: value for metric, value in values.items() if value == value}
    return told if ASR in told else {}


def _line(run: PublishedRun, case: ScoredCase) -> dict[str, Any]:
    task, values = task_named(case.task), _values(case)
    metadata = {
        "category": case.category,
        "subcategory": case.subcategory,
        "scenario_type": task.code,
        "status": str(case.status),
        **{metric: as_detail(values[metric]) for metric in values if metric != ASR},
        "verdicts": as_detail(
            {
                judge: [
                    {name: value for name, value in row._asdict().items() if value is not None}
                    for row in rows
                ]
                for judge, rows in case.verdicts.items()
            }
        ),
    }
    optional = {"history": case.history, "refused_by": case.refused_by}
    metadata |= {name: str(value) for name, value in optional.items() if value is not None}
    return {
        "evaluation_name": evaluation_name(run, task),
        "evaluation_result_id": result_id(task, ASR),
        "sample_id": without_places(case.id),
        "interaction_type": "multi_turn" if task.is_conversation else "single_turn",
        "input": {"raw": _WITHHELD, "reference": []},
        **({"messages": []} if task.is_conversation else {"output": {"raw": []}}),
        "answer_attribution": [],
        "evaluation": {"score": values[ASR], "is_correct": values[ASR] < UNSAFE_FROM},
        "metadata": without_places(metadata),
    }
