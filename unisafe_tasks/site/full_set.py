"""The cases that a submission must have: those of the data itself, or of an accepted submission.

The data is gated. So a leaderboard that may not show it to its CI names an accepted submission
instead, which has the cases' ids and categories and none of their texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unisafe_tasks.data.sources import fingerprint, load_cases, resolve_source
from unisafe_tasks.errors import DataError, NoCasesError
from unisafe_tasks.publishing.publishable import publishable_info
from unisafe_tasks.results.basis import basis_of
from unisafe_tasks.results.scored_run import read_scored_run
from unisafe_tasks.tasks import TASKS, task_named

__all__ = ["FullSet", "full_set_like", "full_set_of_data"]

Key = tuple[str, str]
"""A task's code, and the id of a case."""


@dataclass(frozen=True)
class FullSet:
    """What a leaderboard takes: `cases` has the category and the subcategory of each case.

    `panels` are the SHA-256 of the panels that may have judged a submission. `panel` is what the
    accepted submission says of its own, or None where there is no such submission.
    """

    fingerprint: str
    cases: Mapping[Key, tuple[str, str]]
    panels: frozenset[str]
    panel: Mapping[str, Any] | None = None


def full_set_of_data(setting: str, panels: frozenset[str]) -> FullSet:
    """The cases of the data that `setting` names, in the form of UNISAFE_DATA.

    Raises:
        DataError: they cannot be read.
    """
    source = resolve_source(setting)
    if source.subset is not None:
        raise DataError(f"{setting} is a subset: name the full set")
    cases: dict[Key, tuple[str, str]] = {}
    for code, task in TASKS.items():
        try:
            rows = load_cases(source, task).texts()
        except NoCasesError:
            continue
        cases |= {(code, row["id"]): (row["category"], row["subcategory"]) for row in rows}
    return FullSet(fingerprint(source), cases, panels)


def full_set_like(accepted: Path, panels: frozenset[str]) -> FullSet:
    """The cases of a run or a submission that was accepted, whose panel is allowed too.

    Raises:
        RunError: it is no run folder, is damaged, or was not judged.
    """
    run = read_scored_run(accepted)
    basis = basis_of(run)
    cases = {
        (task_named(case.task).code, case.id): (case.category, case.subcategory)
        for case in run.cases
    }
    return FullSet(
        basis.fingerprint,
        cases,
        panels | {basis.panel_sha256},
        publishable_info(run.info)["panel"],
    )
