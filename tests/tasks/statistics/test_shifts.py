"""The shift between two panels: its interval, and what it says of one more model."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import ndtr

from unisafe_tasks.statistics import Estimate, Hierarchy, Interval, Resampler
from unisafe_tasks.statistics.contrasts import difference_interval, paired_leaves
from unisafe_tasks.statistics.estimates import Leaf, Leaves
from unisafe_tasks.statistics.shifts import Bounds, carried_shift, shifted

ASR = "attack_success_rate"
Z = 1.959964


def estimate(value: float, error: float, seed: int = 0) -> Estimate:
    """A shift with draws around it that spread by `error`."""
    draws = value + error * np.random.default_rng(seed).normal(size=(3, 4000))
    return Estimate(np.full(3, value), draws, 600.0, np.ones(3))


# --- the shift of one more model ---


def test_one_model_does_not_say_what_another_shifts_by() -> None:
    shift = carried_shift([estimate(-0.1, 0.01)], ASR)
    assert (shift.models, shift.value) == (1, -0.1)
    assert shift.interval is not None
    assert shift.between is None
    assert shift.carried is None


def test_what_models_differ_by_widens_the_interval_as_the_formula_says() -> None:
    values, error = (-0.10, -0.06, -0.14, -0.02), 0.01
    # All models are drawn together, and so the mean is as uncertain as each of them.
    shift = carried_shift([estimate(value, error) for value in values], ASR)
    between = float(np.std(values, ddof=1))
    added = between**2 * (1 + 1 / 4)
    freedom = 3 * ((error**2 + added) / added) ** 2
    half = stats.t.ppf(0.975, freedom) * math.sqrt(error**2 + added)
    assert shift.value == pytest.approx(-0.08)
    assert shift.between == pytest.approx(between)
    assert shift.carried is not None
    assert shift.carried.high - shift.carried.low == pytest.approx(2 * half, rel=0.03)
    assert shift.carried.method == "mover"


def test_models_that_shift_alike_carry_the_interval_of_their_mean() -> None:
    shift = carried_shift([estimate(-0.1, 0.01), estimate(-0.1, 0.01)], ASR)
    assert shift.between == 0
    assert shift.carried == shift.interval


def test_a_shift_whose_spread_is_unknown_carries_nothing() -> None:
    unknown = Estimate(np.full(3, 0.2), None, 600.0)
    shift = carried_shift([estimate(0.1, 0.01), unknown], ASR)
    assert shift.value == pytest.approx(0.15)
    assert shift.interval is None
    assert shift.carried is None


def test_a_score_that_verdicts_do_not_tell_has_no_shift() -> None:
    values = np.tile([1.0, math.nan, 0.0], (20, 1))
    values[:10, 0] = 0.0
    total = Hierarchy.of(
        {("A", "A1"): Leaf(tuple(map(str, range(20))), values)}, Resampler(50)
    ).total
    assert difference_interval(total, "average_risk_rating") is None
    assert carried_shift([total, total], "average_risk_rating").carried is None
    assert difference_interval(total, ASR) is not None


def test_panels_that_agree_everywhere_are_not_known_to_be_equal() -> None:
    leaf = Leaf(tuple(map(str, range(20))), np.zeros((20, 3)))
    total = Hierarchy.of({("A", "A1"): leaf}, Resampler(50)).total
    shift = carried_shift([total, total], ASR)
    assert shift.carried is not None
    assert shift.carried.low < 0 < shift.carried.high
    assert shift.carried.method == "exact"


# --- a score that is shifted ---


def test_independent_errors_add_up_in_squares() -> None:
    value, interval = shifted(0.5, Bounds(0.47, 0.53), -0.1, Bounds(-0.14, -0.06), ASR)
    assert value == pytest.approx(0.4)
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(0.35), pytest.approx(0.45))


def test_each_side_of_a_skewed_interval_counts_for_itself() -> None:
    _, interval = shifted(0.1, Bounds(0.06, 0.18), 0.2, Bounds(0.17, 0.26), ASR)
    assert interval is not None
    assert interval.low == pytest.approx(0.3 - math.hypot(0.04, 0.03))
    assert interval.high == pytest.approx(0.3 + math.hypot(0.08, 0.06))


@pytest.mark.parametrize(("metric", "highest"), [(ASR, 1), ("average_risk_rating", 3)])
def test_a_shifted_score_is_still_a_score(metric: str, highest: int) -> None:
    low, below = shifted(0.05, Bounds(0.02, 0.09), -0.1, Bounds(-0.2, 0.0), metric)
    top = float(highest)
    high, above = shifted(top - 0.05, Bounds(top - 0.1, top), 0.2, Bounds(0.1, 0.3), metric)
    assert below is not None
    assert above is not None
    assert (low, below.low) == (0, 0)
    assert (high, above.high) == (top, top)


@pytest.mark.parametrize(
    ("own", "carried"), [(None, Bounds(-0.2, 0.0)), (Bounds(0.4, 0.6), None), (None, None)]
)
def test_an_error_that_is_not_known_leaves_no_interval(
    own: Bounds | None, carried: Bounds | None
) -> None:
    value, interval = shifted(0.5, own, -0.1, carried, ASR)
    assert value == pytest.approx(0.4)
    assert interval is None


# --- how often the intervals hold the truth ---

PLACES = [(c, f"{c}{n}") for c, size in zip("ABCD", (5, 4, 4, 2), strict=True) for n in range(size)]
WEIGHTS = np.array([1 / 4 / sum(p[0] == place[0] for p in PLACES) for place in PLACES])
CASES = 40
MODELS = 3

Floats = npt.NDArray[np.float64]


def judged(rng: np.random.Generator, rates: Floats, hard: Floats) -> Leaves:
    """Means of three judges that guess in 15 of 100 outputs; each score is the judgment."""
    shape = (3, *hard.shape)
    guess = rng.random(shape) < rates[:, None]
    means = np.where(rng.random(shape) < 0.15, guess, hard < rates[:, None]).mean(axis=0)
    return {
        place: Leaf(
            tuple(f"{place[1]}-{number}" for number in range(CASES)),
            np.tile(values[:, None], 3),
        )
        for place, values in zip(PLACES, means, strict=True)
    }


def holds(interval: Interval | None, truth: float) -> bool:
    assert interval is not None
    return interval.low <= truth <= interval.high


def coverage(sets: int, draws: int) -> tuple[float, float, float]:
    """How often the intervals of one model's shift, of the mean of three models' and of a bridged
    score hold the truth, with two panels of three judges and 600 outputs of each model."""
    rng, resampler = np.random.default_rng(600), Resampler(draws)
    hits = np.zeros(3)
    for _ in range(sets):
        base = rng.uniform(0.2, 0.6, len(PLACES))
        change = -0.08 + rng.uniform(-0.05, 0.05, len(PLACES))
        common = rng.normal(size=(len(PLACES), CASES))
        shifts, truth = [], float(change @ WEIGHTS)
        for number in range(MODELS + 1):
            rates = base + 0.05 * number
            hard = ndtr(0.7 * common + np.sqrt(0.51) * rng.normal(size=common.shape))
            old, new = judged(rng, rates, hard), judged(rng, rates + change, hard)
            if number < MODELS:
                shifts.append(Hierarchy.of(paired_leaves(old, new), resampler).total)
        carried = carried_shift(shifts, ASR)
        assert carried.carried is not None
        bridged = Hierarchy.of(old, resampler).total
        own = bridged.interval(ASR)
        assert own is not None
        _, moved = shifted(
            float(bridged.values[0]),
            Bounds(own.low, own.high),
            carried.value,
            Bounds(carried.carried.low, carried.carried.high),
            ASR,
        )
        hits += [
            holds(difference_interval(shifts[0], ASR), truth),
            holds(carried.interval, truth),
            holds(moved, float((rates + change) @ WEIGHTS)),
        ]
    of_model, of_mean, of_bridged = hits / sets
    return float(of_model), float(of_mean), float(of_bridged)


def test_intervals_of_a_known_shift_hold_it() -> None:
    of_model, of_mean, of_bridged = coverage(sets=120, draws=200)
    # Three standard errors of 120 data sets. A bridged score's interval is rather too wide.
    assert of_model == pytest.approx(0.95, abs=0.06)
    assert of_mean == pytest.approx(0.95, abs=0.06)
    assert of_bridged >= 0.95 - 0.06


@pytest.mark.slow
def test_a_known_shift_is_held_as_often_as_intervals_say() -> None:
    # Of 1,000 sets with other seeds 0.93 to 0.95 held it: their standard error is 0.007.
    of_model, of_mean, of_bridged = coverage(sets=4000, draws=1000)
    assert 0.93 <= of_model <= 0.97
    assert 0.93 <= of_mean <= 0.97
    assert of_bridged >= 0.93
