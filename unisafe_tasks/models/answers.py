"""Answers kept the moment they arrive, so that nothing is generated twice.

One JSON file per answer and one file per image, each written whole or not at all: safe for any
number of processes, on network disks too. An error is not kept, so that it is asked about again.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from unisafe_tasks.errors import RunError
from unisafe_tasks.files import write_atomically
from unisafe_tasks.models.questions import Answer, Picture, Question
from unisafe_tasks.types import RefusalSource

__all__ = [
    "AnswerStore",
    "fingerprint",
]


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
            identity: all that can change this model's answer to a given question, as JSON.
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

    def find(self, question: Question) -> Answer | None:
        """The answer that was kept, if it and its images are whole."""
        try:
            value = json.loads(self._path(question).read_bytes())
            images = tuple(self._image(name) for name in value["images"])
        except (OSError, ValueError, KeyError):
            return None
        return Answer(
            text=value["text"],
            images=images,
            refusal=cast(RefusalSource | None, value["refusal"]),
            error=value["error"],
            version=value["version"],
            state=value["state"],
        )

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
        }
        write_atomically(self._path(question), json.dumps(value).encode())

    def path_of(self, image: Picture) -> Path:
        """The file of an answer's image: named by its content, so that no two collide."""
        return self._folder / "images" / image.sha256[:2] / f"{image.sha256}{image.suffix}"

    def _image(self, name: str) -> Picture:
        digest = name.partition(".")[0]
        picture = Picture((self._folder / "images" / name[:2] / name).read_bytes())
        if picture.sha256 != digest:
            raise ValueError(f"{name} was changed")
        return picture

    def _path(self, question: Question) -> Path:
        key = hashlib.sha256(f"{self._identity}\n{question.content}".encode()).hexdigest()
        return self._folder / "answers" / key[:2] / f"{key}.json"
