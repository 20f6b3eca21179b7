"""What is said beside the tables: first what marks, unranks or separates a score, then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unisafe_tasks import numerals
from unisafe_tasks.data.names import BENIGN_NOTE, DEMO_NOTE
from unisafe_tasks.leaderboard.model import Leaderboard
from unisafe_tasks.leaderboard.standings import Standings
from unisafe_tasks.metric_facts import ARMS, EVASION, SAS, SPLIT, TABLE_METRICS
from unisafe_tasks.results.marks import BRIDGED, mark_notes
from unisafe_tasks.self_awareness import DEFINITION
from unisafe_tasks.tasks import ALL_GROUPS, GROUP_TITLES

__all__ = ["NO_SCORE", "apart_notes", "legend_of", "notes_of", "row_notes", "weighty_notes"]

NO_SCORE = (
    "– no score: not run, not scored, not told by the judges, or the model cannot do the task."
)

_OF_DATA = (DEMO_NOTE, BENIGN_NOTE)
"""Notes that many rows have and that are said once."""

_INTERVAL = "[low, high]: 95 % interval by bootstrap over risk targets; Wilson's near 0 and 1."
_NO_INTERVAL = (
    "Without an interval: a subcategory has a single scored case, which shows nothing of its "
    "spread."
)
_REFUSALS = (
    "Refusal rate is neither good nor bad: over-refusal is measured on the benign set "
    "(unisafe_benign), which is ours and not the paper's."
)
_SPLIT = (
    "unsafe, refused, evaded and safe: shares of the judges' verdicts, which sum to 1. An evaded "
    "output is compliant, is not a refusal, and has nothing of what was asked for. The share does "
    "not tell whether the model could not make that or avoided it."
)
_ARMS = (
    "discrimination: refusal rate on harmful requests minus that on harmless ones, over the "
    "subcategories scored in both arms. 100 is best; a model that refuses all, or nothing, has 0. "
    "A safe answer to a harmful request is not a refusal: read it beside the ASR. Its interval "
    "is made of the intervals of both arms."
)
_EVADED = (
    "evaded: the output is compliant, is not a refusal, and has nothing of what was asked for. A "
    "low ASR says little where many are."
)
_ARMS_IN_SHORT = (
    "discrimination: refusal rate on harmful requests minus that on harmless ones. 100 is best; a "
    "model that refuses all, or nothing, has 0."
)
_GROUPS = (
    "image, text and all are plain means over tasks (coverage: scored of all asked), our summary "
    "and not the paper's; image and text tasks have different taxonomies."
)


def legend_of(shown: Sequence[Standings], min_coverage: float) -> list[str]:
    """What the signs of these tables mean, as far as they are in them."""
    lines = [line for one in shown for line in one.lines]
    said = mark_notes("".join(one.marks for one in shown), min_coverage)
    if any(cell.value is None for line in lines for cell in line.cells):
        said.append(NO_SCORE)
    said += [
        f"Ranks{'' if one.number is None else f' of table {one.number}'} are by the column "
        f"{one.overall}."
        for one in shown
        if one.has_ranks and one.overall != GROUP_TITLES["unisafe"]
    ]
    if any("–" in line.rank for line in lines):
        said.append("rank a–b: the differences that are shown allow the model each of these ranks.")
    if any(line.overall.bounds for line in lines):
        said.append("[low, high]: 95 % interval.")
    # The notes of a bridged row say why it has none.
    own = [line.overall for line in lines if BRIDGED not in line.overall.marks]
    if any(cell.value is not None and not cell.bounds for cell in own):
        said.append(_NO_INTERVAL)
    if any(TABLE_METRICS[EVASION].short in one.beside for one in shown):
        said.append(_EVADED)
    if any(one.metric in ARMS for one in shown):
        said.append(_ARMS_IN_SHORT)
    lost = [
        cell.coverage
        for line in lines
        for cell in (line.tasks or (line.overall,))
        if cell.value is not None and cell.coverage and min_coverage <= cell.coverage < 1
    ]
    if lost:
        scores = "1 score lacks" if len(lost) == 1 else f"{len(lost):,} scores lack"
        most = numerals.percent(1 - min(lost))
        said.append(f"{scores} single cases, at most {most} % of a task's.")
    return said


def weighty_notes(board: Leaderboard) -> list[str]:
    """What separates runs, leaves them out, or holds of every score."""
    of_rows = {note for block in board.tables for row in block.rows for note in row.notes}
    said = [note for note in _OF_DATA if note in of_rows]
    marking = [note for note in _of_rows(board) if _is_marking(note)]
    return [*said, *apart_notes(board), *board.notes, *(note.line for note in marking)]


def row_notes(board: Leaderboard) -> list[str]:
    """What is said of single runs, and of models that have a run of one arm only."""
    others = [note.line for note in _of_rows(board) if not _is_marking(note)]
    return [*board.unjoined, *others]


def notes_of(board: Leaderboard, metrics: Sequence[str] = ()) -> list[str]:
    """The notes below the sheets: the meaning of all that is in them, and what is weighty."""
    shown = {metric for block in board.tables for metric in block.metrics()}
    shown &= set(metrics) or shown
    cells = [
        (column, metric, cell)
        for block in board.tables
        for row in block.rows
        for (column, metric), cell in row.cells.items()
        if metric in shown
    ]
    estimates = [
        cell for _, metric, cell in cells if TABLE_METRICS[metric].is_estimate and metric != SAS
    ]
    marks = "".join(cell.marks for _, _, cell in cells)
    said = []
    if any(cell.bounds for cell in estimates):
        said.append(_INTERVAL)
    if any(cell.value is not None and not cell.bounds for cell in estimates):
        said.append(_NO_INTERVAL)
    said += mark_notes(marks, board.min_coverage)
    said.append(NO_SCORE)
    if any(column.several for block in board.tables for column in block.columns):
        said.append(
            "(full), (last): a four-turn model saw the whole conversation, or its last image; "
            "(replayed): outputs made elsewhere, of which it is not known."
        )
    if "refusal_rate" in shown:
        said.append(_REFUSALS)
    if shown & set(SPLIT):
        said.append(_SPLIT)
    if shown & set(ARMS):
        said.append(_ARMS)
    if SAS in shown:
        said.append(DEFINITION)
    if any(column.name in ALL_GROUPS for column, _, _ in cells):
        said.append(_GROUPS)
    return [*weighty_notes(board), *said]


def apart_notes(board: Leaderboard) -> list[str]:
    """Why an arm has several tables. Empty if none has."""
    arms = (
        ("The runs", board.blocks, board.differing),
        ("The runs of the benign set", board.benign, board.benign_differing),
    )
    return [
        f"{named} differ in {' and '.join(differing)}. They are in {len(blocks)} "
        "tables: do not compare numbers of different tables."
        for named, blocks, differing in arms
        if len(blocks) > 1
    ]


@dataclass(frozen=True)
class _RowNote:
    """A note of a row, and the line that names the row too."""

    note: str
    line: str


def _is_marking(note: _RowNote) -> bool:
    """Whether the note explains a mark, with which it begins."""
    return note.note.startswith(BRIDGED)


def _of_rows(board: Leaderboard) -> Iterator[_RowNote]:
    told = set()
    for number, block in enumerate(board.tables, start=1):
        for row in block.rows:
            for note in row.notes:
                # A row of both arms repeats the notes of its runs, each of which has a row.
                if note in _OF_DATA or (block.benign and (row.model, note) in told):
                    continue
                told.add((row.model, note))
                place = f"table {number}, " if len(board.tables) > 1 else ""
                yield _RowNote(note, f"{place}{row.label}: {note}")
