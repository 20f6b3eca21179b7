"""The run that is in progress in this process: one at a time.

A hook around the harness's evaluator opens the run and closes it. Without a hook the first output
opens a run, and the last of its tasks to be finished closes it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from unisafe_judges.limits import ranks
from unisafe_tasks.data.shards import chosen_shard
from unisafe_tasks.data.sources import resolve_source
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.metrics import ScoredCase
from unisafe_tasks.runs.folder import UNNAMED, make_run_folder
from unisafe_tasks.settings import panel_setting

__all__ = ["close", "current", "discard", "finish_task", "latest", "open_session"]

_session: Session | None = None
_has_hook = False
# Held while a run is opened: the harness scores in several threads, and only one may open it.
_lock = threading.RLock()


def open_session(settings: RunSettings, *, judged: bool = True) -> Session:
    """Begin a run, ending the one before; the caller closes it.

    Without `judged` no panel is needed, and no judge is asked.

    Raises:
        UnisafeError: data, panel or folder cannot be used.
    """
    return _open(settings, judged=judged, has_hook=True)


def current() -> Session:
    """The session that outputs belong to; begun now if none is open.

    Raises:
        UnisafeError: data, panel or folder cannot be used.
    """
    with _lock:
        if _session is not None and not _session.finished:
            return _session
        if ranks() > 1:
            raise UnisafeError(
                "several ranks cannot agree on a run folder without the lmms-eval plug-in; see "
                "the warning it gave, or run on one rank"
            )
        return _open(
            RunSettings(make_run_folder(None, UNNAMED), shard=chosen_shard()),
            judged=True,
            has_hook=False,
        )


def latest() -> Session:
    """The session of the outputs that are being aggregated, which may be finished by now."""
    with _lock:
        return _session if _session is not None else current()


def finish_task(task: str, cases: Sequence[ScoredCase]) -> None:
    """Give the session a task's final cases; without a hook the last task ends the run."""
    session = latest()
    session.finish_task(task, cases)
    if not _has_hook and session.has_finished_all:
        session.close()


def close() -> None:
    """End the run that is in progress, if there is one."""
    with _lock:
        if _session is not None:
            _session.close()


def discard() -> None:
    """End the run that is in progress without a folder, if no output has come to it."""
    with _lock:
        if _session is not None:
            _session.discard()


def _open(settings: RunSettings, *, judged: bool, has_hook: bool) -> Session:
    global _session, _has_hook
    with _lock:
        close()
        source = resolve_source()
        panel = resolve_panel(panel_setting(), source) if judged else None
        _session, _has_hook = Session(settings, source, panel), has_hook
        return _session
