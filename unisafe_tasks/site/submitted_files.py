"""The files of a submission as such: which there are, and whether they are as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from unisafe_tasks.publishing.submission import FORMAT, MANIFEST, Manifest, digest_of
from unisafe_tasks.runs.folder import ALONE_VERDICTS, PREDICTIONS, VERDICTS
from unisafe_tasks.runs.metrics_file import METRICS_FORMAT
from unisafe_tasks.runs.run_info import RUN_FORMAT

__all__ = ["METRICS_FILE", "RUN_FILE", "wrong_files"]

RUN_FILE, METRICS_FILE = "run.json", "metrics.json"
_FORMATS = {RUN_FILE: RUN_FORMAT, METRICS_FILE: METRICS_FORMAT}
_FILES = (RUN_FILE, METRICS_FILE, f"{PREDICTIONS}.jsonl", f"{VERDICTS}.jsonl")
_ALONE = f"{ALONE_VERDICTS}.jsonl"
_LARGEST = 200_000_000
"""Bytes of one file. The rows of the full set under three judges are 8 million."""


def wrong_files(folder: Path) -> Iterator[str]:
    """What is wrong with the files of a submission, before a row of them is read."""
    path = folder / MANIFEST
    if not folder.exists():
        yield f"{folder}: no such folder"
        return
    if not path.is_file():
        yield (
            f"{folder} is not a submission: it has no {MANIFEST}. Write one with unisafe export "
            "RUN --format submission"
        )
        return
    if folder.is_symlink():
        yield f"{folder} is a link: a submission is a folder of its own"
        return
    for found in sorted(folder.rglob("*")):
        if found.is_symlink() or not found.is_file():
            yield f"{found} is not a plain file: a submission holds plain files in one folder"
            return
        if found.stat().st_size > _LARGEST:
            yield f"{found} has more than {_LARGEST:,} bytes"
            return
    try:
        value = json.loads(path.read_bytes())
        if isinstance(value, dict) and value.get("format") != FORMAT:
            yield f"{path} has the format {value.get('format')!r:.60}: this version reads {FORMAT}"
            return
        listed = Manifest.model_validate(value).files
    except (OSError, ValueError, RecursionError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        yield f"{path} cannot be read: {why}"
        return
    there = {found.name for found in folder.iterdir()} - {MANIFEST}
    for name in sorted(set(_FILES) - there):
        yield f"{folder} has no {name}"
    for name in sorted(there - {*_FILES, _ALONE}):
        yield f"{folder / name} does not belong to a submission"
    for name in sorted(there | set(listed)):
        if name not in listed:
            yield f"{path} does not list {name}"
        elif name not in there and name not in _FILES:
            yield f"{path} lists {name[:60]!r}, which is not there"
        elif name in there and digest_of((folder / name).read_bytes()) != listed[name]:
            yield f"{folder / name} is not the file that {path.name} lists: its SHA-256 differs"
    for name, known in _FORMATS.items():
        if name in there:
            yield from _other_format(folder / name, known)


def _other_format(path: Path, known: str) -> Iterator[str]:
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        yield f"{path} cannot be read: {error}"
        return
    given = value.get("format") if isinstance(value, dict) else None
    if given != known:
        yield (
            f"{path} has the format {given!r:.60}, and this version reads {known}: export the run "
            "again with the version that the leaderboard uses"
        )
    elif path.name == RUN_FILE and not value.get("panel"):
        yield f"{path} names no panel: the run was not judged"
