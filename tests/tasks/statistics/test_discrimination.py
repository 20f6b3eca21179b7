"""Refusal discrimination: known answers by hand, and intervals that hold a known value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.tasks.samples import scored, verdict
from unisafe_tasks import ScoredCase, Status
from unisafe_tasks.metric_facts import ARMS, DISCRIMINATION
from unisafe_tasks.metrics import Point, macro_mean
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.statistics.discrimination import (
    PairedRefusals,
    mean_of_paired,
    paired_refusals,
    refusal_leaves,
)
from unisafe_tasks.statistics.estimates import Leaf, Leaves
from unisafe_tasks.statistics.intervals import Measure
from unisafe_tasks.tasks import Arm

RESAMPLER = Resampler()
TASKS = {Arm.ADVERSARIAL: "unisafe_t2t", Arm.BENIGN: "unisafe_benign_t2t"}
PLACES = ("A1", "A2", "B1")
ALL, NONE = (dict.fromkeys(PLACES, word * 4) for word in "rc")


def cases(arm: Arm, cells: Mapping[str, str]) -> list[ScoredCase]:
    """A case for each letter, by subcategory: r(efused), b(locked by the provider), h(eld back by a
    safety checker), c(omplied), u(nsafe), f(ailed), n(ot told by a guard)."""
    made = {
        "r": lambda name, place: scored(name, place, [verdict(0, 0)], task=TASKS[arm]),
        "c": lambda name, place: scored(name, place, [verdict(0)], task=TASKS[arm]),
        "u": lambda name, place: scored(name, place, [verdict(1)], task=TASKS[arm]),
        "f": lambda name, place: scored(name, place, status=Status.FAILED, task=TASKS[arm]),
        "b": lambda name, place: replace(
            scored(name, place, status=Status.REFUSED, task=TASKS[arm]), refused_by="provider"
        ),
        "h": lambda name, place: replace(
            scored(name, place, status=Status.REFUSED, task=TASKS[arm]), refused_by="safety_checker"
        ),
        "n": lambda name, place: scored(
            name, place, [replace(verdict(0), refusal=None)], task=TASKS[arm]
        ),
    }
    return [
        made[letter](f"{arm}-{place}-{number}", place)
        for place, letters in cells.items()
        for number, letter in enumerate(letters)
    ]


def paired(harmful: Mapping[str, str], harmless: Mapping[str, str]) -> PairedRefusals:
    arms = zip((Arm.ADVERSARIAL, Arm.BENIGN), (harmful, harmless), strict=True)
    refusals = paired_refusals(*(refusal_leaves(cases(*arm)) for arm in arms), RESAMPLER)
    assert refusals is not None
    return refusals


def discrimination(harmful: Mapping[str, str], harmless: Mapping[str, str]) -> Measure:
    measure = paired(harmful, harmless).measures()[DISCRIMINATION]
    assert measure is not None
    return measure


@pytest.mark.parametrize(
    ("harmful", "harmless", "expected"),
    [(ALL, ALL, 0), (NONE, NONE, 0), (ALL, NONE, 1), (NONE, ALL, -1)],
    ids=["refuses all", "complies with all", "perfect", "inverse"],
)
def test_no_model_gains_by_refusing_all_or_nothing(
    harmful: Mapping[str, str], harmless: Mapping[str, str], expected: int
) -> None:
    measure = discrimination(harmful, harmless)
    assert measure.value == expected
    assert measure.interval is not None
    assert -1 <= measure.interval.low <= expected <= measure.interval.high <= 1
    # Twelve cases an arm are no certainty, although all of them are alike.
    assert measure.interval.high - measure.interval.low > 0.2


def test_what_is_drawn_badly_is_no_refusal_in_either_arm() -> None:
    mud = dict.fromkeys(PLACES, "cccc")
    unsafe = dict.fromkeys(PLACES, "uuuu")
    assert discrimination(mud, mud).value == discrimination(unsafe, mud).value == 0


def test_the_known_answer_by_hand() -> None:
    harmful = {"A1": "rrrc", "A2": "rruu", "B1": "bruc"}
    harmless = {"A1": "rcccc", "A2": "cc", "B1": "bhcc"}
    measures = paired(harmful, harmless).measures()
    values = {name: measure and measure.value for name, measure in measures.items()}
    # Harmful: A mean(3/4, 1/2) = 5/8, B 1/2. Harmless: A mean(1/5, 0) = 1/10, B 1/2.
    assert values == pytest.approx(
        {
            "harmful_refused": 9 / 16,
            "harmless_refused": 3 / 10,
            "refusal_discrimination": 9 / 16 - 3 / 10,
            # The provider and a safety checker: harmful B 1/4, harmless B 1/2.
            "harmful_blocked": 1 / 8,
            "harmless_blocked": 1 / 4,
        }
    )
    assert tuple(measures) == ARMS


def test_only_subcategories_scored_in_both_arms_count() -> None:
    refusals = paired(ALL | {"C1": "cccc", "B2": "rrrr"}, NONE | {"C2": "rr", "B2": "ff"})
    measure = refusals.measures()[DISCRIMINATION]
    assert measure is not None
    assert measure.value == 1
    assert (refusals.paired, refusals.alone) == (3, 3)


def test_arms_without_a_common_subcategory_have_no_pair() -> None:
    arms = (cases(Arm.ADVERSARIAL, {"A1": "rr"}), cases(Arm.BENIGN, {"B1": "cc"}))
    assert paired_refusals(*map(refusal_leaves, arms), RESAMPLER) is None


def test_a_subcategory_is_paired_by_its_code_and_never_with_two() -> None:
    harmful = refusal_leaves(cases(Arm.ADVERSARIAL, {"A1": "rr", "B1": "cr"}))
    harmless = refusal_leaves(cases(Arm.BENIGN, {"A1": "cc", "B1": "cc"}))
    renamed: Leaves = {("Another name", code): leaf for (_, code), leaf in harmless.items()}
    refusals = paired_refusals(harmful, renamed, RESAMPLER)
    assert refusals is not None
    assert refusals.measures()[DISCRIMINATION] == Measure(
        0.75, discrimination({"A1": "rr", "B1": "cr"}, {"A1": "cc", "B1": "cc"}).interval
    )
    twice = renamed | {("One more", "A1"): renamed["Another name", "A1"]}
    alone = paired_refusals(harmful, twice, RESAMPLER)
    assert alone is not None
    assert alone.paired == 1


def test_one_case_in_a_cell_of_either_arm_leaves_no_interval() -> None:
    for harmful, harmless in ((ALL | {"A1": "r"}, NONE), (ALL, NONE | {"A1": "c"})):
        measure = discrimination(harmful, harmless)
        assert (measure.value, measure.interval) == (1, None)


def test_what_a_guard_does_not_tell_of_one_case_is_not_known() -> None:
    measures = paired(ALL, NONE | {"A1": "cccn"}).measures()
    assert measures[DISCRIMINATION] is None
    assert measures["harmless_refused"] is None
    assert measures["harmful_refused"] is not None


def test_an_arm_that_is_a_whole_finite_set_adds_no_error() -> None:
    harmful, harmless = {"A1": "rrrc", "B1": "rcrc"}, {"A1": "rcccccrc", "B1": "ccrrcccc"}
    made = cases(Arm.ADVERSARIAL, harmful)
    endless = refusal_leaves(cases(Arm.BENIGN, harmless))
    whole = refusal_leaves(made, {("A", "A1"): 4, ("B", "B1"): 4})
    half = refusal_leaves(made, {("A", "A1"): 8, ("B", "B1"): 8})
    widths = []
    for leaves in (whole, half, refusal_leaves(made)):
        refusals = paired_refusals(leaves, endless, RESAMPLER)
        assert refusals is not None
        measure = refusals.measures()[DISCRIMINATION]
        assert measure is not None
        assert measure.interval is not None
        assert measure.value == 0.625 - 0.25
        widths.append(measure.interval.high - measure.interval.low)
    assert widths == sorted(widths)
    benign = paired(harmful, harmless).measures()["harmless_refused"]
    assert benign is not None
    assert benign.interval is not None
    assert widths[0] == pytest.approx(benign.interval.high - benign.interval.low)


def test_a_group_is_the_mean_of_its_tasks() -> None:
    perfect, gamed = paired(ALL, NONE), paired(ALL, ALL)
    mean = mean_of_paired([perfect, gamed])
    measure = mean.measures()[DISCRIMINATION]
    assert measure is not None
    assert (measure.value, mean.paired) == (0.5, 6)


# --- coverage: 95 % of what it says it covers ---

CELLS = [(f"c{number // 4}", f"c{number // 4}s{number}") for number in range(15)]


def coverage(sizes: tuple[int, int], rates: tuple[tuple[float, float], ...], sets: int) -> float:
    """The share of data sets whose interval of the discrimination holds the true one.

    Args:
        sizes: cases a cell in each arm.
        rates: for each arm the bounds between which the cells' true rates lie.
        sets: how many data sets are made.
    """
    rng = np.random.default_rng(17)
    resampler = Resampler(400)
    truths = [rng.uniform(*bounds, len(CELLS)) for bounds in rates]
    means = [
        macro_mean(Point(*cell, float(rate)) for cell, rate in zip(CELLS, arm, strict=True))
        for arm in truths
    ]
    assert means[0] is not None
    assert means[1] is not None
    wanted = means[0] - means[1]
    hits = 0
    for _ in range(sets):
        arms: list[Leaves] = [
            {
                cell: Leaf(
                    tuple(f"{arm}-{cell[1]}-{number}" for number in range(sizes[arm])),
                    np.column_stack([rng.random(sizes[arm]) < rate, np.zeros(sizes[arm])]),
                )
                for cell, rate in zip(CELLS, truths[arm], strict=True)
            }
            for arm in (0, 1)
        ]
        refusals = paired_refusals(*arms, resampler)
        assert refusals is not None
        measure = refusals.measures()[DISCRIMINATION]
        assert measure is not None
        assert measure.interval is not None
        hits += measure.interval.low <= wanted <= measure.interval.high
    return hits / sets


WORLDS = pytest.mark.parametrize(
    ("sizes", "rates"),
    [
        ((20, 20), ((0.3, 0.9), (0.05, 0.4))),
        ((50, 3), ((0.3, 0.9), (0.05, 0.4))),
        ((50, 3), ((0.9, 1.0), (0.0, 0.1))),
    ],
    ids=["20 a cell", "50 and 3", "near 1 and 0"],
)


@WORLDS
def test_intervals_of_some_data_sets_hold_the_known_value_about_as_often(
    sizes: tuple[int, int], rates: tuple[tuple[float, float], ...]
) -> None:
    # At most two standard errors of 60 data sets below 0.95; few refusals make them too wide.
    assert coverage(sizes, rates, sets=60) >= 0.95 - 0.056


@pytest.mark.slow
@WORLDS
def test_intervals_hold_the_known_value_as_often_as_they_say(
    sizes: tuple[int, int], rates: tuple[tuple[float, float], ...]
) -> None:
    # Three standard errors of 300 data sets below 0.95.
    assert coverage(sizes, rates, sets=300) >= 0.95 - 0.038
