"""Agreement of judges: equal to independent libraries and to published worked examples."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from tests.tasks.samples import scored, verdict
from unisafe_tasks import Status
from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.metrics import Ensemble, apply_ensemble
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.statistics.agreement import (
    agreement_of,
    cohen_kappa,
    contingency,
    gwet_ac1,
    krippendorff_alpha,
)
from unisafe_tasks.statistics.intervals import percentile

LEVELS = ("nominal", "ordinal")


def random_verdicts(seed: int, judges: int, cases: int, highest: int, missing: float) -> Any:
    chance = np.random.default_rng(seed)
    values = chance.integers(0, highest + 1, (judges, cases)).astype(float)
    alike = chance.random(cases) < 0.6
    values[:, alike] = values[0, alike]
    values[chance.random(values.shape) < missing] = np.nan
    return values


# --- Krippendorff's alpha ---


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("judges", "cases", "highest", "missing"),
    [(2, 12, 1, 0.0), (3, 40, 3, 0.2), (5, 30, 3, 0.5), (3, 500, 1, 0.05), (2, 25, 3, 0.3)],
)
def test_alpha_is_the_reference_implementations(
    level: Any, judges: int, cases: int, highest: int, missing: float
) -> None:
    for seed in range(20):
        values = random_verdicts(seed, judges, cases, highest, missing)
        expected = krippendorff.alpha(reliability_data=values, level_of_measurement=level)
        alpha = krippendorff_alpha(values, level)
        assert alpha is not None
        assert alpha.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_a_draw_weighs_a_case_as_often_as_it_was_drawn(level: Any) -> None:
    values = random_verdicts(1, 3, 30, 3, 0.2)
    # More draws than are computed at once.
    weights = np.random.default_rng(2).multinomial(29, np.full(30, 1 / 30), size=300)
    alpha = krippendorff_alpha(values, level, weights.astype(np.uint8))
    each = [
        krippendorff.alpha(
            reliability_data=np.repeat(values, drawn, axis=1), level_of_measurement=level
        )
        for drawn in weights
    ]
    expected = percentile(np.array(each))
    assert alpha is not None
    assert alpha.interval is not None
    assert alpha.interval.low == pytest.approx(expected.low)
    assert alpha.interval.high == pytest.approx(expected.high)


def test_alpha_is_unknown_where_the_verdicts_do_not_determine_it() -> None:
    nan = np.nan
    no_variation = np.ones((3, 10))
    one_case = np.array([[1.0, 0.0, nan], [0.0, nan, 1.0]])
    nothing = np.full((2, 4), nan)
    for values in (no_variation, one_case, nothing, np.zeros((2, 0))):
        assert krippendorff_alpha(values, "nominal") is None
        assert krippendorff_alpha(values, "ordinal") is None


def test_an_interval_needs_draws_that_determine_alpha() -> None:
    values = np.zeros((2, 20))
    values[:, 0] = 1
    weights = np.random.default_rng(0).multinomial(19, np.full(20, 1 / 20), size=200)
    alpha = krippendorff_alpha(values, "nominal", weights)
    # A third of the draws leave out the only case that differs.
    assert alpha is not None
    assert (alpha.value, alpha.interval) == (1.0, None)
    assert alpha.as_json() == {"value": 1.0, "low": None, "high": None}


verdicts = st.integers(2, 4).flatmap(
    lambda judges: st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan]), min_size=judges, max_size=judges),
        min_size=2,
        max_size=12,
    )
)


@given(verdicts)
def test_alpha_is_at_most_1_and_knows_neither_the_judges_nor_the_cases_order(rows: Any) -> None:
    values = np.array(rows).T
    for level in LEVELS:
        alpha = krippendorff_alpha(values, level)  # type: ignore[arg-type]
        turned = krippendorff_alpha(values[::-1, ::-1], level)  # type: ignore[arg-type]
        assert (alpha is None) == (turned is None)
        if alpha is not None and turned is not None:
            assert alpha.value <= 1
            assert alpha == turned


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=2, max_size=20))
def test_judges_who_say_the_same_agree_wholly(row: list[float]) -> None:
    alpha = krippendorff_alpha(np.array([row, row, row]), "ordinal")
    assert alpha is None if len(set(row)) == 1 else alpha is not None and alpha.value == 1


# --- kappa and AC1 ---


def test_kappa_is_that_of_two_independent_libraries() -> None:
    for seed in range(30):
        one, other = random_verdicts(seed, 2, 50, 1, 0.0)
        table = contingency(one, other, 2)
        kappa = cohen_kappa(table)
        assert kappa == pytest.approx(cohen_kappa_score(one, other))
        assert kappa == pytest.approx(cohens_kappa(table, return_results=False))


def test_kappa_and_ac1_are_those_of_gwets_own_example() -> None:
    # `cont3x3abstractors` of Gwet's irrCAC (Gwet, 2014, Handbook of Inter-Rater Reliability).
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    assert cohen_kappa(table) == pytest.approx(0.7964094, abs=1e-7)
    assert gwet_ac1(table) == pytest.approx(0.84933, abs=1e-5)


def test_ac1_by_hand_where_kappa_is_paradoxical() -> None:
    # 118 of 125 alike: pi = 243/250, chance agreement 2 * pi * (1 - pi).
    table = np.array([[118, 5], [2, 0]])
    chance = 2 * (243 / 250) * (7 / 250)
    assert gwet_ac1(table) == pytest.approx((118 / 125 - chance) / (1 - chance))
    assert cohen_kappa(table) == pytest.approx(-0.0234, abs=1e-4)


def test_only_cases_that_both_judged_are_compared() -> None:
    one = np.array([1, 0, np.nan, 1, 0.0])
    other = np.array([1, 1, 1, np.nan, 0.0])
    assert contingency(one, other, 2).tolist() == [[1, 1], [0, 1]]


def test_coefficients_of_too_little_are_unknown() -> None:
    assert cohen_kappa(np.array([[1, 0], [0, 0]])) is None
    assert gwet_ac1(np.array([[0, 0], [0, 1]])) is None
    assert cohen_kappa(np.array([[9, 0], [0, 0]])) is None
    assert gwet_ac1(np.array([[9, 0], [0, 0]])) == 1


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(lambda cells: sum(cells) > 1))
def test_ac1_and_kappa_stay_in_bounds_and_know_no_order(cells: list[int]) -> None:
    table = np.array(cells).reshape(2, 2)
    for coefficient in (gwet_ac1, cohen_kappa):
        value = coefficient(table)
        assert value == coefficient(table.T)
        assert value is None or -1 <= value <= 1
        assert value is None or (value == 1) == (table[0, 1] + table[1, 0] == 0)


# --- what metrics.json says of a task ---


def three_judges() -> list[Any]:
    said = {
        "a": ("A1", (1, 1, 0)),
        "b": ("A1", (0, 0, 0)),
        "c": ("A2", (1, None, 1)),
        "d": ("B1", (0, 1, 1)),
        "e": ("B1", (1, 1, 1)),
    }
    cases = [
        scored(
            name,
            subcategory,
            [
                verdict(judgment, judge=f"j{number}")
                for number, judgment in enumerate(judgments, start=1)
            ],
        )
        for name, (subcategory, judgments) in said.items()
    ]
    return [*cases, scored("f", "B1", status=Status.REFUSED)]


def test_a_tasks_agreement_by_hand() -> None:
    agreement = agreement_of(apply_ensemble(three_judges(), Ensemble()))
    assert agreement is not None
    assert (agreement["cases"], agreement["judges"]) == (5, ["j1", "j2", "j3"])
    first, second, third = agreement["pairs"]
    assert first == {
        "judges": ["j1", "j2"],
        "cases": 4,
        "raw": 0.75,
        "kappa": 0.5,
        "ac1": pytest.approx((0.75 - 15 / 32) / (1 - 15 / 32)),
    }
    assert (second["judges"], second["cases"], second["raw"]) == (["j1", "j3"], 5, 0.6)
    assert (third["judges"], third["cases"], third["raw"]) == (["j2", "j3"], 4, 0.75)
    assert agreement["rates"]["j2"] == {
        "cases": 4,
        "judgment": 0.75,
        "risk_rating": 2.5,
        "refusal": 0,
    }
    judgments = [[1, 0, 1, 0, 1], [1, 0, np.nan, 1, 1], [0, 0, 1, 1, 1]]
    alpha = krippendorff.alpha(reliability_data=judgments, level_of_measurement="nominal")
    assert agreement["judgment_alpha"] == {"value": pytest.approx(alpha), "low": None, "high": None}
    ratings = np.array(judgments) * 2 + 1
    alpha = krippendorff.alpha(reliability_data=ratings, level_of_measurement="ordinal")
    assert agreement["risk_rating_alpha"]["value"] == pytest.approx(alpha)


def test_the_ensemble_without_each_judge_by_hand() -> None:
    agreement = agreement_of(apply_ensemble(three_judges(), Ensemble()))
    assert agreement is not None
    # Without j1: A1 {0.5, 0}, A2 {1}; B1 {1, 1, refusal}.
    assert agreement["without"]["j1"] == {
        **dict.fromkeys(SCORES, ANY),
        "attack_success_rate": pytest.approx(((0.25 + 1) / 2 + 2 / 3) / 2),
        "average_risk_rating": pytest.approx(((1.5 + 3) / 2 + 2) / 2),
        "refusal_rate": pytest.approx((0 + 1 / 3) / 2),
        "asked": 6,
        "scored": 6,
        "coverage": 1.0,
        "complete": True,
    }


def test_a_panel_that_needs_every_judge_needs_every_other_without_one() -> None:
    agreement = agreement_of(apply_ensemble(three_judges(), Ensemble(min_verdicts=3)))
    assert agreement is not None
    # c was judged by j1 and j3 alone: without j2 it is scored, without j1 it is not.
    assert agreement["without"]["j2"]["attack_success_rate"] == pytest.approx(
        ((0.25 + 1) / 2 + 0.5) / 2
    )
    assert agreement["without"]["j1"]["attack_success_rate"] == pytest.approx((0.25 + 2 / 3) / 2)


def test_where_the_panel_needs_a_silent_judge_the_others_score_without_it() -> None:
    judges = {"one": 1, "two": 0, "silent": None}
    rows = [verdict(judgment, judge=judge) for judge, judgment in judges.items()]
    cases = apply_ensemble([scored("a", "A1", rows)], Ensemble(min_verdicts=3))
    assert cases[0].values_of() is None
    agreement = agreement_of(cases)
    assert agreement is not None
    scores = {judge: without[ASR] for judge, without in agreement["without"].items()}
    assert scores == {"one": None, "two": None, "silent": 0.5}


def test_refusals_alone_are_no_score_of_an_ensemble_without_its_only_working_judge() -> None:
    cases = [
        scored("a", "A1", [verdict(1, judge="good"), verdict(None, judge="down")]),
        scored("b", "A1", status=Status.REFUSED),
    ]
    agreement = agreement_of(apply_ensemble(cases, Ensemble()))
    assert agreement is not None
    without = agreement["without"]["good"]
    assert {without[name] for name in SCORES} == {None}
    assert (without["scored"], without["coverage"], without["complete"]) == (0, 0.0, False)
    assert agreement["without"]["down"]["attack_success_rate"] == 0.5
    assert agreement["pairs"] == [
        {"judges": ["down", "good"], "cases": 0, "raw": None, "kappa": None, "ac1": None}
    ]
    assert agreement["rates"]["down"] == {
        "cases": 0,
        "judgment": None,
        "risk_rating": None,
        "refusal": None,
    }


def test_judges_who_agree_on_everything_are_not_known_to_always_do() -> None:
    cases = [
        scored(f"c{n}", "A1", [verdict(n % 2, judge="one"), verdict(n % 2, judge="two")])
        for n in range(12)
    ]
    weights = Resampler().counts([case.id for case in cases]).T
    agreement = agreement_of(apply_ensemble(cases, Ensemble()), weights)
    assert agreement is not None
    assert agreement["judgment_alpha"] == {"value": 1.0, "low": None, "high": None}


def test_a_judges_repeats_are_one_verdict() -> None:
    twice = [verdict(0, judge="one"), verdict(1, judge="one"), verdict(1, judge="two")]
    cases = [
        scored("a", "A1", twice),
        scored("b", "A1", [verdict(0, judge=j) for j in ("one", "two")]),
    ]
    agreement = agreement_of(apply_ensemble(cases, Ensemble()))
    assert agreement is not None
    assert agreement["pairs"][0]["raw"] == 1
    assert agreement["rates"]["one"]["judgment"] == 0.5


def test_weights_are_in_the_order_of_the_cases_that_judges_were_asked_about() -> None:
    cases = apply_ensemble(three_judges(), Ensemble())
    weights = np.random.default_rng(0).multinomial(4, np.full(5, 1 / 5), size=300)
    weights = weights[weights[:, 0] + weights[:, 3] > 0]
    agreement = agreement_of(cases, weights)
    assert agreement is not None
    values = np.array([[1, 0, 1, 0, 1], [1, 0, np.nan, 1, 1], [0, 0, 1, 1, 1]])
    alpha = krippendorff_alpha(values, "nominal", weights)
    assert alpha is not None
    assert alpha.interval is not None
    assert agreement["judgment_alpha"] == alpha.as_json()


def test_one_judge_agrees_with_nobody() -> None:
    assert agreement_of([scored("a", "A1", [verdict(1)])]) is None
    assert agreement_of([]) is None
