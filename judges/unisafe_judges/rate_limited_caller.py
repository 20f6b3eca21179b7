"""The way to one server: within its limits, again after what may pass, and never after the end."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from unisafe_judges import limits
from unisafe_judges.errors import REMEDIES, UNREADABLE, CallFailure
from unisafe_judges.limits import START, Limiter, Rate
from unisafe_judges.types import FailureKind

__all__ = ["RateLimitedCaller"]

_log = logging.getLogger("unisafe.judges")
_ATTEMPTS = 4
_FIRST_CASES = 10
"""After so many failed cases in a row a server that answered none is asked nothing more."""
_CASES = 50
"""After so many, one that had answered before."""
_OUTAGE = 60
"""How long what may pass has to go on before it counts as the end, in first waits."""
_PATIENCE = 300
"""How long a server that asks for time may answer nothing at all, in first waits."""
_LONGEST_BACKOFF = 16
"""The longest pause of a call that no server asked for, in first waits."""
_PASSING = frozenset(
    {
        FailureKind.RATE_LIMITED,
        FailureKind.SERVER_ERROR,
        FailureKind.TIMEOUT,
        FailureKind.CONNECTION,
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
        repeats_unreadable: bool = True,
    ) -> None:
        """Begin with `start` calls at once.

        Args:
            who: what sentences call the server, such as `judge gpt-5-nano`.
            cap: the most calls in flight; the ranks of a run share it, and the limits below.
            requests_per_minute: of calls, if there is such a limit; tokens_per_minute likewise.
            tokens_per_minute: as `call` is told them.
            first_wait_s: the pause before a first retry, in seconds; it doubles.
            start: the most calls in flight at first.
            repeats_unreadable: whether a reply that cannot be used is asked for again, as the next
                one may differ.
        """
        self._who = who
        share = limits.ranks()
        self._limiter = Limiter(max(1, cap // share), start)
        self._requests = Rate(requests_per_minute and requests_per_minute / share)
        self._tokens = Rate(tokens_per_minute and tokens_per_minute / share)
        self._first_wait_s = first_wait_s
        self._retried = _PASSING | (UNREADABLE if repeats_unreadable else frozenset())
        self._stopped: str | None = None
        self._has_told = self._has_told_of_loading = False
        self._has_answered = False
        self._failed_cases = 0
        self._worked_at = time.monotonic()

    async def call(
        self, once: Callable[[], Awaitable[T]], tokens: float = 0, *, is_first: bool = False
    ) -> T:
        """What `once` returns, called again after a failure that may pass.

        A server that asks for time gets it while it answers others; any other failure that may pass
        is met with a number of attempts.

        Args:
            once: makes the call.
            tokens: what it counts for in tokens_per_minute.
            is_first: it is asked before a run, to learn whether the server can work. Only a server
                that asks for time is asked again.

        Raises:
            CallFailure: the last failure; STOPPED if nothing more is asked here.
        """
        wait_s = self._first_wait_s
        attempts, has_waited = 1, False
        began = time.monotonic()
        while True:
            try:
                self.raise_if_stopped()
                await self._requests.take(1)
                await self._tokens.take(tokens)
                async with self._limiter:
                    self.raise_if_stopped()
                    answer = await once()
                    self._succeeded()
                return answer
            except CallFailure as error:
                # Its traceback would hold what was sent while this call waits.
                failure = self._as_of_the_case(error).with_traceback(None)
                self._note(failure)
                if is_asked := self._asks_for_time(failure):
                    # While others are answered, this call's turn will come.
                    silent_s = time.monotonic() - max(began, self._worked_at)
                    is_spent = silent_s > _PATIENCE * self._first_wait_s
                else:
                    is_spent = is_first or attempts == _ATTEMPTS
                if is_spent or not self._may_pass(failure):
                    self._give_up(failure)
                    raise failure from None
                if failure.retry_after is None:
                    pause = wait_s
                elif has_waited:
                    # A server that says "at once" and does not mean it.
                    pause = max(failure.retry_after, wait_s)
                else:
                    pause = failure.retry_after
                self._tell(failure, is_asked=is_asked)
                # A little noise keeps the calls that failed together from returning together.
                await asyncio.sleep(min(pause, limits.LONGEST_PAUSE_S) * random.uniform(1.0, 1.25))
                wait_s = min(2 * wait_s, _LONGEST_BACKOFF * self._first_wait_s)
                has_waited = has_waited or is_asked
                attempts += 0 if is_asked else 1
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
                self._give_up(CallFailure(FailureKind.INTERNAL, said))
                raise

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
        self._works()

    def _works(self) -> None:
        self._has_answered = True
        self._failed_cases = 0
        self._worked_at = time.monotonic()

    def _as_of_the_case(self, failure: CallFailure) -> CallFailure:
        """A 403 of a server that had answered the same key is about the case, as xAI's may be."""
        if failure.is_forbidden and self._has_answered:
            return CallFailure(FailureKind.BAD_REQUEST, str(failure))
        return failure

    def _may_pass(self, failure: CallFailure) -> bool:
        # Where there was no reply at all, the next call may have one.
        lost = failure.kind is FailureKind.NOT_JSON and failure.reply is None
        return failure.kind in self._retried or lost

    def _asks_for_time(self, failure: CallFailure) -> bool:
        """Whether to come back later: there were too many calls, or the server still loads."""
        if failure.kind is FailureKind.RATE_LIMITED:
            return True
        return failure.is_loading and not self._has_answered

    def _tell(self, failure: CallFailure, *, is_asked: bool) -> None:
        """Say once why a call is made again, so that nobody waits without a word."""
        loads = is_asked and failure.kind is not FailureKind.RATE_LIMITED
        if loads and not self._has_told_of_loading:
            self._has_told_of_loading = True
            _log.warning(
                "%s: its server does not answer yet (%s); the command waits for it, up to %g s",
                self._who,
                failure,
                _PATIENCE * self._first_wait_s,
            )
        if not loads and not self._has_told:
            self._has_told = True
            _log.warning(
                "%s: a call failed (%s: %s) and is made again; so are later calls that fail; if "
                "this goes on, %s",
                self._who,
                failure.kind,
                failure,
                REMEDIES[failure.kind],
            )

    def _note(self, failure: CallFailure) -> None:
        if failure.kind is FailureKind.STOPPED:
            self.stop(str(failure))
        elif failure.kind is FailureKind.RATE_LIMITED:
            self._limiter.throttled(failure.retry_after)
        elif failure.kind is FailureKind.BLOCKED:
            # It has looked at the content: about this case, and a sign that it works.
            self._works()

    def _give_up(self, failure: CallFailure) -> None:
        """After many cases in a row that failed, whatever the reason, there is no more to hope."""
        remedy = REMEDIES.get(failure.kind)
        if remedy is None:
            return
        self._failed_cases += 1
        if not self._has_answered:
            is_end, which = self._failed_cases >= _FIRST_CASES, "its first {} cases all failed"
        else:
            # With many calls in flight, a short outage fails as many cases at once.
            outage_s = time.monotonic() - self._worked_at
            lasts = failure.kind not in _PASSING or outage_s > _OUTAGE * self._first_wait_s
            is_end, which = self._failed_cases >= _CASES and lasts, "{} cases in a row failed"
        if is_end:
            which = which.format(self._failed_cases)
            self.stop(f"{self._who}: {which}, the last with {failure.kind}: {failure} ({remedy})")
