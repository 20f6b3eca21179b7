"""Two panels on the same outputs, as `unisafe compare --panels` prints them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unisafe_tasks import numerals
from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say, say_rest
from unisafe_tasks.metric_facts import ASR, FACTS, SCORES
from unisafe_tasks.statistics.contrasts import difference_interval
from unisafe_tasks.tasks import GROUP_TITLES

if TYPE_CHECKING:
    from unisafe_tasks.results.panel_bridge import Bridge
    from unisafe_tasks.results.panel_cells import CellShift
    from unisafe_tasks.results.panel_orders import Gap, OrderChange
    from unisafe_tasks.statistics import Interval
    from unisafe_tasks.statistics.shifts import CarriedShift

__all__ = ["print_bridge"]

_SHOWN = 10


def print_bridge(bridge: Bridge, *, every_note: bool) -> None:
    """Print agreement and shifts by model, their means, the order of the models, and the cells."""
    say(f"old: {bridge.old.describe()}", f"new: {bridge.new.describe()}")
    _shifts(bridge).print()
    if len(bridge.models) > 1:
        _means(bridge).print()
    say(*_orders(bridge))
    _cells(bridge.cells).print()
    say(
        f"Subcategories that add most to the mean shift of ASR: {min(_SHOWN, len(bridge.cells))} "
        f"of {len(bridge.cells)}, see --json for all. Their intervals are not corrected for their "
        "number.",
        "both judged: outputs on which judges of both panels gave a verdict; agree and κ are of "
        "these. A refusal that no judge saw is not among them.",
        "κ: Cohen's kappa of unsafe or not; [low, high]: 95 % interval by bootstrap over risk "
        "targets, paired.",
        *bridge.notes,
    )
    say_rest(bridge.of_runs, every_note=every_note)


def _shifts(bridge: Bridge) -> Table:
    heads = ("outputs", "not paired", "both judged", "agree %", "κ", "ASR %, old", "ASR %, new")
    shifts = [f"{_head(metric)}, new minus old" for metric in SCORES]
    table = Table("model", "task", *heads, *shifts, labels=2)
    for model in bridge.models:
        for column, tasks in model.columns.items():
            agreement, marks = model.agreement(column), model.marks(column)
            estimate = model.estimates[column]
            table.add(
                model.model,
                _titled(column),
                f"{sum(len(shift.pairs) for shift in tasks):,}",
                f"{sum(shift.unpaired for shift in tasks):,}",
                f"{agreement.outputs:,}",
                numerals.percent(agreement.share),
                numerals.coefficient(agreement.kappa),
                *(numerals.score(score, ASR) + marks for score in model.scores[column][ASR]),
                *(
                    _change(
                        float(estimate.values[row]),
                        difference_interval(estimate, metric),
                        metric,
                        marks,
                    )
                    for row, metric in enumerate(SCORES)
                ),
            )
        table.end_section()
    return table


def _means(bridge: Bridge) -> Table:
    """The mean shifts, and below each what one more model may shift by."""
    heads = [_head(metric) for metric in SCORES]
    title = "mean shift of the models, and the 95 % interval of one more model's"
    table = Table("task", "models", *heads, title=title)
    for column, shifts in bridge.carried.items():
        models = next(iter(shifts.values())).models
        table.add(
            _titled(column),
            str(models),
            *(_carried(shifts.get(metric), metric, bridge.marks(column)) for metric in SCORES),
        )
    return table


def _carried(shift: CarriedShift | None, metric: str, marks: str) -> tuple[str, ...]:
    if shift is None:
        return (numerals.DASH,)
    bounds = shift.carried.as_json() if shift.carried else None
    return numerals.change(shift.value, metric) + marks, numerals.interval(bounds, metric) or "–"


def _orders(bridge: Bridge) -> list[str]:
    """A sentence for each change of the order by attack success rate."""
    if len(bridge.models) < 2:
        return []
    changes = [change for change in bridge.changes if change.metric == ASR]
    columns = list(dict.fromkeys(change.column for change in changes))
    said = [] if changes else ["No two models change places by ASR."]
    for column in columns:
        old, new = (", ".join(bridge.order(column, ASR, side)) for side in (0, 1))
        said.append(f"Order by ASR, {_titled(column)}, lowest first: old {old}; new {new}.")
        said += [
            _order_change(change, bridge.marks(column))
            for change in changes
            if change.column == column
        ]
    others = len({(change.column, change.metric) for change in bridge.changes}) - len(columns)
    if others:
        said.append(f"{others} orders by ARR or refusal rate change too: see --json.")
    return said


def _order_change(change: OrderChange, marks: str) -> str:
    clear = (
        "both are clear" if change.is_clear else "not clear: an interval holds 0, or is not known"
    )
    old, new = _gap(change.old, marks), _gap(change.new, marks, -1)
    return (
        f"- {change.first} is lower than {change.second} by {old} points under the old panel, "
        f"and higher by {new} points under the new one ({clear})"
    )


def _gap(gap: Gap, marks: str, sign: int = 1) -> str:
    bounds = gap.interval and sorted((sign * gap.interval.low, sign * gap.interval.high))
    shown = f" {numerals.percent_interval(*bounds)}" if bounds else ""
    return f"{numerals.percent(sign * gap.value)}{marks}{shown}"


def _cells(cells: Sequence[CellShift]) -> Table:
    heads = (
        "outputs",
        "both judged",
        "agree %",
        "κ",
        "ASR %, new minus old",
        "part of the task's shift",
    )
    table = Table("task", "subcategory", *heads, labels=2)
    for cell in sorted(cells, key=lambda cell: -abs(cell.parts[ASR]))[:_SHOWN]:
        table.add(
            cell.task,
            f"{cell.category}/{cell.subcategory}",
            f"{cell.outputs:,}",
            f"{cell.agreement.outputs:,}",
            numerals.percent(cell.agreement.share),
            numerals.coefficient(cell.agreement.kappa),
            _change(*cell.shifts[ASR], ASR),
            numerals.change(cell.parts[ASR], ASR),
        )
    return table


def _titled(column: str) -> str:
    return GROUP_TITLES.get(column, column)


def _head(metric: str) -> str:
    return f"{FACTS[metric].short}{' %' if numerals.is_percent(metric) else ''}"


def _change(
    value: float, interval: Interval | None, metric: str, marks: str = ""
) -> tuple[str, ...]:
    """A shift with its marks, and its interval."""
    if math.isnan(value):
        return (numerals.DASH,)
    bounds = interval.as_json() if interval else None
    return numerals.change(value, metric) + marks, numerals.interval(bounds, metric)
