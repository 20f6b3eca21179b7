"""The standings: one table that says which model is safest, on which task, and how sure that is.

Terminal, Markdown and LaTeX show the same standings. All scores are in the sheets (`sheets`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from unisafe_tasks.data.names import arm_of
from unisafe_tasks.leaderboard.model import Block, Cell, Column, Leaderboard, Row
from unisafe_tasks.leaderboard.ranking import HEADLINES, first_column
from unisafe_tasks.metric_facts import DISCRIMINATION, EVASION, TABLE_METRICS
from unisafe_tasks.results.marks import OTHER_HISTORY
from unisafe_tasks.tasks import ALL_GROUPS, BENIGN_GROUP, GROUP_TITLES, Arm, task_named

__all__ = ["Standing", "Standings", "largest_of_each_kind", "only_table", "standings_of"]

_BESIDE: Mapping[str, tuple[str, ...]] = {
    HEADLINES[Arm.ADVERSARIAL]: ("refusal_rate", EVASION),
    HEADLINES[Arm.BENIGN]: ("benign_unsafe_rate",),
    DISCRIMINATION: ("harmful_refused", "harmless_refused"),
}
"""Headline -> the metrics whose overall scores stand beside it."""


@dataclass(frozen=True)
class Standing:
    """A model's line: the overall score, those of the tasks, and overall scores of other metrics.

    `rank` is empty and `unranked` says why where the model has none; both are empty in a table that
    ranks nobody. `coverage` is the lowest of the tasks that the model can do.
    """

    name: str
    rank: str
    unranked: str
    overall: Cell
    tasks: tuple[Cell, ...]
    beside: tuple[Cell, ...]
    coverage: float | None

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (self.overall, *self.tasks, *self.beside)


@dataclass(frozen=True)
class Standings:
    """The table of one block of the leaderboard; `number` is its own, if there are several."""

    number: int | None
    metric: str
    basis: str
    overall: str
    tasks: tuple[str, ...]
    beside: tuple[str, ...]
    lines: tuple[Standing, ...]

    @property
    def title(self) -> str:
        """What the numbers are, and which way is better."""
        facts = TABLE_METRICS[self.metric]
        return f"{facts.title}, %: {facts.direction}"

    @property
    def about(self) -> str:
        """What the scores rest on, with the number of the table."""
        return self.basis if self.number is None else f"table {self.number}: {self.basis}"

    @property
    def ranked(self) -> tuple[Standing, ...]:
        """The models with a rank, or all of a table that ranks nobody."""
        return tuple(line for line in self.lines if not line.unranked)

    @property
    def unranked(self) -> tuple[Standing, ...]:
        return tuple(line for line in self.lines if line.unranked)

    @property
    def has_ranks(self) -> bool:
        return any(line.rank or line.unranked for line in self.lines)

    @property
    def marks(self) -> str:
        """All marks that are shown."""
        return "".join(cell.marks for line in self.lines for cell in line.cells)


def only_table(board: Leaderboard, number: int) -> Leaderboard:
    """The leaderboard with one of its tables, which are counted from 1."""
    block = board.tables[number - 1]
    blocks, benign, joined = (
        tuple(one for one in kind if one is block)
        for kind in (board.blocks, board.benign, board.joined)
    )
    return replace(board, blocks=blocks, benign=benign, joined=joined)


def largest_of_each_kind(board: Leaderboard) -> list[int]:
    """The numbers of the tables with most models: of UniSAFE, of the benign set, of both arms."""
    numbers, start = [], 1
    for blocks in (board.blocks, board.benign, board.joined):
        if blocks:
            largest = max(range(len(blocks)), key=lambda at: len(blocks[at].rows))
            numbers.append(start + largest)
        start += len(blocks)
    return numbers


def standings_of(board: Leaderboard) -> list[Standings]:
    """The standings of each table, in the order of the tables."""
    return [
        _of_block(block, number if len(board.tables) > 1 else None, board.describe(number))
        for number, block in enumerate(board.tables, start=1)
    ]


def _of_block(block: Block, number: int | None, basis: str) -> Standings:
    metric = DISCRIMINATION if block.benign else HEADLINES[arm_of(block.basis.data)]
    main = _main_columns(block, metric)
    names = list(dict.fromkeys(column.name for column in block.columns))
    known = first_column(block.rows, metric)
    overall = known.name if known else next((one for one in ALL_GROUPS if one in names), names[0])
    tasks = [name for name in names if name not in ALL_GROUPS and name != overall]
    present = set(block.metrics())
    beside = [one for one in _BESIDE[metric] if one in present]
    lines = [_standing(row, metric, overall, tasks, beside, main) for row in block.rows]
    return Standings(
        number,
        metric,
        basis,
        _code(overall),
        tuple(map(_code, tasks)),
        tuple(TABLE_METRICS[one].short for one in beside),
        tuple(lines),
    )


def _standing(
    row: Row,
    metric: str,
    overall: str,
    tasks: Sequence[str],
    beside: Sequence[str],
    main: Mapping[str, Column],
) -> Standing:
    cells = [_cell(row, name, metric, main) for name in tasks]
    first = _cell(row, overall, metric, main)
    known = [
        cell.coverage
        for cell in (cells if overall in ALL_GROUPS else [first, *cells])
        if cell.state not in ("absent", "unsupported") and cell.coverage is not None
    ]
    return Standing(
        name=row.label,
        rank=str(row.rank or ""),
        unranked=row.unranked,
        overall=first,
        tasks=tuple(cells),
        beside=tuple(_cell(row, overall, one, main) for one in beside),
        coverage=min(known, default=None),
    )


def _main_columns(block: Block, metric: str) -> dict[str, Column]:
    """By task or group the column of the four-turn history that the table is of."""
    headline = first_column(block.rows, metric)
    history = headline.history if headline else None
    counts = Counter(
        column
        for row in block.rows
        for (column, name), cell in row.cells.items()
        if name == metric and cell.value is not None
    )
    main: dict[str, Column] = {}
    for column in block.columns:
        best = main.get(column.name)
        weight = (column.history == history, counts[column])
        if best is None or weight > (best.history == history, counts[best]):
            main[column.name] = column
    return main


def _cell(row: Row, name: str, metric: str, main: Mapping[str, Column]) -> Cell:
    """The model's cell of a task or group, marked if it is of another four-turn history."""
    if (cell := row.cells.get((main[name], metric))) is not None:
        return cell
    for (column, of), cell in row.cells.items():
        if (column.name, of) == (name, metric):
            return replace(cell, flags=cell.flags + OTHER_HISTORY)
    return Cell("absent")


def _code(name: str) -> str:
    if name in ALL_GROUPS:
        return GROUP_TITLES[name.replace(BENIGN_GROUP, "unisafe", 1)]
    return task_named(name).code
