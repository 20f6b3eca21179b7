"""The run that is in progress in this process: one at a time."""

from __future__ import annotations

import os
import threading

from unisafe_tasks.data.sources import resolve_source
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.runs.folder import UNNAMED, run_folder
from unisafe_tasks.settings import panel_setting

__all__ = [
    "current",
    "latest",
    "open_session",
]


def open_session(settings: RunSettings, *, judged: bool = True) -> Session:
    """Begin a run, ending the one before. Without `judged` no panel is needed, and none asked.

    Raises:
        UnisafeError: data, panel or folder cannot be used.
    """
    global _session
    with _lock:
        if _session is not None:
            _session.close()
        source = resolve_source()
        panel = resolve_panel(panel_setting(), source) if judged else None
        _session = Session(settings, source, panel)
        return _session


def latest() -> Session:
    """The session of the outputs that are being aggregated, which may be finished by now."""
    with _lock:
        session = _session
    return session if session is not None else current()


def current() -> Session:
    """The session that outputs belong to; begun now if none is open.

    Raises:
        UnisafeError: data, panel or folder cannot be used.
    """
    # Held throughout: the harness scores in several threads, and only one may open the run.
    with _lock:
        if _session is not None and not _session.finished:
            return _session
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise UnisafeError(
                "several ranks cannot agree on a run folder without the lmms-eval plug-in; see "
                "the warning it gave, or run on one rank"
            )
        return open_session(RunSettings(run_folder(None, UNNAMED)))


_session: Session | None = None


_lock = threading.RLock()
