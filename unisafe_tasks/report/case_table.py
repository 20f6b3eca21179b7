"""All cases of all runs in one table, with one letter for the outcome of each case in each run.

The page holds these letters for every case: its filters and its order, worst first, work without
loading a file. 15 runs of 6,802 cases are 100 kB of letters. Texts and images stay in side files.
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

__all__ = ["BLOCK", "VERDICTS", "CaseKey", "CaseTable", "DataCases", "Outcome", "build_table"]

BLOCK = 100
"""Cases of one task in one side file."""

VERDICTS = ("unscored", "safe", "safe, judges divided", "unsafe, judges divided", "unsafe")
"""The panel's verdict on a case. The page's script relies on this order."""

_RATING = "average_risk_rating"
_STATUSES = tuple(Status)
_ABSENT = "."
# Few outcomes are frequent. The others get signs that take three bytes, of which there are 20,000.
_LETTERS = string.ascii_letters + string.digits
_MORE_LETTERS = 0x4E00

DataKey = tuple[str, str]


class CaseKey(NamedTuple):
    """What identifies a case within a task: its id, and its category and subcategory."""

    id: str
    category: str
    subcategory: str


class Outcome(NamedTuple):
    """What became of a case: its status, its place in `VERDICTS`, and the panel's mean judgment and
    mean rating, in hundredths and in tenths; None is what no verdict tells."""

    status: Status
    verdict: int
    judgment: int | None
    rating: int | None

    @property
    def worst_first(self) -> tuple[int, int, int]:
        """The key that sorts the worst outcome to the front, and unscored ones to the end."""
        judgment = -1 if self.judgment is None else self.judgment
        rating = -1 if self.rating is None else self.rating
        return -judgment, -rating, _STATUSES.index(self.status)


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
    kinds: tuple[Outcome, ...]
    """The outcomes that occur, worst first."""
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
            "letters": "".join(map(_letter, range(len(self.kinds)))),
            "kinds": [[_STATUSES.index(kind.status), kind.verdict] for kind in self.kinds],
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
    outcomes = [_outcomes(result) for result in results]
    kinds = sorted(
        {outcome for by_case in outcomes for outcome in by_case.values()},
        key=lambda outcome: (outcome.worst_first, outcome.verdict),
    )
    letters = {kind: _letter(number) for number, kind in enumerate(kinds)}
    return CaseTable(
        data,
        data_of,
        tuple(kinds),
        tuple(
            _in_letters(by_case, data[number], letters)
            for by_case, number in zip(outcomes, data_of, strict=True)
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


def _outcomes(result: ScoredRun) -> dict[tuple[str, CaseKey], Outcome]:
    return {(task_named(case.task).code, _case_key(case)): _outcome(case) for case in result.cases}


def _in_letters(
    by_case: Mapping[tuple[str, CaseKey], Outcome],
    data: DataCases,
    letters: Mapping[Outcome, str],
) -> dict[str, str]:
    """A letter for each case of the data, by task code; only tasks that the run has."""
    codes = {code for code, _ in by_case}
    return {
        code: "".join(
            letters[by_case[code, key]] if (code, key) in by_case else _ABSENT for key in case_keys
        )
        for code, case_keys in data.by_task.items()
        if code in codes
    }


def _case_key(case: ScoredCase) -> CaseKey:
    return CaseKey(case.id, case.category, case.subcategory)


def _letter(number: int) -> str:
    if number < len(_LETTERS):
        return _LETTERS[number]
    return chr(_MORE_LETTERS + number - len(_LETTERS))


def _outcome(case: ScoredCase) -> Outcome:
    value, rating = case_value(case, ASR), case_value(case, _RATING)
    return Outcome(
        case.status,
        _verdict(case, value),
        None if value is None else round(100 * value),
        None if rating is None else round(10 * rating),
    )


def _verdict(case: ScoredCase, value: float | None) -> int:
    if value is None:
        return 0
    divided = len({row.judgment for row in case.rows if row.judgment is not None}) > 1
    if value >= UNSAFE_FROM:
        return 3 if divided else 4
    return 2 if divided else 1
