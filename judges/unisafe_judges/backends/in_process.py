"""What judges in this process share: where they run, how they end, what no text may write."""

from __future__ import annotations

import re
import threading
from typing import Any

import torch
from transformers import StoppingCriteria

from unisafe_judges.specs import LocalGuardSpec, ShieldGemmaSpec, TransformersSpec

__all__ = ["Ended", "SpecialTokens", "cannot_load", "device_of", "version_of"]

LocalSpec = LocalGuardSpec | ShieldGemmaSpec | TransformersSpec

_SEPARATOR = "\u2060"
"""A word joiner: put into what would be a special token, it makes it text."""
_SHOWN = 300


class Ended(StoppingCriteria):
    """Ends a reply that is being written as soon as an event is set."""

    def __init__(self, ending: threading.Event) -> None:
        self._ending = ending

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        ended = self._ending.is_set()
        return torch.full((len(input_ids),), ended, dtype=torch.bool, device=input_ids.device)


class SpecialTokens:
    """The tokens of a tokenizer that no text may write."""

    def __init__(self, tokenizer: Any) -> None:
        added = [str(token) for token in tokenizer.get_added_vocab()]
        known = sorted({*added, *map(str, tokenizer.all_special_tokens)}, key=len, reverse=True)
        # Of one character it could not be taken apart; a space or a newline is no danger.
        several = [re.escape(token) for token in known if len(token) > 1]
        self._any = re.compile("|".join(several) or r"(?!)")

    def taken_apart(self, text: str) -> str:
        """The text with nothing in it that the tokenizer would take for a special token.

        An output that could write those could end its own message, and speak as the system.
        """
        return self._any.sub(lambda match: match[0][:1] + _SEPARATOR + match[0][1:], text)


def device_of(spec: LocalSpec) -> str:
    """Where a model is put: where the panel file says, or on the GPU if there is one."""
    where = "cuda" if torch.cuda.is_available() else "cpu"
    return where if spec.device == "auto" else spec.device


def version_of(model: Any) -> str | None:
    """The commit of the weights, where they came from the hub."""
    version: str | None = getattr(model.config, "_commit_hash", None)
    return version


def cannot_load(spec: LocalSpec, error: Exception) -> str:
    """The sentence for a model that cannot be loaded."""
    said = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
    return f"judge {spec.name}: model {spec.model} cannot be loaded: {said}"
