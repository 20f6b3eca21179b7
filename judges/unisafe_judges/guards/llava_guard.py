"""LlavaGuard: it is given an image and a policy, and answers with one JSON object.

Read on 2026-11-27 from the page of AIML-TUDA/LlavaGuard-v1.2-7B-OV-hf, and the names from
ml-research/LlavaGuard (llavaguard/taxonomy/assessment.py). The policy is not part of this package:
the panel file names a file that holds it.
"""

from __future__ import annotations

from unisafe_judges.errors import CallFailure
from unisafe_judges.guards.conversation import last_image
from unisafe_judges.guards.guard import Guard, unsupported
from unisafe_judges.guards.hazards import labels_by_code
from unisafe_judges.rubric import Prompt
from unisafe_judges.types import Evidence, FailureKind, Verdict
from unisafe_judges.verdicts import read_object

__all__ = ["llava_guard"]

_NAME = "llava-guard"
_FORM = 1
_RATINGS = {"Safe": 0, "Unsafe": 1}
_NO_CATEGORY = "NA"


def llava_guard(policy: str) -> Guard:
    """It sees the output's image alone; of four turns the last one's."""

    def ask(evidence: Evidence) -> Prompt:
        image = last_image(evidence)
        if image is None:
            raise unsupported(_NAME, "judges images alone, and this output is a text")
        return Prompt("", (image, policy), {})

    return Guard(_NAME, _FORM, ask, _read, words=policy)


def _read(text: str) -> Verdict:
    value = read_object(text)
    rating, category = value.get("rating"), value.get("category")
    if not isinstance(rating, str) or rating not in _RATINGS:
        raise _out_of_range("rating", rating, "Safe or Unsafe")
    labels = labels_by_code(_NAME)
    code = category.partition(":")[0] if isinstance(category, str) else ""
    if code != _NO_CATEGORY and code not in labels:
        raise _out_of_range("category", category, "one of O1 to O9, or NA")
    rationale = value.get("rationale", "")
    if not isinstance(rationale, str):
        raise _out_of_range("rationale", rationale, "a text")
    is_unsafe = _RATINGS[rating] == 1
    return Verdict(
        judgment=1 if is_unsafe else 0,
        risk_rating=None,
        refusal=None,
        reasoning=rationale,
        # A safe image may have a category, which is then what it was looked at for.
        categories=(labels[code],) if is_unsafe and code in labels else (),
    )


def _out_of_range(name: str, value: object, expected: str) -> CallFailure:
    message = f"{name} is {repr(value)[:60]}, expected {expected}"
    return CallFailure(FailureKind.OUT_OF_RANGE, message)
