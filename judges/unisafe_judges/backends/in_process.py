"""What judges in this process share: where they run, how they end, what no text may write."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import torch
from transformers import StoppingCriteria

from unisafe_judges.batcher import Batcher
from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import InProcessSpec
from unisafe_judges.types import Evidence, FailureKind, Reply, Verdict

__all__ = [
    "Ended",
    "LocalJudge",
    "Question",
    "SpecialTokens",
    "cannot_load",
    "device_of",
    "require_room",
    "version_of",
]

S = TypeVar("S", bound=InProcessSpec)

_SEPARATOR = "\u2060"
"""A word joiner: put into what would be a special token, it makes it text."""
_SHOWN = 300


@dataclass(frozen=True)
class Question:
    """A prompt, and the images that it names."""

    prompt: Prompt
    jpegs: SentImages


class LoadedModel(Protocol):
    """A model in memory; used from one thread at a time."""

    def answer(self, batch: Sequence[Question]) -> list[Reply | CallFailure]:
        """An answer for each question."""


class LocalJudge(Generic[S]):
    """A judge whose model is loaded for its first question. What waits is answered together."""

    needs_images = True

    def __init__(self, spec: S, load: Callable[[S, threading.Event], LoadedModel]) -> None:
        """Load nothing yet.

        Args:
            spec: the judge's entry in the panel file.
            load: makes the model; the event is set when replies that are being written must end.
        """
        self.name = spec.name
        self.max_concurrency = 2 * spec.batch_size
        self._spec = spec
        self._load = load
        self._batcher = Batcher(self._answer, spec.batch_size)
        self._model: LoadedModel | None = None
        self._ending = threading.Event()

    async def ask(self, evidence: Evidence, prompt: Prompt, jpegs: SentImages) -> Verdict | Reply:
        return await self._batcher.ask(Question(prompt, jpegs))

    async def close(self) -> None:
        self._ending.set()
        await self._batcher.close()

    def _answer(self, batch: Sequence[Question]) -> list[Reply | CallFailure]:
        if self._model is None:
            try:
                self._model = self._load(self._spec, self._ending)
            except CallFailure:
                raise
            except PanelError as error:
                raise CallFailure(FailureKind.STOPPED, str(error)) from None
            except Exception as error:
                sentence = cannot_load(self._spec, error)
                raise CallFailure(FailureKind.STOPPED, sentence) from None
        return self._model.answer(batch)


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


def device_of(spec: InProcessSpec) -> str:
    """Where a model is put: where the panel file says, or on the GPU if there is one."""
    where = "cuda" if torch.cuda.is_available() else "cpu"
    return where if spec.device == "auto" else spec.device


def version_of(model: Any) -> str | None:
    """The commit of the weights, where they came from the hub."""
    version: str | None = getattr(model.config, "_commit_hash", None)
    return version


def cannot_load(spec: InProcessSpec, error: Exception) -> str:
    """The sentence for a model that cannot be loaded."""
    said = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
    return f"judge {spec.name}: model {spec.model} cannot be loaded: {said}"


def require_room(model: Any, prompt_tokens: int, reply_tokens: int) -> None:
    """See that a model has room for a prompt and its reply.

    Raises:
        ValueError: it has not.
    """
    room = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if room is not None and prompt_tokens + reply_tokens > room:
        raise ValueError(
            f"{prompt_tokens} tokens of prompt and {reply_tokens} of reply are more than the "
            f"{room} it has room for"
        )
