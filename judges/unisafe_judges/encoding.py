"""Encoding each image at most once, in bounded memory.

Judges, retries and cases that share an image share its encoding: it is found by the SHA-256 of the
original bytes, and whoever asks while it is being made waits for the same one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping

from unisafe_judges.errors import ImageError
from unisafe_judges.images import encode_for_judge
from unisafe_judges.types import Evidence, ImagePart

__all__ = ["ImageEncoder"]

_KEPT_BYTES = 128 * 1024 * 1024


class ImageEncoder:
    """Encodes in threads, keeps the most recently used encodings. For one event loop.

    `max_side` is the longest side in pixels that is sent; without one, images keep their size.
    """

    def __init__(self, max_side: int | None = None, kept_bytes: int = _KEPT_BYTES) -> None:
        self._max_side = max_side
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._making: dict[str, asyncio.Task[bytes]] = {}

    async def encode(self, evidence: Evidence) -> Mapping[str, bytes]:
        """SHA-256 of each image of the evidence -> the JPEG bytes to send.

        Raises:
            ImageError: an image cannot be read within the caps.
        """
        images = {part.sha256: part for part in evidence.parts if isinstance(part, ImagePart)}
        return {sha256: await self._one(part) for sha256, part in images.items()}

    async def _one(self, part: ImagePart) -> bytes:
        if (kept := self._kept.get(part.sha256)) is not None:
            self._kept.move_to_end(part.sha256)
            return kept
        task = self._making.get(part.sha256)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(_read_and_encode, part, self._max_side))
            self._making[part.sha256] = task
            task.add_done_callback(lambda done: self._keep(part.sha256, done))
        # Shielded, since the encoding belongs to all who wait for it.
        return await asyncio.shield(task)

    def _keep(self, sha256: str, task: asyncio.Task[bytes]) -> None:
        del self._making[sha256]
        if task.cancelled() or task.exception() is not None:
            return
        self._kept[sha256] = task.result()
        self._bytes += len(task.result())
        while self._bytes > self._kept_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped)


def _read_and_encode(part: ImagePart, max_side: int | None) -> bytes:
    data = part.read()
    jpeg = encode_for_judge(data, max_side)
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise ImageError(f"the {part.label} was changed after its output was stored")
    return jpeg
