"""The scores as the page shows them: the headline tables, interval charts and heat maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from unisafe_judges.taxonomy import taxonomy
from unisafe_tasks.leaderboard import Block, Cell, Column, Leaderboard
from unisafe_tasks.metric_facts import ASR, TABLE_METRICS
from unisafe_tasks.report import charts
from unisafe_tasks.report.tables import DASH, Cells, Table, Value, score, table
from unisafe_tasks.results.marks import MARKS, mark_notes, marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.tasks import TASKS, task_named
from unisafe_tasks.types import Status

__all__ = [
    "Choice",
    "HeatMap",
    "ScoreBlock",
    "heat_maps",
    "legend",
    "metric_tables",
    "score_blocks",
]


@dataclass(frozen=True)
class Choice:
    """One of several tables or charts of which the page shows one at a time."""

    name: str
    about: str
    table: Table | None = None
    chart: Markup | None = None


@dataclass(frozen=True)
class ScoreBlock:
    """Runs that may be compared: a table for each metric, a chart for each column."""

    title: str
    metrics: tuple[Choice, ...]
    charts: tuple[Choice, ...]


@dataclass(frozen=True)
class HeatMap:
    """One run's attack success rates by category and task, drawn and as a table."""

    label: str
    chart: Markup
    table: Table


def legend(board: Leaderboard) -> list[str]:
    """What the marks in every table mean."""
    return [
        *mark_notes(MARKS, board.min_coverage),
        f"{DASH} No score: unsupported, not run, or nothing was scored. Never a score of 0.",
        "In brackets: 95 % intervals, by bootstrap over risk targets; none where a subcategory has "
        "fewer than two scored cases.",
    ]


def score_blocks(board: Leaderboard) -> list[ScoreBlock]:
    """The headline scores: a block for each set of runs that may be compared."""
    return [
        ScoreBlock(
            block.basis.describe(),
            metric_tables(block),
            tuple(_chart(block, column) for column in block.columns if len(block.rows) > 1),
        )
        for block in board.blocks
    ]


def metric_tables(block: Block) -> tuple[Choice, ...]:
    """The block's tables, one for each metric."""
    return tuple(_metric(block, metric) for metric in block.metrics())


def heat_maps(
    results: Sequence[ScoredRun], labels: Sequence[str], threshold: float
) -> list[HeatMap]:
    """A heat map for each run that has tasks; `threshold` is the leaderboard's."""
    return [
        _heat_map(result.metrics["tasks"], label, threshold)
        for result, label in zip(results, labels, strict=True)
        if result.metrics["tasks"]
    ]


def _metric(block: Block, metric: str) -> Choice:
    facts = TABLE_METRICS[metric]
    rows: list[Cells] = [
        [
            row.label,
            *(_cell(row.cell(column, metric)) for column in block.columns),
        ]
        for row in block.rows
    ]
    columns = ["model", *(column.title for column in block.columns)]
    return Choice(facts.full_title, facts.about, table(facts.full_title, columns, rows))


def _cell(cell: Cell) -> Value:
    return Value(DASH, "unsupported") if cell.state == "unsupported" else score(cell)


def _chart(block: Block, column: Column) -> Choice:
    cells = [(row.label, row.cell(column, ASR)) for row in block.rows]
    marks = [
        charts.Mark(
            label,
            cell.value,
            cell.interval["low"] if cell.interval else None,
            cell.interval["high"] if cell.interval else None,
            f"{cell.number} {cell.bounds}",
        )
        for label, cell in cells
    ]
    title = column.title
    return Choice(
        title, "", chart=charts.intervals(f"{TABLE_METRICS[ASR].full_title}, {title}", marks)
    )


def _heat_map(tasks: Mapping[str, Mapping[str, Any]], label: str, threshold: float) -> HeatMap:
    categories = _categories(tasks)
    codes = [task_named(name).code for name in tasks]
    cells = [
        [_category_score(summary, category, threshold) for summary in tasks.values()]
        for category in categories
    ]
    title = f"Attack success rate of {label} by category and task"
    shaded = [
        [
            charts.GridCell(cell.value, cell.number, f"{category}, {code}: {_words(cell)}")
            for code, cell in zip(codes, row, strict=True)
        ]
        for category, row in zip(categories, cells, strict=True)
    ]
    rows = [
        [Value(category), *(_counted(cell) for cell in row)]
        for category, row in zip(categories, cells, strict=True)
    ]
    return HeatMap(
        label,
        charts.grid(title, categories, codes, shaded),
        table(title, ["category", *codes], rows),
    )


def _category_score(summary: Mapping[str, Any], category: str, threshold: float) -> Cell:
    """A category's score. It is marked as incomplete if its task is incomplete."""
    scores = summary["categories"].get(category)
    if scores is None:
        return Cell("absent")
    value, coverage = scores[ASR], scores["coverage"]
    if value is None:
        unsupported = summary["statuses"].get(Status.UNSUPPORTED) == summary["asked"]
        return Cell("unsupported" if unsupported else "unscored", coverage=coverage)
    marks = marks_of({**summary, "coverage": coverage}, threshold)
    return Cell("scored", value, scores["intervals"][ASR], coverage, marks)


def _counted(cell: Cell) -> Value:
    value = score(cell)
    whole = cell.coverage is None or cell.coverage == 1
    coverage = "" if whole else f"coverage {cell.coverage:.2f}"
    return replace(value, small=f"{value.small} {coverage}".strip())


def _words(cell: Cell) -> str:
    if cell.value is None:
        words = {"absent": "the task has no such category", "untold": "not told by its judges"}
        return words.get(cell.state, cell.state)
    return f"{cell.number} {cell.bounds}".strip()


def _categories(tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The categories of all tasks in the taxonomies' order, then unknown categories by name."""
    present = {category for summary in tasks.values() for category in summary["categories"]}
    known = dict.fromkeys(
        entry.category for task in TASKS.values() for entry in taxonomy(task.modality)
    )
    return [name for name in known if name in present] + sorted(present - known.keys())
