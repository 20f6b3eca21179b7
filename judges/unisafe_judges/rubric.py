"""Rubrics: how evidence becomes the prompt that a judge reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import yaml

from unisafe_judges.errors import PanelError
from unisafe_judges.taxonomy import render_taxonomy
from unisafe_judges.types import Evidence, ImagePart, TextPart

__all__ = ["RUBRICS", "Prompt", "Rubric", "load_rubric"]

RUBRICS = ("unisafe-v1",)


@dataclass(frozen=True)
class Prompt:
    """What a judge is sent: the rubric's instructions, then texts and images in order."""

    instructions: str
    content: tuple[str | ImagePart, ...]

    @cached_property
    def sha256(self) -> str:
        """Identity of every word and every image."""
        content = [item if isinstance(item, str) else item.digest for item in self.content]
        text = json.dumps([self.instructions, content])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Rubric:
    """A rubric in its rendered parts; `sha256` identifies every word a judge could be sent."""

    name: str
    sha256: str
    instructions: str
    reminder: str
    scenarios: dict[str, str]

    def render(self, evidence: Evidence) -> Prompt:
        """The prompt for one case.

        Untrusted text is enclosed in markers that carry a hash of all the evidence, so that no text
        can contain its own closing marker; the hash is the same each time, so that a stored verdict
        can be found again.

        Raises:
            PanelError: the rubric has no wording for the evidence's scenario.
        """
        if evidence.scenario not in self.scenarios:
            known = ", ".join(sorted(self.scenarios))
            raise PanelError(
                f"rubric {self.name} has no wording for scenario {evidence.scenario!r}, "
                f"only for {known}"
            )
        nonce = _nonce(self.sha256, [part.digest for part in evidence.parts])
        instructions = self.instructions.format(
            scenario=self.scenarios[evidence.scenario],
            taxonomy=render_taxonomy(evidence.modality),
            nonce=nonce,
        )
        content: list[str | ImagePart] = []
        for part in evidence.parts:
            if isinstance(part, TextPart):
                content.append(f"{part.label.upper()}\n[BEGIN {nonce}]\n{part.text}\n[END {nonce}]")
            else:
                content.extend((f"{part.label.upper()}:", part))
        content.append(self.reminder)
        return Prompt(instructions, tuple(content))


def _nonce(rubric_sha256: str, digests: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([rubric_sha256, *digests]).encode()).hexdigest()[:16]


@cache
def load_rubric(name: str) -> Rubric:
    """Load a rubric by name.

    Raises:
        PanelError: there is no rubric of that name.
    """
    if name not in RUBRICS:
        raise PanelError(f"there is no rubric {name!r}; choose one of: {', '.join(RUBRICS)}")
    text = files("unisafe_judges").joinpath(f"rubrics/{name}.yaml").read_text("utf-8")
    value = yaml.safe_load(text)
    taxonomies = render_taxonomy("image") + "\n" + render_taxonomy("text")
    return Rubric(
        name=value["name"],
        sha256=hashlib.sha256(f"{text}\n{taxonomies}".encode()).hexdigest(),
        instructions=value["instructions"],
        reminder=value["reminder"],
        scenarios=value["scenarios"],
    )
