"""The data that a run was made on, as UNISAFE_DATA would name them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from unisafe_tasks.settings import data_is_chosen, data_setting

__all__ = ["data_of"]


def data_of(runs: Iterable[Path], given: str | None = None) -> str | None:
    """Which data to look at for runs: what is given, else UNISAFE_DATA, else what the runs say.

    None if the runs say nothing, or different things.
    """
    if given or data_is_chosen():
        return given or data_setting()
    recorded = {setting for run in runs if (setting := _recorded(run)) is not None}
    return recorded.pop() if len(recorded) == 1 else None


def _recorded(run: Path) -> str | None:
    try:
        info = json.loads((run / "run.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(info, dict):
        return None
    setting = info.get("data_setting")
    if isinstance(setting, str) and setting:
        return setting
    # An earlier version kept the name alone; that of a file or folder says nothing of its path.
    data = info.get("data")
    source, revision = (
        (data.get("source"), data.get("revision")) if isinstance(data, dict) else (None, None)
    )
    if not isinstance(source, str) or ":" in source:
        return None
    return f"{source}@{revision}" if isinstance(revision, str) and revision else source
