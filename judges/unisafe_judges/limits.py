"""How fast a judge may be asked, and how much it may cost.

Concurrency starts low, doubles while answers are clean, is halved when the server says that it is
too much, and never passes its cap. Requests and tokens per minute are a second, independent limit.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from unisafe_judges.errors import CallFailure
from unisafe_judges.types import FailureKind

__all__ = ["LONGEST_PAUSE_S", "START", "Budget", "Limiter", "Rate", "rank", "ranks", "run_alone"]

START = 8
"""Calls in flight at first, where nothing else is said."""
_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""However long a server asks us to wait."""
_BURST_S = 2.0


_LAUNCHED = ("RANK", "LOCAL_RANK", "MASTER_ADDR")
"""What torchrun and accelerate set besides WORLD_SIZE, which a cluster may leave set alone."""


def ranks() -> int:
    """How many processes of this run share every limit.

    Where torch.distributed is at work it says so; else the environment, if a launcher set all of
    it.
    """
    return _ranks()[0]


def rank() -> int:
    """The number of this process among those of its run, from 0."""
    return _ranks()[1]


def run_alone() -> None:
    """Make this process one that shares its limits with none, whatever launched it."""
    os.environ.pop("WORLD_SIZE", None)


def _ranks() -> tuple[int, int]:
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_world_size(), distributed.get_rank()
    size, number = _number("WORLD_SIZE"), _number("RANK")
    if size is None or number is None or number >= size:
        return 1, 0
    return (size, number) if all(map(os.environ.get, _LAUNCHED)) else (1, 0)


def _number(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    return int(text) if text.isascii() and text.isdigit() else None


class Limiter:
    """The calls a judge has in flight; used as an async context manager around each call."""

    def __init__(self, cap: int, start: int = START) -> None:
        self.cap = cap
        self.limit = min(start, cap)
        self.active = 0
        self._clean = 0
        self._was_cut = False
        self._paused_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> Self:
        try:
            while self.active >= self.limit or self._pause_left() > 0:
                if (pause := self._pause_left()) > 0:
                    await asyncio.sleep(pause)
                    continue
                turn = asyncio.get_running_loop().create_future()
                self._waiting.append(turn)
                await turn
        except asyncio.CancelledError:
            # The turn may have been given already, and must not be lost to the others.
            self._wake()
            raise
        self.active += 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.active -= 1
        self._wake()

    def succeeded(self) -> None:
        """A clean answer: after as many as the limit, the limit grows."""
        self._clean += 1
        if self._clean >= self.limit and self.limit < self.cap:
            # Doubling after a cut would run into the same wall again and again.
            step = max(1, self.limit // 8) if self._was_cut else self.limit
            self.limit = min(self.cap, self.limit + step)
            self._clean = 0
            self._wake()

    def throttled(self, retry_after: float | None) -> None:
        """The server asked for less: halve once per pause, and let nothing through meanwhile."""
        self._clean = 0
        if self._pause_left() == 0:
            self.limit = max(1, self.limit // 2)
            self._was_cut = True
        pause = min(_PAUSE_S if retry_after is None else retry_after, LONGEST_PAUSE_S)
        self._paused_until = max(self._paused_until, time.monotonic() + pause)

    def _pause_left(self) -> float:
        return max(0.0, self._paused_until - time.monotonic())

    def _wake(self) -> None:
        free = self.limit - self.active
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1


class Rate:
    """At most so many units a minute, spread evenly with a burst of two seconds' worth."""

    def __init__(self, per_minute: float | None) -> None:
        self._per_second = None if per_minute is None else per_minute / 60
        self._free_at = 0.0

    async def take(self, units: float) -> None:
        """Wait until these units fit."""
        if self._per_second is None:
            return
        now = time.monotonic()
        start = max(self._free_at, now - _BURST_S)
        self._free_at = start + units / self._per_second
        if (wait := start - now) > 0:
            await asyncio.sleep(wait)


class Budget:
    """Limits on what a whole panel may do: calls made, and their cost in dollars."""

    def __init__(self, max_calls: int | None, max_cost: float | None) -> None:
        self.calls = 0
        self.cost = 0.0
        self._expected: list[float] = []
        self._ended = asyncio.Event()
        self._max_calls = max_calls
        self._max_cost = max_cost

    @asynccontextmanager
    async def call(self, expected_cost: float, *, of_a_case: bool = True) -> AsyncIterator[None]:
        """Make a call within the budget; whoever makes it adds what it did cost to `cost`.

        Calls under way are counted at what they are expected to cost. Where that leaves no room, a
        call waits until they have ended and may have left some. Only calls about a case count in
        the number of calls.

        Raises:
            CallFailure: BUDGET, there is no room and there will be none.
        """
        while (reason := self._exhausted(expected_cost)) is not None:
            if not self._expected or self._is_spent():
                raise CallFailure(FailureKind.BUDGET, reason)
            self._ended.clear()
            await self._ended.wait()
        self.calls += of_a_case
        self._expected.append(expected_cost)
        try:
            yield
        finally:
            self._expected.remove(expected_cost)
            self._ended.set()

    def _is_spent(self) -> bool:
        out_of_calls = self._max_calls is not None and self.calls >= self._max_calls
        return out_of_calls or (self._max_cost is not None and self.cost >= self._max_cost)

    def _exhausted(self, expected_cost: float) -> str | None:
        if self._max_calls is not None and self.calls >= self._max_calls:
            return f"the budget is used up: max_calls is {self._max_calls:,}"
        if self._max_cost is None:
            return None
        if self.cost + sum(self._expected) + expected_cost > self._max_cost or self._is_spent():
            return (
                f"the budget is used up: max_cost is ${self._max_cost:g} "
                f"(${self.cost:,.3f} spent, the next call about ${expected_cost:,.3f})"
            )
        return None
