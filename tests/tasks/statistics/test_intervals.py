"""Intervals of proportions, against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from unisafe_tasks.statistics.intervals import Interval, exact, percentile, wilson

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_wilsons_interval_is_that_of_statsmodels(counts: tuple[int, int]) -> None:
    hits, n = counts
    interval = wilson(hits / n, n)
    expected = proportion_confint(hits, n, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-12)
    assert 0 <= interval.low <= hits / n <= interval.high <= 1


@given(COUNTS)
def test_the_exact_interval_is_that_of_statsmodels(counts: tuple[int, int]) -> None:
    hits, n = counts
    interval = exact(hits, n)
    assert (interval.low, interval.high) == pytest.approx(
        proportion_confint(hits, n, method="beta"), abs=1e-9
    )


@pytest.mark.parametrize("interval", [wilson(0, 20), exact(0, 20)])
def test_none_of_twenty_is_no_certainty(interval: Interval) -> None:
    assert interval.low == 0
    assert 0.1 < interval.high < 0.2


def test_percentiles_are_the_middle_95_percent() -> None:
    interval = percentile(np.arange(1001, dtype=np.float64))
    assert (interval.low, interval.high) == pytest.approx((25, 975))
    assert interval.method == "bootstrap"


def test_last_bits_do_not_show() -> None:
    written = Interval(0.1 + 0.2, -1e-17, "bootstrap").as_json()
    assert written == {"low": 0.3, "high": 0.0, "method": "bootstrap"}
    assert str(written["high"]) == "0.0"
