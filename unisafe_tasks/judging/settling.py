"""What only the outputs of a whole task together tell, once those of all ranks are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unisafe_tasks.judging.declining import undecided
from unisafe_tasks.judging.storing import ImageOwners
from unisafe_tasks.metrics import ScoredCase
from unisafe_tasks.outputs.parsing import named_twice
from unisafe_tasks.runs.folder import PREDICTIONS, RunFolder
from unisafe_tasks.runs.reading import scored_case
from unisafe_tasks.runs.rows import key_of, withdrawn_row
from unisafe_tasks.tasks import Task, task_named
from unisafe_tasks.types import Status

__all__ = ["settled_rows", "stored_cases"]

Ask = Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]]
"""Asks a judge about the texts of rows, and returns those rows as its word leaves them."""


def settled_rows(
    task: Task, folder: RunFolder, owners: ImageOwners, ask: Ask
) -> tuple[dict[str, Mapping[str, Any]], list[dict[str, Any]]]:
    """The final prediction rows of a task by id, and those of all tasks that came out otherwise.

    Of an image file that cases of two ranks named, both are withdrawn; of texts that came instead
    of images, a judge says which decline.
    """
    rows = {key_of(row): row for row in folder.read_rows(PREDICTIONS)}
    changed = [
        withdrawn_row(rows[key], named_twice(path))
        for key, path in owners.claimed_twice().items()
        if key in rows and rows[key]["status"] != Status.FAILED
    ]
    rows |= {key_of(row): row for row in changed}
    if texts := undecided([row for row in rows.values() if row["task"] == task.name]):
        decided = ask(texts)
        rows |= {key_of(row): row for row in decided}
        changed += decided
    return {row["id"]: row for row in rows.values() if row["task"] == task.name}, changed


def stored_cases(folder: RunFolder) -> dict[str, list[ScoredCase]]:
    """The cases of a run whose outputs are stored and not judged, by task."""
    rows = {key_of(row): row for row in folder.read_rows(PREDICTIONS)}
    cases: dict[str, list[ScoredCase]] = {}
    for key, row in rows.items():
        cases.setdefault(row["task"], []).append(
            scored_case(row, (), key, task_named(row["task"]).arm)
        )
    return cases
