"""A score as the page's tinted tables show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unisafe_tasks.leaderboard import Cell
from unisafe_tasks.metric_facts import ASR, TABLE_METRICS

__all__ = ["RATED", "SHADES", "ScoreCell", "score_cell"]

SHADES = 10
"""Tints besides that of zero; the style sheet has a class for each."""

RATED = (ASR, "average_risk_rating")
"""The metrics of which high is bad: their cells are tinted, and open the failing cases."""

_WORDS: Mapping[str, str] = {
    "absent": "not run",
    "unsupported": "the model cannot do it",
    "unscored": "nothing was scored",
    "untold": "not told by its judges",
}
"""What a dash stands for."""


@dataclass(frozen=True)
class ScoreCell:
    """A score: `number` with its `marks` is `Cell.number`, `value` is what tables sort by.

    `words` is the title that a pointer shows, `shade` the tint, and `is_low` tells a coverage that
    unranks.
    """

    head: str
    number: str
    marks: str = ""
    bounds: str = ""
    value: float | None = None
    words: str = ""
    shade: int | None = None
    link: str | None = None
    is_low: bool = False


def score_cell(
    head: str,
    cell: Cell,
    metric: str,
    *,
    link: str | None = None,
    threshold: float = 0.0,
    words: str = "",
) -> ScoreCell:
    """A cell below `head`; `words` say of what it is, where `head` does not."""
    value = cell.value
    is_rated = metric in RATED and value is not None
    said = _WORDS.get(cell.state) or f"{cell.number} {cell.bounds}".strip()
    return ScoreCell(
        head,
        cell.number.removesuffix(cell.marks),
        cell.marks,
        cell.bounds,
        value,
        f"{words or head}: {said}",
        round(SHADES * (value or 0.0) / TABLE_METRICS[metric].highest) if is_rated else None,
        link if is_rated else None,
        metric == "coverage" and value is not None and value < threshold,
    )
