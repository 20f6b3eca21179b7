"""What a call costs, and what it may be expected to cost before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from unisafe_judges.hosted import hosted_model
from unisafe_judges.prices import Price
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec, ServedSpec
from unisafe_judges.types import NO_DETAILS, ImagePart, Reply, TokenDetails

__all__ = [
    "TOKENS_PER_REPLY",
    "billed",
    "cost_of",
    "estimated_tokens",
    "expected_cost",
    "price_of",
    "repeated_tokens",
]

TOKENS_PER_REPLY = 500
"""A verdict with two or three sentences of reasoning, and some thinking before it."""
_TOKENS_PER_IMAGE = 1000
_CHARACTERS_PER_TOKEN = 4
_IMAGE = "\0"
"""Begins what stands for an image where prompts are compared."""


def price_of(spec: JudgeSpec) -> Price | None:
    """The judge's price: of its entry, or today's of our dated table of hosted models."""
    if not isinstance(spec, ServedSpec):
        return None
    known = hosted_model(spec.base_url, spec.model)
    if spec.price is not None or known is None:
        return spec.price
    return known.price_on(date.today())


def cost_of(
    spec: JudgeSpec,
    sent: float,
    written: float,
    details: TokenDetails = NO_DETAILS,
    *,
    in_batch: bool = False,
) -> float:
    """Dollars for a call of so many tokens; 0 where there is no price."""
    price = price_of(spec)
    return 0.0 if price is None else price.cost(sent, written, details, in_batch=in_batch)


def billed(spec: JudgeSpec, reply: Reply, *, in_batch: bool = False) -> float | None:
    """Dollars of a reply by the tokens that it reports; None where these or a price lack."""
    sent, written = reply.input_tokens, reply.output_tokens
    if sent is None or written is None or price_of(spec) is None:
        return None
    return cost_of(spec, sent, written, reply.details, in_batch=in_batch)


def expected_cost(spec: JudgeSpec, prompt: Prompt, *, in_batch: bool = False) -> float:
    """Dollars that a call is expected to cost; 0 where there is no price."""
    return cost_of(spec, estimated_tokens(prompt), TOKENS_PER_REPLY, in_batch=in_batch)


def estimated_tokens(prompt: Prompt) -> float:
    """A rough count of a prompt's tokens, for pacing and for estimates before any call."""
    texts = sum(len(item) for item in prompt.content if isinstance(item, str))
    images = sum(not isinstance(item, str) for item in prompt.content)
    return (len(prompt.instructions) + texts) / _CHARACTERS_PER_TOKEN + images * _TOKENS_PER_IMAGE


def repeated_tokens(prompts: Iterable[Prompt]) -> float:
    """How many tokens, by the same rough count, repeat the beginning of another of these prompts.

    It is what a cache of prefixes serves at most: one that keeps every prompt and counts from the
    first character.
    """
    # In this order each prompt shares the most with its neighbour, and what neighbours share is
    # what a tree of all prompts holds once.
    ordered = sorted(
        [prompt.instructions, *(_unit(item) for item in prompt.content)] for prompt in prompts
    )
    return sum(_shared(first, second) for first, second in pairwise(ordered))


def _unit(item: str | ImagePart) -> str:
    return item if isinstance(item, str) else _IMAGE + item.sha256


def _shared(first: Sequence[str], second: Sequence[str]) -> float:
    tokens = 0.0
    for one, other in zip(first, second, strict=False):
        if one != other:
            if not one.startswith(_IMAGE):
                tokens += _common_length(one, other) / _CHARACTERS_PER_TOKEN
            break
        is_image = one.startswith(_IMAGE)
        tokens += _TOKENS_PER_IMAGE if is_image else len(one) / _CHARACTERS_PER_TOKEN
    return tokens


def _common_length(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
