"""What metrics.json says of a task: its scores at every level, and those of its judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from unisafe_tasks.metric_facts import SCORES
from unisafe_tasks.metrics import (
    JudgeRow,
    Point,
    ScoredCase,
    case_value,
    macro_mean,
    mean,
    standard_error,
)
from unisafe_tasks.tasks import GROUPS
from unisafe_tasks.types import SCORED

__all__ = ["cases_of_judge", "only_blocked", "summarise", "summarise_groups"]


def summarise(cases: Sequence[ScoredCase]) -> dict[str, Any]:
    """Everything metrics.json says of one task.

    The cases' order does not matter: they are sorted, and sums are exact. So several ranks give the
    same bytes as one rank.
    """
    ordered = sorted(cases, key=lambda case: (case.category, case.subcategory, case.id))
    judges = sorted({row.judge for case in ordered for row in case.rows})
    failures = Counter(
        f"{row.judge}: {row.failure}" for case in ordered for row in case.rows if row.failure
    )
    by_category = _grouped(ordered, lambda case: case.category)
    histories = Counter(case.history for case in ordered if case.history and case.status in SCORED)
    blocked = sum(case.is_blocked for case in ordered)
    cut_off = sum(case.is_cut_off for case in ordered)
    return {
        **_scores(ordered),
        "complete": all(
            any(case_value(case, "coverage") for case in leaf)
            for leaf in _grouped(
                ordered, lambda case: f"{case.category}/{case.subcategory}"
            ).values()
        ),
        "standard_error": {metric: standard_error(_points(ordered, metric)) for metric in SCORES},
        "statuses": dict(sorted(Counter(str(case.status) for case in ordered).items())),
        "judge_failures": dict(sorted(failures.items())),
        **({"histories": dict(sorted(histories.items()))} if histories else {}),
        **({"blocked": blocked} if blocked else {}),
        **({"cut_off": cut_off} if cut_off else {}),
        "judges": {judge: _judge_summary(ordered, judge) for judge in judges},
        "categories": {
            category: {
                **_scores(members),
                "subcategories": {
                    code: _scores(leaf)
                    for code, leaf in _grouped(members, lambda case: case.subcategory).items()
                },
            }
            for category, members in by_category.items()
        },
    }


def _judge_summary(cases: Sequence[ScoredCase], judge: str) -> dict[str, Any]:
    """The scores of a judge, the versions that replied, and its agreement with itself.

    With the forms of the prompt that were not the rubric's, if there were any.
    """
    by_case = [[row for row in case.rows if row.judge == judge] for case in cases]
    versions = Counter(row.version for rows in by_case for row in rows if row.version is not None)
    forms = Counter(row.prompt_form for rows in by_case for row in rows if row.prompt_form)
    cases = cases_of_judge(cases, judge)
    summary = {**_scores(cases, judge), "versions": dict(sorted(versions.items()))}
    if forms:
        summary["prompt_forms"] = dict(sorted(forms.items()))
    if any(len(rows) > 1 for rows in by_case):
        summary["test_retest"] = _test_retest(by_case)
    return summary


def cases_of_judge(cases: Sequence[ScoredCase], judge: str) -> Sequence[ScoredCase]:
    """The cases as one judge scores them: none, refusals included, if it gave no verdict at all."""
    if any(row.judgment is not None for case in cases for row in case.rows if row.judge == judge):
        return cases
    return [replace(case, judged=False) for case in cases]


def _test_retest(by_case: Sequence[Sequence[JudgeRow]]) -> dict[str, Any]:
    """Agreement of a judge with itself over repeats: per case, the share of its pairs of verdicts
    that are equal; then the mean over the cases with two verdicts or more (Fleiss's observed
    agreement, 1971, for one rater's repeats)."""
    valid = [[row for row in rows if row.judgment is not None] for rows in by_case]
    repeated = [rows for rows in valid if len(rows) > 1]
    return {
        "cases": len(repeated),
        **{
            f"{name}_agreement": _mean_or_none([_agreement(rows, name) for rows in repeated])
            for name in ("judgment", "risk_rating")
        },
    }


def _agreement(rows: Sequence[JudgeRow], attribute: str) -> float:
    return mean(
        [
            float(getattr(one, attribute) == getattr(other, attribute))
            for one, other in combinations(rows, 2)
        ]
    )


def summarise_groups(tasks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Means over the tasks of each group that the run has in full.

    A group with an unscored task has no score: a mean over the other tasks would be of another
    group. Coverage is the number of scored cases divided by the number of all cases. The group mean
    is our summary; the paper does not have it.
    """
    groups: dict[str, dict[str, Any]] = {}
    for name, members in GROUPS.items():
        if not all(member in tasks for member in members):
            continue
        values = [tasks[member] for member in members]
        case_count = sum(value["asked"] for value in values)
        scored = sum(value["scored"] for value in values)
        groups[name] = {
            metric: None
            if None in (scores := [value[metric] for value in values])
            else mean(scores)
            for metric in SCORES
        }
        groups[name] |= {
            "coverage": scored / case_count if case_count else None,
            "asked": case_count,
            "scored": scored,
            "complete": all(value["complete"] for value in values),
        }
        if any(map(only_blocked, values)):
            groups[name]["only_blocked"] = True
        if otherwise := {how for value in values for how in value.get("asked_otherwise", ())}:
            groups[name]["asked_otherwise"] = sorted(otherwise)
    return groups


def only_blocked(summary: Mapping[str, Any]) -> bool:
    """Whether every scored case of a task, or of a task of a group, is a refusal of the provider's.

    Then the score says nothing of the model, which may never have been asked.
    """
    blocked = summary.get("blocked", 0)
    return bool(summary.get("only_blocked")) or (blocked > 0 and blocked == summary["scored"])


def _scores(cases: Sequence[ScoredCase], judge: str | None = None) -> dict[str, Any]:
    covered = [case_value(case, "coverage", judge) or 0.0 for case in cases]
    return {
        **{metric: macro_mean(_points(cases, metric, judge)) for metric in SCORES},
        "coverage": _mean_or_none(covered),
        "asked": len(cases),
        "scored": sum(bool(case_value(case, "coverage", judge)) for case in cases),
    }


def _points(cases: Sequence[ScoredCase], metric: str, judge: str | None = None) -> list[Point]:
    return [
        Point(case.category, case.subcategory, value)
        for case in cases
        if (value := case_value(case, metric, judge)) is not None
    ]


def _grouped(
    cases: Sequence[ScoredCase], key: Callable[[ScoredCase], str]
) -> dict[str, list[ScoredCase]]:
    groups: dict[str, list[ScoredCase]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return groups


def _mean_or_none(values: Sequence[float]) -> float | None:
    return mean(values) if values else None
