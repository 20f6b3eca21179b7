"""What a run's answers were: which models gave them, and which are of an earlier run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from unisafe_tasks.models.questions import Answer

__all__ = ["AnswerRecord"]


class AnswerRecord:
    """Counts of one rank's answers; a conversation's turns count one by one."""

    def __init__(self, *, is_served: bool) -> None:
        """Begin without answers.

        Args:
            is_served: a server gives them, which may say which model it asked or not.
        """
        self._is_served = is_served
        self._unverified = 0
        self._given_at: list[float] = []
        self._versions: Counter[str] = Counter()
        self._image_models: Counter[str] = Counter()
        self._substituted: Counter[str] = Counter()

    def add(self, answer: Answer, *, given_at: float | None, substitute: str | None) -> None:
        """Count an answer.

        Args:
            answer: what the model said.
            given_at: when an earlier run was given it, in seconds since the epoch; None if it is
                new.
            substitute: the name of another model that gave it than the one that was asked.
        """
        if given_at is not None:
            self._given_at.append(given_at)
        if answer.image_model:
            self._image_models[answer.image_model] += 1
        if answer.version:
            self._versions[answer.version] += 1
        elif answer.is_final and self._is_served:
            self._unverified += 1
        if substitute is not None:
            self._substituted[substitute] += 1

    def as_json(self) -> Mapping[str, Any]:
        """What run.json says of it: `answers`, how many are `unverified`, and counts by name under
        `model_versions`, `image_models` (the tools that drew) and `substituted`."""
        facts: dict[str, Any] = {}
        if times := self._given_at:
            facts["answers"] = {
                "reused": len(times),
                "oldest": _iso(min(times)),
                "newest": _iso(max(times)),
            }
        if self._unverified:
            facts["unverified"] = self._unverified
        counts = {
            "model_versions": self._versions,
            "image_models": self._image_models,
            "substituted": self._substituted,
        }
        facts.update({name: dict(by.most_common()) for name, by in counts.items() if by})
        return facts


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
