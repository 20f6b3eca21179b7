"""Scores with intervals: the hierarchy in every draw, and nothing where nothing can be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import ndtr
from statsmodels.stats.proportion import proportion_confint

from tests.tasks.samples import scored, verdict
from unisafe_tasks import ScoredCase, Status
from unisafe_tasks.metric_facts import SCORES
from unisafe_tasks.metrics import Point, macro_mean, standard_error
from unisafe_tasks.statistics import (
    Estimate,
    Hierarchy,
    Resampler,
    between_runs,
    scored_leaves,
    shared_mean_of,
)
from unisafe_tasks.statistics.estimates import Leaf
from unisafe_tasks.statistics.spreads import CellVariances

PLACES = ("A1", "A2", "A3", "B1", "C1", "C2")
RESAMPLER = Resampler()


def cases(judgments: Mapping[str, Sequence[int]], **more: object) -> list[ScoredCase]:
    """A case for each judgment, by subcategory."""
    return [
        scored(f"{subcategory}-{number}", subcategory, [verdict(judgment)])
        for subcategory, cell_judgments in judgments.items()
        for number, judgment in enumerate(cell_judgments)
    ]


def total_of(scored_cases: Sequence[ScoredCase]) -> Estimate:
    return Hierarchy.of(scored_leaves(scored_cases), RESAMPLER).total


def points(scored_cases: Sequence[ScoredCase]) -> list[Point]:
    return [Point(c.category, c.subcategory, float(c.rows[0].judgment or 0)) for c in scored_cases]


SOME = {"A1": [1, 0, 0, 1], "A2": [0, 0, 1], "B1": [1, 1, 0, 0, 1]}


def test_the_estimate_is_the_macro_mean() -> None:
    scored_cases = cases(SOME)
    assert total_of(scored_cases).values[0] == pytest.approx(macro_mean(points(scored_cases)))


def test_the_draws_spread_as_the_linearised_standard_error_says() -> None:
    scored_cases = cases({subcategory: [1, 0] * 20 + [0] * 10 for subcategory in PLACES})
    draws = total_of(scored_cases).draws
    assert draws is not None
    assert draws[0].std(ddof=1) == pytest.approx(standard_error(points(scored_cases)), rel=0.06)


def test_each_level_has_its_own_estimate() -> None:
    hierarchy = Hierarchy.of(scored_leaves(cases(SOME)), RESAMPLER)
    assert hierarchy.subcategories["A", "A1"].values[0] == 0.5
    assert hierarchy.categories["A"].values[0] == pytest.approx((0.5 + 1 / 3) / 2)
    assert hierarchy.total.values[0] == pytest.approx(((0.5 + 1 / 3) / 2 + 0.6) / 2)


def test_one_case_in_a_subcategory_leaves_no_interval_above_it() -> None:
    hierarchy = Hierarchy.of(scored_leaves(cases(SOME | {"C1": [1]})), RESAMPLER)
    assert hierarchy.subcategories["C", "C1"].interval("attack_success_rate") is None
    assert hierarchy.categories["C"].interval("attack_success_rate") is None
    assert hierarchy.total.interval("attack_success_rate") is None
    assert hierarchy.total.intervals() == dict.fromkeys(SCORES)
    assert hierarchy.categories["A"].interval("attack_success_rate") is not None


def test_unscored_cases_are_in_no_draw() -> None:
    scored_cases = cases(SOME)
    failed = [
        scored("x", "A1", [verdict(None)]),
        scored("y", "B1", status=Status.FAILED),
        scored("z", "D1", status=Status.NO_IMAGE),
    ]
    with_failures, without = total_of([*scored_cases, *failed]), total_of(scored_cases)
    assert np.array_equal(with_failures.draws, without.draws)  # type: ignore[arg-type]


def test_a_rate_of_0_is_no_certainty() -> None:
    interval = total_of(cases({subcategory: [0] * 10 for subcategory in PLACES})).interval(
        "attack_success_rate"
    )
    assert interval is not None
    assert (interval.low, interval.method) == (0, "wilson")
    assert interval.high > 0.04


def test_ratings_without_spread_are_no_certainty_either() -> None:
    scored_cases = cases({subcategory: [0] * 10 for subcategory in PLACES})
    interval = total_of(scored_cases).interval("average_risk_rating")
    assert interval is not None
    assert interval.low < 1 < interval.high


def test_the_variances_of_cells_and_the_pooled_one_are_numpys() -> None:
    chance = np.random.default_rng(0)
    cells = [chance.random((size, 3)) for size in (2, 7, 50)]
    variances = CellVariances.of(cells)
    assert variances.variances == pytest.approx(np.array([cell.var(0, ddof=1) for cell in cells]))
    centred = np.concatenate([cell - cell.mean(axis=0) for cell in cells])
    assert variances.pooled == pytest.approx((centred**2).sum(axis=0) / (1 + 6 + 49))


def test_the_targets_that_were_asked_change_no_draw() -> None:
    chance = np.random.default_rng(1)
    asked = tuple(f"t{number}" for number in range(60))
    leaf = Leaf(asked[3:50], chance.random((47, 3)))
    alone, known = (
        Hierarchy.of({("A", "A1"): one}, RESAMPLER).total.draws
        for one in (leaf, replace(leaf, asked=asked))
    )
    assert np.array_equal(alone, known)  # type: ignore[arg-type]


def test_the_effective_size_is_that_of_equal_weights() -> None:
    assert total_of(cases({"A1": [0, 1] * 5})).size == pytest.approx(10)
    assert total_of(cases({"A1": [0] * 10, "B1": [0] * 10})).size == pytest.approx(20)
    # 1 / (0.5^2 / 2 + 0.5^2 / 50)
    unequal = total_of(cases({"A1": [0] * 2, "B1": [0] * 50}))
    assert unequal.size == pytest.approx(1 / (0.25 / 2 + 0.25 / 50))


def test_a_single_subcategory_near_0_has_wilsons_interval() -> None:
    interval = total_of(cases({"A1": [1] + [0] * 19})).interval("attack_success_rate")
    assert interval is not None
    expected = proportion_confint(1, 20, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected)


def test_the_order_of_the_cases_changes_no_bit() -> None:
    scored_cases = cases(SOME)
    first, second = total_of(scored_cases), total_of(scored_cases[::-1])
    assert np.array_equal(first.draws, second.draws)  # type: ignore[arg-type]


def test_a_group_of_tasks_is_drawn_by_target() -> None:
    total = total_of(cases({subcategory: [0, 1] * 10 for subcategory in PLACES}))
    pair = shared_mean_of([total, total])
    assert np.array_equal(pair.draws, total.draws)  # type: ignore[arg-type]
    assert pair.size == pytest.approx(total.size)


# --- coverage: 95 % of what it says it covers ---

SUBCATEGORIES = [(f"c{number // 4}", f"c{number // 4}s{number}") for number in range(15)]


class Truth:
    """Two tasks that share every risk target, with known scores; judged by three judges."""

    def __init__(self, sizes: Sequence[int], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.targets = {
            subcategory: tuple(f"{subcategory[1]}-{number}" for number in range(size))
            for subcategory, size in zip(SUBCATEGORIES, sizes, strict=True)
        }
        self.rates = self.rng.uniform(0.05, 0.95, (2, len(SUBCATEGORIES)))
        self.scores = [
            macro_mean(
                Point(*subcategory, float(rate))
                for subcategory, rate in zip(SUBCATEGORIES, rates, strict=True)
            )
            or 0.0
            for rates in self.rates
        ]

    def draw(self) -> list[dict[tuple[str, str], Leaf]]:
        tasks: list[dict[tuple[str, str], Leaf]] = [{}, {}]
        for column, subcategory in enumerate(SUBCATEGORIES):
            common = self.rng.normal(size=len(self.targets[subcategory]))
            for leaves, rates in zip(tasks, self.rates, strict=True):
                values = self._judged(common, float(rates[column]))
                leaves[subcategory] = Leaf(
                    self.targets[subcategory], np.tile(values[:, None], len(SCORES))
                )
        return tasks

    def _judged(self, common: npt.NDArray[np.float64], rate: float) -> npt.NDArray[np.float64]:
        tendency = 0.7 * common + np.sqrt(0.51) * self.rng.normal(size=len(common))
        unsafe = ndtr(tendency) < rate
        noise = self.rng.random((3, len(common))) < 0.15
        guesses = self.rng.random((3, len(common))) < rate
        return np.asarray(np.where(noise, guesses, unsafe).mean(axis=0))


def coverage(sizes: Sequence[int], sets: int, draws: int) -> list[float]:
    """The shares of data sets whose intervals of two tasks, their mean and difference hold."""
    truth = Truth(sizes, seed=3)
    first, second = truth.scores
    wanted = (first, second, (first + second) / 2, second - first)
    resampler = Resampler(draws)
    hits = np.zeros(len(wanted))
    for _ in range(sets):
        leaves, others = truth.draw()
        one, other = (
            Hierarchy.of(task_leaves, resampler).total for task_leaves in (leaves, others)
        )
        intervals = [
            one.interval("attack_success_rate"),
            other.interval("attack_success_rate"),
            shared_mean_of([one, other]).interval("attack_success_rate"),
            between_runs(leaves, others, resampler)["attack_success_rate"].interval,
        ]
        hits += [
            interval is not None and interval.low <= true <= interval.high
            for interval, true in zip(intervals, wanted, strict=True)
        ]
    return [float(share) for share in hits / sets]


CELLS = pytest.mark.parametrize(
    "sizes", [[20] * 15, [50] * 14 + [3]], ids=["20 a cell", "one of 3"]
)


@CELLS
def test_intervals_of_some_data_sets_cover_the_truth_about_as_often(sizes: Sequence[int]) -> None:
    # Two standard errors of 60 data sets around 0.95: intervals a third too narrow hold in 0.81.
    assert coverage(sizes, sets=60, draws=300) == pytest.approx([0.95] * 4, abs=0.056)


@pytest.mark.slow
@CELLS
def test_intervals_cover_the_truth_as_often_as_they_say(sizes: Sequence[int]) -> None:
    # Fewer draws than a run has, to save time; their noise is little beside that of 300 data sets.
    # Three standard errors of 300 data sets around 0.95.
    assert coverage(sizes, sets=300, draws=500) == pytest.approx([0.95] * 4, abs=0.038)


# --- cases drawn from a finite set ---


def drawn_from(judgments: Mapping[str, Sequence[int]], population: Mapping[str, int]) -> Hierarchy:
    sizes = {(subcategory[0], subcategory): count for subcategory, count in population.items()}
    return Hierarchy.of(scored_leaves(cases(judgments), None, sizes), RESAMPLER)


HALVES: dict[str, list[int]] = {subcategory: [0, 1] * 10 for subcategory in PLACES}


def half_width(estimate: Estimate) -> float:
    interval = estimate.interval("attack_success_rate")
    assert interval is not None
    return (interval.high - interval.low) / 2


def test_a_sample_of_a_finite_set_is_as_much_surer_as_less_of_it_is_unseen() -> None:
    endless = total_of(cases(HALVES))
    finite = drawn_from(HALVES, dict.fromkeys(PLACES, 80)).total
    assert finite.unseen == pytest.approx(0.75)
    assert half_width(finite) == pytest.approx(half_width(endless) * np.sqrt(0.75))
    assert finite.draws[0].std() == pytest.approx(  # type: ignore[index]
        endless.draws[0].std() * np.sqrt(0.75)  # type: ignore[index]
    )
    assert np.array_equal(finite.values, endless.values)


def test_a_set_of_which_a_millionth_was_drawn_is_as_good_as_endless() -> None:
    finite = drawn_from(HALVES, dict.fromkeys(PLACES, 20_000_000)).total
    assert half_width(finite) == pytest.approx(half_width(total_of(cases(HALVES))), rel=1e-4)


def test_a_set_all_of_which_is_there_is_known() -> None:
    hierarchy = drawn_from(
        SOME, {subcategory: len(cell_judgments) for subcategory, cell_judgments in SOME.items()}
    )
    for estimate in (
        hierarchy.total,
        *hierarchy.categories.values(),
        *hierarchy.subcategories.values(),
    ):
        interval = estimate.interval("attack_success_rate")
        assert interval is not None
        assert interval.low == interval.high == estimate.values[0]
        assert interval.method == "census"
    group = shared_mean_of([hierarchy.total, hierarchy.total]).interval("refusal_rate")
    assert group is not None
    assert (group.low, group.high, group.method) == (0, 0, "census")


def test_the_only_case_of_a_subcategory_is_known_and_one_of_several_is_not() -> None:
    sizes = {"A1": 40, "A2": 30, "B1": 50}
    for size, is_known in ((1, True), (2, False)):
        hierarchy = drawn_from(SOME | {"C1": [1]}, sizes | {"C1": size})
        interval = hierarchy.total.interval("attack_success_rate")
        assert (interval is not None) is is_known
        alone = hierarchy.subcategories["C", "C1"].interval("attack_success_rate")
        assert (alone is not None) is is_known


def test_what_is_known_adds_no_spread_to_what_is_not() -> None:
    judgments = {"A1": [0, 1] * 10, "B1": [0, 1] * 10}
    hierarchy = drawn_from(judgments, {"A1": 40, "B1": 20})
    part = half_width(hierarchy.categories["A"])
    assert half_width(hierarchy.total) == pytest.approx(part / 2, rel=0.05)


def test_a_rate_of_0_in_a_finite_set_has_wilsons_interval_of_more_cases() -> None:
    interval = drawn_from({"A1": [0] * 20}, {"A1": 40}).total.interval("attack_success_rate")
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(
        proportion_confint(0, 40, method="wilson")
    )


def test_few_unsafe_cases_are_few_however_large_a_part_they_are_of() -> None:
    interval = drawn_from({"A1": [1] + [0] * 19}, {"A1": 21}).total.interval("attack_success_rate")
    assert interval is not None
    assert interval.method == "wilson"


def test_what_a_cell_without_a_scored_case_is_part_of_is_not_known() -> None:
    sizes = {
        (subcategory[0], subcategory): len(cell_judgments)
        for subcategory, cell_judgments in SOME.items()
    }
    leaves = scored_leaves(cases(SOME), None, sizes | {("A", "A9"): 1})
    whole = Hierarchy.of(leaves, RESAMPLER)
    lacking = Hierarchy.of(leaves, RESAMPLER, {("A", "A9")})
    assert lacking.total.interval("attack_success_rate") is None
    assert lacking.categories["A"].interval("attack_success_rate") is None
    assert lacking.categories["B"].interval("attack_success_rate") is not None
    assert lacking.subcategories["A", "A1"].interval("attack_success_rate") is not None
    group = shared_mean_of([whole.total, lacking.total])
    assert group.interval("attack_success_rate") is None
    assert np.array_equal(lacking.total.values, whole.total.values)
