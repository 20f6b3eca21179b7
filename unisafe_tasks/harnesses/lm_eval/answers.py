"""What came with an answer besides its words, which lm-eval drops."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from unisafe_judges.chat import read_chat
from unisafe_judges.errors import CallFailure
from unisafe_judges.thinking import TAGS
from unisafe_judges.types import FailureKind
from unisafe_tasks.outputs.parsing import encode_output

__all__ = ["thinking_opened", "with_whole_answers"]

Parse = Callable[..., list[Any]]


def with_whole_answers(parse: Parse, count: Callable[[str], None]) -> Parse:
    """Wrap a model's `parse_generations`, so that refusals, blocks, errors and thinking are kept.

    As for other harnesses' models, a block is a refusal of the provider's, and words that came with
    it are judged. An answer of another form is left as lm-eval reads it. `count` is told
    each name under which the model answered, "" for an answer without one.
    """

    @functools.wraps(parse)
    def wrapped(outputs: Any, **kwargs: Any) -> list[Any]:
        texts: list[Any] = []
        for answer in outputs if isinstance(outputs, list) else [outputs]:
            own = parse(outputs=[answer], **kwargs)
            texts.extend(_answer(answer, own, count))
        return texts

    return wrapped


def thinking_opened(
    requests: Sequence[Any], answers: Sequence[Any], end: object = None
) -> list[Any]:
    """Say of each answer that begins inside the thinking that it does.

    Its chat template had opened the thinking, or it holds `end`, which the user has named as the
    end of thinking.
    """
    return [
        encode_output(answer, template_opened=True)
        if isinstance(answer, str)
        and (_opens_thinking(request.args[0]) or (isinstance(end, str) and end in answer))
        else answer
        for request, answer in zip(requests, answers, strict=True)
    ]


def _opens_thinking(context: object) -> bool:
    return isinstance(context, str) and context.rstrip().endswith(tuple(t.opening for t in TAGS))


def _answer(answer: Any, own: list[Any], count: Callable[[str], None]) -> list[Any]:
    try:
        reply = read_chat(answer)
    except CallFailure as failure:
        if failure.kind is FailureKind.NOT_JSON:
            return own
        blocked = failure.kind is FailureKind.BLOCKED
        return [encode_output(refusal="provider" if blocked else None, error=str(failure))]
    count(reply.version or "")
    # lm-eval takes out what the user has named as thinking.
    words = own[0] if len(own) == 1 and isinstance(own[0], str) and own[0] else reply.text
    kept: dict[str, Any] = {"thinking": reply.thinking, "cut_off": reply.is_cut_off}
    if reply.refusal.strip():
        return [encode_output(words or reply.refusal, refusal="model", **kept)]
    if reply.is_blocked:
        return [encode_output(words, refusal="provider", error=reply.finish, **kept)]
    return [encode_output(words, **kept) if any(kept.values()) else words or None]
