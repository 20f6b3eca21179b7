"""Where the cache keeps converted data: `cases/<32 hex digits>/.images/<SHA-256>`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from unisafe_tasks.errors import DataError
from unisafe_tasks.settings import cache_folder

__all__ = [
    "ENTRIES",
    "Stamp",
    "conversion_folder",
    "conversion_of",
    "conversions_folder",
    "entry_path",
    "is_entry",
    "stamp",
    "without_cache",
]

ENTRIES = ".images"
"""The folder of a conversion's images. `datasets` looks for data in no hidden folder."""

Stamp = tuple[int, int, int, int]

_ENTRY = re.compile(rf"/[0-9a-f]{{32}}/{re.escape(ENTRIES)}/[0-9a-f]{{64}}")
# `datasets` takes a folder for a pattern, for links of addresses or for a variable's value.
_NOT_LITERAL = re.compile(r"[*?\[\]$\x00-\x1f]|::")


def conversions_folder() -> Path:
    """The folder of all converted data, links resolved: rows name their images by this path.

    Raises:
        DataError: harnesses could not load data from a folder of this name.
    """
    folder = os.path.realpath(cache_folder() / "cases")
    try:
        folder.encode()
    except UnicodeEncodeError:
        problem = "is not UTF-8"
    else:
        found = _NOT_LITERAL.search(folder)
        if found is None:
            return Path(folder)
        problem = f"has {found[0]!r}, which harnesses do not take literally"
    raise DataError(
        f"the cache {str(cache_folder())!r} cannot be used, since its path {problem}: set "
        "UNISAFE_CACHE to another folder"
    )


def conversion_folder(key: Iterable[str]) -> Path:
    """The folder of one conversion, which all that was read makes up the key of."""
    text = "\n".join([str(conversions_folder()), *key])
    return conversions_folder() / hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def entry_path(conversion: Path, digest: str) -> Path:
    """The file of an image of a conversion."""
    return conversion / ENTRIES / digest


def conversion_of(entry: Path) -> Path:
    """The folder of the conversion that an image belongs to."""
    return entry.parent.parent


def is_entry(path: str, conversions: Path) -> bool:
    """Whether a path is that of an image in `conversions`, as this module writes it."""
    start = str(conversions)
    return path.startswith(start) and _ENTRY.fullmatch(path, len(start)) is not None


def without_cache(folder: Path, files: Iterable[Path]) -> Iterator[Path]:
    """Files below a folder, links resolved, but for those of a cache that is in the folder."""
    caches = (Path(os.path.realpath(cache_folder())), conversions_folder())
    inside = [cache for cache in caches if cache != folder and cache.is_relative_to(folder)]
    return (file for file in files if not any(map(file.is_relative_to, inside)))


def stamp(file: Path) -> Stamp:
    """What changes when a file is written or replaced, also by one with the same size and time.

    A program that has the file mapped can change it without.
    """
    stat = file.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
