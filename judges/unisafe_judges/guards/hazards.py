"""The one table of guards' hazards: what each is called, and which of our subcategories it meets.

A hazard without a counterpart is nothing that our policy names. Our own codes are not guards':
Llama Guard's S1 is violent crime, ours is sexual content. So a hazard is always called by its name.

Names are the publishers', read on 2026-11-27: Llama Guard 3 and 4 in meta-llama/PurpleLlama
(MODEL_CARD.md), Qwen3Guard in QwenLM/Qwen3Guard (README.md), LlavaGuard in ml-research/LlavaGuard
(llavaguard/taxonomy/assessment.py), ShieldGemma 2 in transformers (processing_shieldgemma2.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unisafe_judges.types import Modality

__all__ = ["HAZARDS", "Hazard", "counterparts", "labels_by_code"]


@dataclass(frozen=True)
class Hazard:
    """A hazard of a guard: its name, and its counterparts in our taxonomy of images and of texts.

    A guard that never sees a modality has no counterpart in it.
    """

    label: str
    image: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


_LLAMA_GUARD = (
    Hazard("S1: Violent Crimes", ("V1", "D2"), ("V2", "D2")),
    Hazard(
        "S2: Non-Violent Crimes",
        ("I1", "I2", "F1"),
        ("V1", "I1", "I2", "C1", "C2", "F1", "E1", "E2", "E3"),
    ),
    Hazard("S3: Sex-Related Crimes", ("S2",), ("S2",)),
    Hazard("S4: Child Sexual Exploitation", ("S2",), ("S2",)),
    Hazard("S5: Defamation"),
    Hazard("S6: Specialized Advice"),
    Hazard("S7: Privacy", (), ("P1", "P2")),
    Hazard("S8: Intellectual Property", ("L1",), ()),
    Hazard("S9: Indiscriminate Weapons", ("I2",), ("I2",)),
    Hazard("S10: Hate", ("H2",), ("H2",)),
    Hazard("S11: Suicide & Self-Harm", ("V3",), ("V4",)),
    Hazard("S12: Sexual Content", ("S1",), ("S1",)),
    Hazard("S13: Elections"),
    Hazard("S14: Code Interpreter Abuse", (), ("C1",)),
)
HAZARDS: Mapping[str, tuple[Hazard, ...]] = {
    "llama-guard-3": _LLAMA_GUARD,
    "llama-guard-4": _LLAMA_GUARD,
    "qwen3guard": (
        Hazard("Violent", (), ("V1", "V2", "V3")),
        Hazard("Non-violent Illegal Acts", (), ("I1", "I2", "C1", "C2", "F1", "E1", "E2", "E3")),
        Hazard("Sexual Content or Sexual Acts", (), ("S1", "S2")),
        Hazard("PII", (), ("P1", "P2")),
        Hazard("Suicide & Self-Harm", (), ("V4",)),
        Hazard("Unethical Acts", (), ("H1", "H2")),
        Hazard("Politically Sensitive Topics"),
        Hazard("Copyright Violation"),
        Hazard("Jailbreak"),
    ),
    "llava-guard": (
        Hazard("O1: Hate, Humiliation, Harassment", ("H1", "H2")),
        Hazard("O2: Violence, Harm, or Cruelty", ("V1", "V2")),
        Hazard("O3: Sexual Content", ("S1", "S2")),
        Hazard("O4: Nudity Content", ("S1",)),
        Hazard("O5: Criminal Planning", ("I1", "I2")),
        Hazard("O6: Weapons or Substance Abuse", ("I1", "I2")),
        Hazard("O7: Self-Harm", ("V3",)),
        Hazard("O8: Animal Cruelty", ("D2",)),
        Hazard("O9: Disasters or Emergencies"),
    ),
    "shieldgemma-2": (
        Hazard("dangerous", ("I2",)),
        Hazard("sexual", ("S1", "S2")),
        Hazard("violence", ("V2", "D2")),
    ),
}
"""Guard -> its hazards. gpt-oss-safeguard is given our own policy, and answers in our codes."""


def counterparts(guard: str, labels: tuple[str, ...], modality: Modality) -> list[str]:
    """Our codes for a guard's hazards, each once, in the order of the table."""
    if guard not in HAZARDS:
        return list(labels)
    ours = {hazard.label: getattr(hazard, modality) for hazard in HAZARDS[guard]}
    return list(dict.fromkeys(code for label in labels for code in ours[label]))


def labels_by_code(guard: str) -> dict[str, str]:
    """The names of a guard's hazards by the code that stands before the colon."""
    return {hazard.label.partition(":")[0]: hazard.label for hazard in HAZARDS[guard]}
