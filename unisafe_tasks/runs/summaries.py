"""What metrics.json says of a task: its scores at every level, and those of its judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from unisafe_tasks.metric_facts import SCORES, scores_of
from unisafe_tasks.metrics import (
    Point,
    ScoredCase,
    VerdictValues,
    macro_means,
    mean,
    standard_error,
)
from unisafe_tasks.statistics.estimates import Leaves, scored_leaves
from unisafe_tasks.tasks import ALL_GROUPS, task_named
from unisafe_tasks.types import NOT_BY_MODEL, SCORED

__all__ = ["TaskLeaves", "only_blocked", "summarise", "summarise_groups"]

Cell = tuple[str, str]
"""Category and subcategory."""


@dataclass(frozen=True)
class TaskLeaves:
    """The scored cases of one task, as the panel and as each judge scores them.

    A judge that gave no verdict at all scores nothing, refusals included.
    """

    panel: Leaves
    judges: Mapping[str, Leaves]

    @classmethod
    def of(
        cls,
        cases: Sequence[ScoredCase],
        population: Mapping[tuple[str, str], int] | None = None,
    ) -> TaskLeaves:
        """Score one task's cases; `population` is that of `scored_leaves`."""
        judges = sorted({row.judge for case in cases for row in case.rows})
        heard = {judge for case in cases for judge in case.verdicts}
        return cls(
            scored_leaves(cases, None, population),
            {
                judge: scored_leaves(cases, judge, population) if judge in heard else {}
                for judge in judges
            },
        )


def summarise(cases: Sequence[ScoredCase], leaves: TaskLeaves | None = None) -> dict[str, Any]:
    """Everything metrics.json says of one task.

    The cases' order does not matter: they are sorted, and sums are exact. So several ranks give the
    same bytes as one rank.

    Args:
        cases: the task's cases.
        leaves: what `TaskLeaves.of` makes of them, if it is known.
    """
    leaves = leaves or TaskLeaves.of(cases)
    asked = dict(sorted(Counter((case.category, case.subcategory) for case in cases).items()))
    failures = Counter(
        f"{row.judge}: {row.failure}" for case in cases for row in case.rows if row.failure
    )
    histories = Counter(case.history for case in cases if case.history and case.status in SCORED)
    refused_by = Counter(case.refused_by for case in cases)
    cut_off = sum(case.is_cut_off for case in cases)
    unchanged = sum(case.is_unchanged for case in cases)
    columns, scores = _columns(leaves.panel), cases[0].scores if cases else SCORES
    return {
        **_scores(columns, asked, scores),
        "complete": leaves.panel.keys() == asked.keys(),
        "standard_error": _standard_errors(columns, scores),
        "statuses": dict(sorted(Counter(str(case.status) for case in cases).items())),
        "judge_failures": dict(sorted(failures.items())),
        **({"histories": dict(sorted(histories.items()))} if histories else {}),
        **{name: count for name, by in NOT_BY_MODEL.items() if (count := refused_by[by])},
        **({"cut_off": cut_off} if cut_off else {}),
        **({"unchanged": unchanged} if unchanged else {}),
        "judges": {
            judge: {**_scores(_columns(scored), asked, scores), **_judge_facts(cases, judge)}
            for judge, scored in leaves.judges.items()
        },
        "categories": {
            category: {
                **_scores(columns, {cell: asked[cell] for cell in cells}, scores),
                "subcategories": {
                    cell[1]: _scores(columns, {cell: asked[cell]}, scores) for cell in cells
                },
            }
            for category, cells in _by_category(asked).items()
        },
    }


def _judge_facts(cases: Sequence[ScoredCase], judge: str) -> dict[str, Any]:
    """The versions of a judge that replied, and its agreement with itself.

    With the forms of the prompt that were not the rubric's, if there were any.
    """
    rows = [row for case in cases for row in case.rows if row.judge == judge]
    asked = [index for index, case in enumerate(cases) for row in case.rows if row.judge == judge]
    versions = Counter(row.version for row in rows if row.version is not None)
    forms = Counter(row.prompt_form for row in rows if row.prompt_form)
    facts: dict[str, Any] = {"versions": dict(sorted(versions.items()))}
    if forms:
        facts["prompt_forms"] = dict(sorted(forms.items()))
    if len(set(asked)) < len(asked):
        facts["test_retest"] = _test_retest([case.verdicts.get(judge, ()) for case in cases])
    return facts


def _test_retest(by_case: Sequence[Sequence[VerdictValues]]) -> dict[str, Any]:
    """Agreement of a judge with itself over repeats: per case, the share of its pairs of verdicts
    that are equal; then the mean over the cases with two verdicts or more (Fleiss's observed
    agreement, 1971, for one rater's repeats)."""
    repeated = [verdicts for verdicts in by_case if len(verdicts) > 1]
    return {
        "cases": len(repeated),
        **{
            f"{name}_agreement": _mean_or_none(
                [_agreement(rows, name) for rows in repeated if _is_told(rows, name)]
            )
            for name in ("judgment", "risk_rating")
        },
    }


def _agreement(rows: Sequence[VerdictValues], attribute: str) -> float:
    return mean(
        [
            float(getattr(one, attribute) == getattr(other, attribute))
            for one, other in combinations(rows, 2)
        ]
    )


def _is_told(rows: Sequence[VerdictValues], attribute: str) -> bool:
    return all(getattr(row, attribute) is not None for row in rows)


def summarise_groups(tasks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Means over the tasks of each group that the run has in full.

    A group with an unscored task has no score: a mean over the other tasks would be of another
    group. Coverage is the number of scored cases divided by the number of all cases. The group mean
    is our summary; the paper does not have it.
    """
    groups: dict[str, dict[str, Any]] = {}
    for name, members in ALL_GROUPS.items():
        if not all(member in tasks for member in members):
            continue
        values = [tasks[member] for member in members]
        case_count = sum(value["asked"] for value in values)
        scored = sum(value["scored"] for value in values)
        groups[name] = {
            metric: None
            if None in (scores := [value[metric] for value in values])
            else mean(scores)
            for metric in scores_of(task_named(members[0]).arm)
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
    """Whether every scored case of a task, or of a task of a group, is a refusal of the provider's
    or of a safety checker's.

    Then the score says nothing of the model, which may never have been asked.
    """
    blocked = sum(summary.get(name, 0) for name in NOT_BY_MODEL)
    return bool(summary.get("only_blocked")) or (blocked > 0 and blocked == summary["scored"])


def _columns(leaves: Leaves) -> dict[Cell, list[list[float]]]:
    """The values of each score, by cell."""
    return {cell: leaf.values.T.tolist() for cell, leaf in leaves.items()}


def _scores(
    columns: Mapping[Cell, Sequence[Sequence[float]]],
    asked: Mapping[Cell, int],
    scores: Sequence[str],
) -> dict[str, Any]:
    """The scores of these cells; `asked` counts their cases."""
    count = sum(asked.values())
    members = {cell: columns[cell] for cell in asked if cell in columns}
    scored = sum(len(values[0]) for values in members.values())
    return {
        **macro_means(members, scores),
        "coverage": scored / count if count else None,
        "asked": count,
        "scored": scored,
    }


def _standard_errors(
    columns: Mapping[Cell, Sequence[Sequence[float]]], scores: Sequence[str]
) -> dict[str, float | None]:
    return {
        metric: standard_error(
            [
                Point(category, code, value)
                for (category, code), values in columns.items()
                for value in values[number]
            ]
        )
        for number, metric in enumerate(scores)
    }


def _by_category(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    categories: dict[str, list[Cell]] = {}
    for cell in cells:
        categories.setdefault(cell[0], []).append(cell)
    return categories


def _mean_or_none(values: Sequence[float]) -> float | None:
    return mean(values) if values else None
