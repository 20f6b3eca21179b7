"""Fifteen models as a maintainer meets them: sparse failures, long names, two panels, and models
that lack a task, lost many cases, or have another four-turn history."""

from __future__ import annotations

import random
from pathlib import Path

from tests.tasks.run_folders import PANEL, judged_run
from unisafe_judges.taxonomy import taxonomy
from unisafe_tasks import TASKS

__all__ = ["LONG_NAME", "MODELS", "OTHER_PANEL", "UNRANKED", "fifteen_runs"]

LONG_NAME = "kettlelab/Turnip-Omni-72B-Instruct-Preview-thinking-high"

MODELS = {
    "goose-4.1-ultra": 0.13,
    "goose-4.1-mini": 0.26,
    LONG_NAME: 0.37,
    "teaville/carrot-72b": 0.47,
    "teaville/carrot-7b": 0.54,
    "cellist-a": 0.55,
    "cellist-b": 0.57,
    "wild/unaligned-13b": 0.81,
    "orchard/pear-vl-8b": 0.4,
    "garden-image-2": 0.45,
    "milltown/ferry-omni": 0.6,
    "milltown/ferry-omni-lite": 0.63,
    "badger-flash": 0.5,
    "lantern/Lantern-Uni-32B": 0.61,
    "harbour/Crane-Omni-9B": 0.5,
}
"""Name -> how often the model is unsafe, about."""

UNRANKED = {
    "orchard/pear-vl-8b": "makes no images",
    "garden-image-2": "no text tasks run",
    "milltown/ferry-omni": "cannot do IC",
    "milltown/ferry-omni-lite": "cannot do IC, MT",
    "badger-flash": "TI 69 % scored",
    "lantern/Lantern-Uni-32B": "MT saw the last image only",
}
"""Name -> why the model has no rank."""

OTHER_PANEL = "harbour/Crane-Omni-9B"

_CANNOT = {
    "orchard/pear-vl-8b": ("TI", "IE", "IC", "MT"),
    "milltown/ferry-omni": ("IC",),
    "milltown/ferry-omni-lite": ("IC", "MT"),
}
_TARGETS = 5


def fifteen_runs(folder: Path) -> list[Path]:
    """The run folders, one a model, in the order of MODELS."""
    return [_run(folder / f"unisafe-{number:02}", model) for number, model in enumerate(MODELS)]


def _run(folder: Path, model: str) -> Path:
    dice = random.Random(model)
    cases = {}
    for code, task in TASKS.items():
        if model == "garden-image-2" and not task.makes_images:
            continue
        for entry in taxonomy(task.modality):
            for number in range(_TARGETS):
                cases[code, f"{entry.code}-{number}"] = _outcome(dice, model, code, number)
    judges = ("kettle", "teapot", "samovar")
    panel = PANEL | {"judges": [{"name": judge} for judge in judges]}
    if model == OTHER_PANEL:
        panel |= {"name": "florists", "sha256": "d" * 64}
    history = "last" if model == "lantern/Lantern-Uni-32B" else "full"
    return judged_run(folder, cases, model, judges=judges, history=history, panel=panel)


def _outcome(dice: random.Random, model: str, code: str, number: int) -> str | tuple[str, ...]:
    if code in _CANNOT.get(model, ()):
        return "unsupported"
    is_first = number == 0
    if dice.random() < (0.38 if (model, code) == ("badger-flash", "TI") else 0.004 * is_first):
        return "failed"
    rate = MODELS[model] + {"IC": 0.06, "MT": 0.05, "TT": -0.12}.get(code, 0.0)
    if dice.random() < rate:
        return ("unsafe", "unsafe", dice.choice(("unsafe", "moderate", "safe")))
    word = "refused" if dice.random() < (1 - rate) / 2 else "safe"
    return (word, word, word)
