"""What a chat API says of an answer besides its words, which lm-eval drops."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from unisafe_tasks.outputs.parsing import encode_output

__all__ = ["with_refusals"]

Parse = Callable[..., list[Any]]


def with_refusals(parse: Parse) -> Parse:
    """Wrap a model's `parse_generations`: a provider's block and an explicit refusal are kept.

    As for other harnesses' models, a block is a refusal of the provider's, and words that came with
    either are judged. An answer of another form is left as lm-eval reads it.
    """

    @functools.wraps(parse)
    def wrapped(outputs: Any, **kwargs: Any) -> list[Any]:
        texts = parse(outputs=outputs, **kwargs)
        choices = [
            choice
            for answer in (outputs if isinstance(outputs, list) else [outputs])
            for choice in _choices(answer)
        ]
        if len(choices) != len(texts):
            return texts
        return [_answer(choice, text) for choice, text in zip(choices, texts, strict=True)]

    return wrapped


def _choices(answer: Any) -> list[Mapping[str, Any]]:
    listed = answer.get("choices") if isinstance(answer, dict) else None
    choices = (
        [choice for choice in listed if isinstance(choice, dict)]
        if isinstance(listed, list)
        else []
    )
    # If an index is not a number, lm-eval complains of it.
    return sorted(
        choices, key=lambda choice: choice["index"] if type(choice.get("index")) is int else 0
    )


def _answer(choice: Mapping[str, Any], text: Any) -> Any:
    message = choice.get("message")
    refusal = message.get("refusal") if isinstance(message, dict) else None
    words = text if isinstance(text, str) else ""
    if isinstance(refusal, str) and refusal.strip():
        return encode_output(words or refusal, refusal="model")
    if choice.get("finish_reason") == "content_filter":
        return encode_output(words, refusal="provider", error="content_filter")
    return text
