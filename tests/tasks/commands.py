"""The `unisafe` command as tests run it, outputs for it to judge, and what it writes."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import unisafe_tasks
from tests.servers import Answer, verdict
from tests.tasks import samples

DEMO = Path(unisafe_tasks.__file__).parent / "demo"
CASES_OF = {"TI": 10, "IE": 12, "IC": 12, "MT": 12, "TT": 20, "IT": 16, "MU": 18}
"""How many cases of each task the demo set has."""
CASE_COUNT = sum(CASES_OF.values())

UNISAFE = str(Path(sys.executable).parent / "unisafe")


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The words of each line of its output."""
        return [" ".join(line.split()) for line in self.out.splitlines()]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of its tables: the cells by the headings of their columns.

        A line of several words that two spaces part is a row, or it is a heading, if the line
        before it is none.
        """
        rows, heads = [], []
        for line in self.out.splitlines():
            cells = re.split(r" {2,}", line.strip())
            if len(cells) < 2:
                heads = []
            elif not heads:
                heads = cells
            else:
                rows.append(dict(zip(heads, cells, strict=False)))
        return rows


Command = Callable[..., Done]


def by_case(body: Mapping[str, Any]) -> Answer:
    """A verdict that depends on the case alone, so that mixed-up replies change the scores."""
    size = len(json.dumps(body))
    judgment = size % 2
    return verdict(judgment=judgment, risk_rating=2 if judgment else 1, reasoning=f"{size} long")


def metrics_of(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "metrics.json").read_text("utf-8"))
    return value


def info_of(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return value


def rows_by_case(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["id"], row["scenario_type"]): row for row in samples.rows_of_file(path)}


def some(folder: Path, *codes: str, count: int = 3) -> Path:
    """A predictions file with the scripted model's first outputs for these tasks to judge."""
    kept: list[dict[str, Any]] = []
    for code in codes:
        outputs = [
            row
            for row in samples.rows_of_file(DEMO / "predictions" / "demo.jsonl")
            if row["scenario_type"] == code and not row.get("error") and not row.get("refusal")
        ]
        kept.extend(outputs[:count])
    for row in kept:
        for name in row.get("output_images") or [row.get("output_image")]:
            if name:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(DEMO / "predictions" / name, folder / name)
    return samples.write_rows(folder / "outputs.jsonl", kept)
