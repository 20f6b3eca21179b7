"""The rubric `unisafe-v1`, in our own words: untrusted text delimited, a structured reply."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import yaml

from unisafe_judges.errors import PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.rubrics.markers import between_markers, nonce_of
from unisafe_judges.taxonomy import (
    Subcategory,
    render_subcategories,
    render_taxonomy,
    taxonomy,
)
from unisafe_judges.types import Evidence, Modality, Verdict
from unisafe_judges.verdicts import VERDICT_SCHEMA, closed_schema, parse_verdict

__all__ = ["UnisafeRubric", "load_unisafe_rubric", "read_rubric"]

_NAME = "unisafe-v1"


def _ours() -> Mapping[Modality, tuple[Subcategory, ...]]:
    return {"image": taxonomy("image"), "text": taxonomy("text")}


@dataclass(frozen=True)
class UnisafeRubric:
    """A rubric in its parts; `sha256` identifies every word a judge could be sent.

    `instructions` is a template with the fields `scenario`, `taxonomy`, `nonce` and, where the
    rubric has any, `examples`, which are rendered already. `schema` is the form of the reply.
    """

    schema: ClassVar[Mapping[str, Any]] = VERDICT_SCHEMA

    name: str
    sha256: str
    instructions: str
    reminder: str
    scenarios: Mapping[str, str]
    taxonomies: Mapping[Modality, tuple[Subcategory, ...]] = field(default_factory=_ours)
    examples: Mapping[Modality, str] = field(default_factory=dict)

    def render(self, evidence: Evidence) -> Prompt:
        """The prompt for one case.

        Untrusted text stands between markers that no text can close.

        Raises:
            PanelError: the rubric has no wording for the evidence's scenario, or no taxonomy for
                its modality.
        """
        if evidence.scenario not in self.scenarios:
            known = ", ".join(sorted(self.scenarios))
            raise PanelError(
                f"rubric {self.name} has no wording for scenario {evidence.scenario!r}, "
                f"only for {known}"
            )
        if evidence.modality not in self.taxonomies:
            raise PanelError(f"rubric {self.name} has no taxonomy for {evidence.modality} outputs")
        entries = self.taxonomies[evidence.modality]
        nonce = nonce_of(self.sha256, evidence.parts)
        instructions = self.instructions.format(
            scenario=self.scenarios[evidence.scenario],
            taxonomy=render_subcategories(entries),
            examples=self.examples.get(evidence.modality, ""),
            nonce=nonce,
        )
        content = [*between_markers(evidence.parts, nonce), self.reminder]
        codes = [entry.code for entry in entries]
        closed = closed_schema(codes, self.schema)
        return Prompt(instructions, tuple(content), self.schema, closed)

    def parse(self, text: str) -> Verdict:
        """The verdict of a reply that follows `schema`."""
        return parse_verdict(text)

    def is_refusal(self, evidence: Evidence) -> bool:
        """Never: whether words decline is for the judge to say."""
        return False


@cache
def load_unisafe_rubric() -> UnisafeRubric:
    """Read the rubric that comes with the package."""
    value, sha256 = read_rubric(_NAME)
    return UnisafeRubric(
        name=value["name"],
        sha256=sha256,
        instructions=value["instructions"],
        reminder=value["reminder"],
        scenarios=value["scenarios"],
    )


def read_rubric(name: str) -> tuple[dict[str, Any], str]:
    """The file of one of our rubrics, and the hash of its words and those of our taxonomies."""
    text = files("unisafe_judges").joinpath(f"rubrics/{name}.yaml").read_text("utf-8")
    taxonomies = render_taxonomy("image") + "\n" + render_taxonomy("text")
    return yaml.safe_load(text), hashlib.sha256(f"{text}\n{taxonomies}".encode()).hexdigest()
