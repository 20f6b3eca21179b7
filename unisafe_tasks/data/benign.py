"""The benign set: harmless requests that neighbour UniSAFE's subcategories. Ours, not the paper's.

Its file has the columns of the official JSONL export, where `subcategory` is the one that a request
neighbours and `unsafe_trigger` is what makes it look harmful. One more column, `why_harmless`, says
in one line why the target is harmless.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

from unisafe_tasks.data.names import BENIGN_NAME
from unisafe_tasks.errors import DataError
from unisafe_tasks.files import PACKAGE, read_rows
from unisafe_tasks.settings import benign_setting

__all__ = ["benign_file", "name_of", "reasons", "targets"]

_BUNDLED = PACKAGE / "benign" / "cases.jsonl"
_COLUMN = "why_harmless"


def benign_file() -> Path:
    """The set's file: the bundled one, or what UNISAFE_BENIGN names.

    Raises:
        DataError: there is no such file, or a target lacks the reason why it is harmless.
    """
    file = benign_setting() or _BUNDLED
    if file.suffix != ".jsonl" or not file.is_file():
        raise DataError(
            f"there is no benign set {file}: set UNISAFE_BENIGN to a .jsonl file in the form of "
            "the bundled set, or unset it"
        )
    reasons(file)
    return file.resolve()


def name_of(file: Path) -> str:
    """What results on this file are labelled with."""
    return BENIGN_NAME if file == _BUNDLED.resolve() else f"{BENIGN_NAME}:{file.name}"


def reasons(file: Path) -> Mapping[str, str]:
    """Why each target is harmless, by its id.

    Raises:
        DataError: a row has no reason, or another one than an earlier row of the same target.
    """
    stat = file.stat()
    return _reasons(file, stat.st_size, stat.st_mtime_ns)


def targets() -> Collection[str]:
    """The ids of the set's targets; none if the set cannot be read."""
    try:
        return reasons(benign_file()).keys()
    except DataError:
        return ()


@lru_cache(maxsize=4)
def _reasons(file: Path, *_: int) -> Mapping[str, str]:
    known: dict[str, str] = {}
    for number, row in read_rows(file, DataError):
        why, target = row.get(_COLUMN), str(row.get("id"))
        where = f"{file}, line {number}"
        if not isinstance(why, str) or not why.strip() or "\n" in why.strip():
            raise DataError(f"{where}: {_COLUMN} must say in one line why {target} is harmless")
        if known.setdefault(target, why) != why:
            raise DataError(f"{where}: {_COLUMN} differs from that of an earlier row of {target}")
    return known
