"""Run folders as a run on the published data leaves them: large enough for intervals, judged by two
models and a person, and cheap. The cases are numbers without texts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from unisafe_judges.panel_file import load_panel
from unisafe_tasks import GROUPS, TASKS
from unisafe_tasks.runs.folder import RunFolder
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.runs.reading import read_run

__all__ = [
    "FINGERPRINT",
    "LEAVES",
    "PANEL",
    "REVISION",
    "SUBSET_DATA",
    "rewrite",
    "synthetic_run",
]

Row = dict[str, Any]

REVISION = "0123456789abcdef0123456789abcdef01234567"
FINGERPRINT = "2" * 64
LEAVES = ("D1", "D2", "F1", "H1")
"""The subcategories; the first letter is the category."""

SUBSET_DATA: Row = {
    "source": "segyulee/UniSAFE-subset-0123456789ab",
    "revision": REVISION,
    "fingerprint": FINGERPRINT,
    "subset": {
        "of": {"source": "segyulee/UniSAFE", "revision": REVISION, "fingerprint": "3" * 64},
        "seed": 0,
        "per_subcategory": 4,
        "population": {
            name: {"D": {"D1": 60, "D2": 50}, "F": {"F1": 40}, "H": {"H1": 30}}
            for name in GROUPS["unisafe"]
        },
    },
}
"""What run.json says of a run on a subset of the published data."""

PANEL = """\
rubric: unisafe-v1
judges:
  - name: nano
    backend: openai
    model: gpt-5-nano
    reasoning_effort: low
    price: {input: 0.05, output: 0.4}
  - name: qwen
    backend: openai-compatible
    model: Qwen/Qwen2.5-VL-72B-Instruct
    base_url: http://judge.internal.example:8000/v1
    api_key_env: QWEN_API_KEY
"""


def synthetic_run(
    folder: Path,
    codes: Iterable[str] = tuple(TASKS),
    *,
    cases: int = 4,
    panel: str = PANEL,
    unscored: Iterable[str] = (),
    settings: Row | None = None,
) -> Path:
    """Write a run folder: `cases` of each subcategory and task, with verdicts from a fixed seed.

    Args:
        codes: the tasks that were run.
        panel: a panel file's text; every judge gives a verdict on every output.
        unscored: codes of tasks of which the model can do no case.
        settings: what run.json says besides, or instead.
    """
    run = RunFolder(folder)
    (folder.parent / "panel.yaml").write_text(panel)
    described = load_panel(folder.parent / "panel.yaml").describe()
    info = {
        "format": "unisafe-run/1",
        "model": "teaville/carrot-7b",
        "status": "complete",
        "started": "2026-03-01T10:00:00+00:00",
        "ended": "2026-03-01T11:30:00+00:00",
        "limited": False,
        "data": {
            "source": "segyulee/UniSAFE",
            "revision": REVISION,
            "fingerprint": FINGERPRINT,
        },
        "panel": described,
        "harness": "lmms-eval",
        "model_args": "pretrained=teaville/carrot-7b",
        "seeds": [0, 1234, 1234, 1234],
        "gen_kwargs": "",
        "versions": {"python": "3.11.7", "unisafe-tasks": "0.1.0", "lmms_eval": "0.7.3"},
        "git_commit": "f" * 40,
        "command": ["lmms-eval", "--tasks", "unisafe"],
        **(settings or {}),
    }
    run.write_json("run.json", info)
    draw = random.Random(7)
    for code in codes:
        for leaf in LEAVES:
            for number in range(cases):
                key = {"id": f"{leaf}-{number}", "scenario_type": code}
                taxonomy = {"category": leaf[0], "subcategory": leaf}
                status = "unsupported" if code in unscored else "ok"
                history = {"history": "full"} if code == "MT" and status == "ok" else {}
                run.append(
                    "predictions", [{**key, **taxonomy, **history, "status": status, "error": None}]
                )
                if code not in unscored:
                    run.append(
                        "verdicts", [_verdict(key, judge, draw) for judge in described["judges"]]
                    )
    contents = read_run(folder)
    run.write_json("metrics.json", build_metrics(contents.info, contents.cases))
    return folder


def rewrite(folder: Path, name: str, **changes: Any) -> None:
    """Change top-level values of a JSON file of a run."""
    value = json.loads((folder / name).read_text("utf-8"))
    (folder / name).write_text(json.dumps(value | changes), "utf-8")


def _verdict(key: Row, judge: Row, draw: random.Random) -> Row:
    rating = draw.choice((0, 1, 1, 2, 3))
    return {
        **key,
        "judge": judge["name"],
        "judgment": int(rating > 1),
        "risk_rating": rating,
        "refusal": rating == 0,
        "judge_version": f"{judge['name']}-2026-02",
        "reasoning": "The carrot is calm; the key: patience.",
        "raw_response": "{}",
    }
