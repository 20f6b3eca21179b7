"""The folder of a self-awareness result; it is not a run folder.

self_verdicts.jsonl     one row per output the model was asked about, its reply included
self_awareness.json     the scores, and which run, panel and data they belong to
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisafe_tasks.data.names import DEMO_NOTE, is_demo
from unisafe_tasks.errors import RunError
from unisafe_tasks.files import encode_json, encode_row, read_rows, write_atomically
from unisafe_tasks.runs.folder import UNNAMED
from unisafe_tasks.self_awareness.scores import DEFINITION, SelfVerdict, summarise
from unisafe_tasks.tasks import TASKS

if TYPE_CHECKING:
    from unisafe_tasks.self_awareness.judged_run import JudgedRun

__all__ = [
    "SelfAwarenessFolder",
    "is_same_model",
    "is_self_awareness",
    "read_self_awareness",
    "run_identity",
]

_FORMAT = "unisafe-self-awareness/1"
_SCORES, _VERDICTS = "self_awareness.json", "self_verdicts.jsonl"


def run_identity(info: Mapping[str, Any]) -> str:
    """A hash of facts in run.json that differ for each run; a self-awareness result finds its run
    by it."""
    data, panel = info.get("data") or {}, info.get("panel") or {}
    facts = [
        info.get("model"),
        info.get("started"),
        info.get("ended"),
        data.get("fingerprint"),
        panel.get("sha256"),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def is_same_model(model: str | None, info: Mapping[str, Any]) -> bool | None:
    """Whether the model that judges is the run's, by their names; None if a name is not known."""
    theirs = info.get("model")
    if UNNAMED in (model, theirs) or model is None:
        return None
    return bool(model == theirs)


class SelfAwarenessFolder:
    """A result that is being written, a task at a time, by one process."""

    def __init__(
        self, folder: Path, run: JudgedRun, model: str | None, details: Mapping[str, Any]
    ) -> None:
        """Describe the result.

        Args:
            folder: an empty folder.
            run: whose outputs were judged.
            model: what judged them, by the name it has for people.
            details: what else is recorded; it must hold no credential.
        """
        self.folder = folder
        panel = run.info["panel"]
        self._rows: list[Mapping[str, Any]] = []
        self._is_whole = run.is_whole
        self._value: dict[str, Any] = {
            "format": _FORMAT,
            "model": model,
            "same_model": is_same_model(model, run.info),
            "run": {
                "folder": run.folder.name,
                "identity": run_identity(run.info),
                **{name: run.info.get(name) for name in ("model", "started", "ended")},
                "panel_sha256": panel["sha256"],
                "data_fingerprint": run.info["data"]["fingerprint"],
            },
            "panel": {name: panel[name] for name in ("name", "sha256", "rubric")},
            "data": run.info["data"],
            "notes": [],
            "tasks": {},
            "complete": self._is_whole,
            **details,
        }
        self._value["notes"] = self._general_notes(run)

    @property
    def tasks(self) -> Mapping[str, Any]:
        """The scores of the tasks that are finished, by the name of the task judged."""
        return dict(self._value["tasks"])

    @property
    def notes(self) -> list[str]:
        return list(self._value["notes"])

    def finish_task(self, name: str, rows: Sequence[Mapping[str, Any]], outputs: int) -> None:
        """Add the rows of one task, which has `outputs` judged outputs, and write the result."""
        summary = summarise([_verdict_of(row) for row in rows])
        # Ranks bring theirs one after the other.
        self._rows.extend(sorted(rows, key=lambda row: str(row["id"])))
        self._value["tasks"][name] = summary
        self._value["notes"].extend(_task_notes(name, summary, rows, outputs))
        self._value["complete"] &= len(rows) == outputs
        write_atomically(self.folder / _VERDICTS, b"".join(map(encode_row, self._rows)))
        write_atomically(self.folder / _SCORES, encode_json(self._value))

    def _general_notes(self, run: JudgedRun) -> list[str]:
        notes = [DEFINITION]
        if is_demo(run.info["data"].get("source")):
            notes.append(DEMO_NOTE)
        same, model, theirs = self._value["same_model"], self._value["model"], run.info["model"]
        if same is False:
            notes.append(
                f"Model {model} judged the outputs of {theirs}: this is no self-awareness."
            )
        if same is None:
            notes.append(
                "It is not known whether the model that judged is the one whose outputs these are."
            )
        if not run.is_whole:
            notes.append("The run that was judged is limited or did not come to its end.")
        return notes


def is_self_awareness(folder: Path) -> bool:
    """Whether a folder holds a self-awareness result and is not a run folder."""
    return (folder / _SCORES).is_file() and not (folder / "run.json").exists()


def read_self_awareness(folder: Path) -> dict[str, Any]:
    """What self_awareness.json holds, its scores checked against the verdicts beside it.

    `tasks` has by the name of the judged task (`unisafe_t2i`) what `scores.summarise` gives;
    `run.identity` is what `run_identity` gives for run.json of the run that was judged;
    `same_model` is false where another model judged, and null where that is not known.

    Raises:
        RunError: it is no such folder, or a file in it is damaged; it names file and line.
    """
    path = folder / _SCORES
    if not path.is_file():
        raise RunError(f"{folder} holds no self-awareness result: it has no {_SCORES}")
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    _require(value, path)
    by_task: dict[str, list[SelfVerdict]] = {}
    seen: set[tuple[str, str]] = set()
    for number, row in read_rows(folder / _VERDICTS, RunError):
        where = f"{folder / _VERDICTS}, line {number}"
        code, case_id = row.get("scenario_type"), row.get("id")
        if not isinstance(code, str) or code not in TASKS or not isinstance(case_id, str):
            raise RunError(f"{where}: id or scenario_type is missing or is not one of ours")
        if (case_id, code) in seen:
            raise RunError(f"{where}: a second verdict on {case_id}/{code}")
        seen.add((case_id, code))
        by_task.setdefault(TASKS[code].name, []).append(_checked_verdict(row, where))
    if {name: summarise(verdicts) for name, verdicts in by_task.items()} != value["tasks"]:
        raise RunError(f"{path}: the scores are not those of the verdicts in {_VERDICTS}")
    checked: dict[str, Any] = value
    return checked


def _require(value: Any, path: Path) -> None:
    if not isinstance(value, dict) or value.get("format") != _FORMAT:
        raise RunError(f"{path}: it is not of the format {_FORMAT}")
    run, panel = value.get("run"), value.get("panel")
    notes = value.get("notes")
    sound = {
        "model": isinstance(value.get("model", 0), str | None),
        "same_model": isinstance(value.get("same_model", 0), bool | None),
        "run": isinstance(run, dict) and isinstance(run.get("identity"), str),
        "panel": isinstance(panel, dict) and isinstance(panel.get("sha256"), str),
        "data": isinstance(value.get("data"), dict),
        "notes": isinstance(notes, list) and all(isinstance(note, str) for note in notes),
        "tasks": isinstance(value.get("tasks"), dict),
        "complete": isinstance(value.get("complete"), bool),
    }
    for name, is_sound in sound.items():
        if not is_sound:
            raise RunError(f"{path}: {name} is missing or damaged")


def _checked_verdict(row: Mapping[str, Any], where: str) -> SelfVerdict:
    panel, judgment = row.get("panel"), row.get("judgment", -1)
    if type(panel) not in (int, float) or not 0 <= row["panel"] <= 1:
        raise RunError(f"{where}: panel is {str(panel)[:60]!r}, expected a number from 0 to 1")
    if judgment is not None and (type(judgment) is not int or judgment not in (0, 1)):
        raise RunError(f"{where}: judgment is {str(judgment)[:60]!r}, expected 0, 1 or null")
    return _verdict_of(row)


def _verdict_of(row: Mapping[str, Any]) -> SelfVerdict:
    return SelfVerdict(row["panel"], row["judgment"])


def _task_notes(
    name: str, summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], outputs: int
) -> list[str]:
    case_count, scored = summary["asked"], summary["scored"]
    notes = []
    if case_count < outputs:
        notes.append(
            f"{name}: the model was asked about {case_count} of its {outputs} judged outputs."
        )
    failures: dict[str, int] = {}
    for row in rows:
        if row["failure"] is not None:
            failures[row["failure"]] = failures.get(row["failure"], 0) + 1
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(failures.items()))
    if not scored:
        silent = set(failures) <= {"empty", "unsupported"}
        said = "gave no text" if silent else "gave no verdict"
        notes.append(
            f"{name}: the model {said} on any of {case_count} outputs ({reasons}). Coverage is 0, "
            "and there is no score."
        )
        return notes
    if scored < case_count:
        notes.append(
            f"{name}: the model gave a verdict on {scored} of {case_count} outputs ({reasons})."
        )
    for kind in ("unsafe", "safe"):
        if not summary[kind]:
            notes.append(
                f"{name}: no output with a verdict is {kind} by the panel, so there is no score."
            )
    return notes
