"""The first step of judging: an output's images are copied into the run folder, unchanged."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unisafe_judges import ImageError
from unisafe_judges.images import read_image_file
from unisafe_tasks.data.cases import Case
from unisafe_tasks.outputs.parsing import made_in_this_run
from unisafe_tasks.runs.folder import RunFolder, StoredImage
from unisafe_tasks.types import RawOutput

__all__ = ["ClaimImage", "StoredOutput", "image_owners", "store_output", "store_turn"]

ClaimImage = Callable[[str, Case], None]
"""Takes the path of an image for a case, or raises an ImageError if another case has it."""


@dataclass(frozen=True)
class StoredOutput:
    """What was kept of an output. `problem` says why an image could not be kept."""

    images: tuple[StoredImage, ...] = ()
    problem: str | None = None


def image_owners() -> ClaimImage:
    """A record of which case returned which image file.

    Whoever comes second has overwritten the file, so its image belongs to neither of the two.
    """
    owners: dict[str, str] = {}

    def claim(path: str, case: Case) -> None:
        owner = owners.setdefault(os.path.realpath(path), case.key)
        if owner != case.key:
            raise ImageError(f"{path} was returned for {owner} too: each case needs its own file")

    return claim


def store_output(folder: RunFolder, case: Case, raw: RawOutput, claim: ClaimImage) -> StoredOutput:
    """Keep the output's images; of more than the task needs, the last ones count."""
    if not case.task.makes_images:
        return StoredOutput()
    stored: list[StoredImage] = []
    for number, path in enumerate(raw.images[-case.task.outputs :], start=1):
        try:
            # A sealed output is our own adapter's, which names files by their content.
            if not raw.sealed:
                claim(path, case)
            data = _read_output_image(raw, path)
            stored.append(folder.store_image(data, case.task.code, case.id, number))
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
    data = _read_output_image(raw, raw.images[-1])
    return folder.store_image(data, case.task.code, case.id, number)


def _read_output_image(raw: RawOutput, name: str) -> bytes:
    path = Path(name)
    if not raw.sealed and path.is_file() and not made_in_this_run(path):
        raise ImageError(
            f"{name} is older than this run, so it is not taken for the model's output"
        )
    return read_image_file(path)
