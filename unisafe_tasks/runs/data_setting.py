"""The data that a run was made on, as UNISAFE_DATA would name them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from unisafe_tasks.data.names import BENIGN, DEMO
from unisafe_tasks.outputs.predictions import is_of_benign_set
from unisafe_tasks.settings import HUB_ID, data_is_chosen, data_setting

__all__ = ["data_of"]


def data_of(runs: Iterable[Path], given: str | None = None) -> str | None:
    """Which data to look at for runs: what is given, else UNISAFE_DATA, else what the runs say.

    None if the runs say nothing, or different things. UNISAFE_DATA is not of runs of the benign
    set.
    """
    if given:
        return given
    recorded = {setting for run in runs if (setting := _recorded(run)) is not None}
    if recorded != {BENIGN} and data_is_chosen():
        return data_setting()
    return recorded.pop() if len(recorded) == 1 else None


def _recorded(run: Path) -> str | None:
    """What a run says of its data, unless it is somebody's data set on the hub.

    A predictions file says by its cases if it is of the benign set.
    """
    if run.is_file():
        return BENIGN if is_of_benign_set(run) else None
    setting = _setting_in(run)
    if setting is None or setting.partition("@")[0] in (BENIGN, DEMO, HUB_ID):
        return setting
    # The run folder of somebody else must not choose what is downloaded.
    return setting if Path(setting).is_absolute() else None


def _setting_in(run: Path) -> str | None:
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
