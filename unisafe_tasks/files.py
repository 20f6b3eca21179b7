"""Files as this project reads and writes them: JSON, JSON Lines, and whole or not at all."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from unisafe_judges.errors import UnisafeError

__all__ = [
    "PACKAGE",
    "append_whole",
    "encode_json",
    "encode_row",
    "path_inside",
    "read_rows",
    "read_run_rows",
    "require_empty",
    "row_files",
    "write_atomically",
]

_log = logging.getLogger("unisafe")

PACKAGE = Path(__file__).parent
"""The folder of this package, with the data files that come with it."""


def encode_row(row: Mapping[str, Any]) -> bytes:
    """One line, newline included. Lone surrogates, which models do produce, stay JSON escapes."""
    text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def read_rows(
    path: Path, error: type[UnisafeError], *, torn_end: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers and objects of a JSONL file, one at a time.

    Args:
        path: the file.
        error: what is raised.
        torn_end: the file grew while a run went on. Of a run that was killed, the last line may be
            torn: it is left out, with a warning.

    Raises:
        error: the file cannot be read, or a line is no JSON object; it names file and line.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if torn_end and not line.endswith(b"\n") and not _is_json(line):
                    _log.warning("%s, line %d: cut off, and left out", path, number)
                elif line.strip():
                    yield number, _row(line, path, number, error)
    except OSError as failure:
        raise error(f"{path} cannot be read: {failure.strerror}") from None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def row_files(folder: Path, name: str) -> list[Path]:
    """The files that hold a run's `predictions` or `verdicts`; of a row in two, the last counts."""
    patterns = (f"{name}.jsonl", f"{name}.rank*.jsonl", f"{name}.settled.jsonl")
    return [file for pattern in patterns for file in sorted(folder.glob(pattern))]


def read_run_rows(
    folder: Path, name: str, error: type[UnisafeError]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a run's `predictions` or `verdicts`, of all ranks, each with its file and line.

    Raises:
        error: as `read_rows`.
    """
    for file in row_files(folder, name):
        for number, row in read_rows(file, error, torn_end=True):
            yield f"{file}, line {number}", row


def _row(line: bytes, path: Path, number: int, error: type[UnisafeError]) -> dict[str, Any]:
    try:
        # json.loads would guess the encoding of bytes first.
        row = json.loads(str(line, "utf-8", "surrogatepass") if line.startswith(b'{"') else line)
    except (ValueError, RecursionError) as failure:
        raise error(f"{path}, line {number}: not valid JSON: {failure}") from None
    if not isinstance(row, dict):
        raise error(f"{path}, line {number}: expected a JSON object, found {type(row).__name__}")
    return row


def append_whole(path: Path, data: bytes) -> None:
    """Add to a file all of `data`, or nothing, as on a disk that is full."""
    with path.open("ab", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        written = 0
        try:
            while written < len(data):
                written += file.write(data[written:])
        except BaseException:
            # What is cut back is what this process has added: each file has one writer.
            with suppress(OSError):
                file.truncate(size)
            raise


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def encode_json(value: Mapping[str, Any]) -> bytes:
    """A JSON file as people read it: indented, keys in the order given, no NaN."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def path_inside(folder: Path, name: str) -> Path:
    """The file that `name` names inside `folder`, links resolved.

    Raises:
        ValueError: `name` is not a path, or leads outside; its text is to follow the name.
    """
    root = folder.resolve()
    try:
        path = (root / name).resolve()
    except (OSError, ValueError, RuntimeError):  # a null byte, a loop of links
        raise ValueError("which is no path") from None
    if not path.is_relative_to(root):
        raise ValueError(f"which is outside {root}")
    return path


def require_empty(folder: Path, error: type[UnisafeError]) -> None:
    """Refuse to write into a folder that holds something.

    Raises:
        error: it does, or it is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise error(f"{folder} is not empty: name an empty folder or a new one")
