"""From a question to an answer: kept already, or asked for and kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from unisafe_judges import CallFailure, FailureKind
from unisafe_tasks.errors import RunError, UnisafeError
from unisafe_tasks.models.answer_record import AnswerRecord
from unisafe_tasks.models.answers import AnswerStore
from unisafe_tasks.models.questions import Answer, Question, failed
from unisafe_tasks.tasks import Arm

__all__ = ["Answering", "NotServed"]

_log = logging.getLogger("unisafe")
_NOT_THERE = (FailureKind.STOPPED, FailureKind.CONNECTION)


class NotServed(UnisafeError):
    """The server of a model is not there, or does not have the model, before any answer."""


class Answerer(Protocol):
    """A model, as far as it is asked."""

    @property
    def is_strict(self) -> bool:
        """Whether a substitute's answer of before is asked for again."""

    def substitute(self, answer: Answer) -> str | None:
        """The name of another model that answered than the one that was asked, if one did."""

    async def ask(self, question: Question) -> Answer:
        """The model's answer.

        Raises:
            CallFailure: there is none, and why.
        """


class Answering:
    """One model's questions and answers in this process.

    `is_tried`: the model has answered anything, if only with an error of the question.
    """

    def __init__(self, *, is_served: bool) -> None:
        """Begin without answers.

        Args:
            is_served: the model is behind a server; until it is tried, its absence is no failure
                of a case but ends the run.
        """
        self._is_served = is_served
        self.is_tried = False
        self._records: dict[Arm, tuple[Path | None, AnswerRecord]] = {}
        self._folder = Path()
        self._store: AnswerStore | None = None
        self._unkept: str | None = None

    def begin(self, folder: Path, identity: Mapping[str, Any]) -> None:
        """Keep answers in a folder, under the identity of the model.

        Raises:
            RunError: they cannot be kept there.
        """
        self._folder = folder
        self._store = AnswerStore(folder, identity)
        self._store.prepare()

    def begin_record(self, arm: Arm, run: Path) -> None:
        """Count the answers of an arm's run, by its folder, which may be asked for in several
        parts."""
        if self._records.get(arm, (None,))[0] != run:
            self._records[arm] = run, AnswerRecord(is_served=self._is_served)

    def record(self, arm: Arm) -> AnswerRecord:
        """The record of an arm's run; also of what belongs to none."""
        unnamed = None, AnswerRecord(is_served=self._is_served)
        return self._records.setdefault(arm, unnamed)[1]

    @property
    def store(self) -> AnswerStore:
        """The answers that are kept.

        Raises:
            RunError: nothing was begun.
        """
        if self._store is None:
            raise RunError("no folder for answers was named")
        return self._store

    async def answer(
        self,
        question: Question,
        model: Answerer,
    ) -> Answer:
        """The answer to a question, asked for if none was kept.

        Raises:
            NotServed: the server is not there, and has not been yet.
        """
        kept = await asyncio.to_thread(self.store.find, question)
        if kept is not None:
            substitute = model.substitute(kept.answer)
            if substitute is None or not model.is_strict:
                self.record(question.task.arm).add(
                    kept.answer, given_at=kept.given_at, substitute=substitute
                )
                return kept.answer
        if self._unkept is not None:
            return Answer(error=self._unkept)
        try:
            answer = await model.ask(question)
        except CallFailure as failure:
            if self._is_served and not self.is_tried and failure.kind in _NOT_THERE:
                raise NotServed(str(failure)) from None
            answer = failed(failure)
        except Exception as error:
            _log.exception("%s: turn %d is not answered", question.case, question.turn)
            answer = Answer(error=f"{type(error).__name__}: {error}")
        self.is_tried = True
        # Decoding and writing images is no work for the loop.
        answer = await asyncio.to_thread(self._checked_and_kept, question, answer)
        record = self.record(question.task.arm)
        record.add(answer, given_at=None, substitute=model.substitute(answer))
        return answer

    def paths(self, answer: Answer) -> list[str]:
        """The files of an answer's images."""
        return [str(self.store.path_of(image)) for image in answer.images]

    def _checked_and_kept(self, question: Question, answer: Answer) -> Answer:
        checked = answer.checked()
        try:
            self.store.keep(question, checked)
        except OSError as error:
            # An answer that cannot be kept would be asked for again; so nothing more is asked.
            if self._unkept is None:
                self._unkept = f"answers cannot be kept in {self._folder}: {error.strerror}"
                _log.error("%s; nothing more is generated in this run", self._unkept)
            return Answer(error=self._unkept)
        return checked
