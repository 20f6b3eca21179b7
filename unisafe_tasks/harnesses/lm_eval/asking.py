"""How lm-eval's models are asked while our tasks run, and how their answers are read."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from unisafe_judges.thinking import TAGS
from unisafe_tasks.harnesses.lm_eval.answers import thinking_opened, with_whole_answers
from unisafe_tasks.tasks import TASK_NAMES, Arm, task_named

__all__ = ["asked_by_us", "parser_of"]

Function = Callable[..., Any]

_CLOSINGS = frozenset(tag.closing for tag in TAGS)


@contextmanager
def asked_by_us(lm: Any, versions: Mapping[Arm, Counter[str]]) -> Iterator[None]:
    """Ask the model, and read its answers, as our tasks need it.

    `versions` counts the names under which the model answered in the tasks of each arm.
    """
    asked = _Asked()
    parse, end = parser_of(lm), getattr(lm, "think_end_token", None)
    # lm-eval cuts thinking off, and then nobody knows whether it had come to its end.
    is_ours = parse is None and end in _CLOSINGS
    if is_ours:
        lm.think_end_token = None
    lm.generate_until = _one_kind_at_a_time(
        lm.generate_until, asked, end=end, is_whole=is_ours or end is None
    )
    # The model itself, where a cache stands before it.
    owner = getattr(parse, "__self__", None)
    if parse is not None and owner is not None:
        owner.parse_generations = with_whole_answers(
            parse, lambda version: asked.count(versions, version)
        )
    try:
        yield
    finally:
        del lm.generate_until
        if is_ours:
            lm.think_end_token = end
        if owner is not None:
            del owner.parse_generations


def parser_of(lm: Any) -> Function | None:
    """What reads an API's answers to a model; a parser of plain completions has no owner."""
    parse: Function | None = getattr(lm, "parse_generations", None)
    return parse if getattr(parse, "__self__", None) is not None else None


@dataclass
class _Asked:
    """The arm whose requests are with the model now; None for tasks that are not ours."""

    arm: Arm | None = None

    def count(self, versions: Mapping[Arm, Counter[str]], version: str) -> None:
        if self.arm is not None:
            versions[self.arm][version] += 1


def _arm_of(request: Any) -> Arm | None:
    name = getattr(request, "task_name", None)
    return task_named(name).arm if name in TASK_NAMES else None


def _one_kind_at_a_time(
    generate: Function, now: _Asked, *, end: object, is_whole: bool
) -> Function:
    """Ask requests with and without images apart: lm-eval's models treat all like the first.

    Those of both arms are asked apart too, as their answers are counted.

    `end`: what the user has named as the end of thinking; `is_whole`: thinking is in the answers.
    """

    @functools.wraps(generate)
    def wrapped(requests: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        groups: dict[tuple[Arm | None, int], list[int]] = {}
        for index, request in enumerate(requests):
            groups.setdefault((_arm_of(request), len(request.args)), []).append(index)
        answers: dict[int, Any] = {}
        for (now.arm, _), indexes in groups.items():
            asked = [requests[index] for index in indexes]
            outputs = generate(asked, *args, **kwargs)
            if is_whole:
                outputs = thinking_opened(asked, outputs, end)
            answers |= dict(zip(indexes, outputs, strict=True))
        return [answers[index] for index in range(len(requests))]

    return wrapped
