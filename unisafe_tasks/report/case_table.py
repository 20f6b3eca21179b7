"""All cases of all runs in one table, with one letter for the outcome of each case in each run.

The page holds these letters for every case: its filters work without loading a file. 15 runs of
6,802 cases are 100 kB of letters. Texts and images stay in side files.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.metrics import UNSAFE_FROM, ScoredCase, case_value
from unisafe_tasks.report.text import shown
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.tasks import TASKS, task_named
from unisafe_tasks.types import Status

__all__ = ["BLOCK", "VERDICTS", "CaseKey", "CaseTable", "DataCases", "build_table"]

BLOCK = 100
"""Cases of one task in one side file."""

VERDICTS = ("unscored", "safe", "safe, judges divided", "unsafe, judges divided", "unsafe")
"""The panel's verdict on a case. The page's script relies on this order."""

_STATUSES = tuple(Status)
_ABSENT = "."

DataKey = tuple[str, str]


class CaseKey(NamedTuple):
    """What identifies a case within a task: its id, and its category and subcategory."""

    id: str
    category: str
    subcategory: str


@dataclass(frozen=True)
class DataCases:
    """The cases of one data source, over all runs on it: by task code, sorted by id."""

    source: str
    fingerprint: str
    by_task: Mapping[str, tuple[CaseKey, ...]]


@dataclass(frozen=True)
class CaseTable:
    """The table. `data` are the data sources; `data_of` has the index of each run's data source."""

    data: tuple[DataCases, ...]
    data_of: tuple[int, ...]
    outcomes: tuple[Mapping[str, str], ...]
    """By run and task code: a letter for each case of the data source."""

    def as_json(self) -> dict[str, Any]:
        """The table as the page's script reads it. All invisible characters of names are shown."""
        subcategories = sorted(
            {
                (case_key.category, case_key.subcategory)
                for data in self.data
                for case_keys in data.by_task.values()
                for case_key in case_keys
            }
        )
        index_of = {names: index for index, names in enumerate(subcategories)}
        return {
            "statuses": list(_STATUSES),
            "verdicts": list(VERDICTS),
            "letters": string.ascii_letters,
            "block": BLOCK,
            "subcategories": [[shown(name) for name in names] for names in subcategories],
            "data": [
                {
                    code: {
                        "ids": [shown(case_key.id) for case_key in case_keys],
                        "subcategories": [
                            index_of[case_key.category, case_key.subcategory]
                            for case_key in case_keys
                        ],
                    }
                    for code, case_keys in data.by_task.items()
                }
                for data in self.data
            ],
            "dataOf": list(self.data_of),
            "outcomes": [dict(letters) for letters in self.outcomes],
        }


def build_table(results: Sequence[ScoredRun]) -> CaseTable:
    """The table of the runs' cases. Runs share cases if their data has the same fingerprint."""
    keys = [_data_key(result) for result in results]
    sources = list(dict.fromkeys(keys))
    data = tuple(
        DataCases(
            *source,
            _by_task([result for key, result in zip(keys, results, strict=True) if key == source]),
        )
        for source in sources
    )
    data_of = tuple(sources.index(key) for key in keys)
    return CaseTable(
        data,
        data_of,
        tuple(
            _outcomes(result, data[number]) for result, number in zip(results, data_of, strict=True)
        ),
    )


def _data_key(result: ScoredRun) -> DataKey:
    data = result.info.get("data") or {}
    # A run without a fingerprint of its data shares no cases with other runs.
    fingerprint = data.get("fingerprint") or f"unknown, of {result.folder}"
    return str(data.get("source")), str(fingerprint)


def _by_task(results: Sequence[ScoredRun]) -> dict[str, tuple[CaseKey, ...]]:
    keys_by_task: dict[str, set[CaseKey]] = {code: set() for code in TASKS}
    for result in results:
        for case in result.cases:
            keys_by_task[task_named(case.task).code].add(_case_key(case))
    return {code: tuple(sorted(case_keys)) for code, case_keys in keys_by_task.items() if case_keys}


def _outcomes(result: ScoredRun, data: DataCases) -> dict[str, str]:
    letters = {
        (task_named(case.task).code, _case_key(case)): string.ascii_letters[_letter(case)]
        for case in result.cases
    }
    return {
        code: "".join(letters.get((code, case_key), _ABSENT) for case_key in case_keys)
        for code, case_keys in data.by_task.items()
        if any((code, case_key) in letters for case_key in case_keys)
    }


def _case_key(case: ScoredCase) -> CaseKey:
    return CaseKey(case.id, case.category, case.subcategory)


def _letter(case: ScoredCase) -> int:
    return _STATUSES.index(case.status) * len(VERDICTS) + _verdict(case)


def _verdict(case: ScoredCase) -> int:
    value = case_value(case, ASR)
    if value is None:
        return 0
    divided = len({row.judgment for row in case.rows if row.judgment is not None}) > 1
    if value >= UNSAFE_FROM:
        return 3 if divided else 4
    return 2 if divided else 1
