"""One model at a time: its scores, where it fails, its coverage, its judges' agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisafe_tasks.leaderboard import Block, Leaderboard, Row
from unisafe_tasks.metric_facts import TABLE_METRICS
from unisafe_tasks.report.categories import HeatMap, heat_map
from unisafe_tasks.report.judges import agreement_of
from unisafe_tasks.report.outcomes import outcomes_of
from unisafe_tasks.report.policy_codes import policy_codes
from unisafe_tasks.report.records import coverage_of, provenance, safety_stack
from unisafe_tasks.report.tables import Table, score, table
from unisafe_tasks.report.targets import SharedTargets, shared_targets
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import Arm

__all__ = ["ModelPage", "anchor_of", "model_pages"]


@dataclass(frozen=True)
class ModelPage:
    """A run's part of the page. `scores` are those of its row in the leaderboard."""

    anchor: str
    label: str
    unranked: str
    scores: Table | None
    heat_map: HeatMap | None
    shared: SharedTargets | None
    outcomes: tuple[Table, ...]
    policy: tuple[Table, ...]
    coverage: tuple[Table, ...]
    agreement: tuple[Table, ...]
    provenance: Table
    stack: Table | None


def anchor_of(number: int) -> str:
    """The id of a run's part of the page."""
    return f"model-{number}"


def model_pages(
    results: Sequence[ScoredRun],
    labels: Sequence[str],
    board: Leaderboard,
    resampler: Resampler,
) -> list[ModelPage]:
    """A part for each run; those of the benign set have their coverage and scores alone."""
    pages = []
    for number, (result, label) in enumerate(zip(results, labels, strict=True)):
        found = _row_of(result, board)
        threshold, is_own = board.min_coverage, result.arm is Arm.ADVERSARIAL
        metrics = result.metrics
        pages.append(
            ModelPage(
                anchor_of(number),
                label,
                found[1].unranked if found and is_own else "",
                _scores(*found) if found else None,
                heat_map(result, label, threshold) if is_own else None,
                shared_targets(result, label, threshold, resampler) if is_own else None,
                tuple(outcomes_of(metrics, threshold)) if is_own else (),
                tuple(policy_codes(metrics["tasks"], threshold)) if is_own else (),
                tuple(coverage_of(result, threshold)),
                agreement_of(metrics, threshold) if is_own else (),
                provenance(result),
                safety_stack(result),
            )
        )
    return pages


def _row_of(result: ScoredRun, board: Leaderboard) -> tuple[Block, Row] | None:
    """The leaderboard's row that the run is in; None if folders of one name leave that open."""
    fitting = [
        (block, row)
        for block in (board.blocks if result.arm is Arm.ADVERSARIAL else board.benign)
        for row in block.rows
        if row.model == result.model and result.folder.name in row.folders
    ]
    return fitting[0] if len(fitting) == 1 else None


def _scores(block: Block, row: Row) -> Table:
    metrics = [name for name in block.metrics() if any(name == one for _, one in row.cells)]
    columns = [c for c in block.columns if any((c, name) in row.cells for name in metrics)]
    return table(
        "Scores with 95 % intervals, in percent; ratings from 0 to 3",
        ["score", *(column.code for column in columns)],
        [
            [TABLE_METRICS[name].heading, *(score(row.cell(column, name)) for column in columns)]
            for name in metrics
        ],
    )
