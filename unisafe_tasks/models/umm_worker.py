"""`--model umm_worker`: a model that lives in an environment of its own, one process per GPU."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from unisafe_judges import CallFailure, ImageError
from unisafe_judges.images import read_image_file
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.files import path_inside, write_atomically
from unisafe_tasks.models.answers import fingerprint
from unisafe_tasks.models.arguments import read_arguments
from unisafe_tasks.models.base import UnifiedModel
from unisafe_tasks.models.questions import Answer, Picture, Question
from unisafe_tasks.models.shipped_runners import script_of
from unisafe_tasks.models.worker_pool import WorkerPool
from unisafe_tasks.models.workers import Worker
from unisafe_tasks.redaction import redact

__all__ = ["UmmWorker"]

_OF_A_RUNNER = ("repository", "pretrained", "revision", "python", "dtype")
_LIVE = ("--no-capture-output", "--live-stream")


def _words(command: str) -> list[str]:
    """A command's words; lmms-eval leaves the quotes around one that holds commas or not."""
    words = shlex.split(command)
    return shlex.split(words[0]) if len(words) == 1 else words


def _listed(value: object) -> object:
    return str(value).split(":") if isinstance(value, str | int) else value


class WorkerArguments(BaseModel):
    """A model that answers in processes of its own: `runner` or `command` starts them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str | None = Field(default=None, min_length=1)
    """The command that starts a runner of your own."""
    runner: str | None = None
    """The name of a runner that comes with this package: `unisafe runner list` shows them."""
    repository: str | None = None
    """With `runner`: the folder with the checked-out code of the model's repository."""
    pretrained: str | None = None
    """With `runner`: the weights, a repository of the hub or a folder."""
    revision: str | None = None
    """With `runner`: the commit, tag or branch of the hub's repository."""
    python: str | None = None
    """With `runner`: the interpreter of the model's environment, or a command that starts it."""
    device: str | None = Field(default=None, pattern=r"^(cpu|cuda(:\d+)?)$")
    """With `runner`: where the model runs, such as `cuda:0`."""
    dtype: Literal["bfloat16", "float16", "float32"] | None = None
    """With `runner`: the type of the weights' numbers. Without it the runner says it."""
    gpus: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    """GPUs, such as `0:1`: each has a worker of its own, which sees that GPU alone."""
    workers: int = Field(default=1, ge=1, le=64)
    """How many workers there are, without `gpus`."""
    seed: int = 0
    """The seed of what is drawn at random."""
    timeout_s: float = Field(default=600.0, gt=0)
    """How many seconds an answer may take."""
    start_timeout_s: float = Field(default=900.0, gt=0)
    """How many seconds a worker may take to load the model."""

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.command is None) == (self.runner is None):
            raise ValueError(
                "give runner=NAME (`unisafe runner list` has the names), or command=... for a "
                "runner of your own"
            )
        given = [name for name in _OF_A_RUNNER if getattr(self, name) is not None]
        if self.command is not None and given:
            raise ValueError(
                f"{given[0]}= belongs to runner=: with command=, write it into the command"
            )
        if self.runner is not None:
            try:
                script_of(self.runner)
            except UnisafeError as error:
                raise ValueError(str(error)) from None
        for name in ("repository", "pretrained"):
            if self.runner is not None and getattr(self, name) is None:
                raise ValueError(
                    f"runner={self.runner} needs {name}=...: `unisafe runner env {self.runner}` "
                    "says where the code comes from, `unisafe runner show` which weights"
                )
        return self

    def words(self) -> Sequence[str]:
        """The command that starts a worker.

        Raises:
            UnisafeError: there is no such runner.
        """
        if self.runner is None:
            return _words(self.command or "")
        python = _words(self.python or shlex.quote(sys.executable))
        if python[:2] == ["conda", "run"] and not set(python) & set(_LIVE):
            # Otherwise conda holds back what the worker says until it ends.
            python.insert(2, _LIVE[0])
        options = ("repository", "pretrained", "revision", "device", "dtype")
        given = [(f"--{name}", getattr(self, name)) for name in options]
        return [
            *python,
            str(script_of(self.runner)),
            *(word for option, value in given if value is not None for word in (option, value)),
        ]


class UmmWorker(UnifiedModel):
    """Workers are started at once. So a worker that cannot work is told before the first question.

    Questions of one task that are alike in form go to a worker together, if it takes batches.
    """

    name = "umm_worker"
    arguments = WorkerArguments

    def __init__(self, **given: Any) -> None:
        super().__init__()
        try:
            self.spec = read_arguments(WorkerArguments, self.name, given)
            words = self.spec.words()
        except UnisafeError as error:
            exit_with(error)
        environments = [{"CUDA_VISIBLE_DEVICES": gpu} for gpu in self.spec.gpus or ()] or [
            {}
        ] * self.spec.workers
        self._pool = WorkerPool(
            [Worker(words, environment, self.spec.start_timeout_s) for environment in environments],
            self.spec.timeout_s,
        )
        self._folder = Path(tempfile.mkdtemp(prefix="unisafe-worker-"))
        self._question_count = 0
        try:
            self._hello = self._runner.run(self._pool.start())
        except CallFailure as failure:
            self._end()
            exit_with(failure)
        self.history = cast(Literal["full", "last"], self._hello.history)
        # One batch waits for each that is being answered.
        self.max_cases = 2 * len(environments) * self._hello.batch
        self._identity = self._described()

    @property
    def tasks(self) -> frozenset[str]:
        return self._hello.tasks

    def stack(self) -> dict[str, Any]:
        return dict(self._hello.stack)

    def identity(self) -> Mapping[str, Any]:
        return self._identity

    def _described(self) -> Mapping[str, Any]:
        hello, spec = self._hello, self.spec
        said = {
            "protocol": hello.protocol,
            "model": hello.model,
            "seed": spec.seed,
            **{name: v for name in ("stack", "commit", "weights") if (v := getattr(hello, name))},
        }
        if spec.runner is None:
            # A runner that was changed is another model's.
            paths = [Path(word) for word in _words(spec.command or "")]
            files = fingerprint(path for path in paths if path.is_file())
            return {**said, "command": redact(spec.command or ""), "files": files}
        described = {**said, **spec.model_dump(include={"runner", "pretrained", "revision"})}
        described["code"] = hashlib.sha256(script_of(spec.runner).read_bytes()).hexdigest()
        folder = Path(spec.pretrained or "").expanduser()
        if folder.is_dir():
            described["files"] = fingerprint(path for path in folder.rglob("*") if path.is_file())
        return described

    async def ask(self, question: Question) -> Answer:
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
            "task": question.task.code,
            "turn": question.turn,
            "messages": messages,
            "seed": self.spec.seed,
            "out": str(out),
        }
        alike = (question.task.code, question.turn, len(question.images))
        try:
            answer = _read(await self._pool.ask(request, alike), out)
        finally:
            # The images are in the answer now.
            shutil.rmtree(out, ignore_errors=True)
        return replace(answer, version=self._weights)

    @property
    def _weights(self) -> str | None:
        """What tells these weights from others of the same name, if they are known."""
        if commit := self._identity.get("weights"):
            return f"commit {commit}"
        files = self._identity.get("files") if self.spec.runner else None
        return f"files {files[:16]}" if files else None

    async def close(self) -> None:
        await self._pool.close()
        for path in sorted(self._folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self._folder.rmdir()

    def _file_of(self, image: Picture) -> Path:
        path = self._folder / "given" / f"{image.sha256}{image.suffix}"
        if not path.is_file():
            write_atomically(path, image.data)
        return path


def _read(reply: Mapping[str, Any], out: Path) -> Answer:
    said = redact(str(reply["error"]))[:500] if reply.get("error") else None
    text, names = reply.get("text") or "", reply.get("images") or []
    refused = bool(reply.get("refusal"))
    if refused and reply.get("refusal_source") == "safety_checker":
        # What a checker put in the place of the image is none.
        held = said or "held back by the safety checker"
        return Answer(str(text), refusal="safety_checker", error=held)
    if said is not None and not refused:
        return Answer(error=f"the worker says: {said}")
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
    return Answer(text, tuple(images), refusal="model" if refused else None, error=said)
