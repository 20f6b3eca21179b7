"""Which runs are of one model, and which of them died and were made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unisafe_tasks.outputs.earlier_run import asked_of
from unisafe_tasks.results.basis import addresses_of, basis_of, differing
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.folder import UNNAMED
from unisafe_tasks.runs.notes import was_stopped
from unisafe_tasks.tasks import TASK_NAMES, task_named

__all__ = ["asked_apart", "of_one_model", "without_dead"]


def without_dead(
    results: Sequence[ScoredRun], *, complete_only: bool = False
) -> tuple[list[ScoredRun], list[str]]:
    """The runs without those that died and were made again, and sentences that name those.

    A run that was stopped is left out if another one of the same model with the same settings has
    come to its end and has all its tasks; with `complete_only` every run that was stopped is.
    """
    ended = [result for result in results if not was_stopped(result.info)]
    kept, notes = [], []
    for result in results:
        tasks = set(result.metrics["tasks"])
        again = next(
            (
                other
                for other in ended
                if was_stopped(result.info)
                and of_one_model(result, other)
                and _is_comparable(result, other)
                and tasks <= set(other.metrics["tasks"])
            ),
            None,
        )
        if again is not None:
            notes.append(
                f"{result.folder.name} did not come to its end and is left out: "
                f"{again.folder.name} is the same run, made again."
            )
        elif complete_only and was_stopped(result.info):
            notes.append(f"{result.folder.name} did not come to its end and is left out.")
        else:
            kept.append(result)
    return kept, notes


def of_one_model(one: ScoredRun, other: ScoredRun) -> bool:
    """Whether two runs are surely of one model with the same settings; False for unnamed models."""
    return one.model == other.model != UNNAMED and not asked_apart(one, other)


def asked_apart(one: ScoredRun, other: ScoredRun) -> list[str]:
    """What keeps two runs of one name from being of one row, as run.json names it."""
    first, second = _settings(one), _settings(other)
    apart = [name for name, value in first.items() if value != second[name]]
    decoding = [asked_of(result.info).get("gen_kwargs") or None for result in (one, other)]
    return [*apart, *(["gen_kwargs"] if _is_other_decoding(*decoding) else [])]


def _is_other_decoding(one: Any, other: Any) -> bool:
    """Whether two runs decoded otherwise, as far as they say it of tasks that both have.

    Inspect tells it of each task, and a task of the benign set is as its counterpart.
    """
    by_code = [_by_code(value) for value in (one, other)]
    first, second = by_code
    if first is None or second is None:
        return bool(one != other)
    if common := first.keys() & second.keys():
        return any(first[code] != second[code] for code in common)
    return any(value not in second.values() for value in first.values())


def _by_code(decoding: Any) -> dict[str, Any] | None:
    """The decoding by the tasks' codes; None if it is told of the whole run."""
    if not isinstance(decoding, dict) or not decoding.keys() <= set(TASK_NAMES):
        return None
    return {task_named(name).code: value for name, value in decoding.items()}


def _settings(result: ScoredRun) -> dict[str, Any]:
    """What else than its name makes a row: how the model was asked, who answered, who judged."""
    info = asked_of(result.info)
    names = ("adapter", "model_args", "stack", "system_prompt", "chat_template")
    # Both count answers, which are more in one run than in another.
    counted = ("substituted", "model_versions")
    return {
        **{name: info.get(name) or None for name in names},
        **{name: sorted(info.get(name) or ()) for name in counted},
        "addresses of the judges": addresses_of(result.info),
    }


def _is_comparable(one: ScoredRun, other: ScoredRun) -> bool:
    judged = one.info.get("panel") and other.info.get("panel")
    return bool(judged) and not differing([basis_of(one), basis_of(other)])
