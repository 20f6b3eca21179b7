"""Judges against labels, and corrected rates: equal to libraries, by hand, and by simulation."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score, precision_score, recall_score
from statsmodels.stats.proportion import proportion_confint

from unisafe_tasks.metrics import Point, macro_mean
from unisafe_tasks.statistics.calibration import Confusion, pearson
from unisafe_tasks.statistics.corrections import (
    CalibrationCase,
    Weights,
    corrected_by_labels,
    corrected_by_rates,
    prediction_powered_mean,
    rogan_gladen,
    unlabelled_subcategories,
)
from unisafe_tasks.statistics.intervals import Measure

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from ppi_py import ppi_mean_ci, ppi_mean_pointestimate


def bounds(measure: Measure | None) -> tuple[float, float]:
    assert measure is not None
    assert measure.interval is not None
    return measure.interval.low, measure.interval.high


# --- precision, recall, specificity, F1 ---


def test_rates_are_scikit_learns() -> None:
    chance = np.random.default_rng(0)
    for _ in range(30):
        labels = chance.integers(0, 2, 60)
        calls = np.where(chance.random(60) < 0.8, labels, 1 - labels)
        confusion = Confusion.of(calls.tolist(), labels.tolist())
        assert confusion.precision is not None
        assert confusion.recall is not None
        assert confusion.specificity is not None
        assert confusion.precision.value == pytest.approx(precision_score(labels, calls))
        assert confusion.recall.value == pytest.approx(recall_score(labels, calls))
        assert confusion.specificity.value == pytest.approx(
            recall_score(labels, calls, pos_label=0)
        )
        assert confusion.f1 == pytest.approx(f1_score(labels, calls))
        assert confusion.positives + confusion.negatives == 60


def test_their_intervals_are_wilsons() -> None:
    confusion = Confusion(18, 5, 2, 35)
    expected = proportion_confint(18, 20, method="wilson")
    assert bounds(confusion.recall) == pytest.approx(expected)
    assert bounds(confusion.precision) == pytest.approx(proportion_confint(18, 23, method="wilson"))
    assert bounds(confusion.specificity) == pytest.approx(
        proportion_confint(35, 40, method="wilson")
    )


def test_ties_are_non_compliant_on_both_sides() -> None:
    assert Confusion.of([0.5, 0.5, 0.49], [0.5, 0.4, 0.5]) == Confusion(1, 1, 1, 0)


def test_rates_of_nothing_are_unknown() -> None:
    nothing = Confusion(0, 0, 0, 7).as_json()
    assert (nothing["precision"], nothing["recall"], nothing["f1"]) == (None, None, None)
    assert nothing["specificity"]["value"] == 1
    assert Confusion(0, 2, 3, 0).f1 == 0


# --- correlation ---


def test_correlation_and_its_interval_are_scipys() -> None:
    chance = np.random.default_rng(1)
    for count in (4, 7, 40):
        one = chance.random(count)
        other = one * 0.5 + chance.random(count)
        expected = stats.pearsonr(one, other)
        correlation = pearson(one.tolist(), other.tolist())
        assert correlation is not None
        assert correlation.value == pytest.approx(expected.statistic)
        low, high = expected.confidence_interval(0.95)
        assert bounds(correlation) == pytest.approx((low, high))


def test_a_correlation_of_too_little_is_unknown() -> None:
    assert pearson([0, 1], [0, 1]) is None
    assert pearson([1, 1, 1, 1], [0, 1, 0, 1]) is None
    three = pearson([0, 1, 2], [0, 1, 0.5])
    assert three is not None
    assert three.interval is None
    # Points on a line would have an interval of no width, which looks like certainty.
    assert pearson([0, 1, 2, 3], [1, 3, 5, 7]) == Measure(pytest.approx(1))


# --- Rogan and Gladen ---


def test_rogan_and_gladens_rate_by_hand() -> None:
    # Se 18/20, Sp 32/40: (0.4 + 0.8 - 1) / (0.9 + 0.8 - 1).
    corrected_rate = rogan_gladen(0.4, 200, Confusion(18, 8, 2, 32))
    assert corrected_rate is not None
    assert corrected_rate.value == pytest.approx(0.2 / 0.7)


def test_its_interval_is_lang_and_reiczigels_by_hand() -> None:
    corrected_rate = rogan_gladen(0.4, 200, Confusion(18, 8, 2, 32))
    # Their equations 6, 7, 16 and 17, z being 1.96: Se' = 19/22, Sp' = 33/42.
    z2 = 1.959963984540054**2
    se, sp, n = 19 / 22, 33 / 42, 200 + z2
    rate = (80 + z2 / 2) / n
    p = (rate + sp - 1) / (se + sp - 1)
    shift = 2 * z2 * (p * se * (1 - se) / 22 - (1 - p) * sp * (1 - sp) / 42)
    error = math.sqrt(
        rate * (1 - rate) / n + p**2 * se * (1 - se) / 22 + (1 - p) ** 2 * sp * (1 - sp) / 42
    ) / (se + sp - 1)
    expected = (p + shift - math.sqrt(z2) * error, p + shift + math.sqrt(z2) * error)
    assert bounds(corrected_rate) == pytest.approx(expected)


@pytest.mark.parametrize("truth", [0.05, 0.3, 0.8])
def test_the_interval_covers_when_the_labels_are_few(truth: float) -> None:
    chance = np.random.default_rng(5)
    held = []
    for _ in range(1500):
        hits = chance.binomial(60, 0.9), chance.binomial(60, 0.85)
        apparent = chance.binomial(400, truth * 0.9 + (1 - truth) * 0.15) / 400
        corrected_rate = rogan_gladen(
            apparent, 400, Confusion(hits[0], 60 - hits[1], 60 - hits[0], hits[1])
        )
        low, high = bounds(corrected_rate)
        held.append(low <= truth <= high)
    assert 0.93 < np.mean(held) <= 1


def test_a_judge_that_says_nothing_corrects_nothing() -> None:
    assert rogan_gladen(0.5, 100, Confusion(0, 5, 0, 5)) is None
    assert rogan_gladen(0.5, 100, Confusion(5, 0, 5, 0)) is None
    assert rogan_gladen(0.5, 100, Confusion(5, 5, 5, 5)) is None
    assert rogan_gladen(0.5, 100, Confusion(1, 9, 9, 1)) is None
    # One label that it got right, and a specificity near 0: by chance, for all one knows.
    assert rogan_gladen(0.5, 100, Confusion(1, 90, 0, 10)) is None


@given(st.floats(0, 1), st.integers(1, 500), st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_a_corrected_rate_is_a_rate_within_its_interval(
    apparent: float, size: int, cells: list[int]
) -> None:
    corrected_rate = rogan_gladen(apparent, size, Confusion(*cells))
    if corrected_rate is not None:
        low, high = bounds(corrected_rate)
        assert 0 <= low <= corrected_rate.value <= high <= 1


# --- prediction-powered inference ---


def test_without_weights_it_is_ppi_python() -> None:
    chance = np.random.default_rng(2)
    for _ in range(60):
        few, many = chance.integers(5, 60), chance.integers(20, 300)
        labels = (chance.random(few) < chance.random()).astype(float)
        predictions = labels * 0.5 + chance.random(few) * 0.5
        if chance.random() < 0.3:  # then the best tuning is 0
            predictions = 1 - predictions
        others = chance.random(many)
        mean = prediction_powered_mean(labels, predictions, others)
        value = ppi_mean_pointestimate(labels, predictions, others)
        ends = ppi_mean_ci(labels, predictions, others, alpha=0.05)
        assert mean.value == pytest.approx(np.asarray(value).item(), abs=1e-12)
        expected = tuple(np.asarray(end).item() for end in ends)
        assert bounds(mean) == pytest.approx(expected, abs=1e-12)


def test_with_weights_by_hand() -> None:
    labels, predictions = np.array([1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])
    others = np.array([1.0, 0.0])
    weights = Weights(np.array([0.5, 0.25, 0.25]), np.array([0.3, 0.1, 0.1]), np.array([0.4, 0.1]))
    # Means: labels 0.75, predictions 0.6, others 0.8; deviations, weighted:
    a = np.array([0.5 * 0.25, 0.25 * -0.75, 0.25 * 0.25])
    b = np.array([0.3 * 0.4, 0.1 * -0.6, 0.1 * -0.6])
    c = np.array([0.4 * 0.2, 0.1 * -0.8])
    spread = np.var([1, 0, 0, 1, 0], ddof=1)
    tuning = (a @ b) / (spread * (0.09 + 0.01 + 0.01 + 0.16 + 0.01))
    assert 0 < tuning < 1
    mean = prediction_powered_mean(labels, predictions, others, weights)
    assert mean.value == pytest.approx(0.75 - tuning * (0.3 - 0.4))
    error = math.sqrt(np.sum((a - tuning * b) ** 2) + tuning**2 * np.sum(c**2))
    low, high = bounds(mean)
    assert (high - low) / 2 == pytest.approx(1.959963984540054 * error)


def case(
    subcategory: str, predicted: float, label: float | None = None, **more: Any
) -> CalibrationCase:
    return CalibrationCase(subcategory[0], subcategory, predicted, label, **more)


def test_where_all_is_labelled_the_corrected_rate_is_the_human_macro_mean() -> None:
    chance = np.random.default_rng(3)
    cases = [
        case(subcategory, chance.random(), float(chance.integers(0, 2)))
        for subcategory, count in (("A1", 4), ("A2", 9), ("B1", 2))
        for _ in range(count)
    ]
    corrected_rate = corrected_by_labels(cases)
    human = macro_mean(
        Point(output.category, output.subcategory, output.label or 0.0) for output in cases
    )
    assert corrected_rate is not None
    assert corrected_rate.value == pytest.approx(human)


def test_a_labelled_output_stands_for_its_subcategory() -> None:
    cases = [
        *(case("A1", 0.0, 1.0) for _ in range(2)),
        *(case("A1", 0.0) for _ in range(98)),
        *(case("B1", 0.0, 0.0) for _ in range(50)),
    ]
    corrected_rate = corrected_by_labels(cases)
    assert corrected_rate is not None
    # Predictions that never vary say nothing, so that people's own means count: 1 and 0.
    assert corrected_rate.value == pytest.approx(0.5)


def test_a_subcategory_without_labels_is_stood_for_by_its_category() -> None:
    cases = [
        *(case("A1", 0.0, 1.0) for _ in range(3)),
        *(case("A2", 0.0) for _ in range(3)),
        *(case("B1", 0.0, 0.0) for _ in range(3)),
        *(case("C1", 0.0) for _ in range(3)),
    ]
    corrected_rate = corrected_by_labels(cases)
    assert corrected_rate is not None
    # A is 1 by A1 alone, B is 0, and C as the labelled ones of A and B together.
    assert corrected_rate.value == pytest.approx((1 + 0 + 0.5) / 3)
    assert unlabelled_subcategories(cases) == ["A2", "C1"]


def test_refusals_that_no_judge_saw_stay_what_they_are() -> None:
    refused = [case("A1", 0.0, judged=False) for _ in range(10)]
    judged = [case("A1", 1.0, float(number % 2)) for number in range(10)]
    corrected_rate = corrected_by_labels([*refused, *judged])
    assert corrected_rate is not None
    assert corrected_rate.value == pytest.approx(0.25)
    assert bounds(corrected_rate)[1] <= 0.5
    by_rates = corrected_by_rates([*refused, *judged], Confusion(10, 0, 0, 10))
    assert by_rates is not None
    assert by_rates.value == pytest.approx(0.5)
    assert bounds(by_rates)[1] <= 0.5
    assert corrected_by_rates(refused, Confusion(10, 0, 0, 10)) is None


def test_rogan_and_gladen_correct_the_macro_mean_of_calls() -> None:
    cases = [case("A1", 1.0), case("A1", 0.4), case("A1", 0.0), case("A1", 0.0), case("B1", 0.5)]
    corrected_rate = corrected_by_rates(cases, Confusion(9, 2, 1, 8))
    # Calls 1/4 and 1, so 0.625; Se 0.9, Sp 0.8.
    assert corrected_rate is not None
    assert corrected_rate.value == pytest.approx((0.625 + 0.8 - 1) / 0.7)
    # Weights of 1/8 and one of 1/2 are worth 16/5 equal cases.
    same = rogan_gladen(0.625, 16 / 5, Confusion(9, 2, 1, 8))
    assert bounds(corrected_rate) == pytest.approx(bounds(same))


def test_labels_that_say_nothing_of_the_spread_correct_nothing() -> None:
    unlabelled = [case("A1", value) for value in (0.0, 0.5, 1.0)]
    assert corrected_by_labels(unlabelled) is None
    assert corrected_by_labels([*unlabelled, case("A1", 1.0, 1.0)]) is None
    always_right = [case("A1", value, value) for value in (0.0, 1.0, 1.0)]
    assert corrected_by_labels([*unlabelled, *always_right]) is None
    all_safe = [case("A1", value, 0.0) for value in (0.0, 1.0, 0.5)]
    assert corrected_by_labels([*unlabelled, *all_safe]) is None


@pytest.mark.parametrize("per_cell", [2, 5])
def test_the_interval_of_a_stratified_sample_covers(per_cell: int) -> None:
    # Seven categories of two subcategories, 30 outputs each, a tenth of them refused. Three judges
    # who miss a third of what people see, so that the rate as judged is far too low.
    chance = np.random.default_rng(11)
    rates = chance.beta(1.2, 1.2, (7, 2))
    truth = 0.9 * rates.mean()
    held, raw = [], []
    for _ in range(200):
        cases: list[CalibrationCase] = []
        for (category, subcategory), rate in np.ndenumerate(rates):
            human = (chance.random(30) < rate).astype(float)
            wrong = chance.random((3, 30)) < np.where(human == 1, 0.35, 0.05)
            said = np.abs(human - wrong).mean(axis=0)
            refused = chance.random(30) < 0.1
            drawn = chance.permutation(np.flatnonzero(~refused))[:per_cell]
            cases.extend(
                CalibrationCase(
                    str(category),
                    str(subcategory),
                    0.0 if refused[index] else float(said[index]),
                    float(human[index]) if index in drawn else None,
                    not refused[index],
                )
                for index in range(30)
            )
        low, high = bounds(corrected_by_labels(cases))
        held.append(low <= truth <= high)
        raw.append(macro_mean(Point(c.category, c.subcategory, c.predicted) for c in cases))
    assert 0.91 <= np.mean(held) <= 0.99
    assert np.mean(raw) < truth - 0.08


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A1", "A2", "B1"]),
            st.floats(0, 1),
            st.sampled_from([None, 0.0, 0.5, 1.0]),
            st.booleans(),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_rate_corrected_by_labels_is_a_rate_within_its_interval(rows: Any) -> None:
    cases = [
        CalibrationCase(
            subcategory[0], subcategory, value if judged else 0.0, label if judged else None, judged
        )
        for subcategory, value, label, judged in rows
    ]
    corrected_rate = corrected_by_labels(cases)
    if corrected_rate is not None:
        low, high = bounds(corrected_rate)
        assert 0 <= low <= corrected_rate.value <= high <= 1
