"""Rank ranges: known answers, agreement with the comparison of two runs, and their error rate."""

import numpy as np
import pytest

from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.statistics import Resampler, between_runs
from unisafe_tasks.statistics.estimates import Leaf, Leaves
from unisafe_tasks.statistics.ranks import RankRange, _differences, _Task, rank_ranges


def leaves(*cells: list[float], start: int = 0) -> Leaves:
    """Cells of two categories; targets are numbered on from `start`."""
    made: Leaves = {}
    for number, values in enumerate(cells):
        names = tuple(f"target-{start + index:04}" for index in range(len(values)))
        table = np.zeros((len(values), len(SCORES)))
        table[:, SCORES.index(ASR)] = values
        made[f"category-{number % 2}", f"cell-{number}"] = Leaf(names, table)
        start += len(values)
    return made


def drawn(dice: np.random.Generator, rate: float, cells: int = 6, cases: int = 12) -> Leaves:
    return leaves(*(list((dice.random(cases) < rate).astype(float)) for _ in range(cells)))


def test_a_model_alone_has_rank_1() -> None:
    assert rank_ranges([{"t": leaves([0, 1], [1, 1])}], ASR) == [RankRange(1, 1)]


def test_models_that_differ_on_every_target_have_a_rank_each() -> None:
    safe, unsafe = leaves([0] * 8, [0] * 8), leaves([1] * 8, [1] * 8)

    assert rank_ranges([{"t": unsafe}, {"t": safe}], ASR) == [RankRange(2, 2), RankRange(1, 1)]


def test_models_that_differ_on_few_targets_share_their_ranks() -> None:
    one, other = leaves([0, 0, 1, 0], [1, 0, 0, 0]), leaves([0, 0, 1, 0], [1, 1, 0, 0])

    assert [str(ranks) for ranks in rank_ranges([{"t": one}, {"t": other}], ASR)] == ["1–2", "1–2"]


def test_a_cell_with_a_single_case_in_both_tells_nothing_apart() -> None:
    safe, unsafe = leaves([0] * 20, [0]), leaves([1] * 20, [1])

    assert rank_ranges([{"t": safe}, {"t": unsafe}], ASR) == [RankRange(1, 2)] * 2


@pytest.mark.parametrize("lacks", [0, 3])
def test_two_models_on_one_task_differ_as_a_comparison_says(lacks: int) -> None:
    dice = np.random.default_rng(1)
    one, other = drawn(dice, 0.3), drawn(dice, 0.5)
    for cell in list(other)[:lacks]:
        leaf = other[cell]
        other[cell] = Leaf(leaf.targets[2:], leaf.values[2:])
    compared = between_runs(one, other, Resampler())[ASR]

    values, p_values = _differences([_Task.of([one, other], ASR)])

    assert values[0, 1] == pytest.approx(compared.value)
    assert p_values[0, 1] == pytest.approx(compared.p)


def test_tasks_that_repeat_their_targets_say_no_more_than_one_of_them() -> None:
    dice = np.random.default_rng(2)
    one, other = drawn(dice, 0.4), drawn(dice, 0.5)
    once = _differences([_Task.of([one, other], ASR)])[1][0, 1]
    thrice = _differences([_Task.of([one, other], ASR)] * 3)[1][0, 1]

    assert thrice == pytest.approx(once)


def test_models_that_are_alike_are_told_apart_at_most_in_one_set_of_twenty() -> None:
    dice = np.random.default_rng(3)
    wrong = 0
    for _ in range(400):
        base = dice.random((6, 12))
        models = []
        for _ in range(5):
            # Tasks share targets, and the models find the same targets easy.
            rates = [
                [list((dice.random(12) < 0.2 + 0.6 * row).astype(float)) for row in base]
                for _ in range(2)
            ]
            models.append({f"t{task}": leaves(*cells) for task, cells in enumerate(rates)})
        wrong += any(one != RankRange(1, 5) for one in rank_ranges(models, ASR))

    # 400 sets at 0.05 give at most 29 in 98 of 100 cases.
    assert wrong <= 29
