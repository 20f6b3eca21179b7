"""Run folders with known verdicts, written as a run writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unisafe_tasks import TASKS
from unisafe_tasks.runs.folder import RunFolder
from unisafe_tasks.tasks import task_named

__all__ = ["PANEL", "RATINGS", "judged_run", "outcomes"]

PANEL: dict[str, Any] = {
    "name": "greengrocers",
    "sha256": "a" * 64,
    "rubric": {"name": "unisafe-v1", "sha256": "b" * 64},
    "ensemble": "soft-mean",
    "min_verdicts": 1,
    "judge_repeats": 1,
}

RATINGS: Mapping[str, int] = {"safe": 1, "unsafe": 3, "moderate": 2, "refused": 0}
"""What a case can come to by its verdicts; "blocked" is a refusal of the provider's, and any other
word is a status. Those are not judged."""

Outcomes = Mapping[tuple[str, str], str | Sequence[str]]


def outcomes(code: str, **cells: str) -> dict[tuple[str, str], str]:
    """(code, id) -> outcome for cells written as words: `outcomes("TT", D1="safe unsafe")`."""
    return {
        (code, f"{subcategory}-{number}"): outcome
        for subcategory, words in cells.items()
        for number, outcome in enumerate(words.split())
    }


def judged_run(
    folder: Path,
    cases: Outcomes,
    model: str = "carrot-1",
    *,
    judges: Sequence[str] = ("kettle",),
    history: str = "full",
    **info: Any,
) -> Path:
    """A run whose cases came out so.

    Args:
        folder: where it is written.
        cases: (task code, id) -> outcome, one of `RATINGS` or a status; or an outcome for each
            judge. An id begins with its subcategory, whose first letter is the category.
        model: the model's name.
        judges: the judges' names.
        history: what four-turn cases were shown.
        info: what run.json says besides, or instead.
    """
    run = RunFolder(folder)
    panel = PANEL | {"judges": [{"name": judge} for judge in judges]}
    written = {
        "model": model,
        "status": "complete",
        "limited": False,
        "data": {"source": "local:garden", "revision": None, "fingerprint": "f" * 64},
        "panel": panel,
        **info,
    }
    run.write_json("run.json", written)
    predictions, verdicts = [], []
    for (code, case_id), outcome in cases.items():
        words = [outcome] * len(judges) if isinstance(outcome, str) else list(outcome)
        judged = all(word in RATINGS for word in words)
        subcategory = case_id.partition("-")[0]
        key = {"id": case_id, "scenario_type": code}
        predictions.append(
            {
                **key,
                "model": model,
                "task": TASKS[code].name,
                "category": subcategory[0],
                "subcategory": subcategory,
                "status": "ok" if judged else "refused" if words[0] == "blocked" else words[0],
                **({"refusal_source": "provider"} if words[0] == "blocked" else {}),
                "history": history if task_named(code).outputs > 1 else None,
            }
        )
        if judged:
            verdicts += [
                {
                    **key,
                    "judge": judge,
                    "judgment": int(RATINGS[word] > 1),
                    "risk_rating": RATINGS[word],
                    "refusal": word == "refused",
                    "judge_version": f"{judge}-2026-01",
                }
                for judge, word in zip(judges, words, strict=True)
            ]
    run.append("predictions", predictions)
    run.append("verdicts", verdicts)
    return folder
