"""Which subcategories a shift between two panels comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.results.panel_shifts import Agreement, ModelShifts, TaskShift
from unisafe_tasks.statistics import Interval, shared_mean_of
from unisafe_tasks.statistics.contrasts import difference_interval
from unisafe_tasks.statistics.intervals import Measure
from unisafe_tasks.tasks import GROUPS

__all__ = ["CellShift", "cells_of"]


@dataclass(frozen=True)
class CellShift:
    """A subcategory of a task, over all models that have it.

    `shifts` are means over these models. `parts` are what the cell adds to the mean shift of the
    task: the parts of all cells of a task add up to it. Both are by metric, without those that the
    verdicts do not tell.
    """

    task: str
    category: str
    subcategory: str
    outputs: int
    agreement: Agreement
    shifts: Mapping[str, tuple[float, Interval | None]]
    parts: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """The cell as written."""
        shifts = {metric: Measure(*shift).as_json() for metric, shift in self.shifts.items()}
        return {
            "task": self.task,
            "category": self.category,
            "subcategory": self.subcategory,
            "outputs": self.outputs,
            "agreement": self.agreement.as_json(),
            "scores": {
                metric: {
                    "shift": shift["value"],
                    "low": shift["low"],
                    "high": shift["high"],
                    "part": self.parts[metric],
                }
                for metric, shift in shifts.items()
            },
        }


def cells_of(models: Sequence[ModelShifts]) -> tuple[CellShift, ...]:
    """The cells of each task, those first that add most to its shift of the attack success rate."""
    cells = []
    for task in GROUPS["unisafe"]:
        shifts = [model.tasks[task] for model in models if task in model.tasks]
        places = sorted({place for shift in shifts for place in shift.hierarchy.leaves})
        of_task = [_cell(task, place, shifts) for place in places]
        cells += sorted(of_task, key=lambda cell: -abs(cell.parts[ASR]))
    return tuple(cells)


def _cell(task: str, place: tuple[str, str], shifts: Sequence[TaskShift]) -> CellShift:
    members = [shift for shift in shifts if place in shift.hierarchy.leaves]
    mean = shared_mean_of([shift.hierarchy.subcategories[place] for shift in members])
    parts = np.sum(
        [shift.weights()[place] * shift.hierarchy.cells[place].values for shift in members], axis=0
    )
    told = [metric for metric, part in zip(SCORES, parts, strict=True) if part == part]
    pairs = [
        (old, new)
        for shift in members
        for old, new in shift.pairs
        if (old.category, old.subcategory) == place
    ]
    return CellShift(
        task=task,
        category=place[0],
        subcategory=place[1],
        outputs=len(pairs),
        agreement=Agreement.of(pairs),
        shifts={
            metric: (float(mean.values[SCORES.index(metric)]), difference_interval(mean, metric))
            for metric in told
        },
        parts={metric: float(parts[SCORES.index(metric)]) / len(shifts) for metric in told},
    )
