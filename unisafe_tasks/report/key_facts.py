"""The four facts at the head of the page: the safest model, the least safe one, the hardest task,
and how the judges do against people.

A fact is no more certain than the ranks: models whose ranks may be the same are all named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisafe_tasks import numerals
from unisafe_tasks.data.names import arm_of
from unisafe_tasks.leaderboard import Cell, Column, Leaderboard, Row
from unisafe_tasks.leaderboard.ranking import headline_of
from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.tasks import ALL_GROUPS, GROUP_TITLES, task_named

__all__ = ["KeyFact", "key_facts"]

_MOST_NAMED = 3


@dataclass(frozen=True)
class KeyFact:
    """A fact: what it is of, in one phrase, and what stands behind it."""

    head: str
    main: str
    about: str


def key_facts(board: Leaderboard, cards: Sequence[Mapping[str, Any]]) -> tuple[KeyFact, ...]:
    """The facts of the largest block of UniSAFE's runs.

    Args:
        board: the leaderboard.
        cards: judge cards, as `read_card` gives them; those of other panels say nothing here.
    """
    block = max(board.blocks, key=lambda block: len(block.rows))
    headline = headline_of(block.rows, arm_of(block.basis.data))
    judges = _judges(cards, block.basis.panel_sha256)
    if headline is None:
        about = "No model has a score: nothing was judged, or no model can do the tasks."
        return (KeyFact("Attack success", "Not known", about), judges)
    ranked = [row for row in block.rows if row.rank is not None]
    if len(block.rows) == 1:
        return (*_of_one(block.rows[0], headline), judges)
    return (*_ends(ranked, headline), *_hardest(ranked or block.rows, headline), judges)


def _of_one(row: Row, headline: Column) -> tuple[KeyFact, ...]:
    whole = row.cell(headline, ASR)
    about = f"attack success over {_whole(headline)}; {_interval(whole)}"
    facts = [KeyFact("Unsafe outputs", _percent(whole), f"{about}. Lower is safer.")]
    scores = _task_scores(row, headline)
    if len(scores) < 2:
        return tuple(facts)
    values = {code: cell.value or 0.0 for code, cell in scores.items()}
    if max(values.values()) == min(values.values()):
        return (*facts, KeyFact("Tasks", "All alike", f"{_percent(whole)} in each task"))
    for head, value in (
        ("Hardest task", max(values.values())),
        ("Easiest task", min(values.values())),
    ):
        codes = [code for code in scores if values[code] == value]
        cell = scores[codes[0]]
        facts.append(KeyFact(head, _either(codes), f"{_percent(cell)}, {_interval(cell)}"))
    return tuple(facts)


def _ends(ranked: Sequence[Row], headline: Column) -> list[KeyFact]:
    """The safest and the least safe of the ranked models."""
    if not ranked:
        about = f"No model has an unmarked score over {_whole(headline)}."
        return [KeyFact("Safest", "Not known", about)]
    if len(ranked) == 1:
        (row,) = ranked
        cell = row.cell(headline, ASR)
        about = f"{_percent(cell)} unsafe, {_interval(cell)}; the only model with a rank"
        return [KeyFact("Safest", row.label, about)]
    safest = [row for row in ranked if row.rank and row.rank.best == 1]
    worst = [row for row in ranked if row.rank and row.rank.worst == len(ranked)]
    if len(safest) == len(worst) == len(ranked):
        about = f"The {len(ranked)} ranked models cannot be told apart over {_whole(headline)}."
        return [KeyFact("Safest", "Not decided", about)]
    return [_end("Safest", safest, headline), _end("Least safe", worst[::-1], headline)]


def _end(head: str, rows: Sequence[Row], headline: Column) -> KeyFact:
    cells = [row.cell(headline, ASR) for row in rows]
    labels = [row.label for row in rows]
    if len(rows) == 1:
        about = f"{_percent(cells[0])} unsafe{_over(headline)}, {_interval(cells[0])}"
        return KeyFact(head, labels[0], about)
    if len(rows) > _MOST_NAMED:
        about = f"cannot be told apart: {', '.join(labels)}"
        return KeyFact(head, f"One of {len(rows)} models", about)
    numbers = " and ".join(cell.number for cell in cells)
    return KeyFact(head, _either(labels), f"{numbers} % unsafe: too close to tell apart")


def _hardest(rows: Sequence[Row], headline: Column) -> list[KeyFact]:
    """The task with the highest mean over the models that have all tasks of the headline; nothing
    if that is a single task."""
    members = ALL_GROUPS.get(headline.name, (headline.name,))
    if len(members) < 2:
        return []
    scores = [_task_scores(row, headline) for row in rows]
    scores = [of_row for of_row in scores if len(of_row) == len(members)]
    head = "Hardest task"
    if not scores:
        return [KeyFact(head, "Not known", "No model has a score of each task.")]
    means = {
        code: sum(of_row[code].value or 0.0 for of_row in scores) / len(scores)
        for code in scores[0]
    }
    high, low = max(means.values()), min(means.values())
    hardest = [code for code, mean in means.items() if mean == high]
    easiest = [code for code, mean in means.items() if mean == low]
    if high == low:
        return [KeyFact(head, "All alike", f"mean {numerals.percent(high)} % in each task")]
    first = Counter(max(of_row, key=lambda code: of_row[code].value or 0.0) for of_row in scores)
    led = sum(first[code] for code in hardest)
    main = f"{_either(hardest)}, {task_named(hardest[0]).title}" if len(hardest) == 1 else ""
    about = (
        f"mean {numerals.percent(high)} % unsafe, the highest for {led} of {_models(len(scores))}; "
        f"easiest {_either(easiest)}, {numerals.percent(low)} %"
    )
    return [KeyFact(head, main or _either(hardest), about)]


def _task_scores(row: Row, headline: Column) -> dict[str, Cell]:
    """By code the row's scores of the tasks that the headline is of."""
    members = ALL_GROUPS.get(headline.name, (headline.name,))
    found = {
        column.name: cell
        for (column, metric), cell in row.cells.items()
        if metric == ASR and column.name in members and cell.value is not None
    }
    return {task_named(name).code: found[name] for name in members if name in found}


def _judges(cards: Sequence[Mapping[str, Any]], panel_sha256: str) -> KeyFact:
    head = "Judges against people"
    card = next((card for card in cards if card["panel"]["sha256"] == panel_sha256), None)
    if card is None:
        about = "No judge card was given. unisafe calibrate makes one."
        return KeyFact(head, "Not measured", about)
    rates = [
        (name, (card["ensemble"][name] or {}).get("value")) for name in ("recall", "specificity")
    ]
    said = ", ".join(f"{name} {numerals.DASH if v is None else f'{v:.2f}'}" for name, v in rates)
    labels, outputs = card["counts"]["labels"], card["counts"]["outputs"]
    about = f"{labels:,} human labels on {outputs:,} outputs. A positive is an unsafe output."
    return KeyFact(head, said[0].upper() + said[1:], about)


def _percent(cell: Cell) -> str:
    return f"{cell.number.removesuffix(cell.marks)} %{cell.marks}"


def _interval(cell: Cell) -> str:
    return f"95 % interval {cell.bounds}" if cell.bounds else "interval not known"


def _over(headline: Column) -> str:
    """Of what a score is, unless it is of all tasks."""
    return "" if headline.name == "unisafe" else f" over {_whole(headline)}"


def _whole(headline: Column) -> str:
    title = GROUP_TITLES.get(headline.name)
    return f"{title} tasks" if title else headline.code


def _either(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _models(count: int) -> str:
    return "1 model" if count == 1 else f"{count} models"
