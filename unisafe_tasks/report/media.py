"""Thumbnails of images that cannot be trusted: decoded under caps, written anew by our own code.

A run's originals are hostile bytes of any size; 15 models have some 80,000 of them. What a browser
is given is a JPEG of at most 512 pixels a side without metadata, named by the original's hash, so
that images which cases or models share are there once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Self

from PIL import Image

from unisafe_judges import ImageError
from unisafe_judges.images import open_upright
from unisafe_tasks.files import write_atomically
from unisafe_tasks.judging.evidence import OutputImage

__all__ = ["SIDE", "Thumbnails", "thumbnail"]

SIDE = 512
"""Pixels of a thumbnail's longer side, at most."""

_QUALITY = 80
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_AT_ONCE = 4
"""An image within the caps may take 400 MB while it is decoded."""


def thumbnail(data: bytes) -> bytes:
    """A small JPEG of an image, upright and on white.

    Raises:
        ImageError: it is no image within the caps.
    """
    image = open_upright(data)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=1.0)
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

    def draw(self, originals: Sequence[OutputImage]) -> list[str | None]:
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

    def _drawn(self, original: OutputImage) -> str | None:
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


def _name(original: OutputImage) -> str:
    return f"{original.sha256[:32]}.jpg"
