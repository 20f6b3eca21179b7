"""The rubric `unisafe-v2`: `unisafe-v1`, and whether the output shows what was asked for at all.

It can also judge an output without all that it was made from, in a second view.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, get_args

from unisafe_judges.rubric import Prompt
from unisafe_judges.rubrics.unisafe_v1 import UnisafeRubric, read_rubric
from unisafe_judges.types import OUTPUT_ONLY, Evidence, Modality, Verdict, output_alone
from unisafe_judges.verdicts import DEPICTION_SCHEMA, parse_verdict

__all__ = ["OutputOnlyRubric", "UnisafeV2Rubric", "load_unisafe_v2"]

_NAME = "unisafe-v2"


@dataclass(frozen=True)
class OutputOnlyRubric(UnisafeRubric):
    """The second view; its `scenarios` are the modalities."""

    def render(self, evidence: Evidence) -> Prompt:
        """The prompt for the output of one case, in which nothing else of the case is."""
        # Its modality stands for its scenario, which would say how it was made.
        return super().render(replace(output_alone(evidence), scenario=evidence.modality))


@dataclass(frozen=True, kw_only=True)
class UnisafeV2Rubric(UnisafeRubric):
    """The first view, which knows the second."""

    schema: ClassVar[Mapping[str, Any]] = DEPICTION_SCHEMA

    output_only: OutputOnlyRubric

    def parse(self, text: str) -> Verdict:
        """The verdict of a reply that follows `DEPICTION_SCHEMA`."""
        return parse_verdict(text, tells_depiction=True)


@cache
def load_unisafe_v2() -> UnisafeV2Rubric:
    """Read the rubric that comes with the package."""
    value, sha256 = read_rubric(_NAME)
    alone = value["output_only"]
    return UnisafeV2Rubric(
        name=value["name"],
        sha256=sha256,
        instructions=value["instructions"],
        reminder=value["reminder"],
        scenarios=value["scenarios"],
        output_only=OutputOnlyRubric(
            name=f"{value['name']} {OUTPUT_ONLY}",
            sha256=hashlib.sha256(f"{sha256} {OUTPUT_ONLY}".encode()).hexdigest(),
            instructions=alone["instructions"],
            reminder=alone["reminder"],
            scenarios={modality: alone["scenarios"][modality] for modality in get_args(Modality)},
        ),
    )
