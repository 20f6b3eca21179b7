"""Build a leaderboard of finished runs: which runs may be compared, and with which marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from unisafe_tasks.data.names import DEMO_NOTE
from unisafe_tasks.errors import RunError
from unisafe_tasks.leaderboard.bridged import bridged_row, bridged_runs
from unisafe_tasks.leaderboard.dead_runs import of_one_model
from unisafe_tasks.leaderboard.model import Block, Cell, Column, Leaderboard, Row
from unisafe_tasks.leaderboard.reference import Reference
from unisafe_tasks.metric_facts import ASR, METRICS, SAS, SPLIT
from unisafe_tasks.outputs.earlier_run import asked_of
from unisafe_tasks.results.basis import address_notes, basis_of, differing
from unisafe_tasks.results.marks import BRIDGED, MIN_COVERAGE, marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.results.stacks import stack_notes
from unisafe_tasks.runs.metrics_file import group_intervals
from unisafe_tasks.runs.notes import reused_answers
from unisafe_tasks.runs.splits import group_split
from unisafe_tasks.runs.summaries import summarise_groups
from unisafe_tasks.self_awareness import DEFINITION, run_identity
from unisafe_tasks.tasks import GROUP_TITLES, GROUPS, TASKS, task_named
from unisafe_tasks.types import Status

if TYPE_CHECKING:
    from unisafe_tasks.results.bridge_card import BridgeCard

__all__ = ["build"]


@dataclass(frozen=True)
class _Entry:
    """One row: results of one model whose tasks do not overlap."""

    results: tuple[ScoredRun, ...]

    @property
    def tasks(self) -> set[str]:
        return {name for result in self.results for name in result.metrics["tasks"]}


def build(
    results: Sequence[ScoredRun],
    *,
    min_coverage: float = MIN_COVERAGE,
    reference: Reference | None = None,
    self_awareness: Sequence[Mapping[str, Any]] = (),
    bridge: BridgeCard | None = None,
) -> Leaderboard:
    """Arrange runs in blocks that may be compared.

    Args:
        results: judged runs. Several runs of one model make one row if their tasks differ.
        min_coverage: scores whose coverage is below it are marked.
        reference: published numbers to show beside ours.
        self_awareness: the contents of `self_awareness.json` of `unisafe_self_*` runs.
        bridge: moves runs of its old panel beside those of its new one, as marked rows. The runs of
            the old panel also keep their table.

    Raises:
        RunError: no run was judged, a run does not name its data, panel or rubric, two
            self-awareness results are of the same outputs, or the bridge is of other panels.
    """
    given, results = results, [result for result in results if result.info.get("panel")]
    if not results:
        basis_of(given[0])
    used: set[tuple[str, str, str]] = set()
    blocks = []
    groups = _comparable(results)
    bridged = None if bridge is None else bridged_runs(groups, bridge)
    for members in groups:
        basis = basis_of(members[0])
        rows = [
            _row(entry, min_coverage, _self_judgments(entry, self_awareness))
            for entry in _entries(members)
        ]
        if bridge and bridged and members is bridged.beside:
            rows += [
                bridged_row(_row(entry, min_coverage, {}), bridge)
                for entry in _entries(bridged.runs)
            ]
        rows = _told_apart(_settled(rows))
        if reference is not None:
            rows = [_beside(row, reference, used) for row in rows]
        blocks.append(Block(basis, _columns(rows), tuple(sorted(rows, key=_rank))))
    notes = [
        f"{result.folder.name} ({result.model}) was not judged, and is in no table."
        for result in given
        if not result.info.get("panel")
    ]
    identities = {run_identity(result.info) for result in results}
    notes += [
        f"A self-awareness result of {awareness['model']} on {awareness['run']['folder']} is not "
        "shown: it is of none of these runs, or not known to be of the same model."
        for awareness in self_awareness
        if not _is_shown(awareness, identities)
    ]
    notes += [
        f"self-awareness of {awareness['model']} on {awareness['run']['folder']}: {note}"
        for awareness in self_awareness
        if _is_shown(awareness, identities)
        for note in awareness["notes"]
        if note not in (DEFINITION, DEMO_NOTE)
    ]
    notes += bridged.notes if bridged else []
    notes += address_notes(result.info for result in results)
    notes += _version_notes(results)
    notes += stack_notes(results)
    notes += reference.notes(used) if reference else []
    apart = differing([basis_of(result) for result in results])
    return Leaderboard(tuple(blocks), tuple(apart), min_coverage, tuple(notes))


def _version_notes(results: Sequence[ScoredRun]) -> list[str]:
    """A sentence for each model that answered as other versions in other runs."""
    known: dict[str, set[str]] = {}
    for result in results:
        for version in asked_of(result.info).get("model_versions") or ():
            known.setdefault(result.model, set()).add(version)
    return [
        f"{model} answered as {', '.join(sorted(versions))}: other weights behind one name."
        for model, versions in sorted(known.items())
        if len(versions) > 1
    ]


def _comparable(results: Sequence[ScoredRun]) -> list[list[ScoredRun]]:
    """The results in groups that may be compared: each group has one basis."""
    groups: list[list[ScoredRun]] = []
    for result in results:
        for group in groups:
            if not differing([basis_of(member) for member in (*group, result)]):
                group.append(result)
                break
        else:
            groups.append([result])
    return groups


def _entries(results: Sequence[ScoredRun]) -> list[_Entry]:
    """One model's runs in one entry. If two have the same task, each gets a separate entry."""
    entries: list[_Entry] = []
    for result in results:
        tasks = set(result.metrics["tasks"])
        for index, entry in enumerate(entries):
            if of_one_model(entry.results[0], result) and not entry.tasks & tasks:
                entries[index] = _Entry((*entry.results, result))
                break
        else:
            entries.append(_Entry((result,)))
    return entries


def _row(entry: _Entry, min_coverage: float, judgments: Mapping[str, Mapping[str, Any]]) -> Row:
    cells: dict[tuple[Column, str], Cell] = {}
    summaries: dict[str, dict[str, Any]] = {}
    for result in entry.results:
        summaries |= result.metrics["tasks"]
    histories = {
        name: "+".join(summary.get("histories", {})) for name, summary in summaries.items()
    }
    for name, summary in summaries.items():
        column = Column(name, task_named(name).code, histories[name] or None)
        for metric in _metrics_of(summary):
            cells[column, metric] = _cell(summary, metric, min_coverage)
        if name in judgments:
            cells[column, SAS] = _cell(judgments[name], SAS, min_coverage)
    estimates = {
        name: estimate for result in entry.results for name, estimate in result.estimates.items()
    }
    splits = {
        name: estimate for result in entry.results for name, estimate in result.splits.items()
    }
    for name, values in summarise_groups(summaries).items():
        members = GROUPS[name]
        values["intervals"] = group_intervals([estimates.get(task) for task in members])
        shares = group_split([summaries[task] for task in members], [*map(splits.get, members)])
        values |= {"split": shares} if shares else {}
        # A mean with a four-turn score has the history of that score.
        shown = "".join(histories[task] for task in GROUPS[name]) or None
        column = Column(name, GROUP_TITLES[name], shown)
        for metric in _metrics_of(values):
            cells[column, metric] = _cell(values, metric, min_coverage)
    first = entry.results[0]
    several = len(entry.results) > 1
    notes = dict.fromkeys(
        f"{result.folder.name}: {note}" if several and note != DEMO_NOTE else note
        for result in entry.results
        for note in result.metrics["notes"]
        # A run that was interrupted and went on is the same row. The report says when it was.
        if note not in reused_answers(result.info)
    )
    folders = tuple(result.folder.name for result in entry.results)
    return Row(first.model, first.model, folders, cells, tuple(notes))


def _settled(rows: Sequence[Row]) -> list[Row]:
    """Move four-turn cells without a history (no case was finished) to a column with one."""
    known: dict[str, Column] = {}
    for column in sorted(
        {column for row in rows for column, _ in row.cells if column.history},
        key=lambda column: str(column.history),
    ):
        known.setdefault(column.name, column)

    def settled_column(column: Column, cell: Cell) -> Column:
        empty = column.history is None and cell.value is None
        return known.get(column.name, column) if empty else column

    return [
        replace(
            row,
            cells={
                (settled_column(column, row.cell(column, ASR)), metric): cell
                for (column, metric), cell in row.cells.items()
            },
        )
        for row in rows
    ]


def _told_apart(rows: Sequence[Row]) -> list[Row]:
    """Add the runs' names to the labels of rows that have the same model."""
    counts = Counter(row.model for row in rows)
    named = [
        replace(row, label=f"{row.label} ({', '.join(row.folders)})")
        if counts[row.model] > 1
        else row
        for row in rows
    ]
    again = Counter(row.label for row in named)
    return [
        replace(row, label=f"{row.label} #{number}") if again[row.label] > 1 else row
        for number, row in enumerate(named, start=1)
    ]


def _metrics_of(summary: Mapping[str, Any]) -> tuple[str, ...]:
    """The metrics that a summary has: the split only if the judges were asked for it."""
    return (*METRICS, *SPLIT) if "split" in summary else METRICS


def _cell(summary: Mapping[str, Any], metric: str, min_coverage: float) -> Cell:
    coverage = summary["coverage"]
    scores = summary["split"] if metric in SPLIT else summary
    value = scores[metric]
    if summary.get("statuses", {}).get(Status.UNSUPPORTED) == summary["asked"]:
        return Cell("unsupported", coverage=coverage)
    if value is None:
        return Cell("unscored" if summary.get(ASR) is None else "untold", coverage=coverage)
    interval = scores["intervals"].get(metric)
    return Cell("scored", value, interval, coverage, marks_of(summary, min_coverage))


def _columns(rows: Sequence[Row]) -> tuple[Column, ...]:
    """Columns in the paper's order, then the groups. Each history has a separate column."""
    columns = {column for row in rows for column, _ in row.cells}
    order = [*(task.name for task in TASKS.values()), *GROUP_TITLES]
    variants = Counter(column.name for column in columns)
    return tuple(
        replace(column, several=variants[column.name] > 1)
        for column in sorted(
            columns, key=lambda column: (order.index(column.name), column.history or "")
        )
    )


def _self_judgments(
    entry: _Entry, self_awareness: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """By task the self-awareness summary of the model's judgments of these outputs.

    A result is left out if another model gave the judgments, or if that is not known.
    """
    runs = {run_identity(result.info) for result in entry.results}
    judgments: dict[str, Mapping[str, Any]] = {}
    for awareness in self_awareness:
        if not _is_shown(awareness, runs):
            continue
        for name, summary in awareness["tasks"].items():
            if name in judgments:
                raise RunError(
                    f"two self-awareness results are of {name} of {awareness['run']['folder']}: "
                    "name one of them"
                )
            judgments[name] = {"complete": awareness["complete"], **summary}
    return judgments


def _is_shown(awareness: Mapping[str, Any], runs: Collection[str]) -> bool:
    return awareness["same_model"] is True and awareness["run"]["identity"] in runs


def _beside(row: Row, reference: Reference, used: set[tuple[str, str, str]]) -> Row:
    cells = dict(row.cells)
    for (column, metric), cell in row.cells.items():
        key = (row.model, column.name, metric)
        if key in reference.values:
            used.add(key)
            cells[column, metric] = replace(cell, reference=reference.values[key])
    return replace(row, cells=cells)


def _rank(row: Row) -> tuple[bool, bool, float, str]:
    """Safest first, by the mean of all tasks. Then rows without an unmarked mean, by name, and last
    those that are bridged."""
    bridged = any(BRIDGED in cell.marks for cell in row.cells.values())
    means = [
        cell
        for (column, metric), cell in row.cells.items()
        if column.name == "unisafe" and metric == ASR
    ]
    ranked = [cell.value for cell in means if cell.value is not None and not cell.marks]
    return (bridged, not ranked, ranked[0] if ranked else 0.0, row.label)
