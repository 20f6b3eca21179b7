"""The panel at work: cases are submitted, results arrive as futures.

`PanelSession` is the whole seam between those who have outputs and those who judge them. Its event
loop runs in one thread of its own, so that a harness can submit from any thread and go on.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from unisafe_judges.backends import Judge, build_judge
from unisafe_judges.errors import FailureKind, ImageError, JudgeFailure
from unisafe_judges.images import encode_for_judge
from unisafe_judges.panel import Panel
from unisafe_judges.rubric import Prompt
from unisafe_judges.types import Evidence, ImagePart, JudgeResult, Verdict
from unisafe_judges.verdicts import parse_verdict

__all__ = ["PanelSession"]

_ATTEMPTS = 4
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_FIRST_ANSWERS = 10
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


class PanelSession:
    """A panel that takes cases. Use it as a context manager, or call `close`."""

    def __init__(self, panel: Panel, *, first_wait_s: float = _FIRST_WAIT_S) -> None:
        """Build the judges. `first_wait_s` is the pause before a first retry; it doubles.

        Raises:
            PanelError: a key is missing or a label file cannot be used.
        """
        self.panel = panel
        self._first_wait_s = first_wait_s
        self._closed = False
        self._closing = threading.Lock()
        self._seats = [_Seat(build_judge(spec)) for spec in panel.judges]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="unisafe-panel", daemon=True
        )
        self._thread.start()
        # Bounds how many cases hold encoded images at once, whatever the number submitted.
        self._slots = asyncio.Semaphore(2 * max(seat.judge.max_concurrency for seat in self._seats))

    def check(self) -> None:
        """Ask every judge whether it can work.

        Raises:
            PanelError: of the first judge that cannot.
        """
        for seat in self._seats:
            self._run(seat.judge.check()).result()

    def submit(self, evidence: Evidence) -> Future[tuple[JudgeResult, ...]]:
        """Have every judge judge a case. The future holds one result per judge, in panel order.

        It never holds an exception: a judge that fails is a result that says so. It is cancelled if
        the session is closed before the results are there.
        """
        # Under the lock a case reaches the loop before the shutdown, which then cancels it, or not
        # at all; one that came between would never be done.
        with self._closing:
            if not self._closed:
                return self._run(self._judge_case(evidence))
        dropped: Future[tuple[JudgeResult, ...]] = Future()
        dropped.cancel()
        return dropped

    def close(self) -> None:
        """End the session; what is still under way is dropped."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._run(self._shut_down()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _shut_down(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for seat in self._seats:
            await seat.judge.close()

    async def _judge_case(self, evidence: Evidence) -> tuple[JudgeResult, ...]:
        async with self._slots:
            try:
                prompt = self.panel.rubric.render(evidence)
                jpegs = await self._encode(evidence)
            except ImageError as error:
                return self._all_failed(FailureKind.UNREADABLE_EVIDENCE, str(error))
            except Exception as error:
                return self._all_failed(FailureKind.INTERNAL, f"{type(error).__name__}: {error}")
            return tuple(
                await asyncio.gather(
                    *(self._judge(seat, evidence, prompt, jpegs) for seat in self._seats)
                )
            )

    async def _encode(self, evidence: Evidence) -> Mapping[str, bytes]:
        if not any(seat.judge.needs_images for seat in self._seats):
            return {}
        images = {part.sha256: part for part in evidence.parts if isinstance(part, ImagePart)}
        return {
            sha256: await asyncio.to_thread(_read_and_encode, part)
            for sha256, part in images.items()
        }

    def _all_failed(self, kind: FailureKind, detail: str) -> tuple[JudgeResult, ...]:
        return tuple(JudgeResult(seat.judge.name, None, kind, detail) for seat in self._seats)

    async def _judge(
        self, seat: _Seat, evidence: Evidence, prompt: Prompt, jpegs: Mapping[str, bytes]
    ) -> JudgeResult:
        async with seat.limit:
            started = time.monotonic()
            try:
                verdict, raw, version = await self._ask(seat, evidence, prompt, jpegs)
            except JudgeFailure as failure:
                return JudgeResult(seat.judge.name, None, failure.kind, str(failure), failure.raw)
            except Exception as error:
                return JudgeResult(
                    seat.judge.name, None, FailureKind.INTERNAL, f"{type(error).__name__}: {error}"
                )
            return JudgeResult(
                judge=seat.judge.name,
                verdict=verdict,
                raw=raw,
                model_version=version,
                latency_s=time.monotonic() - started,
            )

    async def _ask(
        self, seat: _Seat, evidence: Evidence, prompt: Prompt, jpegs: Mapping[str, bytes]
    ) -> tuple[Verdict, str | None, str | None]:
        wait_s = self._first_wait_s
        for attempt in range(1, _ATTEMPTS + 1):
            seat.raise_if_stopped()
            try:
                answer = await seat.judge.ask(evidence, prompt, jpegs)
                if isinstance(answer, Verdict):
                    return answer, None, None
                verdict = parse_verdict(answer.text)
                seat.answered()
                return verdict, answer.text, answer.model_version
            except JudgeFailure as failure:
                seat.failed(failure)
                if attempt == _ATTEMPTS or failure.kind not in _RETRIED:
                    raise
                pause = wait_s if failure.retry_after is None else failure.retry_after
                # A little noise keeps the cases that failed together from returning together.
                await asyncio.sleep(min(pause, _LONGEST_WAIT_S) * random.uniform(1.0, 1.25))
                wait_s *= 2
        raise AssertionError("unreachable")


class _Seat:
    """A judge on the panel, with its limit and what is known of its health."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.limit = asyncio.Semaphore(judge.max_concurrency)
        self._stopped: str | None = None
        self._bad_requests: int | None = 0

    def raise_if_stopped(self) -> None:
        if self._stopped is not None:
            raise JudgeFailure(FailureKind.STOPPED, self._stopped)

    def answered(self) -> None:
        self._bad_requests = None

    def failed(self, failure: JudgeFailure) -> None:
        if failure.kind is FailureKind.STOPPED:
            self._stopped = str(failure)
        elif failure.kind is not FailureKind.BAD_REQUEST:
            self._bad_requests = None
        elif self._bad_requests is not None:
            self._bad_requests += 1
            if self._bad_requests == _FIRST_ANSWERS:
                self._stopped = (
                    f"judge {self.judge.name}: its first {_FIRST_ANSWERS} answers were all "
                    f"errors of the request; the last: {failure}"
                )


def _read_and_encode(part: ImagePart) -> bytes:
    return encode_for_judge(part.read())
