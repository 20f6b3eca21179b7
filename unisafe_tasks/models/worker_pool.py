"""The workers of one model: questions in batches, and another try where a worker has died."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisafe_judges import CallFailure, FailureKind
from unisafe_tasks.models.workers import Hello, Worker

__all__ = ["WorkerPool"]

_ATTEMPTS = 3
_MOST_DEATHS = 6
"""In a row, for each worker: more than one question's attempts, since one question may kill."""
_FILLING_S = 0.02


@dataclass(eq=False)
class _Waiting:
    question: Mapping[str, Any]
    group: Hashable
    reply: asyncio.Future[Mapping[str, Any]]
    attempts: int = 0


class WorkerPool:
    """What waits and goes together is asked together, of the first worker that is free.

    If a worker dies, what it was asked is asked again, each question alone, at most three times.
    If workers do nothing but die, nothing more is asked.
    """

    def __init__(self, workers: Sequence[Worker], timeout_s: float) -> None:
        """Begin without a process.

        Args:
            workers: all of the same command.
            timeout_s: how long one question may take.
        """
        self._workers = workers
        self._timeout_s = timeout_s
        self._batch = 1
        self._waiting: list[_Waiting] = []
        self._arrived = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._deaths = 0
        self._dead: str | None = None

    async def start(self) -> Hello:
        """Start all workers.

        Raises:
            CallFailure: one does not start, or they are not alike.
        """
        hellos = await asyncio.gather(*(worker.start() for worker in self._workers))
        if any(hello != hellos[0] for hello in hellos):
            raise CallFailure(
                FailureKind.STOPPED,
                "the workers describe different models: one command must serve one model",
            )
        self._batch = hellos[0].batch
        self._tasks = [asyncio.create_task(self._work(worker)) for worker in self._workers]
        return hellos[0]

    async def ask(self, question: Mapping[str, Any], group: Hashable) -> Mapping[str, Any]:
        """A worker's reply.

        Args:
            question: as the protocol has it.
            group: only questions of the same group go together.

        Raises:
            CallFailure: there is none, and why.
        """
        if self._dead is not None:
            raise CallFailure(FailureKind.STOPPED, self._dead)
        reply: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        await self._put([_Waiting(question, group, reply)])
        return await reply

    async def close(self) -> None:
        """End all workers; nobody waits for their answers any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    async def _put(self, items: Sequence[_Waiting]) -> None:
        async with self._arrived:
            self._waiting += items
            self._arrived.notify_all()

    async def _work(self, worker: Worker) -> None:
        while True:
            batch = await self._next()
            try:
                timeout_s = self._timeout_s * len(batch)
                replies = await worker.ask([item.question for item in batch], timeout_s)
            except CallFailure as failure:
                await self._put(self._to_ask_again(batch, failure))
                continue
            except Exception as error:
                _end(batch, error)
                continue
            self._deaths = 0
            for item, reply in zip(batch, replies, strict=True):
                if not item.reply.done():
                    item.reply.set_result(reply)

    async def _next(self) -> Sequence[_Waiting]:
        """The oldest that waits, and what goes with it."""
        while True:
            async with self._arrived:
                await self._arrived.wait_for(lambda: self._waiting)
            if self._batch > 1:
                # Those that come together are asked together.
                await asyncio.sleep(_FILLING_S)
            self._waiting = [item for item in self._waiting if not item.reply.done()]
            if self._waiting:
                break
        first, *others = self._waiting
        batch = [first]
        # What a worker died of is one of those that it was asked, and is to cost only itself.
        if not first.attempts:
            fitting = [item for item in others if not item.attempts and item.group == first.group]
            batch += fitting[: self._batch - 1]
        self._waiting = [item for item in self._waiting if item not in batch]
        return batch

    def _to_ask_again(self, batch: Sequence[_Waiting], failure: CallFailure) -> Sequence[_Waiting]:
        """What of a batch that failed is asked once more; the rest has failed."""
        self._deaths += 1
        if self._deaths == _MOST_DEATHS * len(self._workers):
            self._dead = (
                f"the workers ended {self._deaths} times in a row without an answer, and nothing "
                f"more is asked: {failure}"
            )
        if self._dead is not None:
            stopped = CallFailure(FailureKind.STOPPED, self._dead)
            _end([*batch, *self._waiting], stopped)
            self._waiting = []
            return []
        for item in batch:
            item.attempts += 1
        passes = failure.kind in (FailureKind.CONNECTION, FailureKind.STOPPED) or len(batch) > 1
        again = [item for item in batch if passes and item.attempts < _ATTEMPTS]
        _end([item for item in batch if item not in again], failure)
        return again


def _end(items: Sequence[_Waiting], error: Exception) -> None:
    for item in items:
        if not item.reply.done():
            item.reply.set_exception(error)
