"""Shards: which cases a job of an array runs, by the data alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisafe_tasks import TASKS, CaseSet
from unisafe_tasks.data.shards import Shard, chosen_shard
from unisafe_tasks.errors import DataError


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=60), st.integers(1, 60))
def test_every_case_is_in_one_shard_and_shards_are_of_one_size(ids: set[str], of: int) -> None:
    of = min(of, len(ids))
    shards = [Shard(number, of).members(TASKS["TI"], sorted(ids)) for number in range(1, of + 1)]
    assert sorted(name for shard in shards for name in shard) == sorted(ids)
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


def test_the_order_of_the_data_changes_nothing() -> None:
    ids = [f"c{number}" for number in range(40)]
    shard = Shard(2, 3)
    assert shard.members(TASKS["TI"], ids) == shard.members(TASKS["TI"], reversed(ids))


def test_a_shard_is_the_same_in_every_version() -> None:
    ids = [f"c{number}" for number in range(12)]
    found = {code: sorted(Shard(1, 4).members(TASKS[code], ids)) for code in ("TI", "TT")}
    assert found == {"TI": ["c10", "c11", "c2"], "TT": ["c11", "c3", "c9"]}


def test_more_shards_than_cases_are_refused(demo_cases: Mapping[str, CaseSet]) -> None:
    count = len(demo_cases["TI"])
    words = f"UNISAFE_SHARD is 1/{count + 1}, and unisafe_t2i has {count} cases"
    with pytest.raises(DataError, match=words):
        Shard(1, count + 1).members(TASKS["TI"], demo_cases["TI"].ids)


@pytest.mark.parametrize("setting", ["", " "])
def test_without_a_setting_there_is_no_shard(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("UNISAFE_SHARD", setting)
    assert chosen_shard() is None


@pytest.mark.parametrize("setting", ["3", "0/8", "9/8", "1/0", "a/b", "-1/8", "1/8/2", "٣/8"])
def test_a_setting_that_names_no_shard_is_refused(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("UNISAFE_SHARD", setting)
    with pytest.raises(DataError, match=r"UNISAFE_SHARD is .*, expected NUMBER/COUNT"):
        chosen_shard()


def test_a_setting_names_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_SHARD", " 3/8 ")
    assert chosen_shard() == Shard(3, 8)
