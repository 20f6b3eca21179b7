"""Scores that verdicts do not tell: a guard gives no rating, and most tell no refusal."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from tests.tasks.samples import scored
from unisafe_tasks import ScoredCase, Status, summarise
from unisafe_tasks.harnesses.scoring import complete_records
from unisafe_tasks.metric_facts import METRICS, SCORES
from unisafe_tasks.metrics import JudgeRow, apply_ensemble, case_value, ensemble_of
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.statistics.contrasts import between_runs
from unisafe_tasks.statistics.estimates import scored_leaves

RATING, REFUSAL, ATTACK = "average_risk_rating", "refusal_rate", "attack_success_rate"
PANEL = {
    "name": "guards",
    "sha256": "0" * 64,
    "kind": "guard",
    "rubric": {"name": "guards", "sha256": "1" * 64},
    "judges": [{"name": "llama"}, {"name": "qwen"}],
}


def said(judgment: int, refusal: bool | None = None, judge: str = "llama") -> JudgeRow:
    return JudgeRow(judge, judgment, None, refusal)


def cases_of(*judgments: int, refusal: bool | None = None) -> list[ScoredCase]:
    """Two subcategories of as many cases, each with the verdict of one guard."""
    return [
        scored(f"{code}{number}", code, [said(judgment, refusal)], task="unisafe_t2t")
        for code in ("H1", "H2")
        for number, judgment in enumerate(judgments)
    ]


def metrics_of(cases: list[ScoredCase], **panel: Any) -> dict[str, Any]:
    info = {"model": "carrot-1", "data": None, "panel": PANEL | panel, "limited": False}
    # A warning of numpy's would be a value that is computed from what is not known.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = build_metrics(info, cases)
    # Neither NaN nor infinity may stand in a file.
    json.dumps(metrics, allow_nan=False)
    return metrics


def test_a_case_has_no_value_for_what_its_verdict_does_not_tell() -> None:
    case = scored("a", verdicts=[said(1)])
    assert {name: case_value(case, name) for name in METRICS} == {
        ATTACK: 1.0,
        RATING: None,
        REFUSAL: None,
        "coverage": 1.0,
    }


def test_the_judgments_are_scored_and_the_rest_is_null_at_every_level() -> None:
    cases = cases_of(1, 0, 0, 1)
    task = metrics_of(cases)["tasks"]["unisafe_t2t"]
    category = next(iter(task["categories"].values()))
    for scores in (task, task["judges"]["llama"], category, *category["subcategories"].values()):
        assert (scores[ATTACK], scores[RATING], scores[REFUSAL]) == (0.5, None, None)
        assert (scores["coverage"], scores["scored"]) == (1.0, scores["asked"])
        assert scores["intervals"][ATTACK] is not None
        assert (scores["intervals"][RATING], scores["intervals"][REFUSAL]) == (None, None)
    assert task["standard_error"][ATTACK] is not None
    assert task["standard_error"][RATING] is None
    assert task["complete"] is True


def test_refusals_that_no_judge_saw_do_not_stand_for_the_cases_that_tell_nothing() -> None:
    refused = [
        scored(f"r{number}", "S1", status=Status.REFUSED, task="unisafe_t2t") for number in range(3)
    ]
    task = metrics_of([*cases_of(1, 0), *refused])["tasks"]["unisafe_t2t"]
    for scores in (task, task["judges"]["llama"], *task["categories"].values()):
        assert (scores[RATING], scores[REFUSAL]) == (None, None)
    assert task[ATTACK] is not None


def test_a_judge_that_tells_refusals_has_a_rate_of_them_and_the_panel_counts_its_word() -> None:
    cases = [
        scored("a", "H1", [said(0), said(0, True, "qwen")], task="unisafe_t2t"),
        scored("b", "H1", [said(1), said(0, False, "qwen")], task="unisafe_t2t"),
    ]
    task = metrics_of(cases)["tasks"]["unisafe_t2t"]
    assert task[REFUSAL] == 0.5
    assert task["judges"]["qwen"][REFUSAL] == 0.5
    assert task["judges"]["llama"][REFUSAL] is None


def test_a_case_whose_only_verdict_tells_no_refusal_takes_the_rate_from_the_task() -> None:
    cases = [
        scored("a", "H1", [said(0), said(0, True, "qwen")], task="unisafe_t2t"),
        scored(
            "b", "H1", [said(1), JudgeRow("qwen", None, None, None, "timeout")], task="unisafe_t2t"
        ),
    ]
    task = metrics_of(cases)["tasks"]["unisafe_t2t"]
    assert task[REFUSAL] is None
    assert task["judges"]["qwen"][REFUSAL] == 1.0
    assert task["judges"]["qwen"]["coverage"] == 0.5


def test_the_harness_gets_no_mean_of_refusals_alone() -> None:
    ensemble = ensemble_of(PANEL)
    cases = apply_ensemble(
        [*cases_of(1), scored("r", "S1", status=Status.REFUSED, task="unisafe_t2t")], ensemble
    )
    records = [{"id": case.id} for case in cases]
    complete_records(RATING, records, {case.id: case for case in cases})
    assert [record["value"] for record in records] == [None, None, None]
    complete_records(ATTACK, records, {case.id: case for case in cases})
    assert [record["value"] for record in records] == [1.0, 1.0, 0.0]


def test_agreement_is_on_judgments_alone() -> None:
    cases = [
        scored(f"c{n}", "H1", [said(n % 2), said(n % 2, False, "qwen")], task="unisafe_t2t")
        for n in range(6)
    ]
    agreement = metrics_of(cases)["tasks"]["unisafe_t2t"]["agreement"]
    assert agreement["judgment_alpha"]["value"] == 1
    assert agreement["risk_rating_alpha"] is None
    assert agreement["rates"]["llama"]["risk_rating"] is None
    assert agreement["rates"]["llama"]["refusal"] is None
    assert agreement["rates"]["qwen"]["refusal"] == 0
    assert agreement["without"]["qwen"][RATING] is None


def test_a_judge_does_not_agree_with_itself_on_what_it_does_not_tell() -> None:
    summary = summarise([scored("a", "H1", [said(1), said(1)], task="unisafe_t2t")])
    retest = summary["judges"]["llama"]["test_retest"]
    assert (retest["judgment_agreement"], retest["risk_rating_agreement"]) == (1.0, None)


@pytest.mark.parametrize("metric", SCORES)
def test_a_difference_of_what_is_not_told_is_not_known(metric: str) -> None:
    first, second = cases_of(1, 0, 0, 1), cases_of(0, 0, 0, 1)
    leaves = scored_leaves(first), scored_leaves(second)
    difference = between_runs(*leaves, Resampler())[metric]
    assert difference.pairs == 8
    if metric == ATTACK:
        assert difference.value == -0.25
        assert difference.interval is not None
    else:
        assert (difference.value, difference.interval, difference.p) == (None, None, None)
