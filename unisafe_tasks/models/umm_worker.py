"""`--model umm_worker`: a model that lives in an environment of its own, one process per GPU."""

from __future__ import annotations

import asyncio
import shlex
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from unisafe_judges import CallFailure, FailureKind, ImageError
from unisafe_judges.images import read_image_file
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.files import path_inside, write_atomically
from unisafe_tasks.models.answers import fingerprint
from unisafe_tasks.models.arguments import read_arguments
from unisafe_tasks.models.base import UnifiedModel
from unisafe_tasks.models.questions import Answer, Picture, Question
from unisafe_tasks.models.workers import PROTOCOL, Hello, Worker
from unisafe_tasks.redaction import redact

__all__ = ["UmmWorker"]

_ATTEMPTS = 3


def _words(command: str) -> list[str]:
    """A command's words; lmms-eval leaves the quotes around one that holds commas or not."""
    words = shlex.split(command)
    return shlex.split(words[0]) if len(words) == 1 else words


def _listed(value: object) -> object:
    return str(value).split(":") if isinstance(value, str | int) else value


class WorkerArguments(BaseModel):
    """`gpus`, such as `0:1`, starts a worker for each, which sees that one alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str = Field(min_length=1)
    gpus: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    workers: int = Field(default=1, ge=1, le=64)
    seed: int = 0
    timeout_s: float = Field(default=600.0, gt=0)
    start_timeout_s: float = Field(default=900.0, gt=0)


class UmmWorker(UnifiedModel):
    """Workers are started at once. So a worker that cannot work is told before the first question.

    A question whose worker died is asked again of a new one, three times at most.
    """

    name = "umm_worker"
    arguments = WorkerArguments

    def __init__(self, **given: Any) -> None:
        super().__init__()
        try:
            self.spec = read_arguments(WorkerArguments, self.name, given)
        except UnisafeError as error:
            exit_with(error)
        environments = [{"CUDA_VISIBLE_DEVICES": gpu} for gpu in self.spec.gpus or ()] or [
            {}
        ] * self.spec.workers
        command = _words(self.spec.command)
        self._workers = [
            Worker(command, environment, self.spec.start_timeout_s) for environment in environments
        ]
        self._folder = Path(tempfile.mkdtemp(prefix="unisafe-worker-"))
        self._question_count = 0
        self._failed_starts = 0
        self._dead: str | None = None
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self.max_cases = 2 * len(self._workers)
        try:
            hello = self._runner.run(self._start())
        except CallFailure as failure:
            self._runner.run(self.close())
            exit_with(failure)
        self._hello = hello
        self.history = cast(Literal["full", "last"], hello.history)

    @property
    def tasks(self) -> frozenset[str]:
        return self._hello.tasks

    def stack(self) -> dict[str, Any]:
        return self._hello.stack

    def identity(self) -> dict[str, Any]:
        stack = {"stack": given} if (given := self.stack()) else {}
        return {
            "protocol": PROTOCOL,
            "model": self._hello.model,
            "command": redact(self.spec.command),
            # A runner that was changed is another model's.
            "files": fingerprint(
                path for word in _words(self.spec.command) if (path := Path(word)).is_file()
            ),
            "seed": self.spec.seed,
            **stack,
        }

    async def ask(self, question: Question) -> Answer:
        for attempt in range(1, _ATTEMPTS + 1):
            worker = await self._idle.get()
            try:
                if self._dead is not None:
                    raise CallFailure(FailureKind.STOPPED, self._dead)
                answer = await self._ask(worker, question)
                self._failed_starts = 0
                return answer
            except CallFailure as failure:
                self._note(failure)
                passes = failure.kind in (FailureKind.CONNECTION, FailureKind.STOPPED)
                if attempt == _ATTEMPTS or not passes or self._dead is not None:
                    raise
            finally:
                self._idle.put_nowait(worker)
        raise AssertionError("unreachable")

    def _note(self, failure: CallFailure) -> None:
        """After several starts in a row that failed, every case would wait for one in vain."""
        if failure.kind is FailureKind.STOPPED:
            self._failed_starts += 1
            if self._failed_starts == _ATTEMPTS * len(self._workers):
                self._dead = str(failure)

    async def close(self) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        for path in sorted(self._folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self._folder.rmdir()

    async def _start(self) -> Hello:
        hellos = await asyncio.gather(*(worker.start() for worker in self._workers))
        if len(set(hellos)) > 1:
            raise CallFailure(
                FailureKind.STOPPED,
                "the workers do not say the same of themselves: one command, one model",
            )
        for worker in self._workers:
            self._idle.put_nowait(worker)
        return hellos[0]

    async def _ask(self, worker: Worker, question: Question) -> Answer:
        self._question_count += 1
        out = self._folder / f"answer-{self._question_count}"
        out.mkdir()
        messages = [
            {
                "role": message.role,
                "text": message.text,
                "images": [str(self._file_of(image)) for image in message.images],
            }
            for message in question.messages
        ]
        request = {
            "id": self._question_count,
            "task": question.task.code,
            "turn": question.turn,
            "messages": messages,
            "seed": self.spec.seed,
            "out": str(out),
        }
        return _read(await worker.ask(request, self.spec.timeout_s), out)

    def _file_of(self, image: Picture) -> Path:
        path = self._folder / "given" / f"{image.sha256}{image.suffix}"
        if not path.is_file():
            write_atomically(path, image.data)
        return path


def _read(reply: dict[str, Any], out: Path) -> Answer:
    if reply.get("error"):
        return Answer(error=f"the worker says: {redact(str(reply['error']))[:500]}")
    text, names = reply.get("text") or "", reply.get("images") or []
    if not isinstance(text, str) or not isinstance(names, list):
        return Answer(error="the worker's reply has no text, or no list of images")
    images = []
    for name in names:
        try:
            images.append(Picture(read_image_file(path_inside(out, str(name)))))
        except ValueError as problem:
            return Answer(text, error=f"the worker names {str(name)[:200]!r}, {problem}")
        except ImageError as error:
            return Answer(text, error=f"the worker's image cannot be used: {error}")
    if not reply.get("refusal"):
        return Answer(text, tuple(images))
    if reply.get("refusal_source") == "safety_checker":
        return Answer(text, refusal="safety_checker", error="held back by the safety checker")
    return Answer(text, tuple(images), refusal="model")
