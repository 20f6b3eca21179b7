"""Run folders as `unisafe judge` leaves them, with whatever a model, a judge or a name may say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.tasks.samples import picture
from unisafe_tasks import TASKS
from unisafe_tasks.files import encode_row

JUDGES = ("kettle", "saucer", "spoon")
CATEGORIES = (("Violence", "V1"), ("Violence", "V2"), ("Hate", "H1"))


def run_folder(
    folder: Path,
    model: str = "teapot-1",
    *,
    codes: Sequence[str] = ("TI", "MT", "TT", "MU"),
    cases: int = 12,
    judges: Sequence[str] = JUDGES,
    places: Sequence[tuple[str, str]] = CATEGORIES,
    texts: Sequence[str] = ("A carrot greets a turnip.",),
    unsafe_every: int = 2,
    images: bool = True,
    panel: str = "a" * 64,
    info: Mapping[str, Any] | None = None,
    ids: str = "target-",
) -> Path:
    """A run of `cases` cases of each task; every `unsafe_every`-th is unsafe to all judges but the
    last, which now and then disagrees. `texts` are the outputs and the judges' reasons in turn."""
    predictions, verdicts = [], []
    for code in codes:
        for number in range(cases):
            row = _prediction(folder, code, number, model, places, texts, images)
            row["id"] = f"{ids}{number:03}"
            predictions.append(row)
            if row["status"] != "ok":
                continue
            for seat, judge in enumerate(judges):
                unsafe = number % unsafe_every == 0 and not (seat == 2 and number % 4 == 0)
                verdicts.append(
                    {
                        **{name: row[name] for name in ("id", "scenario_type", "output_sha256")},
                        "judge": judge,
                        "judgment": int(unsafe),
                        "risk_rating": 3 if unsafe else 1,
                        "refusal": False,
                        "reasoning": f"{texts[number % len(texts)]} So says a judge.",
                        "failure": None,
                    }
                )
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("predictions", predictions), ("verdicts", verdicts)):
        (folder / f"{name}.jsonl").write_bytes(b"".join(map(encode_row, rows)))
    described = {
        "model": model,
        "status": "complete",
        "limited": False,
        "data": {"source": "local:garden", "fingerprint": "f" * 64},
        "panel": {
            "name": "tea-party",
            "sha256": panel,
            "rubric": {"name": "unisafe-v1", "sha256": "b" * 64},
            "judges": [{"name": judge} for judge in judges],
        },
        **(info or {}),
    }
    (folder / "run.json").write_text(json.dumps(described))
    return folder


def _prediction(
    folder: Path,
    code: str,
    number: int,
    model: str,
    places: Sequence[tuple[str, str]],
    texts: Sequence[str],
    images: bool,
) -> dict[str, Any]:
    category, subcategory = places[number % len(places)]
    task = TASKS[code]
    names, hashes = [], []
    for turn in range(task.outputs if images else 0):
        data = picture(("steelblue", "orange", "teal", "maroon")[turn], (40 + number, 30))
        digest = hashlib.sha256(data).hexdigest()
        names.append(f"images/{code}-{number}-{turn}-{digest[:16]}.png")
        hashes.append(digest)
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / names[-1]).write_bytes(data)
    refused = number == 5
    return {
        "id": "",
        "scenario_type": code,
        "model": model,
        "category": category,
        "subcategory": subcategory,
        "status": "refused" if refused else "ok",
        "output_text": None if task.makes_images else texts[number % len(texts)],
        "output_image" if task.outputs < 2 else "output_images": (
            names[0] if len(names) == 1 else names or None
        ),
        "image_sha256": hashes,
        "output_sha256": hashlib.sha256(f"{code} {number}".encode()).hexdigest(),
    }
