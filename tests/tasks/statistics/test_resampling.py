"""The bootstrap's draws: n-1 of each cell, together where cells share targets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisafe_tasks.statistics import DRAWS, Resampler, arrivals, resampling
from unisafe_tasks.statistics.arrivals import DrawnCell


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


# --- the same draws as a plain implementation, which sorts every arrival ---


def stream(target: str, draws: int) -> npt.NDArray[np.float32]:
    """The first eight arrivals of a target in each draw, as the first version drew them."""
    digest = hashlib.sha256(b"unisafe-1:" + target.encode()).digest()
    chance = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16])))
    gaps = chance.standard_exponential((8, draws), dtype=np.float32)
    return np.add.accumulate(gaps, axis=0)


def coarse(target: str, draws: int) -> npt.NDArray[np.float32]:
    """Arrivals of which many have the same time."""
    return np.ceil(stream(target, draws) * 40) / np.float32(40)


def plainly(
    cell: Sequence[str], draws: int, stream: Callable[[str, int], npt.NDArray[np.float32]] = stream
) -> Any:
    times = np.array([stream(target, draws) for target in cell])
    end = np.sort(times.reshape(-1, draws), axis=0)[len(cell) - 2]
    return (times <= end).sum(axis=1)


some_targets = st.integers(2, 40).flatmap(
    lambda count: st.tuples(
        st.just(targets(count)), st.lists(st.sampled_from(targets(count)), min_size=2)
    )
)


@given(some_targets, st.booleans())
def test_draws_are_those_of_sorted_arrivals(
    cells: tuple[Sequence[str], Sequence[str]], are_different: bool
) -> None:
    whole, part = cells
    if are_different:
        part = list(dict.fromkeys([*part, *whole[:2]]))
    expected = plainly(part, 50)
    resampler = Resampler(50)
    for of in (None, whole, part, (*part, "another"), targets(3, start=90)):
        assert np.array_equal(resampler.counts(part, of), expected)


@pytest.mark.parametrize("left_out", [0, 1, 4, 40, 150, 300])
def test_draws_of_a_part_of_a_large_cell_are_those_of_sorted_arrivals(left_out: int) -> None:
    whole = targets(400)
    chance = np.random.default_rng(left_out)
    part = [whole[row] for row in chance.permutation(400)[left_out:]]
    assert np.array_equal(Resampler(300).counts(part, whole), plainly(part, 300))


@pytest.mark.parametrize("count", [2, 5, 30, 60])
def test_arrivals_at_the_time_of_the_last_one_are_drawn_too(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_stream", coarse)
    whole = targets(count)
    resampler = Resampler(500)
    for left_out in range(0, count // 3 + 1, 3):
        part = whole[left_out // 2 : count - left_out + left_out // 2]
        counts = resampler.counts(part, whole)
        assert np.array_equal(counts, plainly(part, 500, coarse))
        assert counts.sum(axis=0).max() > len(part) - 1


def test_a_draw_that_ends_late_is_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    late = targets(60)
    monkeypatch.setattr(arrivals, "_stream", lambda name, draws: 5 * stream(name, draws))
    assert np.array_equal(Resampler(100).counts(late), plainly(late, 100))


def test_an_arrival_at_time_0_is_one_like_any_other() -> None:
    pair = ("case-2495", "other")
    assert arrivals._stream(pair[0], 2000).min() == 0
    assert np.array_equal(Resampler(2000).counts(pair), plainly(pair, 2000))


def test_a_part_that_ends_beyond_the_arrivals_known_is_drawn_by_itself() -> None:
    cell = DrawnCell.of(targets(200), 500)
    few = range(0, 200, 9)
    assert cell.counts_of(few) is None
    part = [targets(200)[row] for row in few]
    assert np.array_equal(Resampler(500).counts(part, targets(200)), plainly(part, 500))


def test_a_cell_that_was_forgotten_is_drawn_alike_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "_MOST_BYTES", 100_000)
    resampler = Resampler(500)
    cells = [targets(20, start) for start in range(0, 400, 20)]
    first, again = ([resampler.counts(cell) for cell in cells] for _ in range(2))
    assert np.array_equal(first, again)
    kept = list(resampler._cells.values())
    assert sum(cell.nbytes for cell in kept) == resampler._kept_bytes <= 100_000
    assert 1 < len(kept) < len(cells)


def test_who_changes_what_was_drawn_changes_no_later_draw() -> None:
    resampler = Resampler(50)
    resampler.counts(targets(9))[:] = 0
    resampler.counts(targets(8), targets(9))[:] = 0
    assert np.array_equal(resampler.counts(targets(9)), plainly(targets(9), 50))
    assert np.array_equal(resampler.counts(targets(8), targets(9)), plainly(targets(8), 50))


def test_more_targets_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="too large for 8589934592 draws"):
        DrawnCell.of(targets(2), 2**33)
