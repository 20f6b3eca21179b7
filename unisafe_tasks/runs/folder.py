"""The run folder: what a run leaves behind, and the only thing that scoring needs.

predictions.jsonl   one row per case, the official format plus our fields, written before judging
images/             the output images, byte for byte as the model made them
verdicts.jsonl      one row per case and judge, the official format plus our fields
output_only_verdicts.jsonl   the same of outputs without their requests, if the panel has that view
inputs.jsonl        short hashes of what each case gave to the model and the judges
metrics.json        the scores
run.json            everything needed to repeat the run
policy.yaml         the policy file that the panel judged by, if its rubric is one

While several ranks work, rank N > 0 writes `predictions.rankN.jsonl` and `verdicts.rankN.jsonl`,
which rank 0 merges at the end; whoever reads the folder reads both. What is decided about a case of
any rank once all outputs are in stands in `predictions.settled.jsonl` until then, and counts.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import RunError
from unisafe_tasks.files import (
    append_whole,
    encode_json,
    encode_row,
    read_run_rows,
    row_files,
    write_atomically,
)
from unisafe_tasks.outputs.earlier_run import INPUTS
from unisafe_tasks.tasks import TASKS
from unisafe_tasks.types import Status

__all__ = [
    "DEFAULT_FOLDER",
    "RunFolder",
    "StoredImage",
    "make_run_folder",
]

PREDICTIONS, VERDICTS = "predictions", "verdicts"
ALONE_VERDICTS = "output_only_verdicts"
"""In a file of its own, so that no reader of `verdicts` takes one for a verdict of the scores."""
POLICY = "policy.yaml"
CLAIMS, SEALS, FACTS, SPENDING = "claims", "seals", "facts", "spending"
"""Which rank's case returned which image file, the ranks' seals, what each rank knows of the model,
and what its judges were asked; only while ranks work."""

UNNAMED = "model"
"""What a run calls its model if nobody has said its name."""

_WHILE_RANKS_WORK = (CLAIMS, SEALS, FACTS, SPENDING)
_OF_VERDICTS = (VERDICTS, ALONE_VERDICTS)
_ROWS = (PREDICTIONS, *_OF_VERDICTS, INPUTS, *_WHILE_RANKS_WORK)
_KEY_FIELDS = ("scenario_type", "id", "judge", "repeat")


@dataclass(frozen=True)
class StoredImage:
    """An output image in a run folder; `path` is relative to the folder."""

    path: str
    sha256: str


class RunFolder:
    """A run folder that is being written. Safe for several threads."""

    def __init__(self, folder: Path, rank: int = 0) -> None:
        """Open `folder`, making it if needed.

        Raises:
            RunError: it cannot be written to.
        """
        self.path = folder
        self.rank = rank
        self.problem: RunError | None = None
        """The first reason why something could not be written."""
        self._lock = threading.Lock()
        try:
            (folder / "images").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"run folder {folder} cannot be made: {error.strerror}") from None

    def store_image(self, data: bytes, code: str, case_id: str, number: int) -> StoredImage:
        """Keep an output image unchanged, under a name that cannot collide or leave the folder.

        It is not decoded here, so that whoever brings it need not wait.

        Raises:
            ImageError: the bytes do not begin as an image, or are too many.
        """
        from unisafe_judges.images import suffix_of

        suffix, sha256 = suffix_of(data), hashlib.sha256(data).hexdigest()
        readable = re.sub(r"[^A-Za-z0-9._-]+", "_", case_id)[:60].strip(".") or "case"
        name = f"{code}-{readable}-{number}-{sha256[:16]}{suffix}"
        path = self.path / "images" / name
        if not path.is_file():
            write_atomically(path, data)
        return StoredImage(f"images/{name}", sha256)

    def remove_image(self, image: StoredImage) -> None:
        """Remove the file of an output image that turned out to be none."""
        (self.path / image.path).unlink(missing_ok=True)

    def read_rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of `predictions` or `verdicts` so far, of all ranks."""
        for _, row in read_run_rows(self.path, name, RunError):
            yield row

    def append(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows to `predictions` or `verdicts`; they are on disk when this returns.

        Raises:
            RunError: none of them could be written.
        """
        suffix = f".rank{self.rank}" if self.rank else ""
        self._append(f"{name}{suffix}.jsonl", rows)

    def settle(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace prediction rows, of whatever rank."""
        if rows:
            self._append(f"{PREDICTIONS}.settled.jsonl", rows)

    def _append(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        data = b"".join(encode_row(row) for row in rows)
        with self._lock, self._writing():
            append_whole(self.path / name, data)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = RunError(f"run folder {self.path} cannot be written: {error.strerror}")
            # What fails later may fail because of it.
            self.problem = self.problem or problem
            raise problem from None

    def keep_policy(self, text: str | None) -> None:
        """Keep a policy file, word for word; with None, no earlier one stays.

        Raises:
            RunError: it cannot be written.
        """
        with self._writing():
            if text is None:
                (self.path / POLICY).unlink(missing_ok=True)
            else:
                write_atomically(self.path / POLICY, text.encode())

    def remove_unused(self) -> None:
        """Remove a folder that holds run.json, perhaps a policy, and nothing else."""
        with suppress(OSError):
            (self.path / "images").rmdir()
            (self.path / "run.json").unlink(missing_ok=True)
            (self.path / POLICY).unlink(missing_ok=True)
            self.path.rmdir()

    def clear(self) -> None:
        """Forget the rows and scores of an earlier run, of all ranks."""
        files = [file for name in _ROWS for file in row_files(self.path, name)]
        for file in (self.path / "metrics.json", *files):
            file.unlink(missing_ok=True)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write metrics.json or run.json, whole or not at all.

        Raises:
            RunError: it cannot be written.
        """
        with self._writing():
            write_atomically(self.path / name, encode_json(value))

    def merge_ranks(self) -> None:
        """Put the rows of all ranks into one file each, sorted by task, id and judge."""
        codes = list(TASKS)

        def sort_key(row: Mapping[str, Any]) -> tuple[int, str, str, int]:
            task = codes.index(row["scenario_type"])
            return task, str(row["id"]), str(row.get("judge", "")), int(row.get("repeat", 0))

        with self._lock, self._writing():
            unjudged: set[tuple[str, str]] = set()
            for name in (PREDICTIONS, *_OF_VERDICTS, INPUTS):
                files = row_files(self.path, name)
                rows = {
                    tuple(row.get(field) for field in _KEY_FIELDS): row
                    for _, row in read_run_rows(self.path, name, RunError)
                    if name not in _OF_VERDICTS or (row["id"], row["scenario_type"]) not in unjudged
                }
                if not files:
                    continue
                if name == PREDICTIONS:
                    # Verdicts on an output that was withdrawn are void.
                    unjudged = {
                        (row["id"], row["scenario_type"])
                        for row in rows.values()
                        if row["status"] != Status.OK
                    }
                data = b"".join(encode_row(row) for row in sorted(rows.values(), key=sort_key))
                write_atomically(self.path / f"{name}.jsonl", data)
                for file in files:
                    if file.name != f"{name}.jsonl":
                        file.unlink()
            for name in _WHILE_RANKS_WORK:
                for file in row_files(self.path, name):
                    file.unlink()


DEFAULT_FOLDER = Path("unisafe_runs")


def make_run_folder(base: Path | None, model: str) -> Path:
    """Make a folder for a run of `model` under `base` (default: `unisafe_runs` here).

    Raises:
        RunError: it cannot be made.
    """
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")[:60] or "model"
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    parent = (base or DEFAULT_FOLDER).absolute()
    number = 1
    while True:
        suffix = f"-{number}" if number > 1 else ""
        folder = parent / f"unisafe-{slug}-{stamp}{suffix}"
        try:
            # Made here and now, so that two runs of the same second cannot share it.
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise RunError(f"run folder {folder} cannot be made: {error.strerror}") from None
        else:
            return folder
