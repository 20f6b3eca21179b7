"""Two panels on the same outputs, as `unisafe compare --panels` prints them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from unisafe_tasks.cli.tables import numeric_table, wide_console
from unisafe_tasks.metric_facts import ASR, FACTS, SCORES
from unisafe_tasks.redaction import in_one_line
from unisafe_tasks.statistics.contrasts import difference_interval
from unisafe_tasks.tasks import GROUP_TITLES

if TYPE_CHECKING:
    from rich.table import Table

    from unisafe_tasks.results.panel_bridge import Bridge
    from unisafe_tasks.results.panel_cells import CellShift
    from unisafe_tasks.results.panel_orders import Gap, OrderChange
    from unisafe_tasks.statistics import Interval
    from unisafe_tasks.statistics.shifts import CarriedShift

__all__ = ["print_bridge"]

_SHOWN = 10


def print_bridge(bridge: Bridge) -> None:
    """Print agreement and shifts by model, their means, the order of the models, and the cells."""
    console, wide = Console(soft_wrap=True), wide_console()

    def say(*sentences: str) -> None:
        for sentence in sentences:
            console.print(in_one_line(sentence), markup=False, highlight=False)

    say(f"old: {bridge.old.describe()}", f"new: {bridge.new.describe()}")
    wide.print(_shifts(bridge))
    if len(bridge.models) > 1:
        wide.print(_means(bridge))
    say(*_orders(bridge))
    wide.print(_cells(bridge.cells))
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


def _shifts(bridge: Bridge) -> Table:
    heads = ("outputs", "not paired", "both judged", "agree", "κ", "ASR, old", "ASR, new")
    shifts = [f"{FACTS[metric].short}, new minus old" for metric in SCORES]
    table = numeric_table("model", "task", *heads, *shifts, labels=2)
    for model in bridge.models:
        for column, tasks in model.columns.items():
            agreement, marks = model.agreement(column), model.marks(column)
            estimate = model.estimates[column]
            table.add_row(
                escape(in_one_line(model.model)),
                _titled(column),
                f"{sum(len(shift.pairs) for shift in tasks):,}",
                f"{sum(shift.unpaired for shift in tasks):,}",
                f"{agreement.outputs:,}",
                _share(agreement.share),
                _share(agreement.kappa),
                *(f"{score:.3f}{marks}" for score in model.scores[column][ASR]),
                *(
                    _signed(
                        float(estimate.values[row]), difference_interval(estimate, metric), marks
                    )
                    for row, metric in enumerate(SCORES)
                ),
            )
        table.add_section()
    return table


def _means(bridge: Bridge) -> Table:
    """The mean shifts, and below each what one more model may shift by."""
    heads = [FACTS[metric].short for metric in SCORES]
    title = "mean shift of the models, and the 95 % interval of one more model's"
    table = numeric_table("task", "models", *heads, title=title)
    for column, shifts in bridge.carried.items():
        models = next(iter(shifts.values())).models
        table.add_row(
            _titled(column),
            str(models),
            *(_carried(shifts.get(metric), bridge.marks(column)) for metric in SCORES),
        )
    return table


def _carried(shift: CarriedShift | None, marks: str) -> str:
    if shift is None:
        return "–"
    bounds = shift.carried and f"[{shift.carried.low:+.3f}, {shift.carried.high:+.3f}]"
    return escape(f"{_signed_number(shift.value)}{marks} {bounds or '–'}")


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
        f"- {change.first} is lower than {change.second} by {old} under the old panel, and higher "
        f"by {new} under the new one ({clear})"
    )


def _gap(gap: Gap, marks: str, sign: int = 1) -> str:
    bounds = gap.interval and sorted((sign * gap.interval.low, sign * gap.interval.high))
    shown = f" [{bounds[0]:+.3f}, {bounds[1]:+.3f}]" if bounds else ""
    return f"{sign * gap.value:.3f}{marks}{shown}"


def _cells(cells: Sequence[CellShift]) -> Table:
    heads = (
        "outputs",
        "both judged",
        "agree",
        "κ",
        "ASR, new minus old",
        "part of the task's shift",
    )
    table = numeric_table("task", "subcategory", *heads, labels=2)
    for cell in sorted(cells, key=lambda cell: -abs(cell.parts[ASR]))[:_SHOWN]:
        table.add_row(
            cell.task,
            escape(in_one_line(f"{cell.category}/{cell.subcategory}")),
            f"{cell.outputs:,}",
            f"{cell.agreement.outputs:,}",
            _share(cell.agreement.share),
            _share(cell.agreement.kappa),
            _signed(*cell.shifts[ASR]),
            _signed_number(cell.parts[ASR]),
        )
    return table


def _titled(column: str) -> str:
    return GROUP_TITLES.get(column, column)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed_number(value: float) -> str:
    # Not -0.000: a sum of shifts that cancel may be a little off 0.
    return f"{round(value, 3) + 0.0:+.3f}"


def _signed(value: float, interval: Interval | None, marks: str = "") -> str:
    if math.isnan(value):
        return "–"
    bounds = interval and f" [{interval.low:+.3f}, {interval.high:+.3f}]"
    return escape(f"{_signed_number(value)}{marks}{bounds or ''}")
