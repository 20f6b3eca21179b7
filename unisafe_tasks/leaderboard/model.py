"""The leaderboard as data: blocks of comparable rows, and cells that know their marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from unisafe_tasks import numerals
from unisafe_tasks.data.names import arm_of
from unisafe_tasks.metric_facts import ASR, FACTS_OF_ARMS, TABLE_METRICS
from unisafe_tasks.results.basis import Basis
from unisafe_tasks.statistics.ranks import RankRange

__all__ = ["Block", "Cell", "Column", "Leaderboard", "Row"]

State = Literal["scored", "untold", "unscored", "unsupported", "absent"]


@dataclass(frozen=True)
class Cell:
    """One score of one model; `value` is None unless `state` is "scored".

    "untold": the task is scored, and its judges do not tell this, as guards give no rating.
    `coverage` is that of the column's cases; `flags` are the marks of the score, if there is one.
    `metric` says in which unit the score is. `leads` says that no other model of the column is
    shown to be better; only scores by which a table ranks have it.
    """

    state: State
    value: float | None = None
    interval: Mapping[str, Any] | None = None
    coverage: float | None = None
    flags: str = ""
    reference: float | None = None
    metric: str = ASR
    leads: bool = False

    @property
    def marks(self) -> str:
        """What has to stand beside the number, wherever it is shown."""
        return "" if self.value is None else self.flags

    @property
    def number(self) -> str:
        """The score with its marks, or a dash: the one way a score is written for people."""
        return numerals.score(self.value, self.metric) + self.marks

    @property
    def bounds(self) -> str:
        """The 95 % interval, or nothing where it is not known."""
        return "" if self.value is None else numerals.interval(self.interval, self.metric)

    @property
    def against(self) -> str:
        """The reference's number and ours minus it."""
        if self.reference is None:
            return ""
        told = f"ref {numerals.score(self.reference, self.metric)}"
        if self.value is None:
            return f"({told})"
        return f"({told}, {numerals.change(self.value - self.reference, self.metric)})"


@dataclass(frozen=True)
class Column:
    """A task, with what a four-turn model was shown where that differs, or a group of tasks."""

    name: str
    code: str
    history: str | None = None
    several: bool = field(default=False, compare=False)
    """Whether the block has the task with another history too."""

    @property
    def title(self) -> str:
        return f"{self.code} ({self.history})" if self.several and self.history else self.code


@dataclass(frozen=True)
class Row:
    """A model's scores: from one run, or from several of different tasks.

    `unranked` says in a few words why a row has no `rank` beside rows that have one.
    """

    label: str
    model: str
    folders: tuple[str, ...]
    cells: Mapping[tuple[Column, str], Cell]
    notes: tuple[str, ...] = ()
    rank: RankRange | None = None
    unranked: str = ""

    def cell(self, column: Column, metric: str) -> Cell:
        """The cell, or that of a task which the model was not run on."""
        return self.cells.get((column, metric), Cell("absent"))


@dataclass(frozen=True)
class Block:
    """Rows that may be compared, since they have one basis.

    `benign` is that of the benign runs where both arms of each model are in one row.
    """

    basis: Basis
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    benign: Basis | None = None

    def describe(self) -> str:
        """What the rows' scores rest on, as a table's title has it."""
        if self.benign is None:
            return self.basis.describe()
        beside = f"{self.benign.data} ({self.benign.fingerprint[:12]})"
        return f"{self.basis.describe()} and {beside}"

    def metrics(self) -> list[str]:
        """The metrics of which any cell is there, in their order."""
        return [
            metric
            for metric in {**FACTS_OF_ARMS[arm_of(self.basis.data)], **TABLE_METRICS}
            if any((column, metric) in row.cells for row in self.rows for column in self.columns)
        ]


@dataclass(frozen=True)
class Leaderboard:
    """Blocks of comparable rows; `differing` says what keeps `blocks` apart.

    `benign` are the blocks of runs of the benign set, which `benign_differing` keeps apart, and
    `joined` those with both arms of a model in one row; `unjoined` says what keeps others apart.
    """

    blocks: tuple[Block, ...]
    differing: tuple[str, ...]
    min_coverage: float
    notes: tuple[str, ...] = field(default=())
    benign: tuple[Block, ...] = ()
    benign_differing: tuple[str, ...] = ()
    joined: tuple[Block, ...] = ()
    unjoined: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[Block, ...]:
        """Every block, in the order of the tables."""
        return (*self.blocks, *self.benign, *self.joined)

    def describe(self, number: int) -> str:
        """What the scores of a table rest on, with all that tells it from the other tables."""
        block = self.tables[number - 1]
        said = block.describe()
        if "judge versions" in self.differing:
            said += f", judges {block.basis.describe_versions()}"
        if "forms of the judges' prompt" in self.differing:
            said += f", judges asked in {block.basis.describe_forms()}"
        return said
