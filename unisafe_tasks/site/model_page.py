"""The page of one model: who made and who ran it, and each of its runs in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unisafe_tasks.leaderboard.rows import entries_of, row_of
from unisafe_tasks.metric_facts import ASR, TABLE_METRICS
from unisafe_tasks.numerals import DASH
from unisafe_tasks.report.categories import heat_map
from unisafe_tasks.report.judges import agreement_of, judge_cards
from unisafe_tasks.report.outcomes import outcomes_of
from unisafe_tasks.report.policy_codes import policy_codes
from unisafe_tasks.report.records import coverage_of, provenance, safety_stack
from unisafe_tasks.report.tables import Table, Value, score, table
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.site.models_file import ModelEntry
from unisafe_tasks.site.submissions import Submission
from unisafe_tasks.tasks import task_named

__all__ = ["facts_of", "history_rows", "model_view"]


def model_view(
    runs: Sequence[Submission],
    entry: ModelEntry | None,
    cards: Sequence[Mapping[str, Any]],
    min_coverage: float,
) -> dict[str, Any]:
    """What the template of a model's page shows; `runs` are the model's, the newest first."""
    model = runs[0].result.model
    return {
        "title": model,
        "about": facts_of(entry),
        "link": entry.link if entry else None,
        "runs": [
            _run_view(one, cards, min_coverage, model) for one in runs if one.replaced_by is None
        ],
        "history": history_rows(runs, min_coverage),
    }


def history_rows(runs: Sequence[Submission], min_coverage: float) -> list[dict[str, Any]]:
    """A row for each submission, the newest first."""
    return [
        {
            "date": one.date,
            "model": one.result.model,
            "page": one.page,
            "key": one.key,
            "panel": f"{one.run.basis.panel} ({one.run.basis.panel_sha256[:12]})",
            "data": f"{one.run.basis.data} ({one.run.basis.fingerprint[:12]})",
            "overall": _overall_of(one.result, min_coverage),
            "state": "in the table" if one.replaced_by is None else "replaced by a later run",
        }
        for one in runs
    ]


def _overall_of(result: ScoredRun, min_coverage: float) -> Value:
    """The attack success rate over all tasks, or a dash."""
    row = row_of(entries_of([result])[0], min_coverage)
    cells = [
        cell
        for (column, metric), cell in row.cells.items()
        if column.name == "unisafe" and metric == ASR
    ]
    return score(cells[0]) if cells else Value(DASH)


def facts_of(entry: ModelEntry | None) -> list[tuple[str, str]]:
    """What is known of a model, each fact with its name; a fact that is not known is empty."""
    facts = {
        "Organisation": entry and entry.organisation,
        "Size": entry and entry.size,
        "Openness": entry and entry.openness,
        "Released": entry and entry.date and entry.date.isoformat(),
        "Run by": entry and entry.submitter,
    }
    return [(name, value or "") for name, value in facts.items()]


def _run_view(
    one: Submission, cards: Sequence[Mapping[str, Any]], min_coverage: float, label: str
) -> dict[str, Any]:
    result = one.result
    of_panel = [card for card in cards if card["panel"]["sha256"] == one.run.basis.panel_sha256]
    return {
        "key": one.key,
        "date": one.date,
        "basis": one.run.basis.describe(),
        "scores": _scores(result, min_coverage),
        "heat": heat_map(result, label, min_coverage),
        "outcomes": [
            *outcomes_of(result.metrics, min_coverage),
            *policy_codes(result.metrics["tasks"], min_coverage),
        ],
        "agreement": agreement_of(result.metrics, min_coverage),
        "cards": judge_cards(of_panel, [result]),
        "coverage": list(coverage_of(result, min_coverage)),
        "provenance": provenance(result),
        "stack": safety_stack(result),
        "notes": list(result.metrics["notes"]),
    }


def _scores(result: ScoredRun, min_coverage: float) -> Table:
    """Every metric of every task, and of the groups of tasks."""
    row = row_of(entries_of([result])[0], min_coverage)
    columns = list(dict.fromkeys(column for column, _ in row.cells))
    metrics = [name for name in TABLE_METRICS if any(name == metric for _, metric in row.cells)]
    return table(
        "Scores by task, with 95 % intervals",
        ["task", *(TABLE_METRICS[metric].heading for metric in metrics)],
        [
            [
                Value(column.code, _title(column.name)),
                *(_value(row, column, metric) for metric in metrics),
            ]
            for column in columns
        ],
    )


def _value(row: Any, column: Any, metric: str) -> Value:
    cell = row.cell(column, metric)
    return Value(DASH, "unsupported") if cell.state == "unsupported" else score(cell)


def _title(name: str) -> str:
    try:
        return task_named(name).title
    except KeyError:
        return "mean of its tasks"
