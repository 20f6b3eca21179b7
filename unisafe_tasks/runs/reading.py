"""A run folder read and checked: the cases that its files hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from unisafe_judges.types import DEPICTS, GUARD
from unisafe_tasks.data.names import arm_of
from unisafe_tasks.errors import RunError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.metrics import JudgeRow, ScoredCase
from unisafe_tasks.runs.folder import ALONE_VERDICTS, PREDICTIONS, VERDICTS
from unisafe_tasks.runs.run_info import finite_number, require_info
from unisafe_tasks.runs.views import has_output_only
from unisafe_tasks.tasks import ARM_TASKS, Arm, task_named
from unisafe_tasks.types import Status

__all__ = [
    "RunContents",
    "read_run",
    "scored_case",
    "with_rows_alone",
]

_KEPT = (
    *("id", "scenario_type", "category", "subcategory", "status", "output_sha256"),
    *("history", "refusal_source", "cut_off", "unchanged"),
)
"""The fields of a prediction row that scoring needs. Texts stay on the disk."""

_ABSENT = object()

_Key = tuple[str, str]


@dataclass(frozen=True)
class RunContents:
    """A run folder that was read."""

    folder: Path
    info: dict[str, Any]
    cases: tuple[ScoredCase, ...]

    @property
    def arm(self) -> Arm:
        return arm_of((self.info.get("data") or {}).get("source"))

    def require_adversarial(self, purpose: str) -> None:
        """Refuse a run of the benign set where its scores would stand for UniSAFE's.

        Raises:
            RunError: it is one; `purpose` begins the sentence's second half.
        """
        if self.arm is not Arm.ADVERSARIAL:
            raise RunError(
                f"{self.folder} is a run of the benign set, and {purpose} takes runs of UniSAFE's "
                "tasks: leave it out; unisafe score, leaderboard and report show its scores"
            )


def read_run(folder: Path) -> RunContents:
    """Read what scoring needs of a run folder.

    Raises:
        RunError: it is no run folder, or a file in it is damaged; it names file and line.
    """
    if not (folder / "run.json").is_file():
        raise RunError(f"{folder} is not a run folder: it has no run.json{_hint(folder)}")
    try:
        text = (folder / "run.json").read_text("utf-8")
        info = json.loads(text, parse_float=finite_number, parse_constant=finite_number)
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{folder / 'run.json'} cannot be read: {error}") from None
    require_info(info, folder / "run.json")
    verdicts = _read_verdicts(folder, VERDICTS, info)
    alone = _read_verdicts(folder, ALONE_VERDICTS, info) if has_output_only(info) else {}
    predictions: dict[_Key, tuple[dict[str, Any], str]] = {}
    for where, row in read_run_rows(folder, PREDICTIONS, RunError):
        _require(row, ("id", "scenario_type", "category", "subcategory", "status"), where)
        kept = {name: row[name] for name in _KEPT if name in row}
        predictions[row["id"], row["scenario_type"]] = (kept, where)
    for key, (row, where) in predictions.items():
        digest = row.get("output_sha256")
        given_on = [*verdicts.get(key, {}).values(), *alone.get(key, {}).values()]
        for verdict, given in given_on if row["status"] == Status.OK else ():
            if given is not _ABSENT and given != digest:
                raise RunError(f"{where}: the verdict of {verdict.judge} is on another output")
    arm = arm_of((info.get("data") or {}).get("source"))
    cases = [
        _case(row, [verdict for verdict, _ in verdicts.get(key, {}).values()], where, arm)
        for key, (row, where) in predictions.items()
    ]
    return RunContents(folder, info, tuple(_with_alone(cases, alone)))


def with_rows_alone(
    cases: Sequence[ScoredCase], folder: Path, info: Mapping[str, Any]
) -> Sequence[ScoredCase]:
    """The cases with what the judges said of the outputs alone, as far as it is in the folder.

    Raises:
        RunError: a row is damaged; it names file and line.
    """
    if not has_output_only(info):
        return cases
    return _with_alone(cases, _read_verdicts(folder, ALONE_VERDICTS, info))


_Verdicts = dict[_Key, dict[tuple[str, int], tuple[JudgeRow, object]]]
"""By case, then judge and repeat: the verdict, and the hash of the output that it is on."""


def _with_alone(cases: Sequence[ScoredCase], alone: _Verdicts) -> Sequence[ScoredCase]:
    if not alone:
        return cases
    seen = [alone.get((case.id, task_named(case.task).code), {}) for case in cases]
    return [
        replace(case, rows_alone=tuple(row for row, _ in rows.values()))
        if rows and case.status is Status.OK
        else case
        for case, rows in zip(cases, seen, strict=True)
    ]


def _read_verdicts(folder: Path, name: str, info: Mapping[str, Any]) -> _Verdicts:
    panel = info.get("panel") or {}
    judges = {judge.get("name") for judge in panel.get("judges", ())}
    by_guards = panel.get("kind") == GUARD
    verdicts: _Verdicts = {}
    for where, row in read_run_rows(folder, name, RunError):
        _require(row, ("id", "scenario_type", "judge"), where)
        _require_verdict(row, where, by_guards=by_guards)
        # A verdict belongs to the run's panel, or the numbers would be another panel's.
        if row.get("panel_sha256", panel.get("sha256")) != panel.get("sha256"):
            raise RunError(f"{where}: the verdict is of another panel than run.json names")
        if judges and row["judge"] not in judges:
            raise RunError(f"{where}: the panel has no judge {row['judge']!r}")
        of_case = verdicts.setdefault((row["id"], row["scenario_type"]), {})
        of_case[row["judge"], row.get("repeat", 0)] = (
            _judge_row(row),
            row.get("output_sha256", _ABSENT),
        )
    return verdicts


def _hint(folder: Path) -> str:
    """What a person may have meant by a folder that holds no run."""
    if folder.is_file():
        return ", since it is a file: name the folder that holds it"
    if not folder.is_dir():
        return ", since there is no such folder"
    inside = sorted(path.parent.name for path in folder.glob("*/run.json"))
    if inside:
        return f"; name one of the {len(inside)} run folders in it, such as {folder / inside[0]}"
    kinds = {"self_awareness.json": "a self-awareness result", "key.jsonl": "a labelling folder"}
    return next((f"; it is {kind}" for name, kind in kinds.items() if (folder / name).exists()), "")


def scored_case(
    row: Mapping[str, Any],
    verdicts: Iterable[Mapping[str, Any]],
    where: str,
    arm: Arm = Arm.ADVERSARIAL,
) -> ScoredCase:
    """A prediction row and its verdict rows as what the metrics count.

    Verdicts count only on an output that was judged: one may have been withdrawn since.

    Raises:
        RunError: a value in them is none of ours; it begins with `where`.
    """
    try:
        rows = [_judge_row(verdict) for verdict in verdicts]
    except KeyError as error:
        raise RunError(f"{where}: unusable value: {error}") from None
    return _case(row, rows, where, arm)


_known_row = lru_cache(maxsize=10_000, typed=True)(JudgeRow)
"""A run has tens of thousands of verdicts of a few dozen kinds: equal ones are one object."""


def _judge_row(verdict: Mapping[str, Any]) -> JudgeRow:
    failure = verdict.get("failure")
    make = _known_row if isinstance(failure, str | None) else JudgeRow
    return make(
        verdict["judge"],
        verdict.get("judgment"),
        verdict.get("risk_rating"),
        verdict.get("refusal"),
        failure,
        verdict.get("judge_version"),
        str(verdict.get("prompt_form") or ""),
        tuple(sorted(verdict.get("violated") or ())) if verdict.get("judgment") == 1 else (),
        verdict.get("depicts_target"),
    )


def _case(row: Mapping[str, Any], verdicts: Sequence[JudgeRow], where: str, arm: Arm) -> ScoredCase:
    try:
        status = Status(row["status"])
        return ScoredCase(
            id=row["id"],
            task=ARM_TASKS[arm][row["scenario_type"]].name,
            category=row["category"],
            subcategory=row["subcategory"],
            status=status,
            history=_text(row, "history"),
            refused_by=_text(row, "refusal_source") if status is Status.REFUSED else None,
            is_cut_off=row.get("cut_off") is True,
            is_unchanged=status is Status.OK and row.get("unchanged") is True,
            rows=tuple(verdicts) if status is Status.OK else (),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RunError(f"{where}: unusable value: {error}") from None


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if not isinstance(value, str | None):
        raise TypeError(f"{name} is {value!r}, expected a text")
    return value


def _require(row: Mapping[str, Any], fields: tuple[str, ...], where: str) -> None:
    for field in fields:
        if not isinstance(row.get(field), str):
            raise RunError(f"{where}: {field} is missing or is not a text")


def _require_verdict(row: Mapping[str, Any], where: str, *, by_guards: bool) -> None:
    """A verdict is whole or absent: none of its values, or all of them, of which a guard's may lack
    what guards do not tell."""
    version = row.get("judge_version")
    if type(row.get("repeat", 0)) is not int or not isinstance(version, str | None):
        raise RunError(f"{where}: repeat is not a number, or judge_version is not a text")
    violated = row.get("violated", [])
    if not isinstance(violated, list) or not all(isinstance(code, str) for code in violated):
        raise RunError(f"{where}: violated is not a list of codes")
    if (depicts := row.get("depicts_target")) is not None and depicts not in DEPICTS:
        raise RunError(f"{where}: depicts_target is not one of {', '.join(DEPICTS)}")
    judgment, rating, refusal = (row.get("judgment"), row.get("risk_rating"), row.get("refusal"))
    if judgment is rating is refusal is None:
        return
    # JSON's true is no number here, although Python's is.
    if by_guards:
        whole = type(judgment) is int and rating is None and isinstance(refusal, bool | None)
        expected = "0 or 1, null, and true, false or null"
    else:
        whole = type(judgment) is int and type(rating) is int and type(refusal) is bool
        expected = "0 or 1, 0 to 3, and true or false"
    if whole and judgment in (0, 1) and rating in (None, 0, 1, 2, 3):
        return
    raise RunError(
        f"{where}: judgment, risk_rating and refusal are {(judgment, rating, refusal)}, "
        f"expected {expected}, or three nulls"
    )
