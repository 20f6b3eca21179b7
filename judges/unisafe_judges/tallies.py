"""What a judge has done in a session, and what that has cost."""

from __future__ import annotations

from dataclasses import dataclass

from unisafe_judges.costs import TOKENS_PER_REPLY, cost_of, estimated_tokens
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec
from unisafe_judges.types import NO_DETAILS, JudgeResult, Reply

__all__ = ["Tally"]


@dataclass
class Tally:
    """What a judge has done in this session.

    `cost` is in dollars, 0 where no price is known. Tokens are as the server counted them, or as
    they were expected where it did not; `cached_tokens` are those of the input that came from a
    provider's cache, `reasoning_tokens` those of the output that were thought. `unverified` counts
    the verdicts whose reply did not say which model it came from.
    """

    judge: str
    done: int = 0
    cached: int = 0
    refusals: int = 0
    failed: int = 0
    calls: int = 0
    unverified: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float = 0.0
    prompt_form: str = ""

    def charge(self, spec: JudgeSpec, prompt: Prompt, reply: Reply | None) -> float:
        """Count a call, and return what it has cost, in dollars.

        What the server does not say is as it was expected to be.
        """
        counted = reply.input_tokens if reply else None, reply.output_tokens if reply else None
        expected = round(estimated_tokens(prompt)), TOKENS_PER_REPLY
        sent, written = (
            guess if count is None else count
            for count, guess in zip(counted, expected, strict=True)
        )
        details = reply.details if reply else NO_DETAILS
        cost = cost_of(spec, sent, written, details)
        self.input_tokens += sent
        self.cached_tokens += details.cached or 0
        self.output_tokens += written
        self.reasoning_tokens += details.reasoning or 0
        self.cost += cost
        return cost

    def count(self, result: JudgeResult, *, is_served: bool) -> None:
        """Count a result; only a judge that is served can hide which model it is."""
        self.done += 1
        self.cached += result.cached
        self.failed += result.verdict is None
        self.prompt_form = result.prompt_form or self.prompt_form
        self.refusals += result.verdict is not None and result.verdict.refusal is True
        self.unverified += is_served and result.verdict is not None and not result.model_version
