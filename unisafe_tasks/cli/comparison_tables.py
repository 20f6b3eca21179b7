"""Two tasks or two runs, target by target, as `unisafe compare` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unisafe_tasks import numerals
from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say, say_rest
from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.tasks import GROUPS, task_named

if TYPE_CHECKING:
    from unisafe_tasks.results.comparison import Comparison, Contrast

__all__ = ["print_comparison"]

_SHOWN = 10


def print_comparison(compared: Comparison, *, every_note: bool) -> None:
    """Print a comparison: the targets that are unsafe in one task and safe in another, the
    differences, and the targets that are refused in one modality and unsafe in the other."""
    say(f"{compared.title}, {compared.basis}")
    if all(contrast.task is None for contrast in compared.contrasts):
        _matrix(compared.contrasts).print()
    else:
        say(f"1st: {compared.contrasts[0].first}", f"2nd: {compared.contrasts[0].second}")
    _differences(compared.contrasts).print()
    for (refused, unsafe), crossings in compared.crossings.items():
        noun = "target" if len(crossings) == 1 else "targets"
        said = f"Refused in {refused} and unsafe in {unsafe}: {len(crossings)} {noun}"
        say(f"{said}{':' if crossings else '.'}")
        for crossing in crossings[:_SHOWN]:
            where = f"{', '.join(crossing.refused)} → {', '.join(crossing.unsafe)}"
            say(f"{crossing.target}: {where}", indent="  ")
        if len(crossings) > _SHOWN:
            say(f"and {len(crossings) - _SHOWN} more: see --json", indent="  ")
    say(*compared.notes)
    say_rest(compared.of_runs, every_note=every_note)


def _matrix(contrasts: Sequence[Contrast]) -> Table:
    """How many shared targets of two tasks are unsafe in the row's task, safe in the column's."""
    compared = {name for contrast in contrasts for name in (contrast.first, contrast.second)}
    names = [name for name in GROUPS["unisafe"] if name in compared]
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for contrast in contrasts:
        counts[contrast.first, contrast.second] = (contrast.only_first, contrast.shared)
        counts[contrast.second, contrast.first] = (contrast.only_second, contrast.shared)
    table = Table("unsafe here ↓  not there →", *map(_code, names))
    for row in names:
        cells = (counts.get((row, name)) for name in names)
        table.add(row, *("" if cell is None else f"{cell[0]}/{cell[1]}" for cell in cells))
    return table


def _differences(contrasts: Sequence[Contrast]) -> Table:
    of_tasks = all(contrast.task is None for contrast in contrasts)
    labels = ("1st", "2nd") if of_tasks else ("task",)
    heads = ("shared", "both unsafe", "1st only", "2nd only", "neither")
    table = Table(*labels, *heads, "ASR %, 2nd minus 1st", "p", labels=len(labels))
    for contrast in contrasts:
        counts = (
            contrast.shared,
            contrast.both_unsafe,
            contrast.only_first,
            contrast.only_second,
            contrast.neither,
        )
        change = contrast.differences[ASR]
        marks = "" if change.value is None else contrast.marks
        bounds = change.interval.as_json() if change.interval else None
        table.add(
            *(map(_code, (contrast.first, contrast.second)) if of_tasks else (str(contrast.task),)),
            *map(str, counts),
            (numerals.change(change.value, ASR) + marks, numerals.interval(bounds, ASR)),
            numerals.p_value(contrast.adjusted[ASR]),
        )
    return table


def _code(task: str) -> str:
    return task_named(task).code
