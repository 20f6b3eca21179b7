"""Judging outputs that exist already: `unisafe judge`.

Outputs are stored, judged and scored as in a live run. The store keeps the judges' replies. So
judging again resumes, with the failed cases too, and pays for nothing twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from unisafe_judges import BatchReport, Panel, PanelError, run_batches
from unisafe_judges.encoding import SharedImages
from unisafe_tasks.data.sources import Source
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.judging.dry_run import evidence_of
from unisafe_tasks.judging.panels import open_store
from unisafe_tasks.judging.pending import wait_for
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.metrics import apply_ensemble
from unisafe_tasks.outputs.saved import Outputs
from unisafe_tasks.runs.folder import DEFAULT_FOLDER
from unisafe_tasks.runs.notes import was_stopped
from unisafe_tasks.runs.reading import scored_case
from unisafe_tasks.runs.run_info import panel_in_words
from unisafe_tasks.streams import bars_hidden

__all__ = ["batch_outputs", "judge_outputs", "require_own"]

_HARNESS = "unisafe judge"
_SILENT_S = 2.0
"""A bar that would be gone sooner is not shown."""


def judge_outputs(
    outputs: Outputs, source: Source, panel: Panel | None, folder: Path, details: Mapping[str, Any]
) -> dict[str, Any]:
    """Judge outputs into a run folder and return what its metrics.json holds.

    Raises:
        UnisafeError: the folder cannot be used, or no judge can work.
    """
    require_own(folder, outputs, panel)
    details = {"harness": _HARNESS, **details}
    if outputs.made_by:
        details["made_by"] = dict(outputs.made_by)
    if outputs.limited:
        # If this run is stopped, its rows do not tell how many cases it was to have.
        case_counts = Counter(case.task.name for case, _ in outputs.items)
        details["asked"] = {
            name: max(count, outputs.case_counts.get(name, 0))
            for name, count in case_counts.items()
        }
    settings = RunSettings(folder, outputs.model, outputs.limited, details=details)
    try:
        session = Session(settings, source, panel)
    except UnisafeError:
        # A folder that was made for this run alone is not left behind.
        if folder.parent == DEFAULT_FOLDER.absolute():
            with suppress(OSError):
                folder.rmdir()
        raise
    # What is judged again is written again; the replies themselves are in the store.
    session.folder.clear()
    try:
        session.disable_unavailable_judges({case.task for case, _ in outputs.items})
        storing = tqdm(
            outputs.items,
            "Storing",
            leave=False,
            unit="case",
            delay=_SILENT_S,
            disable=bars_hidden(),
        )
        pending = [(case, session.submit(case, raw)) for case, raw in storing]
        wait_for([waiting for _, waiting in pending], "Judging", session.progress)
        for task in dict.fromkeys(case.task for case, _ in pending):
            session.settle(task.name)
            cases = [
                scored_case(waiting.row, waiting.verdicts(), case.key, source.arm)
                for case, waiting in pending
                if case.task is task
            ]
            session.finish_task(task.name, apply_ensemble(cases, session.ensemble))
        # Only a run that has ended knows whether its scores are of the whole task.
        session.close()
        return session.metrics()
    finally:
        session.close()


def batch_outputs(outputs: Outputs, panel: Panel) -> tuple[list[BatchReport], Panel]:
    """One round of batch mode: collect the answers, and send the questions that were not sent yet.

    Returns what was done for each judge, and the panel with the rest of its budget.

    Raises:
        PanelError: no judge of the panel has a batch API, or the store cannot be used.
    """
    store = open_store(panel)
    if store is None:
        raise PanelError(f"panel {panel.name} has no judge with a batch API: judge without --batch")
    try:
        with closing(SharedImages(panel.max_side)) as images:
            return run_batches(panel, store, evidence_of(outputs, panel, images), images)
    finally:
        store.close()


def require_own(folder: Path, outputs: Outputs, panel: Panel | None) -> None:
    """Refuse a folder that holds something else than what `unisafe judge` wrote before.

    A finished run of another panel is something else: its verdicts would be gone. A run that did
    not come to its end, or that no panel judged, has nothing to lose.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / "run.json").is_file():
        raise UnisafeError(f"{folder} is not empty and is not a run folder: name another --out")
    if any(path.resolve().is_relative_to(folder.resolve()) for path in outputs.paths):
        raise UnisafeError(f"{folder} holds the outputs to be judged: name another --out")
    info = _info_of(folder)
    if info.get("harness") != _HARNESS:
        raise UnisafeError(
            f"{folder} holds a run that 'unisafe judge' did not make: name another --out"
        )
    if info.get("model") != outputs.model:
        raise UnisafeError(
            f"{folder} holds a run of another model, {info.get('model')}: name another --out"
        )
    judged = info.get("panel")
    if not isinstance(judged, dict) or was_stopped(info):
        return
    if panel is None or judged.get("sha256") != panel.sha256:
        known = panel_in_words(judged.get("name"), judged.get("sha256"))
        wanted = "panel none" if panel is None else panel_in_words(panel.name, panel.sha256)
        raise UnisafeError(
            f"{folder} holds a finished run that {known} judged, and this is {wanted}: "
            "name another --out"
        )


def _info_of(folder: Path) -> dict[str, Any]:
    try:
        info = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}
