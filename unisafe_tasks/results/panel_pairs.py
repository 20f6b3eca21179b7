"""Which runs are of the same outputs, judged by two panels.

A model's runs of the old panel are set beside its runs of the new one; its tasks may lie in several
run folders. An output is known by its hash; one that no judge could be shown has none, and is known
by its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import RunError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.runs.folder import PREDICTIONS
from unisafe_tasks.runs.reading import RunContents, read_run
from unisafe_tasks.types import Status

__all__ = ["PanelPair", "pair_panels", "read_pairs"]

_Outputs = Mapping[tuple[str, str], tuple[str | None, Path]]
"""(task code, case id) -> what the output is known by, and the run folder that holds it."""


@dataclass(frozen=True)
class PanelPair:
    """The same outputs of one model, judged by the old panel and by the new one."""

    model: str
    old: tuple[RunContents, ...]
    new: tuple[RunContents, ...]


def read_pairs(folders: Sequence[Path]) -> list[PanelPair]:
    """Read run folders and pair them; the panel of the first one is the old panel.

    Raises:
        RunError: as `read_run` and `pair_panels`; or a folder is named twice.
    """
    seen: set[Path] = set()
    for folder in folders:
        if folder.resolve() in seen:
            raise RunError(f"{folder} is named twice")
        seen.add(folder.resolve())
    runs = [read_run(folder) for folder in folders]
    for run in runs:
        run.require_adversarial("a bridge")
    return pair_panels(runs)


def pair_panels(runs: Sequence[RunContents]) -> list[PanelPair]:
    """Pair the runs of each model, in the order of the old panel's runs.

    Raises:
        RunError: a run has no panel, the panels are not two of one kind, the data differ, two runs
            hold the same task of a model under one panel, or a run has no other one of the same
            outputs. It names the first output that differs.
    """
    if len(runs) < 2:
        raise RunError("a bridge needs runs of two panels: name at least two run folders")
    for run in runs:
        if not run.info.get("panel"):
            raise RunError(
                f"{run.folder} was not judged: run unisafe judge {run.folder} --panel ... first"
            )
    _require_one_kind(runs)
    _require_one_data_set(runs)
    hashes = list(dict.fromkeys(run.info["panel"]["sha256"] for run in runs))
    if len(hashes) == 1:
        raise RunError(
            f"all these runs are judged by one panel, {_panel_of(runs[0])}: name runs of the same "
            "outputs that another panel has judged"
        )
    if len(hashes) > 2:
        names = {run.info["panel"]["sha256"]: _panel_of(run) for run in runs}
        raise RunError(
            f"a bridge is between two panels, and these runs are of {len(hashes)}: "
            f"{', '.join(names.values())}"
        )
    old, new = ([run for run in runs if run.info["panel"]["sha256"] == digest] for digest in hashes)
    sides = _by_model(old), _by_model(new)
    for one, other, panel in ((*sides, new[0]), (*sides[::-1], old[0])):
        for model, members in one.items():
            _require_partner(members, other.get(model, ()), panel)
    pairs = [PanelPair(model, tuple(sides[0][model]), tuple(sides[1][model])) for model in sides[0]]
    for pair in pairs:
        _require_same_outputs(pair)
    return pairs


def _by_model(runs: Sequence[RunContents]) -> dict[str, list[RunContents]]:
    """The runs of one panel by model.

    Raises:
        RunError: two runs hold the same task. A model that is counted twice would make the shifts
            of several models look more alike than they are.
    """
    by_model: dict[str, list[RunContents]] = {}
    for run in runs:
        members = by_model.setdefault(str(run.info["model"]), [])
        for other in members:
            if common := _tasks_of(run) & _tasks_of(other):
                raise RunError(
                    f"{other.folder} and {run.folder} both hold {min(common)} of "
                    f"{run.info['model']} under panel {_panel_of(run)}: a bridge counts each model "
                    "once, so name only one of them"
                )
        members.append(run)
    return by_model


def _tasks_of(run: RunContents) -> set[str]:
    return {case.task for case in run.cases}


def _require_partner(
    runs: Sequence[RunContents], others: Sequence[RunContents], panel: RunContents
) -> None:
    """Raises: RunError: the other panel has judged no case of one of the runs."""
    judged = {(case.task, case.id) for other in others for case in other.cases}
    for run in runs:
        if not any((case.task, case.id) in judged for case in run.cases):
            raise RunError(
                f"{run.folder} ({run.info['model']}) has no run of panel {_panel_of(panel)} of the "
                "same outputs"
            )


def _require_one_kind(runs: Sequence[RunContents]) -> None:
    """A panel without a kind is one of language models, as all panels once were."""
    first = runs[0]
    for run in runs[1:]:
        kinds = [each.info["panel"].get("kind") for each in (first, run)]
        if kinds[0] != kinds[1]:
            said = [f"panel {_panel_of(each)}, of {_kind_of(each)}" for each in (first, run)]
            raise RunError(
                f"{first.folder} is judged by {said[0]}, and {run.folder} by {said[1]}: a bridge "
                "is between panels of one kind"
            )


def _kind_of(run: RunContents) -> str:
    kind = run.info["panel"].get("kind")
    return "judges" if kind is None else f"the kind {kind!r:.40}"


def _require_one_data_set(runs: Sequence[RunContents]) -> None:
    first = runs[0]
    for run in runs[1:]:
        known = [_data_of(each.info) for each in (first, run)]
        if known[0] != known[1]:
            raise RunError(
                f"{first.folder} and {run.folder} are of different data: a bridge needs the same "
                "outputs"
            )


def _data_of(info: Mapping[str, Any]) -> tuple[Any, bool]:
    data = info.get("data") or {}
    return data.get("fingerprint"), bool(data.get("subset"))


def _require_same_outputs(pair: PanelPair) -> None:
    """Raises: RunError: it names the first case, by task and id, of which the outputs differ."""
    old, new = (_outputs_of(runs) for runs in (pair.old, pair.new))
    for case in sorted(old.keys() & new.keys()):
        (one, folder), (other, beside) = old[case], new[case]
        if one != other:
            raise RunError(
                f"{folder} and {beside} hold different outputs, the first one of case {case[1]} "
                f"({case[0]}): judge one run's outputs with both panels (unisafe judge RUN "
                "--panel ...)"
            )


def _outputs_of(runs: Sequence[RunContents]) -> _Outputs:
    """What each output of a model is known by.

    Raises:
        RunError: a row that judges were shown does not name its output.
    """
    outputs: dict[tuple[str, str], tuple[str | None, Path]] = {}
    for folder in (run.folder for run in runs):
        for where, row in read_run_rows(folder, PREDICTIONS, RunError):
            digest, text = row.get("output_sha256"), row.get("output_text")
            if not isinstance(digest, str):
                if row.get("status") == Status.OK:
                    raise RunError(
                        f"{where}: output_sha256 is missing, so the output is not known: judge the "
                        "run again with unisafe judge"
                    )
                digest = f"text {text}" if isinstance(text, str) else None
            outputs[row["scenario_type"], row["id"]] = digest, folder
    return outputs


def _panel_of(run: RunContents) -> str:
    panel = run.info["panel"]
    return f"{panel['name']} ({panel['sha256'][:12]})"
