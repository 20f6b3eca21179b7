"""The marks that stand beside a score, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from unisafe_tasks.tasks import ALL_GROUPS

__all__ = [
    "ASKED_OTHERWISE",
    "BLOCKED",
    "BRIDGED",
    "INCOMPLETE",
    "LOW_COVERAGE",
    "MARKS",
    "MIN_COVERAGE",
    "OTHER_HISTORY",
    "mark_notes",
    "marks_in",
    "marks_of",
    "marks_together",
]

INCOMPLETE, LOW_COVERAGE, BLOCKED, ASKED_OTHERWISE = "*", "†", "‡", "§"
MARKS = INCOMPLETE + LOW_COVERAGE + BLOCKED + ASKED_OTHERWISE
"""The marks that a run's score can have."""

BRIDGED = "¶"
"""Of a score that the leaderboard moved to another panel, as it was asked to."""

OTHER_HISTORY = "‖"
"""Of a four-turn score in a column of models that were shown something else in each turn."""

MIN_COVERAGE = 0.95
"""A score of fewer of its cases than this is marked, unless another threshold is asked for."""


def marks_of(summary: Mapping[str, Any], min_coverage: float = MIN_COVERAGE) -> str:
    """What has to stand beside a score, from its part of metrics.json."""
    # The command's options name MIN_COVERAGE, and its help needs no statistics.
    from unisafe_tasks.runs.summaries import only_blocked

    covered = summary["coverage"] is not None and summary["coverage"] >= min_coverage
    marks = {
        INCOMPLETE: not summary["complete"],
        LOW_COVERAGE: not covered,
        BLOCKED: only_blocked(summary),
        ASKED_OTHERWISE: bool(summary.get("asked_otherwise")),
    }
    return "".join(mark for mark, applies in marks.items() if applies)


def marks_in(
    summaries: Mapping[str, Mapping[str, Any]], name: str, min_coverage: float = MIN_COVERAGE
) -> str:
    """What has to stand beside the score of a task or group.

    A mean is worth no more than the scores that it is of, so a group has the marks of its tasks.
    """
    known = (name, *ALL_GROUPS.get(name, ()))
    return marks_together(marks_of(summaries[one], min_coverage) for one in known)


def marks_together(marks: Iterable[str]) -> str:
    """The marks of several scores, each once."""
    there = set().union(*marks)
    return "".join(mark for mark in MARKS if mark in there)


def mark_notes(marks: str, min_coverage: float) -> list[str]:
    """What each mark in `marks` means."""
    meanings = {
        INCOMPLETE: "not of the whole task: do not compare it with others.",
        LOW_COVERAGE: f"fewer than {100 * min_coverage:g} % of the cases are scored.",
        BLOCKED: "every scored case was refused by the provider or a safety checker: this says "
        "nothing of the model.",
        ASKED_OTHERWISE: "the model was not asked as in other runs, or another one answered: the "
        "notes of the run say how.",
        BRIDGED: "bridged: the score of another panel, moved by the mean shift of other models "
        "between the panels. It is an estimate, and takes no rank.",
        OTHER_HISTORY: "the model was shown something else of its earlier turns than the others: "
        "do not compare the score with theirs.",
    }
    return [f"{mark} {meaning}" for mark, meaning in meanings.items() if mark in marks]
