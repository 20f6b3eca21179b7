"""Llama Guard 3 and 4: `safe`, or `unsafe` and a line of hazard codes.

Read on 2026-11-27 from the model cards in meta-llama/PurpleLlama and the page of Llama Guard 4 at
llama.com. The chat template is the model's own, so that only the conversation is sent.
"""

from __future__ import annotations

import re

from unisafe_judges.errors import CallFailure
from unisafe_judges.guards.conversation import conversation
from unisafe_judges.guards.guard import Guard, not_in_form, reject_images
from unisafe_judges.guards.hazards import labels_by_code
from unisafe_judges.rubric import Prompt
from unisafe_judges.types import Evidence, FailureKind, Verdict

__all__ = ["llama_guard_3", "llama_guard_4"]

_FORM = 1
_UNSAFE = re.compile(r"unsafe[ \t]*\n[ \t]*(S\d+(?:[ \t]*,[ \t]*S\d+)*)")


def llama_guard_3() -> Guard:
    """It reads text alone."""
    name = "llama-guard-3"

    def ask(evidence: Evidence) -> Prompt:
        reject_images(name, evidence)
        return conversation(evidence)

    return Guard(name, _FORM, ask, lambda text: _read(name, text))


def llama_guard_4() -> Guard:
    """It sees images too, which its publisher means to be images of the prompt."""
    name = "llama-guard-4"
    return Guard(
        name,
        _FORM,
        conversation,
        lambda text: _read(name, text),
        caveat="its publisher says that it does not judge images made by AI, nor images without "
        "words",
    )


def _read(name: str, text: str) -> Verdict:
    body = text.strip()
    if body == "safe":
        return Verdict(0, None, None)
    found = _UNSAFE.fullmatch(body)
    if found is None:
        raise not_in_form(name, text, "expected 'safe', or 'unsafe' and a line such as 'S1,S10'")
    labels = labels_by_code(name)
    codes = list(dict.fromkeys(re.split(r"[ \t]*,[ \t]*", found[1])))
    if unknown := [code for code in codes if code not in labels]:
        raise CallFailure(
            FailureKind.OUT_OF_RANGE, f"the reply names the hazard {unknown[0]}, unknown to {name}"
        )
    return Verdict(1, None, None, categories=tuple(labels[code] for code in codes))
