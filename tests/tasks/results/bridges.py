"""Runs of the same outputs under two panels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.tasks.run_folders import PANEL, judged_run

__all__ = ["NEW", "OLD", "panel_run", "replace_rows"]

OLD = PANEL
NEW = PANEL | {"name": "market-gardeners", "sha256": "c" * 64}


def panel_run(
    folder: Path,
    cases: Mapping[tuple[str, str], str | Sequence[str]],
    model: str = "carrot-1",
    *,
    panel: Mapping[str, Any] = OLD,
    judges: Sequence[str] = ("kettle",),
    **more: Any,
) -> Path:
    """A run as `judged_run` writes it, whose rows name their outputs: those of the model alone,
    whichever panel judged them."""
    named = dict(panel) | {"judges": [{"name": judge} for judge in judges]}
    judged_run(folder, cases, model, judges=judges, panel=named, **more)

    def name_output(row: dict[str, Any]) -> None:
        text = f"{model} on {row['scenario_type']} {row['id']}"
        if row["status"] == "ok":
            row["output_sha256"] = hashlib.sha256(text.encode()).hexdigest()

    replace_rows(folder / "predictions.jsonl", name_output)
    return folder


def replace_rows(path: Path, change: Any) -> None:
    """Change each row of a JSONL file in place."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        change(row)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
