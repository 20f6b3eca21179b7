"""The runs that are in progress in this process: one of each arm at a time.

A hook around the harness's evaluator opens them and closes them. Without a hook the first output of
an arm opens its run, and the last of its tasks to be finished closes it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from unisafe_judges.limits import ranks
from unisafe_tasks.data.sources import source_of
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.metrics import ScoredCase
from unisafe_tasks.runs.folder import UNNAMED, make_run_folder
from unisafe_tasks.settings import panel_setting
from unisafe_tasks.tasks import Arm, task_named

__all__ = ["close", "current", "discard", "finish_task", "latest", "open_sessions"]

_sessions: dict[Arm, Session] = {}
_has_hook = False
# Held while a run is opened: the harness scores in several threads, and only one may open it.
_lock = threading.RLock()


def open_sessions(settings: Mapping[Arm, RunSettings], *, judged: bool = True) -> list[Session]:
    """Begin a run for each of these arms, ending those before; the caller closes them.

    Without `judged` no panel is needed, and no judge is asked.

    Raises:
        UnisafeError: data, panel or folder cannot be used.
    """
    with _lock:
        close()
        _sessions.clear()
        try:
            return [
                _open(arm, of_arm, judged=judged, has_hook=True) for arm, of_arm in settings.items()
            ]
        except BaseException:
            # A start that fails leaves nothing behind.
            discard()
            raise


def current(arm: Arm) -> Session:
    """The session that outputs of an arm belong to; begun now if none is open.

    Raises:
        UnisafeError: data, panel or folder cannot be used.
    """
    with _lock:
        session = _sessions.get(arm)
        if session is not None and not session.finished:
            return session
        if ranks() > 1:
            raise UnisafeError(
                "several ranks cannot agree on a run folder without the lmms-eval plug-in; see "
                "the warning it gave, or run on one rank"
            )
        settings = RunSettings(make_run_folder(None, UNNAMED))
        return _open(arm, settings, judged=True, has_hook=False)


def latest(arm: Arm) -> Session:
    """The session of the outputs that are being aggregated, which may be finished by now."""
    with _lock:
        return _sessions[arm] if arm in _sessions else current(arm)


def finish_task(task: str, cases: Sequence[ScoredCase]) -> None:
    """Give the session a task's final cases; without a hook the last task ends the run."""
    session = latest(task_named(task).arm)
    session.finish_task(task, cases)
    if not _has_hook and session.has_finished_all:
        session.close()


def close() -> None:
    """End the runs that are in progress."""
    with _lock, ExitStack() as ending:
        for session in _sessions.values():
            ending.callback(session.close)


def discard() -> None:
    """End the runs in progress that no output has come to, without a folder."""
    with _lock:
        for session in _sessions.values():
            session.discard()


def _open(arm: Arm, settings: RunSettings, *, judged: bool, has_hook: bool) -> Session:
    global _has_hook
    with _lock:
        if arm in _sessions:
            _sessions[arm].close()
        source = source_of(arm)
        panel = resolve_panel(panel_setting(), source) if judged else None
        session = _sessions[arm] = Session(settings, source, panel)
        _has_hook = has_hook
        return session
