"""A judge on the panel: asked within its limits, retried, remembered, and stopped if it must be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import replace

from unisafe_judges.backends import Judge
from unisafe_judges.costs import billed, estimated_tokens, expected_cost
from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, ImageError, PanelError
from unisafe_judges.first_question import FRESH_S, Question, require_shown, told_of_first
from unisafe_judges.images import ENCODER
from unisafe_judges.limits import Budget
from unisafe_judges.own_replies import (
    as_substitute,
    find_reply,
    kept_reply,
    refuse_substitute,
    reply_key,
)
from unisafe_judges.rate_limited_caller import RateLimitedCaller
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec, LabelsSpec, ModelSpec, ServedSpec
from unisafe_judges.store import ReplyStore
from unisafe_judges.tallies import Tally
from unisafe_judges.types import (
    IN_USERS_TURN,
    Evidence,
    FailureKind,
    JudgeResult,
    Reply,
    Verdict,
)

__all__ = ["JudgeRunner"]

_PERHAPS_PAID = (FailureKind.TIMEOUT, FailureKind.NOT_JSON)
"""Nothing came that says what it cost, but the provider may have written a reply."""

Images = Callable[[], Awaitable[SentImages]]
Parse = Callable[[str], Verdict]


class JudgeRunner:
    """One judge of a session. For one event loop."""

    def __init__(
        self,
        judge: Judge,
        spec: JudgeSpec,
        parse: Parse,
        store: ReplyStore | None,
        budget: Budget,
        *,
        encoder: str = ENCODER,
        cap: int,
        first_wait_s: float,
    ) -> None:
        self.judge = judge
        self.tally = Tally(judge.name)
        self._spec = spec
        self._parse = parse
        self._identity = spec.identity()
        self._encoder = encoder
        self.is_free = isinstance(spec, LabelsSpec)
        # A label costs nothing, and its file may be corrected: it is never remembered.
        self._store = None if self.is_free else store
        self._budget = budget
        served = spec if isinstance(spec, ServedSpec) else None
        self._caller = RateLimitedCaller(
            f"judge {judge.name}",
            cap,
            requests_per_minute=served.requests_per_minute if served else None,
            tokens_per_minute=served.tokens_per_minute if served else None,
            first_wait_s=first_wait_s,
            repeats_unreadable=not (isinstance(spec, ModelSpec) and spec.is_deterministic),
        )
        # Two cases may be the same question. Whoever comes while it is asked waits for its result.
        self._under_way: dict[str, asyncio.Future[JudgeResult]] = {}

    def reading(self, parse: Parse) -> JudgeRunner:
        """The same judge, within the same limits, for questions whose replies `parse` reads."""
        other = copy(self)
        other._parse = parse
        return other

    async def judge_case(
        self, evidence: Evidence, prompt: Prompt, images: Images, repeat: int = 0
    ) -> JudgeResult:
        """The judge's result on a case, from the store if it was paid for before.

        Without a store every case is asked.
        """
        key = reply_key(self._identity, prompt, repeat, self._encoder)
        if self._store is None:
            result = await self._judged(key, evidence, prompt, images)
        elif (first := self._under_way.get(key)) is not None:
            # A failure is shared too, or a question that fails is asked for one case after another.
            result = await asyncio.shield(first)
            result = replace(result, cached=result.verdict is not None)
        else:
            first = self._under_way[key] = asyncio.get_running_loop().create_future()
            try:
                result = await self._judged(key, evidence, prompt, images)
                first.set_result(result)
            finally:
                del self._under_way[key]
                # If this one was cancelled, nobody has to wait for it.
                first.cancel()
        result = replace(result, repeat=repeat)
        self.tally.count(result, is_served=isinstance(self._spec, ServedSpec))
        return result

    async def _judged(
        self, key: str, evidence: Evidence, prompt: Prompt, images: Images
    ) -> JudgeResult:
        """A result, whatever happens; not yet counted."""
        name = self.judge.name
        started = time.monotonic()
        try:
            if (result := self._remembered(key)) is not None:
                return result
            verdict, reply = await self._ask(key, evidence, prompt, images)
            return JudgeResult(
                judge=name,
                verdict=verdict,
                raw=reply.text if reply else None,
                model_version=reply.model_version if reply else None,
                latency_s=reply.latency_s if reply else time.monotonic() - started,
                prompt_form=reply.prompt_form if reply else "",
                input_tokens=reply.input_tokens if reply else None,
                output_tokens=reply.output_tokens if reply else None,
                cost=billed(self._spec, reply) if reply else None,
            )
        except CallFailure as failure:
            version = failure.reply.model_version if failure.reply else None
            return JudgeResult(name, None, failure.kind, str(failure), failure.raw, version)
        except ImageError as error:
            kind = FailureKind.UNREADABLE_EVIDENCE
            return JudgeResult(name, None, kind, str(error))
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            return JudgeResult(name, None, FailureKind.INTERNAL, detail)

    def remembers(self, prompt: Prompt, repeat: int = 0) -> bool:
        """Whether there is a stored reply, so that nothing is sent."""
        key = reply_key(self._identity, prompt, repeat, self._encoder)
        return self._remembered(key) is not None

    def _remembered(self, key: str) -> JudgeResult | None:
        stored = find_reply(self._store, self._spec, key) if self._store is not None else None
        if stored is None or stored.raw is None:
            return None
        prompt_form = "" if stored.key == key else IN_USERS_TURN
        try:
            verdict = self._parse(stored.raw)
        except CallFailure:
            # Kept by an older, more lenient parser: it is asked for again.
            return None
        return JudgeResult(
            judge=self.judge.name,
            verdict=verdict,
            raw=stored.raw,
            model_version=stored.model_version,
            latency_s=stored.latency_s,
            cached=True,
            prompt_form=prompt_form,
            input_tokens=stored.input_tokens,
            output_tokens=stored.output_tokens,
            cost=stored.cost,
        )

    async def _ask(
        self, key: str, evidence: Evidence, prompt: Prompt, images: Images
    ) -> tuple[Verdict, Reply | None]:
        self._caller.raise_if_stopped()
        jpegs = await images() if self.judge.needs_images else SentImages({})
        if self.is_free:
            answer = await self.judge.ask(evidence, prompt, jpegs)
            assert isinstance(answer, Verdict)
            return answer, None

        async def once() -> tuple[Verdict, Reply | None]:
            async with self._budget.call(expected_cost(self._spec, prompt)):
                # Others may have been answered while this call waited for the budget.
                self._caller.raise_if_stopped()
                self.tally.calls += 1
                return await self._call(key, evidence, prompt, jpegs)

        return await self._caller.call(once, estimated_tokens(prompt))

    async def _call(
        self, key: str, evidence: Evidence, prompt: Prompt, jpegs: SentImages
    ) -> tuple[Verdict, Reply]:
        started = time.monotonic()
        reply: Reply | None = None
        try:
            answer = await self.judge.ask(evidence, prompt, jpegs)
            if not isinstance(answer, Reply):
                raise TypeError(f"its judge returned a {type(answer).__name__}, not a Reply")
            # Without the queue and the calls before it.
            reply = replace(answer, latency_s=time.monotonic() - started)
            refuse_substitute(self._spec, reply)
            verdict = self._parse(reply.text)
        except CallFailure as failure:
            reply = failure.reply = reply or failure.reply
            if reply is not None or failure.may_be_paid or failure.kind in _PERHAPS_PAID:
                self._budget.cost += self.tally.charge(self._spec, prompt, reply)
            failure = as_substitute(self._spec, failure, reply)
            self._keep(key, evidence, failure, reply, time.monotonic() - started)
            if failure.kind is FailureKind.SUBSTITUTED:
                self._caller.stop(str(failure))
            raise failure from None
        self._budget.cost += self.tally.charge(self._spec, prompt, reply)
        self._keep(key, evidence, None, reply, reply.latency_s)
        return verdict, reply

    def _keep(
        self,
        key: str,
        evidence: Evidence,
        failure: CallFailure | None,
        reply: Reply | None,
        latency_s: float | None,
    ) -> None:
        if self._store is None:
            return
        about = evidence.case, evidence.output_sha256
        cost = None if reply is None else billed(self._spec, reply)
        row = kept_reply(
            key, self.judge.name, about, self._encoder, reply, failure, latency_s, cost
        )
        try:
            self._store.add(row)
        except PanelError as error:
            # This reply counts all the same; the next ones would be paid for and lost.
            self._caller.stop(str(error))

    async def check(self, question: Question | None, *, waits: bool = False) -> tuple[str, ...]:
        """Find out whether the judge can work: cheaply, then by one real question if it is served.

        An answer to the question that is less than `FRESH_S` old is not asked for again. What may
        pass, and a reply that is no verdict, do not stop a judge. With `waits` a server that still
        starts, or asks for time, gets it.

        Returns:
            sentences that warn of something.

        Raises:
            PanelError: it cannot work; the message says why and what to do.
        """
        holds_s = FRESH_S
        try:
            told = await self.judge.check()
        except PanelError:
            raise
        except Exception as error:
            if question is None:
                return told_of_first(self._spec, _as_failure(error))
            # It may have worked before, and not now.
            told, holds_s = None, 0.0
        warnings = (told,) if told else ()
        if question is None or not isinstance(self._spec, ServedSpec):
            return warnings
        evidence, prompt, jpegs = question
        key = reply_key(self._identity, prompt, 0, self._encoder)
        if self._store is not None:
            stored = find_reply(self._store, self._spec, key)
            if stored is not None and time.time() - stored.created < holds_s:
                require_shown(self._spec, prompt, stored.input_tokens)
                return warnings

        async def once() -> tuple[Verdict, Reply]:
            async with self._budget.call(expected_cost(self._spec, prompt), of_a_case=False):
                self.tally.calls += 1
                return await self._call(key, evidence, prompt, jpegs)

        try:
            if waits:
                _, reply = await self._caller.call(once, estimated_tokens(prompt), is_first=True)
            else:
                _, reply = await once()
            # The reply may have come, and not be kept.
            self._caller.raise_if_stopped()
        except Exception as error:
            failure = _as_failure(error)
            if failure.reply is not None:
                require_shown(self._spec, prompt, failure.reply.input_tokens)
            return (*warnings, *told_of_first(self._spec, failure))
        require_shown(self._spec, prompt, reply.input_tokens)
        if not reply.model_version:
            return (
                *warnings,
                f"judge {self.judge.name}: its server does not say which model answers, so that "
                "its replies are unverified",
            )
        return warnings

    def stop(self, sentence: str) -> None:
        """Ask the judge nothing more; `sentence` is why."""
        self._caller.stop(sentence)


def _as_failure(error: Exception) -> CallFailure:
    """The failure, or that a judge, an SDK or a rubric has a defect."""
    if isinstance(error, CallFailure):
        return error
    return CallFailure(FailureKind.INTERNAL, f"{type(error).__name__}: {error}")
