"""The bootstrap's draws: n-1 of each cell, together where cells share targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from unisafe_tasks.statistics import DRAWS, Resampler


def targets(count: int, start: int = 0) -> tuple[str, ...]:
    return tuple(f"target-{number}" for number in range(start, start + count))


@pytest.mark.parametrize("size", [2, 3, 20, 200])
def test_every_draw_of_n_cases_has_n_minus_1(size: int) -> None:
    counts = Resampler().counts(targets(size))
    assert counts.shape == (size, DRAWS)
    assert set(counts.sum(axis=0)) == {size - 1}


@pytest.mark.parametrize("size", [2, 3, 5, 20])
def test_the_variance_of_a_drawn_mean_is_that_of_a_mean(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    drawn = values @ Resampler(40_000).counts(targets(size)) / (size - 1)
    assert drawn.var() == pytest.approx(values.var(ddof=1) / size, rel=0.03)
    assert drawn.mean() == pytest.approx(values.mean(), abs=4 * drawn.std() / 200)


def test_each_target_is_drawn_as_often_as_a_multinomial_says() -> None:
    counts = Resampler(40_000).counts(targets(5))
    shares = np.bincount(counts[0], minlength=5)[:5] / counts.shape[1]
    binomial = [0.4096, 0.4096, 0.1536, 0.0256, 0.0016]
    assert shares == pytest.approx(binomial, abs=0.008)


def test_cells_of_the_same_targets_are_drawn_alike_and_other_cells_are_not() -> None:
    resampler = Resampler()
    first, again = resampler.counts(targets(30)), Resampler().counts(targets(30))
    others = resampler.counts(targets(30, start=30))
    assert np.array_equal(first, again)
    assert abs(np.corrcoef(first[0], others[0])[0, 1]) < 0.08


@pytest.mark.parametrize(("kept", "least"), [(30, 0.999), (25, 0.85), (15, 0.6)])
def test_means_over_shared_targets_vary_together(kept: int, least: float) -> None:
    values = np.random.default_rng(0).normal(size=30)
    resampler = Resampler(10_000)
    whole = values @ resampler.counts(targets(30)) / 29
    part = values[:kept] @ resampler.counts(targets(kept)) / (kept - 1)
    expected = np.sqrt(kept / 30)
    correlation = np.corrcoef(whole, part)[0, 1]
    assert correlation > least
    assert correlation == pytest.approx(expected, abs=0.12)


def test_what_is_drawn_of_a_cell_does_not_depend_on_what_was_drawn_before() -> None:
    fresh, used = Resampler(), Resampler()
    used.counts(targets(7, start=100))
    assert np.array_equal(fresh.counts(targets(9)), used.counts(targets(9)))


@pytest.mark.parametrize("cell", [(), ("alone",)])
def test_a_cell_of_one_has_no_draws(cell: Sequence[str]) -> None:
    with pytest.raises(ValueError, match="two targets"):
        Resampler().counts(cell)


def test_any_text_can_be_a_targets_id() -> None:
    assert Resampler(10).counts(["\ud800", "ключ"]).sum() == 10
