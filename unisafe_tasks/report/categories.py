"""Where models fail: their scores by category and subcategory, side by side and one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from markupsafe import Markup

from unisafe_judges import Modality
from unisafe_judges.taxonomy import taxonomy
from unisafe_tasks.leaderboard import Block, Cell, Leaderboard, Row
from unisafe_tasks.metric_facts import ASR, FACTS, SCORES
from unisafe_tasks.numerals import percent
from unisafe_tasks.report import charts
from unisafe_tasks.report.score_cells import ScoreCell, score_cell
from unisafe_tasks.report.tables import Table, Value, score, table
from unisafe_tasks.results.marks import marks_of, marks_together
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.tasks import TASKS, task_named
from unisafe_tasks.types import Status

__all__ = ["CategoryBlock", "HeatMap", "Matrix", "MatrixRow", "category_blocks", "heat_map"]

Summaries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class MatrixRow:
    """A model's scores; `unranked` says why its overall score has no rank."""

    label: str
    unranked: str
    cells: tuple[ScoreCell, ...]


@dataclass(frozen=True)
class Matrix:
    """Models by categories, or by the subcategories of one. `opened` are the latter."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    opened: tuple[Matrix, ...] = ()


@dataclass(frozen=True)
class CategoryBlock:
    """Runs that may be compared: for each metric the matrices of image and of text tasks."""

    title: str
    models: int
    choices: tuple[tuple[str, tuple[Matrix, ...]], ...]


@dataclass(frozen=True)
class HeatMap:
    """One run's attack success rates by category and task, drawn and as a table."""

    chart: Markup
    table: Table


def category_blocks(
    board: Leaderboard, summaries_of: Callable[[Row], Summaries]
) -> tuple[CategoryBlock, ...]:
    """The matrices of each set of UniSAFE's runs that may be compared, the largest first.

    Args:
        board: the leaderboard, whose rows and order these are.
        summaries_of: what metrics.json says of each task of a row.
    """
    made = []
    for block in board.blocks:
        summaries = [summaries_of(row) for row in block.rows]
        choices = tuple(
            (FACTS[metric].full_title, matrices)
            for metric in SCORES
            if (matrices := _matrices(block, summaries, metric, board.min_coverage))
        )
        if choices:
            made.append(CategoryBlock(block.describe(), len(block.rows), choices))
    return tuple(sorted(made, key=lambda block: -block.models))


def _matrices(
    block: Block, summaries: Sequence[Summaries], metric: str, threshold: float
) -> tuple[Matrix, ...]:
    modalities: tuple[Modality, ...] = ("image", "text")
    return tuple(
        matrix
        for modality in modalities
        if (matrix := _matrix(block, summaries, metric, modality, threshold)) is not None
    )


def _matrix(
    block: Block,
    summaries: Sequence[Summaries],
    metric: str,
    modality: Modality,
    threshold: float,
) -> Matrix | None:
    """Models by the categories of one modality's tasks; None if no model has a score in it."""
    names = [task.name for task in TASKS.values() if task.modality == modality]
    tasks = [name for name in names if any(name in of_row for of_row in summaries)]
    codes = ", ".join(task_named(name).code for name in tasks)
    places = _places(summaries, tasks)
    if not places:
        return None

    def rows(columns: Mapping[str, Sequence[str]], title: str) -> Matrix:
        having = {
            head: [name for name in tasks if any(_part(s.get(name), path) for s in summaries)]
            for head, path in columns.items()
        }
        made = [
            MatrixRow(
                row.label,
                row.unranked,
                tuple(
                    score_cell(head, _mean(of_row, having[head], path, metric, threshold), metric)
                    for head, path in columns.items()
                ),
            )
            for row, of_row in zip(block.rows, summaries, strict=True)
        ]
        return Matrix(title, tuple(columns), tuple(made))

    named = {entry.code: entry.name for entry in taxonomy(modality)}
    opened = tuple(
        rows(
            {f"{code} {named.get(code, '')}".strip(): (category, code) for code in codes_of},
            category,
        )
        for category, codes_of in places.items()
    )
    heads = {category: (category,) for category in places}
    return replace(rows(heads, f"{modality.capitalize()} tasks ({codes})"), opened=opened)


def _places(summaries: Iterable[Summaries], tasks: Sequence[str]) -> dict[str, list[str]]:
    """The categories of these tasks with their subcategories, in the taxonomy's order."""
    found: dict[str, dict[str, None]] = {}
    for of_row in summaries:
        for name in tasks:
            for category, scores in of_row.get(name, {}).get("categories", {}).items():
                found.setdefault(category, {}).update(dict.fromkeys(scores["subcategories"]))
    return {category: sorted(found[category]) for category in _in_order(found)}


def _mean(
    summaries: Summaries, tasks: Sequence[str], path: Sequence[str], metric: str, threshold: float
) -> Cell:
    """The plain mean over the tasks, as that of a group of tasks is; none if one has no score."""
    cells = [_score(summaries.get(name), path, metric, threshold) for name in tasks]
    if unknown := [cell for cell in cells if cell.value is None]:
        return unknown[0]
    return Cell(
        "scored",
        fmean(cell.value for cell in cells if cell.value is not None),
        flags=marks_together(cell.flags for cell in cells),
        metric=metric,
    )


def _part(summary: Mapping[str, Any] | None, path: Sequence[str]) -> Mapping[str, Any] | None:
    """What a task's summary says of a category, or of a subcategory of it."""
    scores: Mapping[str, Any] | None = (summary or {}).get("categories", {}).get(path[0])
    for code in path[1:]:
        scores = scores and scores["subcategories"].get(code)
    return scores


def _score(
    summary: Mapping[str, Any] | None, path: Sequence[str], metric: str, threshold: float
) -> Cell:
    """The score of a category or subcategory in a task, which is incomplete if its task is."""
    scores = _part(summary, path)
    if summary is None or scores is None:
        return Cell("absent")
    value, coverage = scores[metric], scores["coverage"]
    if value is None:
        if summary["statuses"].get(Status.UNSUPPORTED) == summary["asked"]:
            return Cell("unsupported", coverage=coverage)
        return Cell("untold" if scores[ASR] is not None else "unscored", coverage=coverage)
    marks = marks_of({**summary, "coverage": coverage}, threshold)
    interval = scores.get("intervals", {}).get(metric)
    return Cell("scored", value, interval, coverage, marks, metric=metric)


def heat_map(result: ScoredRun, label: str, threshold: float) -> HeatMap | None:
    """A run's categories by task; None if it has no task. `threshold` is the leaderboard's."""
    tasks: Summaries = result.metrics["tasks"]
    categories = list(_places([tasks], list(tasks)))
    if not categories:
        return None
    codes = [task_named(name).code for name in tasks]
    cells = [
        [_score(summary, (category,), ASR, threshold) for summary in tasks.values()]
        for category in categories
    ]
    shaded = [
        [
            charts.GridCell(
                cell.value,
                cell.number,
                score_cell(f"{category}, {code}", cell, ASR).words,
            )
            for code, cell in zip(codes, row, strict=True)
        ]
        for category, row in zip(categories, cells, strict=True)
    ]
    rows = [
        [Value(category), *(_counted(cell) for cell in row)]
        for category, row in zip(categories, cells, strict=True)
    ]
    title = f"Attack success rate of {label} by category and task"
    return HeatMap(
        charts.grid(title, categories, codes, shaded), table(title, ["category", *codes], rows)
    )


def _counted(cell: Cell) -> Value:
    value = score(cell)
    whole = cell.coverage is None or cell.coverage == 1
    coverage = "" if whole else f"{percent(cell.coverage)} % scored"
    return replace(value, small=f"{value.small} {coverage}".strip())


def _in_order(present: Iterable[str]) -> list[str]:
    """Categories in the taxonomies' order, then unknown ones by name."""
    known = dict.fromkeys(
        entry.category for task in TASKS.values() for entry in taxonomy(task.modality)
    )
    found = set(present)
    return [name for name in known if name in found] + sorted(found - known.keys())
