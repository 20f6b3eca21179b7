"""Which runs are of the same outputs, judged by two panels.

A run is paired with the run of the other panel that has the same model and the same outputs. An
output is known by its hash; one that no judge could be shown has none, and is known by its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import RunError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.runs.folder import PREDICTIONS
from unisafe_tasks.runs.reading import RunContents, read_run
from unisafe_tasks.types import Status

__all__ = ["PanelPair", "pair_panels", "read_pairs"]

_Outputs = Mapping[tuple[str, str], str | None]
"""(task code, case id) -> what the output is known by."""


@dataclass(frozen=True)
class PanelPair:
    """The same outputs of one model, judged by the old panel and by the new one."""

    old: RunContents
    new: RunContents


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
    """Pair runs by model and outputs, in the order of the old panel's runs.

    Raises:
        RunError: a run has no panel, the panels are not two of one kind, the data differ, or a run
            has no other one of the same outputs. It names the first output that differs.
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
    outputs = {run.folder: _outputs_of(run.folder) for run in runs}
    old = [run for run in runs if run.info["panel"]["sha256"] == hashes[0]]
    left = [run for run in runs if run.info["panel"]["sha256"] == hashes[1]]
    panel = _panel_of(left[0])
    pairs = []
    for run in old:
        other = _partner(run, left, outputs, panel)
        left.remove(other)
        pairs.append(PanelPair(run, other))
    if left:
        raise RunError(
            f"{left[0].folder} ({left[0].info['model']}) has no run of panel {_panel_of(old[0])} "
            "of the same outputs"
        )
    return pairs


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


def _outputs_of(folder: Path) -> _Outputs:
    """What each output of a run is known by.

    Raises:
        RunError: a row that judges were shown does not name its output.
    """
    outputs: dict[tuple[str, str], str | None] = {}
    for where, row in read_run_rows(folder, PREDICTIONS, RunError):
        digest, text = row.get("output_sha256"), row.get("output_text")
        if not isinstance(digest, str):
            if row.get("status") == Status.OK:
                raise RunError(
                    f"{where}: output_sha256 is missing, so that the output is not known: judge "
                    "the run again with unisafe judge"
                )
            digest = f"text {text}" if isinstance(text, str) else None
        outputs[row["scenario_type"], row["id"]] = digest
    return outputs


def _partner(
    run: RunContents,
    others: Sequence[RunContents],
    outputs: Mapping[Path, _Outputs],
    panel: str,
) -> RunContents:
    """The run of the other panel on the same outputs; of several, the one that shares most."""
    of_model = [other for other in others if other.info["model"] == run.info["model"]]
    of_model.sort(key=partial(_shared, outputs, run), reverse=True)
    of_model = [other for other in of_model if _shared(outputs, run, other)]
    if not of_model:
        raise RunError(
            f"{run.folder} ({run.info['model']}) has no run of panel {panel} of the same outputs"
        )
    for other in of_model:
        if _first_difference(outputs[run.folder], outputs[other.folder]) is None:
            return other
    case = _first_difference(outputs[run.folder], outputs[of_model[0].folder])
    assert case is not None
    raise RunError(
        f"{run.folder} and {of_model[0].folder} hold different outputs, the first one of case "
        f"{case[1]} ({case[0]}): judge one run's outputs with both panels (unisafe judge RUN "
        "--panel ...)"
    )


def _shared(outputs: Mapping[Path, _Outputs], run: RunContents, other: RunContents) -> int:
    return len(outputs[run.folder].keys() & outputs[other.folder].keys())


def _first_difference(one: _Outputs, other: _Outputs) -> tuple[str, str] | None:
    """The first case, by task and id, of which both have another output."""
    cases = sorted(one.keys() & other.keys())
    return next((case for case in cases if one[case] != other[case]), None)


def _panel_of(run: RunContents) -> str:
    panel = run.info["panel"]
    return f"{panel['name']} ({panel['sha256'][:12]})"
