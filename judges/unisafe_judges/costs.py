"""What a call costs, and what it may be expected to cost before it is made."""

from __future__ import annotations

from unisafe_judges.hosted import hosted_model
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec, Price, ServedSpec

__all__ = ["TOKENS_PER_REPLY", "cost_of", "estimated_tokens", "expected_cost", "price_of"]

TOKENS_PER_REPLY = 500
"""A verdict with two or three sentences of reasoning, and some thinking before it."""
_TOKENS_PER_IMAGE = 1000
_CHARACTERS_PER_TOKEN = 4


def price_of(spec: JudgeSpec) -> Price | None:
    """Dollars per million tokens: of the panel file, or of our dated table of hosted models."""
    if not isinstance(spec, ServedSpec):
        return None
    known = hosted_model(spec.base_url, spec.model)
    if spec.price is not None or known is None or known.price is None:
        return spec.price
    return Price(input=known.price[0], output=known.price[1])


def cost_of(spec: JudgeSpec, input_tokens: float | None, output_tokens: float | None) -> float:
    """Dollars for so many tokens; 0 where there is no price."""
    price = price_of(spec)
    if price is None:
        return 0.0
    return ((input_tokens or 0) * price.input + (output_tokens or 0) * price.output) / 1e6


def expected_cost(spec: JudgeSpec, prompt: Prompt) -> float:
    """Dollars that a call is expected to cost; 0 where there is no price."""
    return cost_of(spec, estimated_tokens(prompt), TOKENS_PER_REPLY)


def estimated_tokens(prompt: Prompt) -> float:
    """A rough count of a prompt's tokens, for pacing and for estimates before any call."""
    texts = sum(len(item) for item in prompt.content if isinstance(item, str))
    images = sum(not isinstance(item, str) for item in prompt.content)
    return (len(prompt.instructions) + texts) / _CHARACTERS_PER_TOKEN + images * _TOKENS_PER_IMAGE
