"""The first step of judging: an output's images are copied into the run folder, unchanged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from unisafe_judges import ImageError
from unisafe_judges.images import read_image_file
from unisafe_judges.limits import ranks
from unisafe_tasks.data.cases import Case
from unisafe_tasks.outputs.parsing import made_in_this_run, named_twice
from unisafe_tasks.redaction import file_in_words
from unisafe_tasks.runs.folder import CLAIMS, RunFolder, StoredImage
from unisafe_tasks.runs.rows import key_of
from unisafe_tasks.types import RawOutput

__all__ = ["ImageOwners", "StoredOutput", "store_output", "store_turn"]


@dataclass(frozen=True)
class StoredOutput:
    """What was kept of an output. `problem` says why an image could not be kept.

    `overwrites` is the key of the case whose file the output names too.
    """

    images: tuple[StoredImage, ...] = ()
    problem: str | None = None
    overwrites: str | None = None


class ImageOwners:
    """Which case returned which image file. Safe for several threads.

    Whoever comes second has overwritten the file, so that it is known of neither of the two what
    the model drew for it. Other ranks are told by the run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._owners: dict[str, str] = {}

    def claim(self, path: str, case: Case) -> str | None:
        """Take an image's path for a case; returns the key of another case that has it."""
        path = os.path.realpath(path)
        owner = self._owners.setdefault(path, case.key)
        if owner != case.key:
            return owner
        if ranks() > 1:
            self._folder.append(
                CLAIMS, [{"id": case.id, "scenario_type": case.task.code, "path": path}]
            )
        return None

    def claimed_twice(self) -> dict[str, str]:
        """The keys of all cases, of any rank, whose file another case has named, with the file."""
        by_path: dict[str, set[str]] = {}
        for row in self._folder.read_rows(CLAIMS):
            by_path.setdefault(row["path"], set()).add(key_of(row))
        return {key: path for path, keys in by_path.items() if len(keys) > 1 for key in keys}


def store_output(
    folder: RunFolder, case: Case, raw: RawOutput, owners: ImageOwners
) -> StoredOutput:
    """Keep the output's images; of more than the task needs, the last ones count."""
    if not case.task.makes_images:
        return StoredOutput()
    stored: list[StoredImage] = []
    for number, path in enumerate(raw.images[-case.task.outputs :], start=1):
        try:
            # A sealed output is our own adapter's, which names files by their content.
            if not raw.sealed and (owner := owners.claim(path, case)):
                return StoredOutput((), named_twice(path), owner)
            stored.append(_kept(folder, case, raw, path, number))
        except ImageError as error:
            return StoredOutput(tuple(stored), str(error))
    return StoredOutput(tuple(stored))


def store_turn(folder: RunFolder, case: Case, raw: RawOutput, number: int) -> StoredImage | None:
    """Keep the image of one turn at once: the next turn may overwrite the model's file.

    Raises:
        ImageError: the output names a file that cannot be taken.
    """
    if not raw.images:
        return None
    return _kept(folder, case, raw, raw.images[-1], number)


def _kept(folder: RunFolder, case: Case, raw: RawOutput, name: str, number: int) -> StoredImage:
    """Raises: ImageError: the file cannot be taken; the message names it by its last two parts."""
    try:
        data = _read_output_image(raw, name)
        return folder.store_image(data, case.task.code, case.id, number)
    except ImageError as error:
        file = file_in_words(Path(name))
        said = str(error).replace(str(Path(name)), file)
        raise ImageError(said if file in said else f"{file}: {said}") from None


def _read_output_image(raw: RawOutput, name: str) -> bytes:
    path = Path(name)
    if not raw.sealed and path.is_file() and not made_in_this_run(path):
        raise ImageError(
            f"{path} is older than this run, so it is not taken for the model's output"
        )
    return read_image_file(path)
