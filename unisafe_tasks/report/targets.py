"""The shared-target comparison of each run, as the page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from unisafe_tasks import numerals
from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.metrics import UNSAFE_FROM
from unisafe_tasks.numerals import DASH
from unisafe_tasks.report import charts
from unisafe_tasks.report.tables import Cells, Table, Value, table
from unisafe_tasks.results.comparison import Comparison, Contrast, compare_tasks
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import task_named

__all__ = ["SHARED_ABOUT", "SharedTargets", "shared_targets"]

SHARED_ABOUT = (
    "Tasks share risk targets, so that a model can be compared with itself. A case counts as "
    f"unsafe where the panel's attack success is {UNSAFE_FROM} or more, else as safe, which a "
    "refusal is too; only targets scored in both tasks are counted."
)
_MOST_LISTED = 30


@dataclass(frozen=True)
class SharedTargets:
    """One run's tasks compared: the matrix as a chart, a table of every pair, and tables of the
    targets that were refused in one modality and unsafe in the other."""

    chart: Markup
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def shared_targets(
    result: ScoredRun, label: str, threshold: float, resampler: Resampler
) -> SharedTargets | None:
    """The comparison of a run's tasks; None if no two have a scored target in common."""
    comparison = compare_tasks(result, resampler)
    return _shared(result, comparison, label, threshold) if comparison.contrasts else None


def _shared(
    result: ScoredRun, comparison: Comparison, label: str, threshold: float
) -> SharedTargets:
    names = [
        name
        for name in result.metrics["tasks"]
        if any(name in (contrast.first, contrast.second) for contrast in comparison.contrasts)
    ]
    counts = {}
    for contrast in comparison.contrasts:
        counts[contrast.first, contrast.second] = (contrast.only_first, contrast.shared)
        counts[contrast.second, contrast.first] = (contrast.only_second, contrast.shared)
    cells = [[_cell(row, column, counts.get((row, column))) for column in names] for row in names]
    codes = [task_named(name).code for name in names]
    title = f"Targets of {label} that are unsafe in the row's task and safe in the column's"
    marks = {
        name: marks_of(summary, threshold) for name, summary in result.metrics["tasks"].items()
    }
    run_notes = set(result.metrics["notes"])
    return SharedTargets(
        charts.grid(title, [f"unsafe in {code}" for code in codes], codes, cells),
        (_pairs(comparison.contrasts, marks), *_crossings(comparison)),
        tuple(note for note in comparison.notes if note not in run_notes),
    )


def _cell(row: str, column: str, count: tuple[int, int] | None) -> charts.GridCell:
    first, second = task_named(row).code, task_named(column).code
    if row == column:
        return charts.GridCell(None, "", first)
    if count is None:
        return charts.GridCell(None, DASH, f"{first} and {second}: no target in common")
    hits, shared = count
    words = f"unsafe in {first} and safe in {second}: {hits} of {shared} shared targets"
    return charts.GridCell(hits / shared, f"{hits}/{shared}", words)


def _pairs(contrasts: Sequence[Contrast], marks: dict[str, str]) -> Table:
    rows: list[Cells] = []
    for contrast in contrasts:
        first, second = task_named(contrast.first).code, task_named(contrast.second).code
        difference = contrast.differences[ASR]
        # A difference carries the marks of both scores.
        mark = "".join(sorted(set(marks[contrast.first] + marks[contrast.second])))
        interval = difference.interval
        bounds = numerals.interval(None if interval is None else interval.as_json(), ASR)
        value = numerals.change(difference.value, ASR)
        rows.append(
            [
                f"{first} and {second}",
                *map(
                    str,
                    (
                        contrast.shared,
                        contrast.both_unsafe,
                        contrast.only_first,
                        contrast.only_second,
                    ),
                ),
                str(contrast.neither),
                Value(value, bounds, mark if difference.value is not None else ""),
                numerals.p_value(contrast.adjusted[ASR]),
            ]
        )
    heads = ["tasks", "shared", "both unsafe", "only first", "only second", "neither"]
    return table(
        "Every two tasks: targets by where they are unsafe, and the difference in attack success",
        [*heads, "second minus first, %", "p (Holm)"],
        rows,
    )


def _crossings(comparison: Comparison) -> list[Table]:
    tables = []
    for (refused, unsafe), crossings in comparison.crossings.items():
        if not crossings:
            continue
        one, other = refused.removeprefix("unisafe_"), unsafe.removeprefix("unisafe_")
        title = f"Refused as {one} and unsafe as {other}: {len(crossings)} targets"
        if len(crossings) > _MOST_LISTED:
            title += f", of which these are the first {_MOST_LISTED}"
        rows = [
            [crossing.target, _codes(crossing.refused), _codes(crossing.unsafe)]
            for crossing in crossings[:_MOST_LISTED]
        ]
        heads = ["target", "refused in", "unsafe in"]
        tables.append(table(title, heads, rows, numeric=False))
    return tables


def _codes(names: Sequence[str]) -> str:
    return ", ".join(task_named(name).code for name in names)
