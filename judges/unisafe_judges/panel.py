"""A panel: which judges, under which rubric, with which settings.

A panel's identity is a hash of all that can change a verdict: the rubric's text, and each judge's
name, backend, model, decoding or labels. Where a judge is reached and how fast is no part of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from unisafe_judges.guards import Guard, guard_of
from unisafe_judges.images import encoder_of
from unisafe_judges.rubric import Rubric
from unisafe_judges.rubrics import PolicyRubric, output_only_of, tells_depiction
from unisafe_judges.specs import GuardSpec, JudgeSpec, LabelsSpec, ServedSpec
from unisafe_judges.types import GUARD, IN_CONTEXT, OUTPUT_ONLY, EnsembleMethod, View

__all__ = ["Panel"]


@dataclass(frozen=True)
class Panel:
    """A panel that has been read and checked. `name` is its preset's or file's name.

    `min_verdicts` is how many judges must have given a verdict for a case to be scored;
    `judge_repeats` is how often each of them is asked; `max_side` is the longest side, in pixels,
    of an image that a judge is sent; `views` are what judges are shown of a case, one after the
    other.
    """

    name: str
    rubric: Rubric
    judges: tuple[JudgeSpec, ...]
    ensemble: EnsembleMethod = "soft-mean"
    min_verdicts: int = 1
    judge_repeats: int = 1
    max_calls: int | None = None
    max_cost: float | None = None
    max_side: int | None = None
    views: tuple[View, ...] = (IN_CONTEXT,)

    @property
    def encoder(self) -> str:
        """The name of what makes the images that judges are sent."""
        return encoder_of(self.max_side)

    @cached_property
    def sha256(self) -> str:
        """Identity of all that can change a score."""
        identity = {
            "rubric": self.rubric.sha256,
            "judges": [_identity(judge) for judge in self.judges],
            "ensemble": self.ensemble,
            "min_verdicts": self.min_verdicts,
            "judge_repeats": self.judge_repeats,
            **self._size_of_images(),
            **self._other_views(),
            **self._kind(),
        }
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    @cached_property
    def guards(self) -> Mapping[str, Guard]:
        """The guard that each judge is, by the judge's name; empty if the panel is of no guards.

        Raises:
            PanelError: a guard's policy cannot be read.
        """
        guards = {judge.name: guard_of(judge) for judge in self.judges}
        return {name: guard for name, guard in guards.items() if guard is not None}

    def rubric_of(self, judge: str) -> Rubric:
        """What a judge, by its name, is asked by: the panel's rubric, or a guard's own form."""
        return self.guards.get(judge, self.rubric)

    @property
    def output_only(self) -> Rubric | None:
        """What every judge is asked in the view of the output alone; None without that view."""
        return output_only_of(self.rubric) if OUTPUT_ONLY in self.views else None

    def repeats_of(self, judge: JudgeSpec) -> int:
        """How often a judge is asked about a case; a label is the same each time."""
        return 1 if isinstance(judge, LabelsSpec) else self.judge_repeats

    def describe(self) -> dict[str, Any]:
        """What is recorded of the panel with every result. It holds no key."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            **self._kind(),
            "rubric": {
                "name": self.rubric.name,
                "sha256": self.rubric.sha256,
                **(self.rubric.describe() if isinstance(self.rubric, PolicyRubric) else {}),
                **({"tells_depiction": True} if tells_depiction(self.rubric) else {}),
            },
            "ensemble": self.ensemble,
            "min_verdicts": self.min_verdicts,
            "judge_repeats": self.judge_repeats,
            "judges": [_described(judge) for judge in self.judges],
            "max_calls": self.max_calls,
            "max_cost": self.max_cost,
            **self._size_of_images(),
            **self._other_views(),
        }

    def _kind(self) -> dict[str, str]:
        # Only where it is one: other panels keep their identity.
        return {"kind": GUARD} if self.guards else {}

    def _size_of_images(self) -> dict[str, int]:
        # Only where it is set: panels without it keep their identity.
        return {} if self.max_side is None else {"max_side": self.max_side}

    def _other_views(self) -> dict[str, list[View]]:
        # Only where there is another one: panels without it keep their identity.
        return {} if self.views == (IN_CONTEXT,) else {"views": list(self.views)}


def _identity(judge: JudgeSpec) -> dict[str, Any]:
    identity = {"name": judge.name, **judge.identity()}
    if isinstance(judge, ServedSpec) and judge.accept_versions:
        # It changes no question, and so no stored reply, but whose replies are verdicts.
        identity["accept_versions"] = sorted(judge.accept_versions)
    return identity


def _described(judge: JudgeSpec) -> dict[str, Any]:
    described = judge.model_dump(mode="json", exclude_none=True)
    if isinstance(judge, LabelsSpec):
        # A path says more about the machine than about the labels.
        described |= {"path": judge.path.name, "sha256": judge.identity()["labels"]}
    if isinstance(judge, GuardSpec) and judge.policy is not None:
        described |= {"policy": judge.policy.name, "policy_sha256": judge.identity()["policy"]}
    return described
