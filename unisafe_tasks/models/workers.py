"""A worker process: started, spoken to as JSON lines, started again when it dies.

In version 2 of the protocol a request is a batch of questions. In version 1, which runners written
for earlier versions of this package speak, it is one question.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from unisafe_judges import CallFailure, FailureKind
from unisafe_tasks.redaction import redact
from unisafe_tasks.tasks import TASKS

__all__ = ["PROTOCOL", "Hello", "Worker"]

PROTOCOL = 2
_LONGEST_LINE = 64 * 1024 * 1024
_GRACE_S = 5.0
_SHOWN = 200
_OPTIONAL = ("commit", "weights")

_log = logging.getLogger("unisafe")


@dataclass(frozen=True)
class Hello:
    """What a worker says of itself when it is ready.

    `batch` is how many questions it takes at once. `stack` names what stands between a request and
    the model, and the settings of its decoding. `commit` is of the model's code, and `weights` of
    its weights on the hub.
    """

    protocol: int
    model: str
    tasks: frozenset[str]
    history: str
    batch: int = 1
    stack: Mapping[str, Any] = field(default_factory=dict)
    commit: str | None = None
    weights: str | None = None


class Worker:
    """One process, asked one batch at a time. For one event loop."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], start_timeout_s: float
    ) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}
        self._start_timeout_s = start_timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._hello: Hello | None = None
        self._protocol = PROTOCOL
        self._asked = 0

    async def start(self) -> Hello:
        """Start the process and wait until it is ready.

        Raises:
            CallFailure: STOPPED, it does not start, it does not speak the protocol, or it is
                another model, stack or commit than before.
        """
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=self._environment,
                limit=_LONGEST_LINE,
                # What `conda run` and the like start ends with it.
                start_new_session=True,
            )
        except OSError as error:
            raise self._stopped(f"cannot be started: {error.strerror}") from None
        try:
            async with asyncio.timeout(self._start_timeout_s):
                value = await self._line_with("unisafe_worker")
        except TimeoutError:
            await self.stop()
            raise self._stopped(f"was not ready within {self._start_timeout_s:g} s") from None
        if value is None:
            process = self._process
            await self.stop()
            raise self._stopped(f"ended with code {process.returncode} before it was ready")
        try:
            hello = self._read_hello(value)
            if self._hello not in (None, hello):
                raise self._stopped("says other things of itself than when it was first started")
        except CallFailure:
            await self.stop()
            raise
        self._hello, self._protocol = hello, hello.protocol
        return hello

    async def ask(
        self, questions: Sequence[Mapping[str, Any]], timeout_s: float
    ) -> Sequence[Mapping[str, Any]]:
        """The replies to a batch of questions; of one question in version 1 of the protocol.

        Raises:
            CallFailure: TIMEOUT or CONNECTION, the process took too long or died; it is gone then.
                STOPPED, it does not start again.
        """
        if self._process is None:
            await self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        self._asked += 1
        (request,) = questions if self._protocol == 1 else ({"questions": list(questions)},)
        try:
            process.stdin.write(json.dumps({**request, "id": self._asked}).encode() + b"\n")
            await process.stdin.drain()
            async with asyncio.timeout(timeout_s):
                while (reply := await self._line_with("id")) is not None:
                    if reply["id"] == self._asked:
                        return self._replies(reply, len(questions))
        except TimeoutError:
            await self.stop()
            raise CallFailure(FailureKind.TIMEOUT, f"no answer within {timeout_s:g} s") from None
        except (ConnectionError, BrokenPipeError):
            pass
        except asyncio.CancelledError:
            # Half an answer may be on its way, which nobody waits for any more.
            await self.stop()
            raise
        await self.stop()
        raise CallFailure(
            FailureKind.CONNECTION, f"the worker ended with code {process.returncode}"
        )

    async def stop(self) -> None:
        """End the process, and all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_S):
                    # Also where it is gone already: its code is known only afterwards.
                    await process.wait()
                    # What it started, as `conda run` does, may outlive it and keep its GPU.
                    while _group_lives(process.pid):
                        await asyncio.sleep(_GRACE_S / 100)
                    return

    async def _line_with(self, key: str) -> dict[str, Any] | None:
        """The next JSON object that has a key; None at the end. Anything else is noise."""
        assert self._process is not None
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                _log.warning("a worker wrote a line longer than %d bytes", _LONGEST_LINE)
                return None
            if not line:
                return None
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict) and key in value:
                return value
            noise = redact(line.decode("utf-8", "replace"))
            _log.warning("a worker wrote a line that is not a reply: %r", noise[:_SHOWN])

    def _replies(self, reply: Mapping[str, Any], count: int) -> Sequence[Mapping[str, Any]]:
        answers = [reply] if self._protocol == 1 else reply.get("answers")
        if not isinstance(answers, list) or len(answers) != count:
            return [{"error": f"its reply has no list of {count} answers"}] * count
        return [
            answer if isinstance(answer, dict) else {"error": "the answer is not a JSON object"}
            for answer in answers
        ]

    def _read_hello(self, value: Mapping[str, Any]) -> Hello:
        protocol = value["unisafe_worker"]
        if protocol not in (1, PROTOCOL):
            raise self._stopped(
                f"speaks version {protocol!r} of the protocol, not {PROTOCOL}: "
                "take its runner from this version's template"
            )
        if problem := value.get("error"):
            raise CallFailure(FailureKind.STOPPED, redact(str(problem)))
        model, tasks, history = (value.get(name) for name in ("model", "tasks", "history"))
        if not isinstance(model, str) or not model:
            raise self._stopped("does not say which model it is")
        if not isinstance(tasks, list) or not tasks or not set(tasks) <= set(TASKS):
            raise self._stopped(
                f"says that its tasks are {tasks!r}: expected codes of {list(TASKS)}"
            )
        if history not in ("full", "last"):
            raise self._stopped(f"says that its history is {history!r}: expected 'full' or 'last'")
        batch, stack = (value.get(name, default) for name, default in (("batch", 1), ("stack", {})))
        if not isinstance(batch, int) or batch < 1:
            raise self._stopped(f"says that its batch is {batch!r}: expected 1 or more")
        stack = {} if stack is None else stack
        if not isinstance(stack, dict) or not _is_json(stack):
            raise self._stopped("names a stack that is not a JSON object of names and values")
        commit, weights = (None if (v := value.get(n)) is None else str(v) for n in _OPTIONAL)
        batch = batch if protocol == PROTOCOL else 1
        return Hello(protocol, model, frozenset(tasks), history, batch, stack, commit, weights)

    def _stopped(self, what: str) -> CallFailure:
        return CallFailure(
            FailureKind.STOPPED, f"the worker {redact(' '.join(self._command))[:_SHOWN]!r} {what}"
        )


def _group_lives(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def _is_json(value: object) -> bool:
    """Whether run.json can hold it: JSON has no infinite number, although Python reads one."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True
