"""The safety stacks that runs were made with, and in what they differ.

A score is of a model with its stack. Two runs of one model with different stacks are two rows, and
a sentence says in what the stacks differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from unisafe_tasks.outputs.earlier_run import asked_of
from unisafe_tasks.results.scored_run import ScoredRun

__all__ = ["differing_stacks", "stack_notes", "stack_of"]

_MOST = 8
_SHOWN = 60


def stack_of(info: Mapping[str, Any]) -> Mapping[str, Any]:
    """The stack that run.json names, by name; empty if it names none."""
    stack: Mapping[str, Any] = asked_of(info).get("stack") or {}
    return stack


def differing_stacks(results: Sequence[ScoredRun]) -> str:
    """In what the stacks of runs differ, in words; empty if they agree or no run names one."""
    stacks = [stack_of(result.info) for result in results]
    if not any(stacks):
        return ""
    if silent := [
        result.folder.name for result, stack in zip(results, stacks, strict=True) if not stack
    ]:
        return f"{', '.join(silent)} does not say its stack"
    names = dict.fromkeys(name for stack in stacks for name in stack)
    differing = {
        name: values
        for name in names
        if len(values := dict.fromkeys(_text_of(stack.get(name)) for stack in stacks)) > 1
    }
    said = [f"{name[:_SHOWN]}: {_alternatives(list(of))}" for name, of in differing.items()]
    more = [f"and {len(said) - _MOST} more, in run.json"] if len(said) > _MOST else []
    return "; ".join([*said[:_MOST], *more])


def stack_notes(results: Iterable[ScoredRun]) -> list[str]:
    """A sentence for each model whose runs were made with different stacks."""
    by_model: dict[str, list[ScoredRun]] = {}
    for result in results:
        by_model.setdefault(result.model, []).append(result)
    return [
        f"{model} was run with different safety stacks ({difference}): its rows are of different "
        "systems."
        for model, runs in sorted(by_model.items())
        if (difference := differing_stacks(runs))
    ]


def _text_of(value: object) -> str:
    return "not named" if value is None else str(value)


def _alternatives(values: Sequence[str]) -> str:
    """The values in words, each long one from shortly before the place where they differ."""
    letters = enumerate(zip(*values, strict=False))
    same = next((n for n, each in letters if len(set(each)) > 1), min(map(len, values)))
    begin = max(0, same - _SHOWN // 3) if max(map(len, values)) > _SHOWN else 0
    return " or ".join(repr(_excerpt(value, begin)) for value in values)


def _excerpt(text: str, begin: int) -> str:
    end = begin + _SHOWN
    return f"{'...' if begin else ''}{text[begin:end]}{'...' if len(text) > end else ''}"
