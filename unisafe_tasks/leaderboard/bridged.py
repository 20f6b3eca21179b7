"""Runs of an old panel beside runs of a new one, by a bridge between both: marked rows.

A bridged score is an estimate of what the new panel would have given. It takes for granted that the
model's scores shift as those of the models on the card did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from unisafe_tasks.errors import RunError
from unisafe_tasks.leaderboard.model import Cell, Column, Row
from unisafe_tasks.metric_facts import METRICS, SCORES
from unisafe_tasks.results.basis import Basis, basis_of, differing
from unisafe_tasks.results.marks import BRIDGED
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.statistics.shifts import Bounds, shifted

if TYPE_CHECKING:
    from unisafe_tasks.results.bridge_card import BridgeCard, CardShift

__all__ = ["BridgedRuns", "bridged_row", "bridged_runs"]


@dataclass(frozen=True)
class BridgedRuns:
    """The runs to bridge, the group of runs beside which they are shown, and what is to be said."""

    runs: tuple[ScoredRun, ...]
    beside: Sequence[ScoredRun]
    notes: tuple[str, ...]


def bridged_runs(groups: Sequence[Sequence[ScoredRun]], card: BridgeCard) -> BridgedRuns:
    """Choose the runs that a card bridges.

    A run is left out if its model has a run of the new panel with the same tasks.

    Args:
        groups: runs that may be compared with each other.
        card: the bridge.

    Raises:
        RunError: no run is of the card's old panel, or of its new one, or the card was measured
            with other versions of the judges or on other data.
    """
    olds, apart = _groups_of(groups, card.old, card)
    news, _ = _groups_of(groups, card.new, card)
    known = {(run.model, task) for group in news for run in group for task in run.metrics["tasks"]}
    chosen, notes = [], [f"{said}: it is not bridged." for said in apart]
    for run in (run for group in olds for run in group):
        if all((run.model, task) in known for task in run.metrics["tasks"]):
            notes.append(
                f"{run.folder.name} ({run.model}) is not bridged: the model has a run of panel "
                f"{_named(card.new)}."
            )
        else:
            chosen.append(run)
    return BridgedRuns(tuple(chosen), news[0], tuple(notes))


def bridged_row(row: Row, card: BridgeCard) -> Row:
    """A row of the card's old panel as one of the new panel, each score marked.

    Scores of tasks that the card does not have are unknown. Coverage stays.
    """
    cells: dict[tuple[Column, str], Cell] = {}
    unknown: dict[str, None] = {}
    alone = False
    for (column, metric), cell in row.cells.items():
        if metric not in METRICS:
            continue
        shift = card.shifts.get(column.name, {}).get(metric)
        if metric not in SCORES or cell.value is None:
            cells[column, metric] = cell
        elif shift is None:
            cells[column, metric] = Cell("unscored", coverage=cell.coverage)
            unknown[column.code] = None
        else:
            cells[column, metric] = _bridged_cell(cell, metric, shift)
            alone = alone or shift.carried is None
    supposed = (
        f"{row.model} is one of them: its own run of the new panel says more"
        if row.model in card.models
        else f"It is supposed that {row.model} shifts as they do"
    )
    notes = [
        f"{BRIDGED} bridged from panel {_named(card.old)} to panel {_named(card.new)} with "
        f"{card.name}, measured on {', '.join(card.models)}. {supposed}; the interval holds the "
        "error of the bridge too."
    ]
    if unknown:
        notes.append(f"{card.name} does not bridge {', '.join(unknown)}.")
    if alone:
        notes.append(
            f"Without an interval: {card.name} does not tell how the shift of one more model "
            "differs; a bridge needs two models or more, each with an interval."
        )
    label = f"{row.model} (bridged)"
    return replace(row, label=label, cells=cells, notes=(*notes, *row.notes))


def _bridged_cell(cell: Cell, metric: str, shift: CardShift) -> Cell:
    assert cell.value is not None
    value, interval = shifted(
        cell.value, _bounds(cell.interval), shift.value, shift.carried, metric
    )
    return replace(
        cell,
        value=value,
        interval=None if interval is None else interval.as_json(),
        flags="".join(dict.fromkeys(cell.flags + shift.marks + BRIDGED)),
    )


def _bounds(interval: Mapping[str, Any] | None) -> Bounds | None:
    return None if interval is None else Bounds(interval["low"], interval["high"])


def _groups_of(
    groups: Sequence[Sequence[ScoredRun]], basis: Basis, card: BridgeCard
) -> tuple[list[Sequence[ScoredRun]], list[str]]:
    """The groups of one of the card's panels, and in what others of the panel differ from it.

    Raises:
        RunError: there is none.
    """
    of_panel = [group for group in groups if basis_of(group[0]).panel_sha256 == basis.panel_sha256]
    if not of_panel:
        raise RunError(
            f"{card.name} is a bridge from panel {_named(card.old)} to panel {_named(card.new)}, "
            f"and no run here is of panel {_named(basis)}"
        )
    same, apart = [], []
    for group in of_panel:
        if differences := differing([basis, *map(basis_of, group)]):
            said = f"differs from what {card.name} was measured on in {' and '.join(differences)}"
            apart += [f"{run.folder.name} {said}" for run in group]
        else:
            same.append(group)
    if not same:
        raise RunError(f"{apart[0]}: make a bridge of such runs")
    return same, apart


def _named(basis: Basis) -> str:
    return f"{basis.panel} ({basis.panel_sha256[:12]})"
