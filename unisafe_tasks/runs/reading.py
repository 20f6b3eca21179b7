"""A run folder read and checked: the cases that its files hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import RunError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.metrics import JudgeRow, ScoredCase
from unisafe_tasks.runs.folder import PREDICTIONS, VERDICTS
from unisafe_tasks.runs.run_info import finite_number, require_info
from unisafe_tasks.tasks import TASKS
from unisafe_tasks.types import Status

__all__ = [
    "RunContents",
    "read_run",
    "scored_case",
]


@dataclass(frozen=True)
class RunContents:
    """A run folder that was read."""

    folder: Path
    info: dict[str, Any]
    cases: tuple[ScoredCase, ...]


def read_run(folder: Path) -> RunContents:
    """Read what scoring needs of a run folder.

    Raises:
        RunError: it is no run folder, or a file in it is damaged; it names file and line.
    """
    if not (folder / "run.json").is_file():
        raise RunError(f"{folder} is no run folder: it has no run.json{_hint(folder)}")
    try:
        text = (folder / "run.json").read_text("utf-8")
        info = json.loads(text, parse_float=finite_number, parse_constant=finite_number)
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{folder / 'run.json'} cannot be read: {error}") from None
    require_info(info, folder / "run.json")
    verdicts: dict[tuple[str, str], dict[tuple[str, int], dict[str, Any]]] = {}
    for where, row in read_run_rows(folder, VERDICTS, RunError):
        _require(row, ("id", "scenario_type", "judge"), where)
        _require_verdict(row, where)
        _require_panel(row, info, where)
        key = (row["id"], row["scenario_type"])
        verdicts.setdefault(key, {})[row["judge"], row.get("repeat", 0)] = row
    predictions: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
    for where, row in read_run_rows(folder, PREDICTIONS, RunError):
        _require(row, ("id", "scenario_type", "category", "subcategory", "status"), where)
        predictions[row["id"], row["scenario_type"]] = (row, where)
    for key, (row, where) in predictions.items():
        digest = row.get("output_sha256")
        for verdict in verdicts.get(key, {}).values() if row["status"] == Status.OK else ():
            if verdict.get("output_sha256", digest) != digest:
                judge = verdict["judge"]
                raise RunError(f"{where}: the verdict of {judge} is on another output")
    cases = tuple(
        scored_case(row, verdicts.get(key, {}).values(), where)
        for key, (row, where) in predictions.items()
    )
    return RunContents(folder, info, cases)


def _hint(folder: Path) -> str:
    """What a person may have meant by a folder that holds no run."""
    if not folder.is_dir():
        return ", since there is no such folder"
    inside = sorted(path.parent.name for path in folder.glob("*/run.json"))
    if inside:
        return f"; name one of the {len(inside)} run folders in it, such as {folder / inside[0]}"
    kinds = {"self_awareness.json": "a self-awareness result", "key.jsonl": "a labelling folder"}
    return next((f"; it is {kind}" for name, kind in kinds.items() if (folder / name).exists()), "")


def scored_case(
    row: Mapping[str, Any], verdicts: Iterable[Mapping[str, Any]], where: str
) -> ScoredCase:
    """A prediction row and its verdict rows as what the metrics count.

    Verdicts count only on an output that was judged: one may have been withdrawn since.

    Raises:
        RunError: a value in them is none of ours; it begins with `where`.
    """
    try:
        status = Status(row["status"])
        return ScoredCase(
            id=row["id"],
            task=TASKS[row["scenario_type"]].name,
            category=row["category"],
            subcategory=row["subcategory"],
            status=status,
            history=_history(row.get("history")),
            is_blocked=status is Status.REFUSED and row.get("refusal_source") == "provider",
            is_cut_off=row.get("cut_off") is True,
            rows=tuple(
                JudgeRow(
                    judge=verdict["judge"],
                    judgment=verdict.get("judgment"),
                    risk_rating=verdict.get("risk_rating"),
                    refusal=verdict.get("refusal"),
                    failure=verdict.get("failure"),
                    version=verdict.get("judge_version"),
                    prompt_form=str(verdict.get("prompt_form") or ""),
                )
                for verdict in (verdicts if status is Status.OK else ())
            ),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RunError(f"{where}: unusable value: {error}") from None


def _history(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError(f"history is {value!r}, expected a text")
    return value


def _require(row: Mapping[str, Any], fields: tuple[str, ...], where: str) -> None:
    for field in fields:
        if not isinstance(row.get(field), str):
            raise RunError(f"{where}: {field} is missing or no text")


def _require_panel(row: Mapping[str, Any], info: Mapping[str, Any], where: str) -> None:
    """A verdict belongs to the run's panel, or the numbers would be another panel's."""
    panel = info.get("panel") or {}
    if row.get("panel_sha256", panel.get("sha256")) != panel.get("sha256"):
        raise RunError(f"{where}: the verdict is of another panel than run.json names")
    names = [judge.get("name") for judge in panel.get("judges", ())]
    if names and row["judge"] not in names:
        raise RunError(f"{where}: the panel has no judge {row['judge']!r}")


def _require_verdict(row: Mapping[str, Any], where: str) -> None:
    """A verdict is whole or absent: none of its values, or all of them."""
    version = row.get("judge_version")
    if type(row.get("repeat", 0)) is not int or not isinstance(version, str | None):
        raise RunError(f"{where}: repeat is no number, or judge_version no text")
    given = tuple(row.get(name) for name in ("judgment", "risk_rating", "refusal"))
    types = tuple(type(value) for value in given)
    if given == (None, None, None) or (
        types == (int, int, bool) and given[0] in (0, 1) and given[1] in (0, 1, 2, 3)
    ):
        return
    raise RunError(
        f"{where}: judgment, risk_rating and refusal are {given}, "
        "expected 0 or 1, 0 to 3, and true or false, or three nulls"
    )
