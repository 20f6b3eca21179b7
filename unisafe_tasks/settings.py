"""What the environment says: every UNISAFE_* variable is read here and nowhere else.

How many processes a run has is in `unisafe_judges.limits.ranks`, which shares every limit by it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from unisafe_judges.errors import UnisafeError

__all__ = [
    "HUB_ID",
    "SELF_RUN",
    "SHARD",
    "VARIABLES",
    "Variable",
    "answers_folder",
    "benign_setting",
    "cache_folder",
    "data_as_recorded",
    "data_is_chosen",
    "data_setting",
    "panel_setting",
    "prices_setting",
    "rank",
    "self_run_setting",
    "shard_setting",
    "store_path",
    "writable_cache",
]

HUB_ID = "segyulee/UniSAFE"
"""The gated data set, where UNISAFE_DATA names no other."""

SELF_RUN = "UNISAFE_SELF_RUN"
SHARD = "UNISAFE_SHARD"


@dataclass(frozen=True)
class Variable:
    """What docs/reference/variables.md says of one variable, in Markdown."""

    value: str
    default: str


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        "UNISAFE_DATA": Variable(
            "The cases: `demo`; `benign`, to look at the benign set or to judge outputs on it; a "
            "hub id `ORG/NAME`, with `@REVISION` to pin it; a folder with parquet files, a "
            "`save_to_disk` folder or the official JSONL export; a `.parquet` or `.jsonl` file. "
            "[All forms](../data.md#the-form-of-the-data)",
            f"`{HUB_ID}`, which is gated",
        ),
        "UNISAFE_BENIGN": Variable(
            "A `.jsonl` file in the form of the [benign set](../benign.md), for the tasks "
            "`unisafe_benign_*`.",
            "the set that comes with the package",
        ),
        "UNISAFE_PANEL": Variable(
            "The judges: a panel file; a [preset](../judging.md#presets) such as `hosted` or "
            "`open`; `labels`, the reference verdicts of the demo; `none`, to store outputs "
            "without judging them.",
            "`labels` for the demo data; for other data you must choose",
        ),
        "UNISAFE_CACHE": Variable(
            "The folder for converted data and for the cards of tested panels.",
            "`~/.cache/unisafe`",
        ),
        "UNISAFE_STORE": Variable(
            "The file that keeps the judges' replies. It must be on a local disk.",
            "`replies.sqlite` in the cache folder",
        ),
        "UNISAFE_PRICES": Variable(
            "Your [price file](../judging.md#what-it-costs), for judges whose panel file has no "
            "price.",
            "none",
        ),
        "UNISAFE_ANSWERS": Variable(
            "The folder where our adapters keep the models' answers.",
            "`answers` in the cache folder",
        ),
        SHARD: Variable(
            "A part of the cases: `3/8` is the third of eight equal parts of each task. "
            "[Shards](../scale.md#shards)",
            "all cases",
        ),
        SELF_RUN: Variable(
            "The judged run folder whose outputs [`unisafe_self`](../self_awareness.md) shows to "
            "the model.",
            "none",
        ),
    }
)
"""Every variable of ours."""


def cache_folder() -> Path:
    """UNISAFE_CACHE, or `unisafe` in the user's cache folder.

    A relative path stays what it was at first, wherever a harness changes its folder to.

    Raises:
        UnisafeError: there is no such folder, as where a container's user has no home.
    """
    if setting := os.environ.get("UNISAFE_CACHE"):
        return _absolute(_expanded(setting))
    return _absolute(_expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "unisafe")


@cache
def _absolute(folder: Path) -> Path:
    return folder.absolute()


def writable_cache(folder: Path) -> Path:
    """A library's cache folder, or one in ours where that one cannot be written.

    `folder` is relative where the library has looked for a home in vain.
    """
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if folder.is_absolute() and os.access(existing, os.W_OK):
        return folder
    return cache_folder() / folder.name


def _expanded(setting: str) -> Path:
    try:
        return Path(setting).expanduser()
    except RuntimeError:
        raise UnisafeError(
            f"{setting} is in a home folder, and this user has none: set UNISAFE_CACHE to a folder "
            "for data, answers and replies"
        ) from None


def data_setting() -> str:
    """The value of UNISAFE_DATA, or the hub id."""
    return os.environ.get("UNISAFE_DATA", "").strip() or HUB_ID


def store_path() -> Path:
    """UNISAFE_STORE, or `replies.sqlite` in the cache folder; raises as `cache_folder` does."""
    if setting := os.environ.get("UNISAFE_STORE", "").strip():
        return _expanded(setting)
    return cache_folder() / "replies.sqlite"


def data_as_recorded(setting: str | None = None) -> str:
    """A setting of the data (default: UNISAFE_DATA) for run.json: a path as an absolute one."""
    setting = setting or data_setting()
    path = Path(os.path.expanduser(setting))
    return str(path.absolute()) if path.exists() else setting


def data_is_chosen() -> bool:
    """Whether UNISAFE_DATA is set."""
    return bool(os.environ.get("UNISAFE_DATA", "").strip())


def benign_setting() -> Path | None:
    """The file that UNISAFE_BENIGN names, if it is set; raises as `cache_folder` does."""
    setting = os.environ.get("UNISAFE_BENIGN", "").strip()
    return _expanded(setting).absolute() if setting else None


def panel_setting() -> str | None:
    """The value of UNISAFE_PANEL, if it is set."""
    return os.environ.get("UNISAFE_PANEL", "").strip() or None


def prices_setting() -> Path | None:
    """The price file that UNISAFE_PRICES names, if it is set; raises as `cache_folder` does."""
    setting = os.environ.get("UNISAFE_PRICES", "").strip()
    return _expanded(setting) if setting else None


def answers_folder() -> Path:
    """UNISAFE_ANSWERS, or `answers` in the cache folder; raises as `cache_folder` does."""
    if setting := os.environ.get("UNISAFE_ANSWERS", "").strip():
        return _expanded(setting)
    return cache_folder() / "answers"


def self_run_setting() -> str | None:
    """The value of UNISAFE_SELF_RUN, if it is set."""
    return os.environ.get(SELF_RUN, "").strip() or None


def shard_setting() -> str | None:
    """The value of UNISAFE_SHARD, if it is set."""
    return os.environ.get(SHARD, "").strip() or None


def rank() -> int:
    """The number of this process among those of its run."""
    from unisafe_judges import limits

    return limits.rank()
