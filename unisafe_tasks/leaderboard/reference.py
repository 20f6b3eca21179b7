"""Someone's published numbers, from a CSV file, to stand beside ours."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from unisafe_tasks.errors import RunError
from unisafe_tasks.metric_facts import COLUMN_METRICS, metric_named
from unisafe_tasks.tasks import GROUPS, task_named

__all__ = ["Reference", "read_reference"]

_COLUMNS = ("model", "task", "metric", "value")

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Reference:
    """Published numbers by (model, task or group name, metric). `name` is the file's."""

    name: str
    values: Mapping[Key, float]

    def notes(self, used: AbstractSet[Key]) -> list[str]:
        """What has to be said where they are shown."""
        said = [
            f"(ref ...) are the numbers of {self.name}, and ours minus them; nothing here says "
            "that their panel and data were the same."
        ]
        if missing := sorted({model for model, _, _ in set(self.values) - set(used)}):
            said.append(
                f"{self.name} has numbers of models or tasks without a run here: "
                f"{', '.join(missing)}."
            )
        return said


def read_reference(path: Path) -> Reference:
    """Read a CSV file with the columns model, task, metric, value.

    A task is a code, a name or a group; rates are shares of 1 or percentages, risk ratings from 0
    to 3.

    Raises:
        RunError: naming the file, the line and what is expected there.
    """
    values: dict[Key, float] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
                raise RunError(
                    f"{path}, line 1: the column {missing[0]!r} is missing; the header must have "
                    f"{', '.join(_COLUMNS)}"
                )
            for row in rows:
                where = f"{path}, line {rows.line_num}"
                key, value = _entry(row, where)
                if key in values:
                    raise RunError(f"{where}: a second number for {', '.join(key)}")
                values[key] = value
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path} is not a CSV file in UTF-8: {error}") from None
    if not values:
        raise RunError(f"{path} holds no number")
    return Reference(path.name, values)


def _entry(row: Mapping[str, str | None], where: str) -> tuple[Key, float]:
    model, task, metric, number = ((row[name] or "").strip() for name in _COLUMNS)
    if not model:
        raise RunError(f"{where}: model is empty")
    try:
        name = task if task in GROUPS else task_named(task if "_" in task else task.upper()).name
    except KeyError:
        raise RunError(f"{where}: there is no task {task!r}") from None
    try:
        metric = metric_named(metric, COLUMN_METRICS)
    except ValueError as error:
        raise RunError(f"{where}: {error}") from None
    try:
        value = COLUMN_METRICS[metric].score_of(number)
    except ValueError as error:
        raise RunError(f"{where}: value is {number!r}, {error}") from None
    return (model, name, metric), value
