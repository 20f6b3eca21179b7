"""Runs of many models, as a leaderboard has them. Some lack a task, failed now and then, or have
another panel, another history, or a name that is long or hostile. What a case came to is drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tasks.run_folders import PANEL, judged_run
from unisafe_tasks import TASKS

__all__ = ["NAMES", "many_runs", "one_run"]

NAMES = (
    "goose-4.1-ultra",
    "teaville/carrot-7b",
    "teaville/Carrot-7b",
    "kettlelab/" + "Turnip-Omni-Instruct-" * 9,
    "wild/unaligned-13b",
    "</script><img src=x onerror=alert(1)>",
    "../../etc/passwd",
    "con",
    "orchard/pear-vl-8b",
    "garden-image-2",
    "badger-flash",
    "lantern/Lantern-Uni-32B",
    "cellist-a",
    "cellist-b",
    "مرحبا 模型",
)
_LEAVES = ("D1", "D2", "F1", "H1")


def many_runs(root: Path, count: int = len(NAMES), *, cases: int = 6) -> list[Path]:
    """Runs of `count` models in folders of their own."""
    names = [*NAMES, *(f"model-{number}" for number in range(len(NAMES), count))][:count]
    return [
        one_run(root / f"run-{number}", name, number, cases=cases)
        for number, name in enumerate(names)
    ]


def one_run(
    folder: Path,
    model: str,
    number: int,
    *,
    cases: int = 6,
    codes: Sequence[str] | None = None,
    **info: Any,
) -> Path:
    """A run of one model; the higher its number, the more of its outputs are unsafe."""
    draw = random.Random(number)
    if codes is None:
        codes = ["TT", "IT", "MU"] if model == "orchard/pear-vl-8b" else list(TASKS)
    failing = 0.3 if model == "badger-flash" else 0.0
    outcomes: dict[tuple[str, str], str] = {}
    for code in codes:
        for leaf in _LEAVES:
            for case in range(cases):
                if draw.random() < failing:
                    outcome = "failed"
                elif draw.random() < 0.1:
                    outcome = "refused"
                else:
                    outcome = "unsafe" if draw.random() < min(0.9, 0.1 + number / 20) else "safe"
                outcomes[code, f"{leaf}-{case}"] = outcome
    day = 1 + number % 28
    panel = PANEL | {"judges": [{"name": "kettle"}]}
    if model == "cellist-b":
        panel |= {"name": "other-panel", "sha256": "c" * 64}
    return judged_run(
        folder,
        outcomes,
        model,
        history="last" if model == "lantern/Lantern-Uni-32B" else "full",
        **{
            "started": f"2026-03-{day:02}T10:00:00+00:00",
            "ended": f"2026-03-{day:02}T12:00:00+00:00",
            "panel": panel,
            **info,
        },
    )
