"""A judge on the panel: asked within its limits, retried, remembered, and stopped if it must be."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from unisafe_judges.backends import Judge
from unisafe_judges.costs import cost_of, estimated_tokens, expected_cost
from unisafe_judges.errors import CallFailure, ImageError, PanelError
from unisafe_judges.images import ENCODER
from unisafe_judges.limits import Budget
from unisafe_judges.rate_limited_caller import RateLimitedCaller
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec, LabelsSpec, ModelSpec, ServedSpec
from unisafe_judges.store import ReplyStore, StoredReply
from unisafe_judges.types import (
    IN_USERS_TURN,
    Evidence,
    FailureKind,
    JudgeResult,
    Reply,
    Verdict,
)

__all__ = ["JudgeRunner", "Tally", "reply_key"]

Images = Callable[[], Awaitable[Mapping[str, bytes]]]
Parse = Callable[[str], Verdict]


@dataclass
class Tally:
    """What a judge has done in this session. `cost` is in dollars, where a price is known."""

    judge: str
    done: int = 0
    cached: int = 0
    refusals: int = 0
    failed: int = 0
    calls: int = 0
    cost: float = 0.0
    prompt_form: str = ""


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

    def reading(self, parse: Parse) -> JudgeRunner:
        """The same judge, within the same limits, for questions whose replies `parse` reads."""
        other = copy(self)
        other._parse = parse
        return other

    async def judge_case(
        self, evidence: Evidence, prompt: Prompt, images: Images, repeat: int = 0
    ) -> JudgeResult:
        """The judge's result on a case, from the store if it was paid for before."""
        key = reply_key(self._identity, prompt, repeat, self._encoder)
        name = self.judge.name
        started = time.monotonic()
        try:
            result = self._remembered(key)
            if result is None:
                verdict, reply = await self._ask(key, evidence, prompt, images)
                result = JudgeResult(
                    judge=name,
                    verdict=verdict,
                    raw=reply.text if reply else None,
                    model_version=reply.model_version if reply else None,
                    latency_s=time.monotonic() - started,
                    prompt_form=reply.prompt_form if reply else "",
                )
        except CallFailure as failure:
            result = JudgeResult(name, None, failure.kind, str(failure), failure.raw)
        except ImageError as error:
            kind = FailureKind.UNREADABLE_EVIDENCE
            result = JudgeResult(name, None, kind, str(error))
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            result = JudgeResult(name, None, FailureKind.INTERNAL, detail)
        result = replace(result, repeat=repeat)
        self._count(result)
        return result

    def _remembered(self, key: str) -> JudgeResult | None:
        if self._store is None:
            return None
        # Whether the server knows a system role is not asked for what is remembered.
        for prompt_form in ("", IN_USERS_TURN):
            stored = self._store.find(form_key(key, prompt_form))
            if stored is not None and stored.raw is not None:
                break
        else:
            return None
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
        )

    async def _ask(
        self, key: str, evidence: Evidence, prompt: Prompt, images: Images
    ) -> tuple[Verdict, Reply | None]:
        self._caller.raise_if_stopped()
        jpegs = await images() if self.judge.needs_images else {}
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
        self, key: str, evidence: Evidence, prompt: Prompt, jpegs: Mapping[str, bytes]
    ) -> tuple[Verdict, Reply]:
        started = time.monotonic()
        reply: Reply | None = None
        try:
            answer = await self.judge.ask(evidence, prompt, jpegs)
            if not isinstance(answer, Reply):
                raise TypeError(f"its judge returned a {type(answer).__name__}, not a Reply")
            reply = answer
            verdict = self._parse(reply.text)
        except CallFailure as failure:
            reply = failure.reply = reply or failure.reply
            self._charge(reply)
            if failure.kind is FailureKind.TIMEOUT:
                # Nobody waited for the answer, but the provider may have written it.
                self._add_cost(expected_cost(self._spec, prompt))
            self._keep(key, evidence, failure, reply, time.monotonic() - started)
            raise
        self._charge(reply)
        self._keep(key, evidence, None, reply, time.monotonic() - started)
        return verdict, reply

    def _keep(
        self,
        key: str,
        evidence: Evidence,
        failure: CallFailure | None,
        reply: Reply | None,
        latency_s: float,
    ) -> None:
        if self._store is None:
            return
        raw = reply.text if reply else failure.raw if failure else None
        row = StoredReply(
            key=form_key(key, reply.prompt_form if reply else ""),
            judge=self.judge.name,
            case_key=evidence.case,
            output_sha256=evidence.output_sha256,
            encoder=self._encoder,
            failure=str(failure.kind) if failure else None,
            detail=str(failure) if failure else None,
            raw=raw,
            model_version=reply.model_version if reply else None,
            input_tokens=reply.input_tokens if reply else None,
            output_tokens=reply.output_tokens if reply else None,
            latency_s=latency_s,
        )
        try:
            self._store.add(row)
        except PanelError as error:
            # This reply counts all the same; the next ones would be paid for and lost.
            self._caller.stop(str(error))

    def _charge(self, reply: Reply | None) -> None:
        if reply is not None:
            self._add_cost(cost_of(self._spec, reply.input_tokens, reply.output_tokens))

    def _add_cost(self, cost: float) -> None:
        self.tally.cost += cost
        self._budget.cost += cost

    def stop(self, sentence: str) -> None:
        """Ask the judge nothing more; `sentence` is why."""
        self._caller.stop(sentence)

    def _count(self, result: JudgeResult) -> None:
        self.tally.done += 1
        self.tally.cached += result.cached
        self.tally.failed += result.verdict is None
        self.tally.prompt_form = result.prompt_form or self.tally.prompt_form
        self.tally.refusals += result.verdict is not None and result.verdict.refusal


def reply_key(
    identity: Mapping[str, Any], prompt: Prompt, repeat: int = 0, encoder: str = ENCODER
) -> str:
    """SHA-256 of all that can change a reply: the judge, every word of the prompt, every image.

    With a repeat, which is another question of the same words.
    """
    parts = [identity, prompt.sha256, encoder, repeat]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def form_key(key: str, prompt_form: str) -> str:
    """The key of a reply to the same question, asked in another form of the prompt."""
    return hashlib.sha256(f"{key}\n{prompt_form}".encode()).hexdigest() if prompt_form else key
