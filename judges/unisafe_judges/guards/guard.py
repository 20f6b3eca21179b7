"""What a family of guards is: its messages, and its form of reply, in the form of a rubric."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from unisafe_judges.errors import CallFailure
from unisafe_judges.rubric import Prompt
from unisafe_judges.types import Evidence, FailureKind, Verdict

__all__ = ["Guard", "not_in_form", "reject_images", "unsupported"]

_SHOWN = 60


@dataclass(frozen=True)
class Guard:
    """A family of guards. It satisfies `Rubric`.

    `ask` makes the messages of a case, or raises a CallFailure of the kind UNSUPPORTED where the
    guard cannot see what is to be judged. `read` makes a verdict of a reply. `form` is raised when
    either changes, and `words` are the words of ours, or of a policy, that are sent. `caveat` is
    what its publisher says against judging images that a model made.
    """

    name: str
    form: int
    ask: Callable[[Evidence], Prompt]
    read: Callable[[str], Verdict]
    words: str = ""
    caveat: str = ""

    @cached_property
    def sha256(self) -> str:
        """Identity of what is asked, and of how a reply is read."""
        identity = json.dumps([self.name, self.form, self.words])
        return hashlib.sha256(identity.encode()).hexdigest()

    def render(self, evidence: Evidence) -> Prompt:
        """The messages of one case.

        Raises:
            CallFailure: UNSUPPORTED; the guard cannot see what is to be judged.
        """
        return self.ask(evidence)

    def parse(self, text: str) -> Verdict:
        """The verdict of a reply, whose categories are the guard's own hazards.

        Raises:
            CallFailure: EMPTY, NOT_JSON, OUT_OF_RANGE or NOT_IN_FORM, with the reply in `raw`.
        """
        if not text.strip():
            raise CallFailure(FailureKind.EMPTY, "the guard's reply is empty", raw=text)
        try:
            return self.read(text)
        except CallFailure as failure:
            failure.raw = text
            raise

    def is_refusal(self, evidence: Evidence) -> bool:
        """Never: no guard has a rule about words."""
        return False


def not_in_form(guard: str, text: str, expected: str) -> CallFailure:
    """The failure of a reply that is not in a guard's form."""
    shown = repr(text.strip())[:_SHOWN]
    return CallFailure(
        FailureKind.NOT_IN_FORM, f"the reply {shown} is not in the form of {guard}: {expected}"
    )


def unsupported(guard: str, reason: str) -> CallFailure:
    """The failure of a case that a guard cannot see; nothing is asked."""
    return CallFailure(FailureKind.UNSUPPORTED, f"{guard} {reason}")


def reject_images(guard: str, evidence: Evidence) -> None:
    """Refuse a case with an image, of the input or the output, for a guard that reads text alone.

    Raises:
        CallFailure: UNSUPPORTED.
    """
    if evidence.modality == "image" or evidence.images:
        raise unsupported(guard, "reads text alone, and this case has an image")
