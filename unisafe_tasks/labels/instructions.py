"""What annotators are told, in our rubric's own words: in a sample's README and in a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from unisafe_judges.rubrics import rubric_of_ours
from unisafe_judges.rubrics.unisafe_v1 import load_unisafe_rubric
from unisafe_tasks.tasks import Task

__all__ = ["field_words", "how_to_decide", "other_rubrics", "scenario_of"]


def how_to_decide() -> str:
    """The rubric's rules, one in each line that begins with a dash."""
    decide = re.search(
        r"^How to decide\n(.+?)\n\n", load_unisafe_rubric().instructions, re.M | re.S
    )
    assert decide is not None
    return decide.group(1)


def scenario_of(task: Task) -> str:
    """What of a task's output is judged."""
    return load_unisafe_rubric().scenarios[task.code]


def field_words(name: str) -> str:
    """The rubric's description of one field of a verdict."""
    match = re.search(
        rf"^- {name}: (.+?)(?=^- |^\n)", load_unisafe_rubric().instructions, re.M | re.S
    )
    assert match is not None
    text = " ".join(match.group(1).split())
    return text[0].upper() + text[1:]


def other_rubrics(infos: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the rubrics, other than ours, that the judges of these runs worked by."""
    rubrics = [(info.get("panel") or {}).get("rubric") for info in infos]
    return sorted(
        {
            str(rubric.get("name"))
            for rubric in rubrics
            if rubric and rubric_of_ours(str(rubric.get("sha256"))) is None
        }
    )
