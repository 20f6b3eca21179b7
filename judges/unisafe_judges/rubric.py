"""What a rubric is: how evidence becomes the prompt a judge reads, and a reply a verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from unisafe_judges.types import Evidence, ImagePart, Verdict

__all__ = ["GUARD_FORMS", "Prompt", "Rubric", "in_turns"]

GUARD_FORMS = "guards"
"""What a panel of guards has for the name of its rubric; no rubric is called so."""


@dataclass(frozen=True)
class Prompt:
    """What a judge is sent: the rubric's instructions, if it has any, then texts and images.

    `schema` is the JSON schema of the reply, for servers that can hold a model to one.
    `closed_schema` is the same with closed lists, for servers that can hold one to these too: a
    small model may not end an open one. It is no part of the prompt's identity. A guard is shown a
    conversation: then `turns` says how many items of the content are in each turn, of which the
    user has the first and the model every second one, and there is no schema.
    """

    instructions: str
    content: tuple[str | ImagePart, ...]
    schema: Mapping[str, Any] = field(repr=False)
    closed_schema: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    turns: tuple[int, ...] = ()
    forms: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What judges have made of it to send it, for the next one that is asked the same."""

    @cached_property
    def sha256(self) -> str:
        """Identity of every word, every image and the reply's form."""
        content = [item if isinstance(item, str) else item.digest for item in self.content]
        identity: list[Any] = [self.instructions, content, self.schema]
        if self.turns:
            identity.append(self.turns)
        text = json.dumps(identity, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def in_turns(prompt: Prompt) -> list[tuple[str, tuple[str | ImagePart, ...]]]:
    """The content as messages, each with its role, `user` or `assistant`."""
    messages, start = [], 0
    for number, length in enumerate(prompt.turns or (len(prompt.content),)):
        role = "assistant" if number % 2 else "user"
        messages.append((role, prompt.content[start : start + length]))
        start += length
    return messages


@runtime_checkable
class Rubric(Protocol):
    """A rubric; `sha256` identifies every word a judge could be sent, and how it is read."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    def render(self, evidence: Evidence) -> Prompt:
        """The prompt for one case.

        Raises:
            PanelError: the rubric has no wording for the evidence's scenario.
        """

    def parse(self, text: str) -> Verdict:
        """The verdict of a judge's reply.

        Raises:
            CallFailure: EMPTY, NOT_JSON, OUT_OF_RANGE or CONTRADICTORY, with the reply in `raw`.
        """

    def is_refusal(self, evidence: Evidence) -> bool:
        """Whether the output is a refusal by a rule of the rubric, so that no judge is asked."""
