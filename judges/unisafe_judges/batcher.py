"""Questions to a model in this process, answered several at a time in a thread of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from unisafe_judges.errors import CallFailure
from unisafe_judges.types import FailureKind

__all__ = ["Batcher", "in_halves"]

_FILLING_S = 0.02

Q = TypeVar("Q")
A = TypeVar("A")


class Batcher(Generic[Q, A]):
    """What waits is answered together, as far as it goes together. For one event loop."""

    def __init__(
        self,
        answer: Callable[[Sequence[Q]], Sequence[A | CallFailure]],
        size: int,
        group: Callable[[Q], Hashable] = lambda question: None,
    ) -> None:
        """Begin with nothing to do.

        Args:
            answer: gives an answer or a failure for each question of a batch, called in a thread,
                one batch at a time; a CallFailure that it raises is that of all.
            size: the most questions of a batch.
            group: only questions of the same group go together.
        """
        self._answer = answer
        self._size = size
        self._group = group
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._arrived = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The question's answer.

        Raises:
            CallFailure: there is none, and why.
        """
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        self._arrived.set()
        return await answer

    async def close(self) -> None:
        """Answer nothing more; the batch that is being answered is not waited for."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            batch = await self._next()
            try:
                answers = await asyncio.to_thread(self._answer, [item for item, _ in batch])
            except CallFailure as failure:
                answers = [failure] * len(batch)
            except Exception as error:
                for _, waiting in batch:
                    if not waiting.done():
                        waiting.set_exception(error)
                continue
            for (_, waiting), answer in zip(batch, answers, strict=True):
                if waiting.done():
                    continue
                if isinstance(answer, CallFailure):
                    waiting.set_exception(answer)
                else:
                    waiting.set_result(answer)

    async def _next(self) -> list[tuple[Q, asyncio.Future[A]]]:
        """The oldest that waits, and what goes with it."""
        while True:
            self._waiting = [item for item in self._waiting if not item[1].done()]
            if self._waiting:
                break
            self._arrived.clear()
            await self._arrived.wait()
            # Those that come together are answered together.
            await asyncio.sleep(_FILLING_S)
        group = self._group(self._waiting[0][0])
        batch: list[tuple[Q, asyncio.Future[A]]] = []
        later: list[tuple[Q, asyncio.Future[A]]] = []
        for item in self._waiting:
            goes = len(batch) < self._size and self._group(item[0]) == group
            (batch if goes else later).append(item)
        self._waiting = later
        return batch


def in_halves(
    batch: Sequence[Q], answer: Callable[[Sequence[Q]], Sequence[A]], free: Callable[[], None]
) -> list[A | CallFailure]:
    """Answers of a model to a batch, which is halved where it does not fit into memory.

    A question that the model cannot take fails alone.

    Args:
        batch: the questions, one or more.
        answer: asks the model about all of them at once.
        free: gives back what memory a failed attempt still holds.
    """
    try:
        return list(answer(batch))
    # A model that is out of memory raises a RuntimeError.
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        said = " ".join(str(error).split())[:300]
    # Out of the handler, which keeps the failed attempt's tensors alive.
    free()
    if len(batch) == 1:
        return [CallFailure(FailureKind.BAD_REQUEST, f"the model cannot take it: {said}")]
    middle = len(batch) // 2
    return [*in_halves(batch[:middle], answer, free), *in_halves(batch[middle:], answer, free)]
