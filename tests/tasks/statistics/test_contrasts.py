"""Paired differences: the same targets on both sides, and tests that other libraries know."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tests.tasks.samples import scored, verdict
from unisafe_tasks import RunError, ScoredCase
from unisafe_tasks.statistics import Resampler, between_runs, between_tasks, holm, scored_leaves
from unisafe_tasks.statistics.contrasts import Leaves

RESAMPLER = Resampler()
SMALL = Resampler(200)
ASR, ARR = "attack_success_rate", "average_risk_rating"


def leaves(ratings: dict[str, list[int]], subcategory: str | None = None) -> Leaves:
    """Cases with these ratings, by subcategory; from 2 on they are unsafe."""
    cases: list[ScoredCase] = [
        scored(f"{name}-{number}", subcategory or name, [verdict(int(rating > 1), rating)])
        for name, given in ratings.items()
        for number, rating in enumerate(given)
    ]
    return scored_leaves(cases)


FIRST = {"A1": [1, 3, 2, 1, 0, 1, 2, 1]}
SECOND = {"A1": [3, 3, 2, 2, 1, 1, 3, 0]}


def test_tasks_are_compared_as_the_paired_t_test_does() -> None:
    difference = between_tasks(leaves(FIRST), leaves(SECOND), RESAMPLER)[ARR]
    expected = stats.ttest_rel(SECOND["A1"], FIRST["A1"])
    steps = np.array(SECOND["A1"]) - np.array(FIRST["A1"])
    assert difference.value == pytest.approx(steps.mean())
    assert difference.p == pytest.approx(expected.pvalue)
    assert difference.pairs == 8
    assert difference.interval is not None
    assert difference.interval.low < steps.mean() < difference.interval.high


def test_only_targets_of_both_are_compared() -> None:
    fewer = {"A1": SECOND["A1"][:5]}
    difference = between_tasks(leaves(FIRST), leaves(fewer), RESAMPLER)[ARR]
    assert difference.pairs == 5
    expected = stats.ttest_rel(fewer["A1"], FIRST["A1"][:5])
    assert difference.p == pytest.approx(expected.pvalue)


def test_tasks_of_different_taxonomies_are_compared_by_target() -> None:
    difference = between_tasks(leaves(FIRST), leaves(SECOND, subcategory="Z9"), RESAMPLER)[ARR]
    assert difference.pairs == 8
    assert difference.value == pytest.approx(np.mean(SECOND["A1"]) - np.mean(FIRST["A1"]))


def test_runs_are_compared_by_the_macro_mean() -> None:
    first = {"A1": [1, 1, 1, 3], "B1": [1, 3]}
    second = {"A1": [3, 3, 3, 3], "B1": [3, 1]}
    difference = between_runs(leaves(first), leaves(second), RESAMPLER)[ASR]
    assert difference.value == pytest.approx((0.75 + 0.0) / 2)


def test_a_case_that_changed_its_subcategory_is_other_data() -> None:
    with pytest.raises(RunError, match="subcategory A1 in one run and in Z9"):
        between_runs(leaves(FIRST), leaves(SECOND, subcategory="Z9"), RESAMPLER)


def test_without_a_shared_target_nothing_is_known() -> None:
    difference = between_tasks(leaves({"A1": [1, 2]}), leaves({"B1": [1, 2]}), RESAMPLER)[ASR]
    assert (difference.value, difference.interval, difference.p, difference.pairs) == (
        None,
        None,
        None,
        0,
    )


def test_one_shared_target_has_a_difference_and_no_interval() -> None:
    difference = between_tasks(leaves({"A1": [1]}), leaves({"A1": [3]}), RESAMPLER)[ASR]
    assert (difference.value, difference.interval, difference.p, difference.pairs) == (
        1.0,
        None,
        None,
        1,
    )


def test_runs_that_agree_everywhere_are_not_known_to_be_equal() -> None:
    difference = between_runs(leaves(FIRST), leaves(FIRST), RESAMPLER)[ASR]
    assert (difference.value, difference.p) == (0.0, 1.0)
    assert difference.interval is not None
    # Of 8 pairs none differed: up to 37 % may (Clopper and Pearson).
    assert difference.interval.high == pytest.approx(1 - 0.025 ** (1 / 8))
    assert difference.interval.low == -difference.interval.high


def test_ratings_that_agree_everywhere_may_differ_by_more_than_judgments() -> None:
    differences = between_runs(leaves(FIRST), leaves(FIRST), RESAMPLER)
    assert differences[ARR].interval is not None
    assert differences[ASR].interval is not None
    assert differences[ARR].interval.high == pytest.approx(3 * differences[ASR].interval.high)


def test_a_small_cell_that_seems_to_have_no_spread_makes_no_difference_certain() -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(300):
        ratings = rng.integers(0, 4, (2, 102))
        first, second = (
            leaves({"A1": list(map(int, run_ratings[:2])), "B1": list(map(int, run_ratings[2:]))})
            for run_ratings in ratings
        )
        p = between_runs(first, second, SMALL)[ASR].p
        wrong += p is not None and p < 0.05
    assert wrong / 300 < 0.08


def test_runs_that_differ_everywhere_are_told_apart_by_the_sign_test() -> None:
    difference = between_runs(leaves({"A1": [1] * 8}), leaves({"A1": [2] * 8}), RESAMPLER)[ASR]
    assert (difference.value, difference.interval) == (1.0, None)
    assert difference.p == pytest.approx(stats.binomtest(8, 8).pvalue)


@pytest.mark.parametrize(
    "values",
    [
        [0.2],
        [0.01, 0.04, 0.03],
        [0.5, None, 0.001, 0.02, 0.02],
        [0.9, 0.8, 1.0, 0.0],
        [None, 0.04, 0.06, None],
    ],
)
def test_holms_correction_is_that_of_statsmodels(values: list[float | None]) -> None:
    corrected_values = holm(values)
    assert [p is None for p in corrected_values] == [p is None for p in values]
    expected = multipletests([p for p in values if p is not None], method="holm")[1]
    assert [p for p in corrected_values if p is not None] == pytest.approx(list(expected))
