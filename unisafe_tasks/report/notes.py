"""What a reader must know before the scores, and the other notes of the runs.

A note stands first only if it unranks a model, separates runs, or says that the scores are no
results. The marks of scores are explained below the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisafe_tasks.data.names import DEMO_NOTE
from unisafe_tasks.leaderboard import Block, Leaderboard
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.results.stacks import stack_notes

__all__ = ["Notes", "notes_of", "weighed"]

_MOST_NAMED = 3


@dataclass(frozen=True)
class Notes:
    """`first` stand before the scores; of `others` the page shows the count, until it is opened.

    `others` has each note with the names of the runs that have it.
    """

    first: tuple[str, ...]
    others: Mapping[str, Sequence[str]]

    @property
    def count(self) -> str:
        more = "more " if self.first else ""
        return f"{len(self.others)} {more}note{'' if len(self.others) == 1 else 's'} on the runs"


def weighed(board: Leaderboard, others: Mapping[str, Sequence[str]]) -> Notes:
    """The notes by their weight; `others` are those of `notes_of`."""
    demo = [DEMO_NOTE] if DEMO_NOTE in others else []
    apart = []
    if board.differing:
        apart.append(
            f"These runs differ in {' and '.join(board.differing)}: their numbers must not be "
            "compared. Each group has a separate table."
        )
    unranked = [note for block in board.blocks for note in _unranked(block)]
    rest = {note: labels for note, labels in others.items() if note != DEMO_NOTE}
    return Notes((*demo, *apart, *unranked), rest)


def _unranked(block: Block) -> Iterator[str]:
    rows = [row for row in block.rows if row.unranked]
    if len(rows) <= _MOST_NAMED:
        for row in rows:
            yield f"{row.label}: {row.unranked}, so it is not ranked."
        return
    named = ", ".join(f"{row.label} ({row.unranked})" for row in rows[:_MOST_NAMED])
    yield (
        f"{len(rows)} models are not ranked: {named} and {len(rows) - _MOST_NAMED} more. The table "
        "has the reason below each name."
    )


def notes_of(
    results: Sequence[ScoredRun],
    labels: Sequence[str],
    self_awareness: Sequence[Mapping[str, Any]],
) -> dict[str, list[str]]:
    """Each note of the runs, with the names of the runs that have it."""
    notes: dict[str, list[str]] = {note: [] for note in stack_notes(results)}
    for result, label in zip(results, labels, strict=True):
        for note in result.metrics["notes"]:
            notes.setdefault(note, []).append(label)
    for awareness in self_awareness:
        for note in awareness["notes"]:
            notes.setdefault(note, []).append(f"{awareness['model']}, self-awareness")
    return notes
