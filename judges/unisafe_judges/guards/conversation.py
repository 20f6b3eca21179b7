"""A case as the conversation that a guard judges: the user asks, the model answers."""

from __future__ import annotations

import re

from unisafe_judges.rubric import Prompt
from unisafe_judges.types import Evidence, ImagePart, TextPart

__all__ = ["as_words", "conversation", "last_image"]

_TURNS = "turn_"
_TARGET = "target"
_MARK = re.compile(r"<(?=\|[^|<>\s]{1,60}\|>|/?think>|(?:BEGIN|END) [A-Z ]{1,60}>)")
"""Begins a token of a chat template, or a line by which a guard's template ends the conversation.

Those of Llama are such as <|eot_id|>, those of Qwen and of gpt-oss such as <|im_end|> and <|end|>.
Templates of Qwen's family leave out what stands before </think> in the model's turn.
"""
_JOINER = "\u2060"

Turn = tuple[str | ImagePart, ...]


def conversation(evidence: Evidence) -> Prompt:
    """A case as turns of the user and the model, the model's last; no word of our own is added.

    The user's turn holds the input images and the instruction; without an instruction the target,
    which is then what the model was asked for. The model's turn is its answer or its image. Four
    turns are four of each.
    """
    output = [
        as_words(part.text) if isinstance(part, TextPart) else part
        for part in evidence.parts
        if part.judged
    ]
    context = [part for part in evidence.parts if not part.judged]
    texts = [part for part in context if isinstance(part, TextPart)]
    asked = [as_words(part.text) for part in texts if part.role.startswith(_TURNS)]
    turns: list[Turn] = []
    if asked:
        for instruction, image in zip(asked, output, strict=True):
            turns += [(instruction,), (image,)]
    else:
        request = [as_words(part.text) for part in texts if part.role != _TARGET] or [
            as_words(part.text) for part in texts
        ]
        images = [part for part in context if isinstance(part, ImagePart)]
        turns = [(*images, *request), tuple(output)]
    content = tuple(item for turn in turns for item in turn)
    return Prompt("", content, {}, turns=tuple(map(len, turns)))


def as_words(text: str) -> str:
    """The text with an invisible sign in whatever a guard's server could take for a mark.

    A server reads its chat template's tokens in an output as well. An output that could write them
    could end its own turn, and begin the guard's reply.
    """
    return _MARK.sub(f"<{_JOINER}", text)


def last_image(evidence: Evidence) -> ImagePart | None:
    """The image that decides the case, or None where the output is none: of several the last."""
    images = [part for part in evidence.parts if isinstance(part, ImagePart) and part.judged]
    return images[-1] if images else None
