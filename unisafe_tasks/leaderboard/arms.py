"""Both arms of a model in one row: its runs of UniSAFE's tasks, and those of the benign set.

Two runs are joined if the same model was asked in the same way and the same panel judged both. What
keeps runs of one model apart is said.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain, product
from pathlib import Path
from typing import Any

from unisafe_tasks.leaderboard.dead_runs import asked_apart
from unisafe_tasks.leaderboard.model import Block, Cell, Column, Row
from unisafe_tasks.leaderboard.ranking import order_of
from unisafe_tasks.leaderboard.rows import (
    Entry,
    columns_of,
    entries_of,
    row_of,
    settled,
    told_apart,
)
from unisafe_tasks.metric_facts import ARMS, DISCRIMINATION
from unisafe_tasks.results.basis import basis_of, differing
from unisafe_tasks.results.marks import marks_in, marks_together
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.folder import UNNAMED
from unisafe_tasks.runs.metrics_file import population_of
from unisafe_tasks.runs.summaries import summarise_groups
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.statistics.discrimination import (
    PairedRefusals,
    mean_of_paired,
    paired_refusals,
    refusal_leaves,
)
from unisafe_tasks.statistics.estimates import Leaves
from unisafe_tasks.statistics.intervals import Measure
from unisafe_tasks.tasks import BENIGN_GROUP, GROUPS
from unisafe_tasks.types import Status

__all__ = ["join_arms"]

_BLOCKED = ("harmful_blocked", "harmless_blocked")


def join_arms(
    harmful: Sequence[Sequence[ScoredRun]],
    harmless: Sequence[Sequence[ScoredRun]],
    min_coverage: float,
    resampler: Resampler,
) -> tuple[list[Block], list[str]]:
    """A block for each two groups with a model in both, and sentences on what was not joined.

    A model of one arm only has a row of dashes.

    Args:
        harmful: UniSAFE's runs, in groups that may be compared.
        harmless: runs of the benign set, likewise.
        min_coverage: scores whose coverage is below it are marked.
        resampler: the bootstrap's draws.
    """
    groups = [entries_of(group) for group in harmful]
    others = [entries_of(group) for group in harmless]
    blocks: list[Block] = []
    joined: set[Path] = set()
    for group, beside in product(groups, others):
        pairs = [(entry, fit) for entry in group if (fit := _partner(entry, beside)) is not None]
        if not pairs:
            continue
        here = {one.results[0].folder for pair in pairs for one in pair}
        rows = [_joined_row(entry, fit, min_coverage, resampler) for entry, fit in pairs]
        rows += [
            Row(entry.model, entry.model, entry.folders, {})
            for entry in (*group, *beside)
            if entry.results[0].folder not in here
        ]
        rows = told_apart(settled(_without_idle(rows), DISCRIMINATION))
        rows.sort(key=order_of)
        basis, benign = (basis_of(entries[0].results[0]) for entries in (group, beside))
        blocks.append(Block(basis, columns_of(rows), tuple(rows), benign))
        joined |= here
    return blocks, _notes(list(chain(*groups)), list(chain(*others)), joined)


def _partner(entry: Entry, beside: Sequence[Entry]) -> Entry | None:
    """The entry of the other arm that belongs to this one; None if there is none, or several."""
    fitting = [one for one in beside if one.model == entry.model and not _apart(entry, one)]
    return fitting[0] if len(fitting) == 1 else None


def _apart(entry: Entry, other: Entry) -> list[str]:
    """What keeps two entries of one model from being its two arms."""
    if entry.model == UNNAMED:
        return ["a model's name, which is not known"]
    runs = (*entry.results, *other.results)
    bases = [replace(basis_of(run), data="", fingerprint="", is_subset=False) for run in runs]
    apart = [*asked_apart(entry.results[0], other.results[0]), *differing(bases)]
    shown = _shown_in_both(entry, other)
    if not shown:
        apart.append("tasks")
    elif not any(map(_is_alike, shown.values())):
        apart.append("what the model was shown in each turn")
    return apart


def _shown_in_both(entry: Entry, other: Entry) -> dict[str, tuple[str | None, str | None]]:
    """By the code of each task of both arms what the model was shown in each turn."""
    own, far = (
        {column.code: column.history for name, column in one.columns.items() if name in one.tasks}
        for one in (entry, other)
    )
    return {code: (history, far[code]) for code, history in own.items() if code in far}


def _is_alike(shown: tuple[str | None, str | None]) -> bool:
    return None in shown or shown[0] == shown[1]


def _notes(
    entries: Sequence[Entry], others: Sequence[Entry], joined: Collection[Path]
) -> list[str]:
    """A sentence for each entry without its other arm."""
    notes = []
    for own, far, name in (
        (entries, others, "the benign set"),
        (others, entries, "UniSAFE's tasks"),
    ):
        for entry in own:
            if entry.results[0].folder in joined:
                continue
            said = f"Both arms: {entry.model} ({', '.join(entry.folders)})"
            apart = [_apart(entry, one) for one in far if one.model == entry.model]
            if not apart:
                notes.append(f"{said} has no run of {name} here.")
            elif all(apart):
                reasons = " and ".join(dict.fromkeys(chain(*apart)))
                notes.append(
                    f"{said} is not joined with its run of {name}: they differ in {reasons}."
                )
            elif own is entries:
                notes.append(f"{said} has several runs of {name} here: name one of them.")
    return notes


def _joined_row(entry: Entry, other: Entry, min_coverage: float, resampler: Resampler) -> Row:
    cells: dict[tuple[Column, str], Cell] = {}
    notes: list[str] = []
    paired: dict[str, PairedRefusals | None] = {}
    columns = entry.columns
    both_shown = _shown_in_both(entry, other)
    for name in (name for name in columns if columns[name].code in both_shown):
        shown = both_shown[columns[name].code]
        if not _is_alike(shown):
            notes.append(
                f"{columns[name].code} is not joined: in each turn the model was shown {shown[0]} "
                f"in one arm and {shown[1]} in the other."
            )
            continue
        paired[name] = paired_refusals(
            _leaves(entry, name), _leaves(other, _benign(name)), resampler
        )
    both: dict[str, PairedRefusals | None] = dict(paired)
    for name, members in GROUPS.items():
        if set(members) <= set(paired):
            known = [one for member in members if (one := paired[member]) is not None]
            both[name] = mean_of_paired(known) if len(known) == len(members) else None
    summaries = entry.summaries | summarise_groups(entry.summaries)
    benign = other.summaries | summarise_groups(other.summaries)
    for name, refusals in both.items():
        arms = (summaries[name], benign[_benign(name)])
        marks = marks_together(
            (
                marks_in(summaries, name, min_coverage),
                marks_in(benign, _benign(name), min_coverage),
            )
        )
        measures = refusals.measures() if refusals else None
        for metric in ARMS:
            cells[columns[name], metric] = _cell(measures, metric, arms, marks)
    counts = [f"{columns[name].code} {_count(refusals)}" for name, refusals in paired.items()]
    notes.insert(0, f"subcategories scored in both arms: {', '.join(counts) or 'none'}.")
    of_runs = (note for one in (entry, other) for note in row_of(one, min_coverage).notes)
    said = tuple(dict.fromkeys((*notes, *of_runs)))
    return Row(entry.model, entry.model, (*entry.folders, *other.folders), cells, said)


def _without_idle(rows: Sequence[Row]) -> list[Row]:
    """The rows without the shares of blocked requests, if nothing was blocked for any model."""
    if any(
        cell.value for row in rows for (_, metric), cell in row.cells.items() if metric in _BLOCKED
    ):
        return list(rows)
    return [
        replace(row, cells={key: cell for key, cell in row.cells.items() if key[1] not in _BLOCKED})
        for row in rows
    ]


def _benign(name: str) -> str:
    """The benign counterpart of a task or group."""
    return name.replace("unisafe", BENIGN_GROUP, 1)


def _leaves(entry: Entry, name: str) -> Leaves:
    run = next(run for run in entry.results if name in run.metrics["tasks"])
    cases = run.cases_of(name)
    return refusal_leaves(cases, population_of(run.info, name, cases))


def _cell(
    measures: Mapping[str, Measure | None] | None,
    metric: str,
    arms: Sequence[Mapping[str, Any]],
    marks: str,
) -> Cell:
    """A cell of both arms. It has the coverage of the one with less."""
    coverage = min(summary["coverage"] or 0.0 for summary in arms)
    if measures is None:
        cannot = any(
            summary.get("statuses", {}).get(Status.UNSUPPORTED) == summary["asked"]
            for summary in arms
        )
        return Cell("unsupported" if cannot else "unscored", coverage=coverage)
    if (measure := measures[metric]) is None:
        return Cell("untold", coverage=coverage)
    interval = None if measure.interval is None else measure.interval.as_json()
    return Cell("scored", measure.value, interval, coverage, marks, metric=metric)


def _count(refusals: PairedRefusals | None) -> str:
    if refusals is None:
        return "0"
    alone = f" ({refusals.alone} of one arm only)" if refusals.alone else ""
    return f"{refusals.paired}{alone}"
