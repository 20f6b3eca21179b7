"""The draw of a subset: equal chances, targets whole, nothing lost, the same everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisafe_tasks.statistics.sampling import Component, TaskCell, draw

IMAGE, TEXT = ("TI", "IE", "IC", "MT"), ("TT", "IT", "MU")
Cells = dict[str, list[TaskCell]]


def place(codes: Iterable[str], subcategory: str) -> list[TaskCell]:
    return [(code, subcategory[0], subcategory) for code in codes]


def block(
    count: int,
    codes: Sequence[str],
    subcategory: str,
    name: str = "",
    more: Sequence[TaskCell] = (),
) -> Cells:
    """`count` targets in the same cells."""
    return {
        f"{name or subcategory}-{number}": [*place(codes, subcategory), *more]
        for number in range(count)
    }


def kept(components: Iterable[Component]) -> set[str]:
    return {target for component in components for target in component.kept}


def counts(cells: Cells, targets: Iterable[str]) -> Counter[TaskCell]:
    return Counter(cell for target in targets for cell in cells[target])


# A component over both splits, with a cell of few cases; two subcategories without links.
LINKED: Cells = {
    **block(12, IMAGE, "A1"),
    **block(9, ("TI", "IE"), "A2"),
    **block(8, TEXT, "B1"),
    **block(3, IMAGE, "A1", "both", place(TEXT, "B1")),
    **block(2, ("MT",), "A2", "moved", place(("TI",), "A1")),
}
ALONE: Cells = {**block(30, IMAGE, "C1"), **block(25, TEXT, "C1", "text-C1")}
ALL = LINKED | ALONE


def test_a_subcategory_without_links_gives_exactly_what_is_asked_or_all_it_has() -> None:
    for seed in range(20):
        tally = counts(ALONE, kept(draw(ALONE, 7, seed)))
        assert set(tally.values()) == {7}
    assert kept(draw(ALONE, 26, 0)) >= {f"text-C1-{number}" for number in range(25)}
    assert counts(ALONE, kept(draw(ALONE, 26, 0)))["TI", "C", "C1"] == 26


def test_the_same_code_in_images_and_in_text_is_two_subcategories() -> None:
    assert [component.strata for component in draw(ALONE, 3, 0)] == [
        (("image", "C", "C1"),),
        (("text", "C", "C1"),),
    ]


def test_subcategories_with_a_common_target_are_one_component() -> None:
    (only,) = draw(LINKED, 3, 0)
    assert only.strata == (("image", "A", "A1"), ("image", "A", "A2"), ("text", "B", "B1"))
    # The smallest has 11 targets: eight of its own and three that are in both splits.
    assert only.chance >= Fraction(3, 11)
    assert only.targets == len(LINKED)


def test_all_targets_of_a_component_have_the_same_chance() -> None:
    seeds = 700
    drawn = [draw(ALL, 5, seed) for seed in range(seeds)]
    taken = Counter(target for components in drawn for target in kept(components))
    linked = np.array([taken[target] for target in LINKED]) / seeds
    chances = [float(components[0].chance) for components in drawn]
    # Four standard errors of a share.
    assert linked == pytest.approx(np.mean(chances), abs=4 * 0.5 / np.sqrt(seeds))
    images = np.array([taken[f"C1-{number}"] for number in range(30)]) / seeds
    texts = np.array([taken[f"text-C1-{number}"] for number in range(25)]) / seeds
    assert images == pytest.approx(5 / 30, abs=4 * 0.38 / np.sqrt(seeds))
    assert texts == pytest.approx(5 / 25, abs=4 * 0.4 / np.sqrt(seeds))


def test_targets_with_cells_of_their_own_are_drawn_in_ever_new_combinations() -> None:
    # Each is in another pair of subcategories: in a fixed order there would be ten outcomes.
    cells: Cells = {
        f"{first}{second}": [*place(IMAGE, f"A{first}"), *place(TEXT, f"B{second}")]
        for first in range(10)
        for second in range(10)
    }
    assert len({frozenset(kept(draw(cells, 1, seed))) for seed in range(60)}) == 60


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([*IMAGE, *TEXT]), st.sampled_from(["A1", "A2", "B1"])),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 6),
    st.integers(0, 3),
)
def test_every_cell_keeps_two_cases_or_all_it_has(
    profiles: list[list[tuple[str, str]]], quota: int, seed: int
) -> None:
    cells = {
        f"t{number}": [(code, name[0], name) for code, name in profile]
        for number, profile in enumerate(profiles)
    }
    distinct = {target: sorted(set(target_cells)) for target, target_cells in cells.items()}
    tally = counts(distinct, kept(draw(cells, quota, seed)))
    for cell, count in counts(distinct, distinct).items():
        assert tally[cell] >= min(2, count)


def test_a_rare_task_raises_the_chance_of_its_subcategory_and_of_no_other() -> None:
    cells = {
        **block(27, ("TI",), "A1"),
        **block(3, ("TI", "MT"), "A1", "rare"),
        **block(30, ("TI",), "B1"),
    }
    rare, other = draw(cells, 3, 0)
    assert rare.chance > other.chance == Fraction(3, 30)
    assert rare.most == len(rare.kept) > 3
    assert (other.most, len(other.kept)) == (3, 3)


def test_the_draw_depends_on_the_seed_and_not_on_the_order() -> None:
    backwards = {target: ALL[target][::-1] for target in reversed(ALL)}
    assert draw(ALL, 5, 3) == draw(backwards, 5, 3)
    assert kept(draw(ALL, 5, 3)) != kept(draw(ALL, 5, 4))


def test_a_component_is_drawn_whatever_else_there_is() -> None:
    assert draw(LINKED, 5, 3)[0] == draw(ALL, 5, 3)[0]


def test_the_draw_is_the_same_on_every_machine() -> None:
    assert sorted(kept(draw(block(20, TEXT, "D1"), 4, 0))) == ["D1-16", "D1-19", "D1-4", "D1-7"]
