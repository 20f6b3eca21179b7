"""How many outputs a panel calls non-compliant under each code of its policy, by known answers."""

from __future__ import annotations

from typing import Any

import pytest

from unisafe_tasks.metrics import Ensemble, JudgeRow, ScoredCase, apply_ensemble
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.runs.policy_codes import policy_table
from unisafe_tasks.statistics.intervals import wilson
from unisafe_tasks.types import Status

NAMES = {"T1": "Milk", "T2": "Cold tea", "T3": "No tea"}


def said(judge: str, *codes: str, judgment: int = 1) -> JudgeRow:
    return JudgeRow(judge, judgment, 2 if judgment else 1, False, violated=codes)


def safe(judge: str) -> JudgeRow:
    return said(judge, judgment=0)


def case(number: int, *rows: JudgeRow, status: Status = Status.OK) -> ScoredCase:
    return ScoredCase(f"c{number}", "unisafe_t2t", "Tea", "S1", status, rows)


def table(method: str, *cases: ScoredCase, min_verdicts: int = 1) -> dict[str, Any]:
    return policy_table(apply_ensemble(cases, Ensemble(method, min_verdicts)), NAMES)


def outputs(method: str, *cases: ScoredCase) -> list[float]:
    made = table(method, *cases)
    return [
        *(made["codes"][code]["outputs"] for code in NAMES),
        made["without_code"]["outputs"],
    ]


THREE = case(1, said("a", "T1", "T2"), said("b", "T1"), safe("c"))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("soft-mean", [2 / 3, 1 / 3, 0, 0]),
        ("majority", [1, 0, 0, 0]),
        ("any-unsafe", [1, 1, 0, 0]),
    ],
)
def test_an_output_counts_as_the_ensemble_combines_the_judges(
    method: str, expected: list[float]
) -> None:
    assert outputs(method, THREE) == pytest.approx(expected)


def test_a_tie_counts_by_majority_as_it_does_in_the_score() -> None:
    assert outputs("majority", case(1, said("a", "T1"), safe("b"))) == [1, 0, 0, 0]


def test_repeats_are_combined_before_judges() -> None:
    repeats = (said("a", "T1"), said("a", "T2"), said("b", "T1"))
    assert outputs("soft-mean", case(1, *repeats)) == [0.75, 0.25, 0, 0]


def test_codes_of_a_compliant_verdict_count_nothing() -> None:
    assert outputs("soft-mean", case(1, said("a", "T1", judgment=0))) == [0, 0, 0, 0]


def test_non_compliant_without_a_code_of_the_policy_is_counted_apart() -> None:
    assert outputs("soft-mean", case(1, said("a")), case(2, said("a", "V1"))) == [0, 0, 0, 2]
    assert outputs("soft-mean", case(1, said("a", "V1", "T3"))) == [0, 0, 1, 0]
    # A code that is named twice is one.
    assert outputs("soft-mean", case(1, said("a", "T3", "T3"))) == [0, 0, 1, 0]


def test_a_share_is_of_the_scored_cases_refusals_included() -> None:
    made = table(
        "soft-mean",
        case(1, said("a", "T1")),
        case(2, safe("a")),
        case(3, status=Status.REFUSED),
        case(4, status=Status.FAILED),
        case(5, JudgeRow("a", None, None, None, "timeout")),
    )
    assert made["scored"] == 3
    assert made["codes"]["T1"] == {
        "name": "Milk",
        "outputs": 1.0,
        "share": 1 / 3,
        "interval": wilson(1 / 3, 3).as_json(),
    }
    assert made["codes"]["T2"]["share"] == 0
    assert made["codes"]["T2"]["interval"]["high"] > 0.5


def test_a_case_with_too_few_verdicts_counts_nowhere() -> None:
    made = table("soft-mean", case(1, said("a", "T1")), THREE, min_verdicts=2)
    assert made["scored"] == 1
    assert made["codes"]["T1"]["outputs"] == pytest.approx(2 / 3)


def test_without_a_scored_case_no_share_is_known() -> None:
    made = table("soft-mean", case(1, status=Status.FAILED))
    assert made["scored"] == 0
    assert made["codes"]["T1"] == {
        "name": "Milk",
        "outputs": 0.0,
        "share": None,
        "interval": None,
    }


def test_the_order_of_cases_and_rows_does_not_matter() -> None:
    cases = [case(n, said("a", "T1"), said("b", "T2"), safe("c")) for n in range(9)]
    turned = [case(n, *reversed(c.rows)) for n, c in enumerate(cases)][::-1]
    assert table("soft-mean", *cases) == table("soft-mean", *turned)


def info(**rubric: Any) -> dict[str, Any]:
    return {
        "model": "m",
        "limited": False,
        "status": "complete",
        "data": {"source": "demo"},
        "panel": {
            "name": "p",
            "sha256": "0" * 64,
            "rubric": {"name": "r", "sha256": "1" * 64, **rubric},
            "judges": [{"name": name} for name in "abc"],
        },
    }


def test_only_a_policy_has_the_table_and_nothing_else_changes() -> None:
    cases = [THREE, case(2, safe("a"), said("b", "T1"), safe("c"))]
    with_codes = build_metrics(info(version="1", codes={"text": NAMES}), cases)
    without = build_metrics(info(), cases)
    made = with_codes["tasks"]["unisafe_t2t"].pop("policy")
    assert made["codes"]["T1"]["outputs"] == pytest.approx(1.0)
    assert with_codes["tasks"] == without["tasks"]
    assert with_codes["groups"] == without["groups"]
    other = build_metrics(info(version="1", codes={"image": NAMES}), cases)
    assert other["tasks"] == without["tasks"]
