"""Thumbnails of images that cannot be trusted: decoded under caps, written anew by our own code.

A run's originals are hostile bytes of any size; 15 models have some 80,000 of them. What a browser
is given is a JPEG of at most 512 pixels a side without metadata, named by the original's hash, so
that images which cases or models share are there once.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Self

from PIL import Image

from unisafe_judges import ImageError
from unisafe_judges.images import open_upright, read_image_file
from unisafe_tasks.files import write_atomically

__all__ = ["SIDE", "Original", "Thumbnails", "input_image", "run_image", "thumbnail"]

SIDE = 512
"""Pixels of a thumbnail's longer side, at most."""

_QUALITY = 80
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_AT_ONCE = 4
"""An image within the caps may take 400 MB while it is decoded."""


@dataclass(frozen=True)
class Original:
    """An image to be shown. `read` gives its bytes, or raises ImageError."""

    sha256: str
    read: Callable[[], bytes]


def run_image(root: Path, name: object, sha256: object) -> Original:
    """An output image of the run folder `root`, as a row of predictions.jsonl names it."""

    def read() -> bytes:
        if not isinstance(name, str):
            raise ImageError("the row names no image")
        try:
            path = (root / name).resolve()
        except (OSError, RuntimeError, ValueError):  # too long, a loop of links, no file name
            raise ImageError("the row names no file that there can be") from None
        if not path.is_relative_to(root.resolve()):
            raise ImageError("it lies outside the run folder")
        data = read_image_file(path)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ImageError("it is not the image that was judged")
        return data

    return Original(str(sha256), read)


def input_image(data: bytes) -> Original:
    """An image of a case, whose bytes the data source holds."""
    return Original(hashlib.sha256(data).hexdigest(), lambda: data)


def thumbnail(data: bytes) -> bytes:
    """A small JPEG of an image, upright and on white.

    Raises:
        ImageError: it is no image within the caps.
    """
    image = open_upright(data)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = BytesIO()
    # Pixels only: what the file said besides them is not carried over.
    Image.frombytes("RGB", image.size, image.tobytes()).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


class Thumbnails:
    """The report's media folder while it is filled. A context manager: its threads end with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: set[str] = set()
        self.skipped: list[str] = []
        self._pool = ThreadPoolExecutor(min(_MOST_AT_ONCE, os.cpu_count() or 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def draw(self, originals: Sequence[Original]) -> list[str | None]:
        """The file names of thumbnails, None for what cannot be shown; they are there on return."""
        fresh = {one.sha256: one for one in originals if _name(one) not in self.names}
        for original, problem in zip(
            fresh.values(), self._pool.map(self._drawn, fresh.values()), strict=True
        ):
            if problem is None:
                self.names.add(_name(original))
            else:
                self.skipped.append(problem)
        names = map(_name, originals)
        return [name if name in self.names else None for name in names]

    def _drawn(self, original: Original) -> str | None:
        """Draw one; returns why it cannot be."""
        if not _SHA256.fullmatch(original.sha256):
            return "its hash is not recorded"
        path = self.folder / _name(original)
        try:
            # An earlier report in this folder has drawn most of them.
            if not path.is_file():
                write_atomically(path, thumbnail(original.read()))
        except ImageError as error:
            return str(error)
        return None


def _name(original: Original) -> str:
    return f"{original.sha256[:32]}.jpg"
