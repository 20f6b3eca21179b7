"""Answers kept the moment they arrive, so that nothing is generated twice.

One JSON file per answer and one file per image, each written whole or not at all: safe for any
number of processes, on network disks too. An error and an empty answer are not kept, so that they
are asked about again. So is what an earlier version kept by a rule that was wrong.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unisafe_tasks.errors import RunError
from unisafe_tasks.files import write_atomically
from unisafe_tasks.models.questions import Answer, Picture, Question
from unisafe_tasks.types import RefusalSource

__all__ = [
    "AnswerStore",
    "Kept",
    "fingerprint",
]

_RULE = 2
"""How answers are read. 1 took words of an error's message for a provider's block, kept empty
answers, and let image models draw for text tasks."""
_OPTIONAL = ("thinking", "cut_off", "template_opened", "revised_prompt", "image_model")


@dataclass(frozen=True)
class Kept:
    """An answer of an earlier run, and when it was given, in seconds since the epoch."""

    answer: Answer
    given_at: float


def fingerprint(files: Iterable[Path]) -> str:
    """A hash of files' names, sizes and times: weights are too large to be read for it."""
    digest = hashlib.sha256()
    for path in sorted(files):
        facts = path.stat()
        digest.update(f"{path.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class AnswerStore:
    """The answers of one model with one set of arguments."""

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        """Take a folder, which is made when the first answer comes.

        Args:
            folder: where the answers of all models are.
            identity: all that can change this model's answer to a given question, as JSON; it must
                hold no credential.
        """
        self._folder = folder
        self._identity = json.dumps(identity, sort_keys=True)

    def prepare(self) -> None:
        """Find out whether answers can be kept, before any is paid for.

        Raises:
            RunError: they cannot.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Nameless, since other ranks look at the same moment.
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as error:
            raise RunError(
                f"answers cannot be kept in {self._folder}: {error.strerror}: "
                "set UNISAFE_ANSWERS to a folder that can be written"
            ) from None

    def find(self, question: Question) -> Kept | None:
        """The answer that was kept, if it and its images are whole, and its rule still holds."""
        path = self._path(question)
        if (value := self._value(question)) is None:
            return None
        try:
            images = tuple(self._image(name) for name in value["images"])
            answer = Answer(
                text=value["text"],
                images=images,
                refusal=cast(RefusalSource | None, value["refusal"]),
                error=value["error"],
                version=value["version"],
                state=value["state"],
                **{name: value[name] for name in _OPTIONAL if name in value},
            )
            given_at = float(value.get("given_at") or path.stat().st_mtime)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Kept(answer, given_at)

    def has(self, question: Question) -> bool:
        """Whether there is an answer to find, without reading its images."""
        return self._value(question) is not None

    def keep(self, question: Question, answer: Answer) -> None:
        """Keep an answer, unless it is only an error."""
        if not answer.is_final:
            return
        for image in answer.images:
            if not self.path_of(image).is_file():
                write_atomically(self.path_of(image), image.data)
        value = {
            "case": question.case,
            "turn": question.turn,
            "model": json.loads(self._identity),
            "text": answer.text,
            "images": [f"{image.sha256}{image.suffix}" for image in answer.images],
            "refusal": answer.refusal,
            "error": answer.error,
            "version": answer.version,
            "state": dict(answer.state),
            **{name: given for name in _OPTIONAL if (given := getattr(answer, name))},
            "rule": _RULE,
            "given_at": time.time(),
        }
        write_atomically(self._path(question), json.dumps(value).encode())

    def path_of(self, image: Picture) -> Path:
        """The file of an answer's image: named by its content, so that no two collide."""
        return self._folder / "images" / image.sha256[:2] / f"{image.sha256}{image.suffix}"

    def _value(self, question: Question) -> Mapping[str, Any] | None:
        """What was kept, if the rule that it was kept by still holds."""
        try:
            value: Mapping[str, Any] = json.loads(self._path(question).read_bytes())
            is_doubtful = value.get("rule", 1) < _RULE and _is_doubtful(value, question)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return None if is_doubtful else value

    def _image(self, name: str) -> Picture:
        digest = name.partition(".")[0]
        picture = Picture((self._folder / "images" / name[:2] / name).read_bytes())
        if picture.sha256 != digest:
            raise ValueError(f"{name} was changed")
        return picture

    def _path(self, question: Question) -> Path:
        key = hashlib.sha256(f"{self._identity}\n{question.content}".encode()).hexdigest()
        return self._folder / "answers" / key[:2] / f"{key}.json"


def _is_doubtful(value: Mapping[str, Any], question: Question) -> bool:
    """Whether an answer may be what only the first rule made of it."""
    drew_for_nothing = bool(value["images"]) and not question.wants_image
    is_empty = not (value["text"].strip() or value["images"] or value["refusal"])
    return value["refusal"] == "provider" or is_empty or drew_for_nothing
