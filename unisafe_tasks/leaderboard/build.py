"""Build a leaderboard of finished runs: which runs may be compared, and with which marks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from unisafe_tasks.data.names import DEMO_NOTE
from unisafe_tasks.errors import RunError
from unisafe_tasks.leaderboard.arms import join_arms
from unisafe_tasks.leaderboard.bridged import bridged_row, bridged_runs
from unisafe_tasks.leaderboard.model import Block, Leaderboard, Row
from unisafe_tasks.leaderboard.ranking import with_ranks
from unisafe_tasks.leaderboard.reference import Reference
from unisafe_tasks.leaderboard.rows import (
    Entry,
    columns_of,
    comparable,
    entries_of,
    row_of,
    settled,
    told_apart,
)
from unisafe_tasks.metric_facts import JUDGMENT_OF_ARMS
from unisafe_tasks.outputs.earlier_run import asked_of
from unisafe_tasks.results.basis import address_notes, basis_of, differing
from unisafe_tasks.results.marks import MIN_COVERAGE
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.results.stacks import stack_notes
from unisafe_tasks.self_awareness import DEFINITION, run_identity
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import Arm

if TYPE_CHECKING:
    from unisafe_tasks.results.bridge_card import BridgeCard

__all__ = ["build"]


def build(
    results: Sequence[ScoredRun],
    *,
    min_coverage: float = MIN_COVERAGE,
    reference: Reference | None = None,
    self_awareness: Sequence[Mapping[str, Any]] = (),
    bridge: BridgeCard | None = None,
    resampler: Resampler | None = None,
) -> Leaderboard:
    """Arrange runs in blocks that may be compared, that with most runs first.

    Args:
        results: judged runs. Several runs of one model make one row if their tasks differ. Runs of
            the benign set have tables of their own, and those that join both arms of a model.
        min_coverage: scores whose coverage is below it are marked.
        reference: published numbers to show beside ours.
        self_awareness: the contents of `self_awareness.json` of `unisafe_self_*` runs.
        bridge: moves runs of its old panel beside those of its new one, as marked rows. The runs of
            the old panel also keep their table.
        resampler: the bootstrap's draws that `results` were read with, if any.

    Raises:
        RunError: no run was judged or has a task, a run does not name its data, panel or rubric,
            two self-awareness results are of the same outputs, or the bridge is of other panels.
    """
    given, results = results, [result for result in results if result.info.get("panel")]
    if not results:
        basis_of(given[0])
    judged, results = results, [result for result in results if result.metrics["tasks"]]
    if not results:
        raise RunError(f"{judged[0].folder} has no task with an output: there is nothing to show")
    used: set[tuple[str, str, str]] = set()
    blocks = []
    adversarial = [result for result in results if result.arm is Arm.ADVERSARIAL]
    harmless = [result for result in results if result.arm is Arm.BENIGN]
    groups, benign_groups = (
        sorted(comparable(arm), key=len, reverse=True) for arm in (adversarial, harmless)
    )
    bridged = None if bridge is None else bridged_runs(groups, bridge)
    for members in groups:
        rows: list[tuple[Row, Entry | None]] = [
            (row_of(entry, min_coverage, _self_judgments(entry, self_awareness)), entry)
            for entry in entries_of(members)
        ]
        if bridge and bridged and members is bridged.beside:
            rows += [
                (bridged_row(row_of(entry, min_coverage), bridge), None)
                for entry in entries_of(bridged.runs)
            ]
        block = _block(members, rows)
        if reference is not None:
            told = tuple(_beside(row, reference, used) for row in block.rows)
            block = replace(block, rows=told)
        blocks.append(block)
    benign = [
        _block(members, [(row_of(entry, min_coverage), entry) for entry in entries_of(members)])
        for members in benign_groups
    ]
    joined: list[Block] = []
    unjoined: list[str] = []
    if groups and benign_groups:
        joined, unjoined = join_arms(groups, benign_groups, min_coverage, resampler or Resampler())
    notes = [
        f"{result.folder.name} ({result.model}) was not judged, and is in no table."
        for result in given
        if not result.info.get("panel")
    ]
    notes += [
        f"{result.folder.name} ({result.model}) has no task with an output, and is in no table."
        for result in judged
        if not result.metrics["tasks"]
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
    apart, benign_apart = (
        tuple(differing([basis_of(result) for result in arm])) for arm in (adversarial, harmless)
    )
    return Leaderboard(
        tuple(blocks),
        apart,
        min_coverage,
        tuple(notes),
        tuple(benign),
        benign_apart,
        tuple(joined),
        tuple(unjoined),
    )


def _block(members: Sequence[ScoredRun], made: Sequence[tuple[Row, Entry | None]]) -> Block:
    arm = members[0].arm
    rows = told_apart(settled([row for row, _ in made], JUDGMENT_OF_ARMS[arm]))
    ranked = with_ranks(rows, [entry for _, entry in made], arm)
    return Block(basis_of(members[0]), columns_of(rows), tuple(ranked))


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


def _self_judgments(
    entry: Entry, self_awareness: Sequence[Mapping[str, Any]]
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
