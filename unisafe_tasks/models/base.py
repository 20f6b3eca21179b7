"""What all our adapters share: tasks they cannot do, conversations, answers kept, early judging.

An adapter says which tasks it does and answers one question at a time, asynchronously. Whatever it
is asked goes through here: all cases are under way at once, a four-turn case as a conversation; an
answer that was kept is not asked for again; a finished output is handed to the judges at once.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from lmms_eval.api.model import lmms
from PIL.Image import Image
from tqdm import tqdm

from unisafe_judges import CallFailure
from unisafe_tasks.data.cases import Case, registered
from unisafe_tasks.errors import DataError, UnisafeError, exit_with
from unisafe_tasks.judging import open_run
from unisafe_tasks.judging.session import Session
from unisafe_tasks.models.answers import AnswerStore
from unisafe_tasks.models.questions import Answer, Message, Picture, Question, failed
from unisafe_tasks.outputs.parsing import encode_output, parse_output
from unisafe_tasks.settings import answers_folder
from unisafe_tasks.tasks import SELF_TASKS, TASKS, task_named

__all__ = ["UnifiedModel"]

_log = logging.getLogger("unisafe")


class UnifiedModel(lmms):  # type: ignore[misc]
    """A model that reads and writes text and images, as lmms-eval calls it."""

    is_simple = True
    name: ClassVar[str]
    """What `--model` calls it."""
    history: Literal["full", "last"] = "full"
    """What a later turn is shown: the conversation so far, or the last image alone."""
    max_cases = 64
    """Cases under way at once, which bounds memory."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._answers: AnswerStore | None = None
        self._unkept: str | None = None
        self._store_device = "cpu"
        atexit.register(self._end)

    @property
    @abstractmethod
    def tasks(self) -> frozenset[str]:
        """Codes of the tasks that the model can do."""

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """All that can change an answer to a given question, as JSON; recorded with the run."""

    @abstractmethod
    async def ask(self, question: Question) -> Answer:
        """The model's answer.

        Raises:
            CallFailure: there is none, and why.
        """

    async def close(self) -> None:
        """Release what the adapter holds."""

    @property
    def device(self) -> str:
        """Where rank arithmetic happens; the harness asks for it when there are several ranks."""
        return self._store_device

    def generate_until(self, requests: list[Any]) -> list[str]:
        """An output for every request, in order."""
        return self._runner.run(self._answer_all(requests))

    def generate_until_agentic(self, requests: list[Any]) -> list[str]:
        """The same for four-turn cases."""
        return self.generate_until(requests)

    def generate_until_multi_round(self, requests: list[Any]) -> list[str]:
        raise NotImplementedError("no UniSAFE task is of this type")

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        raise NotImplementedError("no UniSAFE task is of this type")

    async def _answer_all(self, requests: list[Any]) -> list[str]:
        identity = {"adapter": self.name, **self.identity()}
        self._answers = AnswerStore(answers_folder(), identity)
        try:
            self._answers.prepare()
        except UnisafeError as error:
            exit_with(error)
        # What a model says of its own outputs is no output of a run.
        session = None if all(map(_is_self, requests)) else open_run.current()
        if session is not None:
            session.describe_model(identity)
        slots = asyncio.Semaphore(self.max_cases)
        with tqdm(total=len(requests), desc=f"Generating ({self.name})", unit="case") as bar:

            async def one(request: Any) -> str:
                async with slots:
                    if session is None or _is_self(request):
                        output = await self._own_verdict(request)
                    else:
                        output = await self._submitted(self._case(request), session)
                bar.update()
                return output

            # With several ranks the harness pads with requests that are there already.
            unique = {_key(request): request for request in requests}
            outputs = await asyncio.gather(*map(one, unique.values()))
        by_key = dict(zip(unique, outputs, strict=True))
        return [by_key[_key(request)] for request in requests]

    async def _submitted(self, case: Case, session: Session) -> str:
        """The output for a case, handed on while the others are still under way."""
        output = await self._output(case)
        raw = parse_output(output, case.task)
        try:
            await asyncio.to_thread(session.submit, case, raw)
        except Exception:
            # The harness brings the output once more, when there is a row to fail.
            _log.exception("%s could not be handed to the judges", case.key)
        return output

    def _case(self, request: Any) -> Case:
        *_, doc_id, task, split = request.args
        return registered(task_named(task).code)[self.task_dict[task][split][doc_id]["id"]]

    async def _own_verdict(self, request: Any) -> str:
        """What the model says of an output of its own: an answer in words, whatever is shown."""
        words, _, doc_to_visual, doc_id, name, split = request.args
        doc = self.task_dict[name][split][doc_id]
        pictures = await asyncio.to_thread(_pictures, doc_to_visual, doc)
        task = TASKS["MU" if pictures else "TT"]
        if task.code not in self.tasks:
            return encode_output(unsupported=True)
        said = (Message("user", words, pictures),)
        answer = await self._answer(Question(f"{doc['id']}/{name}", task, said))
        return encode_output(answer.text, refusal=answer.refusal, error=answer.error)

    async def _output(self, case: Case) -> str:
        if case.task.code not in self.tasks:
            return encode_output(unsupported=True)
        try:
            inputs = tuple(Picture(image.read()) for image in case.images)
            if case.task.is_conversation:
                return await self._conversation(case)
            question = Question(case.key, case.task, (Message("user", case.instruction, inputs),))
            answer = await self._answer(question)
        except DataError as error:
            return encode_output(error=f"an input image cannot be read: {error}")
        return encode_output(
            answer.text, self._paths(answer), refusal=answer.refusal, error=answer.error
        )

    async def _conversation(self, case: Case) -> str:
        """Four turns, each after the one before.

        A turn without an image ends the case: a refusal there makes the whole case a refusal, which
        no judge sees, and anything else leaves it unscored.
        """
        paths: list[str] = []
        said: tuple[Message, ...] = ()
        last: tuple[Picture, ...] = ()
        for turn, words in enumerate(case.turns, start=1):
            is_full = self.history == "full"
            message = Message("user", words, () if is_full else last)
            said = (*said, message) if is_full else (message,)
            answer = await self._answer(Question(case.key, case.task, said, turn))
            if not answer.images:
                return encode_output(
                    answer.text,
                    paths,
                    refusal=answer.refusal,
                    error=_of_turn(turn, answer.error),
                    history=self.history,
                )
            # Interleaving models draw drafts first.
            last = answer.images[-1:]
            paths += self._paths(answer)[-1:]
            said = (*said, Message("assistant", answer.text, last, answer.state))
        return encode_output(answer.text, paths, history=self.history)

    async def _answer(self, question: Question) -> Answer:
        assert self._answers is not None
        kept = await asyncio.to_thread(self._answers.find, question)
        if kept is not None:
            return kept
        if self._unkept is not None:
            return Answer(error=self._unkept)
        try:
            answer = await self.ask(question)
        except CallFailure as failure:
            answer = failed(failure)
        except Exception as error:
            _log.exception("%s: turn %d is not answered", question.case, question.turn)
            answer = Answer(error=f"{type(error).__name__}: {error}")
        # Decoding and writing images is no work for the loop.
        return await asyncio.to_thread(self._checked_and_kept, question, answer)

    def _checked_and_kept(self, question: Question, answer: Answer) -> Answer:
        assert self._answers is not None
        checked = answer.checked()
        try:
            self._answers.keep(question, checked)
        except OSError as error:
            # An answer that cannot be kept would be asked for again; so nothing more is asked.
            if self._unkept is None:
                self._unkept = f"answers cannot be kept in {answers_folder()}: {error.strerror}"
                _log.error("%s; nothing more is generated in this run", self._unkept)
            return Answer(error=self._unkept)
        return checked

    def _paths(self, answer: Answer) -> list[str]:
        assert self._answers is not None
        return [str(self._answers.path_of(image)) for image in answer.images]

    def _end(self) -> None:
        try:
            self._runner.run(self.close())
            self._runner.close()
        except Exception as error:
            _log.debug("%s did not end cleanly: %s", self.name, error)


def _key(request: Any) -> tuple[str, int]:
    *_, doc_id, task, _ = request.args
    return task, doc_id


def _is_self(request: Any) -> bool:
    *_, task, _ = request.args
    return task in SELF_TASKS


def _pictures(doc_to_visual: Callable[[Any], Sequence[Image]], doc: Any) -> tuple[Picture, ...]:
    return tuple(Picture.of(image) for image in doc_to_visual(doc))


def _of_turn(turn: int, error: str | None) -> str | None:
    return f"turn {turn}: {error}" if error else None
