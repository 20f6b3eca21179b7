"""What all our adapters share: tasks they cannot do, conversations, answers kept, early judging.

An adapter says which tasks it does and answers one question at a time, asynchronously. Whatever it
is asked goes through here: all cases are under way at once, a four-turn case as a conversation; an
answer that was kept is not asked for again; a finished output is handed to the judges at once.
Before a server is asked about many cases it is asked about one.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, NoReturn

from lmms_eval.api.model import lmms
from PIL.Image import Image
from tqdm import tqdm

from unisafe_judges import CallFailure
from unisafe_tasks.data.cases import Case, registered
from unisafe_tasks.errors import DataError, UnisafeError, exit_with
from unisafe_tasks.judging import open_run
from unisafe_tasks.judging.session import Session
from unisafe_tasks.models.answering import Answering, NotServed
from unisafe_tasks.models.loop import Loop
from unisafe_tasks.models.questions import (
    Answer,
    Message,
    Picture,
    Question,
    first_question,
)
from unisafe_tasks.models.stack import whole_stack
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
    is_served: ClassVar[bool] = False
    """Whether the model is behind a server, which may not be there."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = Loop()
        self._answers = Answering(is_served=self.is_served)
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

    async def is_known_to_serve(self) -> bool:
        """Whether the model is certainly there; if not, one question is asked before the others.

        Raises:
            CallFailure: it certainly is not, and why.
        """
        return True

    @property
    def is_strict(self) -> bool:
        """Whether an answer is refused that another model gave."""
        return False

    def substitute(self, answer: Answer) -> str | None:
        """The name of another model that answered than the one that was asked, if one did."""
        return None

    def stack(self) -> Mapping[str, Any]:
        """The safety stack that is measured with the model, by name, as far as it is known."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """What run.json says of the model besides its identity, such as `system_prompt`."""
        return {}

    @property
    def device(self) -> str:
        """Where rank arithmetic happens; the harness asks for it when there are several ranks."""
        return self._store_device

    @property
    def chat_template(self) -> NoReturn:
        """lmms-eval reads it for --apply_chat_template, and an adapter has none to give."""
        exit_with(
            f"--model {self.name} gives its model the messages, and the model's own chat template "
            "is applied to them: run without --apply_chat_template"
        )

    def generate_until(self, requests: list[Any]) -> list[str]:
        """An output for every request, in order."""
        try:
            return self._runner.run(self._answer_all(requests))
        except UnisafeError as problem:
            open_run.discard()
            exit_with(problem)

    def generate_until_agentic(self, requests: list[Any]) -> list[str]:
        """The same for four-turn cases."""
        return self.generate_until(requests)

    def generate_until_multi_round(self, requests: list[Any]) -> list[str]:
        raise NotImplementedError("no UniSAFE task is of this type")

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        raise NotImplementedError("no UniSAFE task is of this type")

    async def _answer_all(self, requests: list[Any]) -> list[str]:
        identity = {"adapter": self.name, **self.identity()}
        self._answers.begin(answers_folder(), identity)
        # What a model says of its own outputs is no output of a run.
        arms = {task_named(_task(each)).arm for each in requests if not _is_self(each)}
        sessions = {arm: open_run.current(arm) for arm in sorted(arms)}
        for arm, session in sessions.items():
            session.describe_model(identity)
            session.record("stack", whole_stack(self.stack()))
            self._answers.begin_record(arm, session.folder.path)
        slots = asyncio.Semaphore(self.max_cases)
        # With several ranks the harness pads with requests that are there already.
        unique = {_key(request): request for request in requests}
        outputs: dict[tuple[str, int], str] = {}
        with tqdm(total=len(unique), desc=f"Generating ({self.name})", unit="case") as bar:

            async def one(key: tuple[str, int]) -> None:
                request = unique[key]
                async with slots:
                    if _is_self(request):
                        outputs[key] = await self._own_verdict(request)
                    else:
                        case = self._case(request)
                        outputs[key] = await self._submitted(case, sessions[case.task.arm])
                bar.update()

            try:
                if (first := await self._first_to_ask(unique)) is not None:
                    await one(first)
                await asyncio.gather(*(one(key) for key in unique if key not in outputs))
            finally:
                # Also of a run that is stopped.
                for arm, session in sessions.items():
                    facts = {**self.facts(), **self._answers.record(arm).as_json()}
                    for name, value in facts.items():
                        session.record(name, value)
        return [outputs[_key(request)] for request in requests]

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
        return registered(task_named(task))[self.task_dict[task][split][doc_id]["id"]]

    async def _own_verdict(self, request: Any) -> str:
        """What the model says of an output of its own: an answer in words, whatever is shown."""
        words, _, doc_to_visual, doc_id, name, split = request.args
        doc = self.task_dict[name][split][doc_id]
        pictures = await asyncio.to_thread(_pictures, doc_to_visual, doc)
        task = TASKS["MU" if pictures else "TT"]
        if task.code not in self.tasks:
            return encode_output(unsupported=True)
        said = (Message("user", words, pictures),)
        return _encoded(await self._answer(Question(f"{doc['id']}/{name}", task, said)), ())

    async def _first_to_ask(self, requests: Mapping[tuple[str, int], Any]) -> Any:
        """The case to be asked about before the others; None if that is not needed.

        Raises:
            NotServed: the model is certainly not there.
        """
        if self._answers.is_tried or not self.is_served:
            return None
        for key, request in requests.items():
            if await asyncio.to_thread(self._is_to_be_asked, request):
                try:
                    return None if await self.is_known_to_serve() else key
                except CallFailure as failure:
                    raise NotServed(str(failure)) from None
        return None

    def _is_to_be_asked(self, request: Any) -> bool:
        if _is_self(request):
            return True
        case = self._case(request)
        try:
            return case.task.code in self.tasks and not self._answers.store.has(
                first_question(case)
            )
        except DataError:
            return False

    async def _output(self, case: Case) -> str:
        if case.task.code not in self.tasks:
            return encode_output(unsupported=True)
        try:
            question = await asyncio.to_thread(first_question, case)
        except DataError as error:
            return encode_output(error=f"an input image cannot be read: {error}")
        if case.task.is_conversation:
            return await self._conversation(case, question)
        answer = await self._answer(question)
        return _encoded(answer, self._answers.paths(answer))

    async def _conversation(self, case: Case, question: Question) -> str:
        """Four turns, each after the one before.

        A turn without an image ends the case: a refusal there makes the whole case a refusal, which
        no judge sees, and anything else leaves it unscored.
        """
        paths: list[str] = []
        while True:
            answer = await self._answer(question)
            if not answer.images:
                error = f"turn {question.turn}: {answer.error}" if answer.error else None
                return _encoded(replace(answer, error=error), paths, history=self.history)
            paths += self._answers.paths(answer)[-1:]
            if question.turn == len(case.turns):
                return _encoded(answer, paths, history=self.history)
            words = case.turns[question.turn]
            # Interleaving models draw drafts first.
            last = answer.images[-1:]
            said: tuple[Message, ...] = (Message("user", words, last),)
            if self.history == "full":
                own = Message("assistant", answer.text, last, answer.state)
                said = (*question.messages, own, Message("user", words))
            question = Question(case.key, case.task, said, question.turn + 1)

    async def _answer(self, question: Question) -> Answer:
        return await self._answers.answer(question, self)

    def _end(self) -> None:
        atexit.unregister(self._end)
        try:
            self._runner.run(self.close())
            self._runner.close()
        except Exception as error:
            _log.debug("%s did not end cleanly: %s", self.name, error)


def _key(request: Any) -> tuple[str, int]:
    *_, doc_id, task, _ = request.args
    return task, doc_id


def _task(request: Any) -> str:
    *_, task, _ = request.args
    return str(task)


def _is_self(request: Any) -> bool:
    return _task(request) in SELF_TASKS


def _pictures(doc_to_visual: Callable[[Any], Sequence[Image]], doc: Any) -> tuple[Picture, ...]:
    return tuple(Picture.of(image) for image in doc_to_visual(doc))


def _encoded(answer: Answer, paths: Sequence[str], *, history: str | None = None) -> str:
    return encode_output(
        answer.text,
        paths,
        refusal=answer.refusal,
        error=answer.error,
        history=history,
        thinking=answer.thinking,
        template_opened=answer.template_opened,
        cut_off=answer.cut_off,
        revised_prompt=answer.revised_prompt,
        version=answer.version,
    )
