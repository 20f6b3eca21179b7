"""A shard: a part of each task's cases, for the jobs of an array. UNISAFE_SHARD=3/8 is the third.

Which shard a case is in follows from its key and the keys of the task's other cases, and so from
the data alone. The shards of a task differ by one case at most, and each is spread over all
subcategories.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from unisafe_tasks.errors import DataError
from unisafe_tasks.settings import SHARD, shard_setting
from unisafe_tasks.tasks import Task

__all__ = ["MOST_SHARDS", "Shard", "chosen_shard"]

MOST_SHARDS = 10_000


@dataclass(frozen=True)
class Shard:
    """Shard `number` (from 1) of `of`."""

    number: int
    of: int

    def for_run(self, *, limited: bool) -> dict[str, Any]:
        """What run.json says of it; with `limited` it does not have all of its cases."""
        told: dict[str, Any] = {"number": self.number, "of": self.of}
        return {**told, "limited": True} if limited else told

    def members(self, task: Task, ids: Iterable[str]) -> set[str]:
        """The ids of the shard's cases among all ids of a task.

        Raises:
            DataError: there are more shards than cases.
        """
        shuffled = sorted(
            ids, key=lambda case_id: hashlib.sha256(f"{case_id}/{task.code}".encode()).digest()
        )
        if len(shuffled) < self.of:
            raise DataError(
                f"{SHARD} is {self.number}/{self.of}, and {task.name} has {len(shuffled)} cases: "
                "choose at most as many shards"
            )
        return set(shuffled[self.number - 1 :: self.of])


def chosen_shard() -> Shard | None:
    """The shard that UNISAFE_SHARD names; None for all cases.

    Raises:
        DataError: it names none.
    """
    if (setting := shard_setting()) is None:
        return None
    match = re.fullmatch(r"(\d{1,5})/(\d{1,5})", setting, re.ASCII)
    number, of = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= of <= MOST_SHARDS:
        raise DataError(
            f"{SHARD} is {setting[:40]!r}, expected NUMBER/COUNT such as 3/8, with a NUMBER from 1 "
            "to COUNT"
        )
    return Shard(number, of)
