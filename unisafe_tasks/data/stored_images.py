"""The images of a data set: held by its rows, or kept once beside them.

A conversion keeps each image once, whoever refers to it, in an entry whose name is the SHA-256 of
its bytes. The entry of a file of the data is a link to that file, which is not copied. What an
entry gives is checked against its name, so that no case gets another image than it was converted
with.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisafe_judges.errors import ImageError
from unisafe_judges.images import read_image_file
from unisafe_tasks.data.cache_layout import (
    ENTRIES,
    Stamp,
    conversion_of,
    conversions_folder,
    entry_path,
    is_entry,
    stamp,
)
from unisafe_tasks.errors import DataError
from unisafe_tasks.redaction import file_in_words

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["ImageColumn", "ImageEntries"]

_ROWS_AT_ONCE = 64
_IN_THE_ROW = ""


class ImageEntries:
    """The entries of a conversion that is being written to one folder, and moved to another."""

    def __init__(self, building: Path, folder: Path) -> None:
        self._building = building
        self._folder = folder
        self._digests: dict[Path, str] = {}
        (building / ENTRIES).mkdir()

    def keep(self, image: bytes | Path) -> dict[str, Any]:
        """Keep an image, and return what its row holds of it.

        Raises:
            ImageError: it is a file that cannot be read, or that is over the cap.
        """
        digest = self._linked(image) if isinstance(image, Path) else self._copied(image)
        return {"bytes": None, "path": str(entry_path(self._folder, digest))}

    def _linked(self, file: Path) -> str:
        if file not in self._digests:
            data = read_image_file(file)
            digest = self._digests[file] = hashlib.sha256(data).hexdigest()
            entry = entry_path(self._building, digest)
            if not os.path.lexists(entry):
                try:
                    entry.symlink_to(file)
                except OSError:  # a file system without links
                    entry.write_bytes(data)
        return self._digests[file]

    def _copied(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        entry = entry_path(self._building, digest)
        # Bytes that the data hold do not depend on a file that could be moved.
        if entry.is_symlink() or not entry.exists():
            entry.unlink(missing_ok=True)
            entry.write_bytes(data)
        return digest


class ImageColumn:
    """The images of one column of some rows. Each is read when it is asked for.

    A path counts only where it is that of an entry in our cache: rows are whatever a harness has
    loaded, and must not be able to name other files of this machine.
    """

    def __init__(self, rows: Dataset, column: str, kept: Sequence[int]) -> None:
        """Take the images of the rows whose numbers are in `kept`.

        Args:
            rows: all rows, with the column as `Image(decode=False)`.
            column: its name.
            kept: numbers of rows; an image is asked for by its number in this list.
        """
        there = rows.select_columns([column])
        named = list(_named(there, column))
        self._column = column
        ours = conversions_folder()
        self._entries: list[str | None] = []
        self._outside: dict[int, str] = {}
        for number, path in enumerate(named[row] for row in kept):
            if path and not is_entry(path, ours):
                self._outside[number], path = path, None
            self._entries.append(path)
        self._rows = there.select(kept)
        self._digests: dict[int, str] = {}
        self._checked: dict[str, Stamp] = {}

    def has(self, number: int) -> bool:
        """Whether the row has an image."""
        return self._entries[number] is not None

    def outside(self, number: int) -> str | None:
        """The path that the row names instead of an entry of our cache."""
        return self._outside.get(number)

    def read(self, number: int, where: str) -> bytes:
        """An image's bytes, as the data set stores them.

        Args:
            number: the row's.
            where: what errors call the image, such as `c1: input_image`.

        Raises:
            DataError: there is none, or its file is not what it was when the data were converted.
        """
        entry = self._entries[number]
        if entry is None:
            raise DataError(f"{where} holds no image bytes")
        if entry == _IN_THE_ROW:
            return bytes(self._rows[number][self._column]["bytes"])
        return self._of_entry(Path(entry), where)

    def sha256(self, number: int, where: str) -> str:
        """The hex digest of an image's bytes, known without reading them if they have an entry.

        Raises:
            DataError: as `read`.
        """
        entry = self._entries[number]
        if entry:
            return Path(entry).name
        if number not in self._digests:
            self._digests[number] = hashlib.sha256(self.read(number, where)).hexdigest()
        return self._digests[number]

    def file(self, number: int) -> str:
        """What errors call the file that the data name for an image; empty if there is none."""
        entry = Path(self._entries[number] or "")
        return file_in_words(entry.resolve()) if entry.is_symlink() else ""

    def _of_entry(self, entry: Path, where: str) -> bytes:
        file = Path(os.path.realpath(entry))
        again = f"remove {conversion_of(entry)} to convert the data again"
        # Somebody may have put a huge file where a link leads. A copy has what the data held.
        read = read_image_file if entry.is_symlink() else Path.read_bytes
        try:
            before, data, after = stamp(file), read(file), stamp(file)
        except FileNotFoundError:
            if not os.path.lexists(entry):
                raise DataError(
                    f"{where}: {entry} was deleted: the next command converts the data again"
                ) from None
            raise DataError(
                f"{where}: {file} was moved or deleted after the data were converted: put it back, "
                f"or {again}"
            ) from None
        except OSError as error:
            raise DataError(f"{where}: {file} cannot be read: {error.strerror or error}") from None
        except ImageError as error:
            raise DataError(f"{where}: {error}") from None
        if before == after == self._checked.get(entry.name):
            return data
        if hashlib.sha256(data).hexdigest() != entry.name:
            raise DataError(
                f"{where}: {file} has changed after the data were converted: put the old file "
                f"back, or {again}"
            )
        if before == after:
            self._checked[entry.name] = before
        return data


def _named(rows: Dataset, column: str) -> Iterator[str | None]:
    """For each row the path of its image, `_IN_THE_ROW`, or None if it has no image."""
    # No image is touched here, unless the rows are chosen ones: `datasets` copies these.
    for batch in rows.with_format("arrow").iter(batch_size=_ROWS_AT_ONCE):
        for images in batch[column].chunks:
            valid = images.is_valid().to_pylist()
            held = images.field("bytes").is_valid().to_pylist()
            paths = images.field("path").to_pylist()
            for is_valid, is_held, path in zip(valid, held, paths, strict=True):
                yield (_IN_THE_ROW if is_held else path or None) if is_valid else None
