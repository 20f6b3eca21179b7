"""Guard models as judges: one module per family, each a `Guard`, and one table of their hazards.

A guard says whether an output is safe, in its own form and by its own policy. It gives no rating,
and most do not say whether the output is a refusal. So a panel is of guards alone or has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from unisafe_judges.errors import PanelError
from unisafe_judges.guards.gpt_oss_safeguard import gpt_oss_safeguard
from unisafe_judges.guards.guard import Guard
from unisafe_judges.guards.hazards import HAZARDS, Hazard, counterparts
from unisafe_judges.guards.llama_guard import llama_guard_3, llama_guard_4
from unisafe_judges.guards.llava_guard import llava_guard
from unisafe_judges.guards.qwen3guard import qwen3guard
from unisafe_judges.guards.shieldgemma import shieldgemma_2
from unisafe_judges.rubric import GUARD_FORMS, Prompt
from unisafe_judges.specs import GuardSpec, JudgeSpec, ShieldGemmaSpec
from unisafe_judges.types import Evidence, Verdict

__all__ = [
    "GUARD_BACKENDS",
    "HAZARDS",
    "Guard",
    "GuardForms",
    "Hazard",
    "counterparts",
    "guard_of",
    "problem_of_kinds",
]

GUARD_BACKENDS = ("guard", "guard-transformers", "shieldgemma-2")
"""The backends of entries that are guards."""

_GUARDS = {
    "llama-guard-3": llama_guard_3,
    "llama-guard-4": llama_guard_4,
    "qwen3guard": qwen3guard,
    "gpt-oss-safeguard": gpt_oss_safeguard,
}


def guard_of(spec: JudgeSpec) -> Guard | None:
    """The guard that an entry of a panel file describes; None if it describes another judge.

    Raises:
        PanelError: its policy cannot be read.
    """
    if isinstance(spec, ShieldGemmaSpec):
        return shieldgemma_2()
    if not isinstance(spec, GuardSpec):
        return None
    return _GUARDS[spec.guard]() if spec.policy is None else llava_guard(spec.policy_text())


def problem_of_kinds(judges: Iterable[JudgeSpec], rubric: str) -> str | None:
    """What is wrong with a panel that holds guards and others, or the rubric of the other kind."""
    kinds: dict[bool, list[str]] = {True: [], False: []}
    for judge in judges:
        kinds[judge.backend in GUARD_BACKENDS].append(judge.name)
    guards, others = kinds[True], kinds[False]
    if guards and others:
        return (
            f"{', '.join(guards)} and {', '.join(others)} cannot be in one panel: a guard gives no "
            "rating and is never averaged with other judges; give guards a panel of their own"
        )
    if guards and rubric != GuardForms.name:
        return (
            "a panel of guards has no rubric, since each guard is asked in its own form: leave out "
            f"the line rubric: {rubric}"
        )
    if others and rubric == GuardForms.name:
        return f"the rubric {rubric!r} is that of panels of guards alone: choose another"
    return None


@dataclass(frozen=True)
class GuardForms:
    """What a panel of guards has for a rubric: the forms of its guards, each of which is another.

    It satisfies `Rubric`, so that results say by which forms they were judged.
    """

    sha256: str
    name: str = GUARD_FORMS

    @classmethod
    def of(cls, guards: Iterable[Guard]) -> GuardForms:
        identity = sorted((guard.name, guard.sha256) for guard in guards)
        return cls(hashlib.sha256(json.dumps(identity).encode()).hexdigest())

    def render(self, evidence: Evidence) -> Prompt:
        """Nothing.

        Raises:
            PanelError: always.
        """
        raise PanelError("each guard of a panel is asked in its own form")

    def parse(self, text: str) -> Verdict:
        """Nothing.

        Raises:
            PanelError: always.
        """
        raise PanelError("each guard of a panel answers in its own form")

    def is_refusal(self, evidence: Evidence) -> bool:
        """Never: no guard has a rule about words."""
        return False
