"""The way to one server: within its limits, again after what may pass, and never after the end."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from unisafe_judges import limits
from unisafe_judges.errors import CallFailure
from unisafe_judges.limits import START, Limiter, Rate
from unisafe_judges.types import FailureKind

__all__ = ["RateLimitedCaller"]

_log = logging.getLogger("unisafe.judges")
_ATTEMPTS = 4
_FIRST_ANSWERS = 10
_UNREACHABLE = 50
_RETRIED = frozenset(
    {
        FailureKind.RATE_LIMITED,
        FailureKind.SERVER_ERROR,
        FailureKind.TIMEOUT,
        FailureKind.CONNECTION,
        FailureKind.EMPTY,
        FailureKind.TRUNCATED,
        FailureKind.NOT_JSON,
        FailureKind.OUT_OF_RANGE,
        FailureKind.CONTRADICTORY,
    }
)

T = TypeVar("T")


class RateLimitedCaller:
    """Calls to one server. For one event loop."""

    def __init__(
        self,
        who: str,
        cap: int,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        first_wait_s: float = 1.0,
        start: int = START,
    ) -> None:
        """Begin with `start` calls at once.

        Args:
            who: what sentences call the server, such as `judge gpt-5-nano`.
            cap: the most calls in flight; the ranks of a run share it, and the limits below.
            requests_per_minute: of calls, if there is such a limit; tokens_per_minute likewise.
            tokens_per_minute: as `call` is told them.
            first_wait_s: the pause before a first retry, in seconds; it doubles.
            start: the most calls in flight at first.
        """
        self._who = who
        share = limits.ranks()
        self._limiter = Limiter(max(1, cap // share), start)
        self._requests = Rate(requests_per_minute and requests_per_minute / share)
        self._tokens = Rate(tokens_per_minute and tokens_per_minute / share)
        self._first_wait_s = first_wait_s
        self._stopped: str | None = None
        self._bad_requests: int | None = 0
        self._unreachable = 0

    async def call(self, once: Callable[[], Awaitable[T]], tokens: float = 0) -> T:
        """What `once` returns, called again after a failure that may pass.

        Raises:
            CallFailure: the last failure; STOPPED if nothing more is asked here.
        """
        wait_s = self._first_wait_s
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self.raise_if_stopped()
                await self._requests.take(1)
                await self._tokens.take(tokens)
                async with self._limiter:
                    self.raise_if_stopped()
                    answer = await once()
                    self._succeeded()
                return answer
            except CallFailure as failure:
                self._note(failure)
                if attempt == _ATTEMPTS or failure.kind not in _RETRIED:
                    self._give_up(failure)
                    raise
                pause = wait_s if failure.retry_after is None else failure.retry_after
                # A little noise keeps the calls that failed together from returning together.
                await asyncio.sleep(min(pause, limits.LONGEST_PAUSE_S) * random.uniform(1.0, 1.25))
                wait_s *= 2
        raise AssertionError("unreachable")

    def stop(self, sentence: str) -> None:
        """Ask nothing more; `sentence` is why."""
        if self._stopped is None:
            self._stopped = sentence
            _log.warning("%s; it is asked nothing more in this run", sentence)

    def raise_if_stopped(self) -> None:
        """Raise STOPPED once nothing more is to be asked."""
        if self._stopped is not None:
            raise CallFailure(FailureKind.STOPPED, self._stopped)

    def _succeeded(self) -> None:
        self._limiter.succeeded()
        self._unreachable = 0
        self._bad_requests = None

    def _note(self, failure: CallFailure) -> None:
        if failure.kind is FailureKind.STOPPED:
            self.stop(str(failure))
        elif failure.kind is FailureKind.RATE_LIMITED:
            self._limiter.throttled(failure.retry_after)
        if failure.kind is not FailureKind.CONNECTION:
            self._unreachable = 0
        if failure.kind is not FailureKind.BAD_REQUEST:
            self._bad_requests = None
        elif self._bad_requests is not None:
            self._bad_requests += 1
            if self._bad_requests == _FIRST_ANSWERS:
                self.stop(
                    f"{self._who}: its first {_FIRST_ANSWERS} answers were all errors of the "
                    f"request; the last: {failure}"
                )

    def _give_up(self, failure: CallFailure) -> None:
        """After many calls in a row whose every attempt found no server, there is none."""
        if failure.kind is FailureKind.CONNECTION:
            self._unreachable += 1
            if self._unreachable == _UNREACHABLE:
                self.stop(f"{self._who} cannot be reached any more: {failure}")
