"""Every form of the data set, converted once to `data/{image,text}-*.parquet` in a cache.

Rows stream through, so that memory does not grow with the data set. Images are kept once beside
them. The cache is keyed by what was read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisafe_tasks.data.cache_layout import (
    ENTRIES,
    conversion_folder,
    stamp,
    without_cache,
)
from unisafe_tasks.data.cases import COLUMNS, IMAGE_COLUMNS
from unisafe_tasks.data.forms import Told
from unisafe_tasks.data.image_forms import A_PATH, find_image, named_paths
from unisafe_tasks.data.official_form import SplitRow, write_splits
from unisafe_tasks.data.official_rows import Placed, official_rows
from unisafe_tasks.data.parquet import names_images, parquet_rows, plain_rows, split_of_file
from unisafe_tasks.data.stored_images import ImageEntries
from unisafe_tasks.errors import DataError
from unisafe_tasks.files import read_rows, write_atomically
from unisafe_tasks.settings import cache_folder

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "Converted",
    "from_jsonl",
    "from_official",
    "from_parquet",
    "from_saved",
    "unwritable_cache",
]

_FORMAT = "4"
_NOTES = ".notes.json"
_BUILDING = ".building-"
_ABANDONED_S = 24 * 3600.0
_ROWS_AT_ONCE = 64


class _NamesAnImage(Exception):
    """A row names an image instead of holding it, which the statistics of its file had hidden."""


@dataclass(frozen=True)
class Converted:
    """A folder in the official form, and a sentence for each other form that was read."""

    folder: Path
    notes: tuple[str, ...]


def from_jsonl(files: Sequence[Path], root: Path | None = None) -> Converted:
    """Convert the official JSONL export; image paths are relative to their file's folder.

    No path may lead out of `root`, which is that folder if not given.

    Raises:
        DataError: naming file, line and field. A path that leaves the folder is refused, since
            somebody else's export must not be able to read this machine's files.
    """

    def rows() -> Iterator[Placed]:
        for file in files:
            for number, row in read_rows(file, DataError):
                yield row, f"{file}, line {number}", (root or file.parent, file.parent), None

    key = ["jsonl", *map(_hash, files), *_images_of(rows())]
    # A path is the official form here.
    return _converted(", ".join(map(str, files)), key, partial(official_rows, rows), {A_PATH})


def from_official(
    splits: Mapping[str, Sequence[Path]], folder: Path, told: Told
) -> Converted | None:
    """Convert a folder in the official form: its rows as they stand, whatever is wrong with them.

    `splits` are its files; `told` is what the notes are to say. None if a row names an image
    instead of holding it: the form is another one.

    Raises:
        DataError: a file is not a parquet file.
    """

    def rows(entries: ImageEntries, _: Told) -> Iterator[SplitRow]:
        for split, files in splits.items():
            for file in files:
                for row in parquet_rows(file, COLUMNS):
                    for column in IMAGE_COLUMNS:
                        image = row[column] or {}
                        if image.get("bytes") is None and image.get("path"):
                            raise _NamesAnImage
                        data = image.get("bytes")
                        row[column] = None if data is None else entries.keep(data)
                    yield split, row

    key = [f"{split}:{_stamp(file)}" for split, files in splits.items() for file in files]
    try:
        converted = _converted(str(folder), ["official", *key], rows)
    except _NamesAnImage:
        return None
    return Converted(converted.folder, tuple(_notes_of(told)))


def from_parquet(files: Sequence[Path], folder: Path, root: Path | None = None) -> Converted:
    """Convert parquet files of any split; image paths are relative to `folder` or to their file's.

    No path may lead out of `root`, which is `folder` if not given.

    Raises:
        DataError: a file is not a parquet file, or a row is wrong.
    """

    def rows() -> Iterator[Placed]:
        for file in files:
            for number, row in enumerate(parquet_rows(file), start=1):
                place = f"{file}, row {number}"
                yield row, place, (root or folder, folder, file.parent), split_of_file(file)

    def holding() -> Iterator[Placed]:
        for placed in rows():
            if any(named_paths(placed[0])):
                raise _NamesAnImage
            yield placed

    name = str(folder if len(files) > 1 else files[0])
    key = ["parquet", *(_stamp(file) for file in files)]
    if not any(map(names_images, files)):
        with suppress(_NamesAnImage):
            return _converted(name, key, partial(official_rows, holding))
    return _converted(name, [*key, *_images_of(rows())], partial(official_rows, rows))


def from_saved(folder: Path) -> Converted:
    """Convert a folder that `save_to_disk` of a Dataset or a DatasetDict wrote.

    Raises:
        DataError: it cannot be loaded, or a row is wrong.
    """
    import datasets

    try:
        saved = datasets.load_from_disk(str(folder))
    except Exception as error:
        raise DataError(f"{folder} cannot be loaded as a saved data set: {error}") from None
    splits = saved.items() if isinstance(saved, datasets.DatasetDict) else [(None, saved)]

    def rows() -> Iterator[Placed]:
        for name, split in splits:
            place = f"{folder}, split {name}" if name else str(folder)
            for number, row in enumerate(_saved_rows(split, place), start=1):
                yield row, f"{place}, row {number}", (folder,), name

    files = sorted(path for path in without_cache(folder, folder.rglob("*")) if path.is_file())
    return _converted(str(folder), ["saved", *map(_stamp, files)], partial(official_rows, rows))


def _saved_rows(split: Dataset, place: str) -> Iterator[dict[str, Any]]:
    import pyarrow as pa

    # The rows of a batch are not copied.
    tables = split.with_format("arrow").iter(batch_size=_ROWS_AT_ONCE)
    try:
        yield from plain_rows(tables, split.features)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{place} cannot be read: {error}") from None


def _converted(
    name: str,
    key: Iterable[str],
    rows: Callable[[ImageEntries, Told], Iterator[SplitRow]],
    usual: Collection[str] = (),
) -> Converted:
    folder = conversion_folder([_FORMAT, *key])
    try:
        if (notes := _kept(folder)) is None:
            folder.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(folder.parent)
            notes = _build(folder, name, rows, usual)
        return Converted(folder, notes)
    except OSError as error:
        raise unwritable_cache(error) from None


def _kept(folder: Path) -> tuple[str, ...] | None:
    """The notes of a conversion; None if it, or any of its files, is not in the cache."""
    try:
        kept = json.loads((folder / _NOTES).read_bytes())
        is_whole = _files_of(folder) >= kept["files"]
    except (FileNotFoundError, ValueError):
        return None
    return tuple(kept["notes"]) if is_whole else None


def _files_of(folder: Path) -> int:
    return sum(len(os.listdir(folder / name)) for name in ("data", ENTRIES))


def _build(
    folder: Path,
    name: str,
    rows: Callable[[ImageEntries, Told], Iterator[SplitRow]],
    usual: Collection[str],
) -> tuple[str, ...]:
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_BUILDING))
    told: Told = Counter()
    try:
        write_splits(building, rows(ImageEntries(building, folder), told))
        if not any((building / "data").iterdir()):
            raise DataError(f"{name} holds no cases")
        for sentence in [sentence for sentence in told if sentence.endswith(tuple(usual))]:
            del told[sentence]
        notes = _notes_of(told)
        kept = {"notes": notes, "files": _files_of(building)}
        write_atomically(building / _NOTES, json.dumps(kept).encode())
        try:
            building.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            _complete(folder, building)
        return tuple(notes)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _complete(folder: Path, building: Path) -> None:
    """Add what is gone of a conversion that others may be reading, or have just written."""
    for name in ("data", ENTRIES):
        (folder / name).mkdir(exist_ok=True)
        for file in (building / name).iterdir():
            if not os.path.lexists(folder / name / file.name):
                file.replace(folder / name / file.name)
    (building / _NOTES).replace(folder / _NOTES)


def _notes_of(told: Told) -> list[str]:
    """A sentence for each form that was read, with the number of rows."""
    return [
        f"{sentence}: {count:,} row{'' if count == 1 else 's'}" for sentence, count in told.items()
    ]


def unwritable_cache(error: OSError) -> DataError:
    """The sentence for a cache that cannot be written."""
    return DataError(
        f"the cache {cache_folder()} cannot be used ({error.strerror or error}): set UNISAFE_CACHE "
        "to a folder that can be written"
    )


def _remove_abandoned(parent: Path) -> None:
    """Remove what a process that was killed has left half made."""
    for path in parent.glob(f"{_BUILDING}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(path, ignore_errors=True)


def _images_of(rows: Iterator[Placed]) -> Iterator[str]:
    # The images' names and stamps stand for their contents: hashing gigabytes at every start would
    # cost more than the rare conversion that a new stamp causes.
    for row, _, folders, _ in rows:
        for name in named_paths(row):
            # The conversion says what is wrong with a path.
            with suppress(ValueError, OSError):
                yield _stamp(find_image(name, folders))


def _stamp(file: Path) -> str:
    return f"{file}:{stamp(file)}"


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {json.dumps(error.strerror)}") from None
