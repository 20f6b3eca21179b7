"""Two panels on the same outputs: `unisafe compare --panels`.

How far they agree, how each model's scores shift, what becomes of the order of the models, and
which subcategories the shift comes from. `bridge_card` writes what is needed to show a run of the
old panel beside runs of the new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from unisafe_tasks.data.names import BENIGN_NOTE, DEMO_NOTE
from unisafe_tasks.errors import RunError
from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.metrics import ScoredCase, case_value
from unisafe_tasks.results.basis import Basis, address_notes, basis_of, require_one_basis
from unisafe_tasks.results.marks import MIN_COVERAGE, mark_notes
from unisafe_tasks.results.panel_cells import CellShift, cells_of
from unisafe_tasks.results.panel_orders import OrderChange, order_changes
from unisafe_tasks.results.panel_pairs import PanelPair
from unisafe_tasks.results.panel_shifts import Agreement, ModelShifts, shifts_of
from unisafe_tasks.results.scored_run import ScoredRun, scored_contents
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.statistics.contrasts import difference_interval
from unisafe_tasks.statistics.intervals import Interval, Measure
from unisafe_tasks.statistics.shifts import CarriedShift, carried_shift
from unisafe_tasks.tasks import GROUP_TITLES, GROUPS

__all__ = ["Bridge", "bridge_panels", "mean_rows", "model_row"]

_FORMAT = "unisafe-panel-comparison/1"
_ONE_MODEL = (
    "One model does not show how much the shift differs among models: bridged scores will have no "
    "interval."
)


@dataclass(frozen=True)
class Bridge:
    """Two panels on the same outputs. `carried` is by column, which is a task or a group, and
    metric, if all verdicts tell it: the mean shift of the models, and what one more model is to be
    expected to shift by. `of_runs` are the notes of the runs themselves."""

    old: Basis
    new: Basis
    kind: str | None
    models: tuple[ModelShifts, ...]
    carried: Mapping[str, Mapping[str, CarriedShift]]
    cells: tuple[CellShift, ...]
    changes: tuple[OrderChange, ...]
    notes: tuple[str, ...]
    of_runs: tuple[str, ...]

    def marks(self, column: str) -> str:
        """The marks of all scores from which a column's mean shift comes."""
        marks = (model.marks(column) for model in self.models if column in model.columns)
        return "".join(dict.fromkeys("".join(marks)))

    def order(self, column: str, metric: str, side: int) -> list[str]:
        """The models from the lowest score to the highest; `side` is 0 for the old panel."""
        scores = {
            model.model: model.scores[column][metric][side]
            for model in self.models
            if column in model.columns
        }
        return sorted(scores, key=lambda name: (scores[name], name))

    def as_json(self) -> dict[str, Any]:
        """Everything, with every output that is unsafe under one panel only."""
        return {
            "format": _FORMAT,
            "old": self.old.describe(),
            "new": self.new.describe(),
            "notes": [*self.of_runs, *self.notes],
            "shifts": [
                model_row(model, column) for model in self.models for column in model.columns
            ],
            "mean_shifts": mean_rows(self),
            "orders": {
                column: {
                    metric: {
                        "old": self.order(column, metric, 0),
                        "new": self.order(column, metric, 1),
                    }
                    for metric in shifts
                }
                for column, shifts in self.carried.items()
            },
            "order_changes": [change.as_json() for change in self.changes],
            "cells": [cell.as_json() for cell in self.cells],
            "cases": [
                _case_row(model.model, shift.task, old, new)
                for model in self.models
                for shift in model.tasks.values()
                for old, new in shift.pairs
                if Agreement.of([(old, new)]).share == 0
            ],
        }


def bridge_panels(pairs: Sequence[PanelPair], resampler: Resampler | None = None) -> Bridge:
    """Compare two panels on the outputs that both judged.

    Raises:
        RunError: the runs of one panel are not of one basis, as when a judge answered as another
            version; or no output has a value under both panels.
    """
    resampler = resampler or Resampler()
    olds = [[scored_contents(run, resampler) for run in pair.old] for pair in pairs]
    news = [[scored_contents(run, resampler) for run in pair.new] for pair in pairs]
    bases = [_shared_basis([*chain(*side)]) for side in (olds, news)]
    models = tuple(
        shifts_of(pair.model, old, new, resampler)
        for pair, old, new in zip(pairs, olds, news, strict=True)
    )
    columns = [
        name
        for name in (*GROUPS["unisafe"], *GROUP_TITLES)
        if any(name in model.columns for model in models)
    ]
    if not columns:
        raise RunError(
            f"{pairs[0].old[0].folder} and {pairs[0].new[0].folder} have no output with a value "
            "under both panels"
        )
    carried = {}
    for name in columns:
        members = [model for model in models if name in model.columns]
        carried[name] = {
            metric: carried_shift([model.estimates[name] for model in members], metric)
            for metric in SCORES
            if all(metric in model.told(name) for model in members)
        }
    return Bridge(
        old=bases[0],
        new=bases[1],
        kind=pairs[0].old[0].info["panel"].get("kind"),
        models=models,
        carried=carried,
        cells=cells_of(models),
        changes=order_changes(models, columns, resampler),
        notes=_notes(models),
        of_runs=_of_runs(models),
    )


def model_row(model: ModelShifts, column: str) -> dict[str, Any]:
    """The shift of one model in one column, as written."""
    tasks = model.columns[column]
    estimate = model.estimates[column]
    return {
        "model": model.model,
        "column": column,
        "old_runs": [run.folder.resolve().name for run in model.olds],
        "new_runs": [run.folder.resolve().name for run in model.news],
        "marks": model.marks(column),
        "outputs": sum(len(shift.pairs) for shift in tasks),
        "only_under_old": sum(shift.only_old for shift in tasks),
        "only_under_new": sum(shift.only_new for shift in tasks),
        "under_neither": sum(shift.neither for shift in tasks),
        "agreement": model.agreement(column).as_json(),
        "scores": {
            metric: {
                "old": model.scores[column][metric][0],
                "new": model.scores[column][metric][1],
                **_measure(
                    float(estimate.values[SCORES.index(metric)]),
                    difference_interval(estimate, metric),
                ),
            }
            for metric in model.told(column)
        },
    }


def mean_rows(bridge: Bridge) -> dict[str, Any]:
    """The mean shifts by column and metric, as written; `carried` is of one more model."""
    return {
        column: {metric: _mean_row(shift, bridge.marks(column)) for metric, shift in shifts.items()}
        for column, shifts in bridge.carried.items()
    }


def _mean_row(shift: CarriedShift, marks: str) -> dict[str, Any]:
    carried = shift.carried and shift.carried.as_json()
    return {
        "models": shift.models,
        "marks": marks,
        **_measure(shift.value, shift.interval),
        "between_models": shift.between,
        "carried": carried and {"low": carried["low"], "high": carried["high"]},
    }


def _measure(value: float, interval: Interval | None) -> dict[str, Any]:
    measure = Measure(value, interval).as_json()
    return {"shift": measure["value"], "low": measure["low"], "high": measure["high"]}


def _case_row(model: str, task: str, old: ScoredCase, new: ScoredCase) -> dict[str, Any]:
    return {
        "model": model,
        "task": task,
        "id": old.id,
        "subcategory": old.subcategory,
        "old": case_value(old, ASR),
        "new": case_value(new, ASR),
    }


def _shared_basis(runs: Sequence[ScoredRun]) -> Basis:
    """The basis of all runs: a judge that was silent in one of them may not be in another."""
    basis = require_one_basis(runs, "a bridge")
    bases = [basis_of(run) for run in runs]
    versions = {judge: names for each in bases for judge, names in each.versions}
    forms = {judge: names for each in bases for judge, names in each.forms}
    return replace(
        basis, versions=tuple(sorted(versions.items())), forms=tuple(sorted(forms.items()))
    )


def _run_notes(runs: Sequence[ScoredRun]) -> list[str]:
    return list(dict.fromkeys(note for run in runs for note in run.metrics["notes"]))


def _of_runs(models: Sequence[ModelShifts]) -> tuple[str, ...]:
    notes = []
    for model in models:
        old, new = (
            [note for note in _run_notes(runs) if note not in (DEMO_NOTE, BENIGN_NOTE)]
            for runs in (model.olds, model.news)
        )
        notes += [f"{model.model}: {note}" for note in old if note in new]
        notes += [f"{model.model}, old panel: {note}" for note in old if note not in new]
        notes += [f"{model.model}, new panel: {note}" for note in new if note not in old]
    return tuple(dict.fromkeys(notes))


def _notes(models: Sequence[ModelShifts]) -> tuple[str, ...]:
    runs = [run for model in models for run in (*model.olds, *model.news)]
    notes = [note for note in (DEMO_NOTE, BENIGN_NOTE) if note in _run_notes(runs)]
    notes += address_notes(run.info for run in runs)
    for model in models:
        for name, shift in model.tasks.items():
            if count := shift.unpaired:
                notes.append(
                    f"{model.model}, {name}: {count:,} of {count + len(shift.pairs):,} outputs do "
                    f"not count, since they have no value under both panels ({shift.only_old:,} "
                    f"only under the old one, {shift.only_new:,} only under the new one)."
                )
        tasks = {name for run in (*model.olds, *model.news) for name in run.metrics["tasks"]}
        notes += [
            f"{model.model}, {name}: no output has a value under both panels."
            for name in sorted(tasks - model.tasks.keys())
        ]
    marks = "".join(model.marks(column) for model in models for column in model.columns)
    notes += mark_notes(marks, MIN_COVERAGE)
    if len(models) == 1:
        notes.append(_ONE_MODEL)
    return tuple(dict.fromkeys(notes))
