"""Each image decoded and encoded once, whoever asks, in bounded memory.

Store, judges, retries and cases that share an image share one pass over it: it is known by the
SHA-256 of its file, and whoever asks meanwhile waits for the same pass. The passes run in threads,
one for each core. Encodings that were not used for a while wait in a temporary file.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from weakref import WeakValueDictionary

from unisafe_judges.errors import ImageError, UnisafeError
from unisafe_judges.images import (
    ImageSketch,
    decode_image,
    encode_image,
    upright_on_white,
)
from unisafe_judges.spool import Spool
from unisafe_judges.types import Evidence, ImagePart

__all__ = ["EncodedImage", "SentImages", "SharedImages", "UnreadableImage"]

_KEPT_BYTES = 64 * 1024 * 1024


class UnreadableImage(ImageError):
    """An image that no judge can be shown.

    `is_no_image`: its bytes are none; else its file cannot be read, or holds other bytes now.
    """

    def __init__(self, reason: str, *, is_no_image: bool) -> None:
        super().__init__(reason)
        self.is_no_image = is_no_image


class EncodedImage:
    """What is sent for an image, kept as base64, which most servers take."""

    def __init__(self, encoded: bytes) -> None:
        self.base64 = encoded

    @classmethod
    def of(cls, jpeg: bytes) -> EncodedImage:
        return cls(base64.b64encode(jpeg))

    @property
    def jpeg(self) -> bytes:
        return base64.b64decode(self.base64)


class SentImages(Mapping[str, bytes]):
    """SHA-256 of each image of a case -> the JPEG bytes that are sent for it.

    All judges of a case share the base64.
    """

    def __init__(self, images: Mapping[str, EncodedImage]) -> None:
        self._images = images

    def base64(self, sha256: str) -> bytes:
        """The JPEG bytes of one image in base64."""
        return self._images[sha256].base64

    def __getitem__(self, sha256: str) -> bytes:
        return self._images[sha256].jpeg

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)


@dataclass(frozen=True)
class _Pass:
    """What came of a pass over an image: all that can be said of its bytes, whoever has them.

    `no_image` says why it is none, `unsendable` why it cannot be encoded. `is_unread`: whoever made
    the pass could not read the file.
    """

    sketch: ImageSketch | None = None
    no_image: str = ""
    unsendable: str = ""
    encoded: EncodedImage | None = None
    is_unread: bool = False


class SharedImages:
    """Reads images in threads and keeps their encodings. Safe for threads and event loops."""

    def __init__(self, max_side: int | None = None, *, kept_bytes: int = _KEPT_BYTES) -> None:
        """Start no thread yet.

        Args:
            max_side: the longest side in pixels that is sent; without one, images keep their size.
            kept_bytes: the most base64 that is kept in memory once nobody uses it.
        """
        self._max_side = max_side
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, EncodedImage] = OrderedDict()
        # What somebody still uses costs nothing more.
        self._used: WeakValueDictionary[str, EncodedImage] = WeakValueDictionary()
        self._spool = Spool()
        self._known: dict[str, _Pass] = {}
        self._passes: dict[str, Future[_Pass]] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_cores(), thread_name_prefix="unisafe-images")

    def run(self, job: Callable[[], None]) -> None:
        """Have `job` done in one of the threads, after those that came before have begun.

        It must not raise. Once this is closed it is done at once.
        """
        try:
            self._threads.submit(job)
        except RuntimeError:
            job()

    def check(self, part: ImagePart, *, encodes: bool) -> ImageSketch:
        """Decode an image completely, unless that was done before; returns its sketch.

        Args:
            part: the image.
            encodes: whether it will be sent, so that it is encoded too.

        Raises:
            UnreadableImage: it is no image within the caps, cannot be read, or was changed.
        """
        sketch = self._read(part, encodes=encodes).sketch
        assert sketch is not None
        return sketch

    async def encoded(self, evidence: Evidence) -> SentImages:
        """All images of a case as they are sent.

        Raises:
            UnreadableImage: as `check`, or an image cannot be encoded.
        """
        images: dict[str, EncodedImage] = {}
        for part in evidence.parts:
            if isinstance(part, ImagePart) and part.sha256 not in images:
                images[part.sha256] = self._in_memory(part.sha256) or await self._in_thread(part)
        return SentImages(images)

    def close(self) -> None:
        """Wait for what is under way, and forget all encodings."""
        self._threads.shutdown()
        self._spool.close()

    async def _in_thread(self, part: ImagePart) -> EncodedImage:
        read: list[EncodedImage] = []
        # The future between thread and loop is part of a circle: what it returned would stay in
        # memory until the garbage collector comes.
        await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: read.append(self._sent(part))
        )
        return read.pop()

    def _sent(self, part: ImagePart) -> EncodedImage:
        came = self._read(part, encodes=True)
        if came.encoded is None:
            raise UnreadableImage(f"{part.named}: {came.unsendable}", is_no_image=False)
        return came.encoded

    def _read(self, part: ImagePart, *, encodes: bool) -> _Pass:
        while True:
            with self._lock:
                if (came := self._before(part.sha256, encodes=encodes)) is not None:
                    return came
                other = self._passes.get(part.sha256)
                if other is None:
                    own = self._passes[part.sha256] = Future[_Pass]()
            if other is None:
                return self._pass(part, own, encodes=encodes)
            # Whoever made it has begun, so that nobody waits for one that waits for a thread.
            came = other.result()
            if came.no_image:
                raise UnreadableImage(f"{part.named}: {came.no_image}", is_no_image=True)

    def _before(self, sha256: str, *, encodes: bool) -> _Pass | None:
        """What is known of an image, if that is enough."""
        known = self._known.get(sha256)
        if known is None or not encodes or known.unsendable:
            return known
        encoded = self._in_memory(sha256, is_locked=True)
        if encoded is None and (data := self._spool.find(sha256)) is not None:
            encoded = EncodedImage(data)
            self._keep(sha256, encoded)
        return None if encoded is None else _Pass(known.sketch, encoded=encoded)

    def _pass(self, part: ImagePart, own: Future[_Pass], *, encodes: bool) -> _Pass:
        """Read an image.

        Raises:
            UnreadableImage: as `check`.
        """
        came = _Pass(is_unread=True)
        try:
            data = _bytes_of(part)
            came = self._made(data, encodes=encodes)
        finally:
            with self._lock:
                del self._passes[part.sha256]
                if not (came.is_unread or came.no_image):
                    self._known[part.sha256] = _Pass(came.sketch, unsendable=came.unsendable)
                if came.encoded is not None:
                    self._keep(part.sha256, came.encoded)
            own.set_result(came)
        if came.no_image:
            raise UnreadableImage(f"{part.named}: {came.no_image}", is_no_image=True)
        return came

    def _made(self, data: bytes, *, encodes: bool) -> _Pass:
        try:
            image = decode_image(data)
            upright = upright_on_white(image)
        except ImageError as error:
            return _Pass(no_image=str(error))
        sketch = ImageSketch.of(upright)
        if not encodes:
            return _Pass(sketch)
        try:
            jpeg = encode_image(data, image, upright, self._max_side)
        except ImageError as error:
            return _Pass(sketch, unsendable=str(error))
        return _Pass(sketch, encoded=EncodedImage.of(jpeg))

    def _in_memory(self, sha256: str, *, is_locked: bool = False) -> EncodedImage | None:
        if not is_locked:
            with self._lock:
                return self._in_memory(sha256, is_locked=True)
        if sha256 in self._kept:
            self._kept.move_to_end(sha256)
        return self._used.get(sha256)

    def _keep(self, sha256: str, encoded: EncodedImage) -> None:
        self._used[sha256] = self._kept[sha256] = encoded
        self._bytes += len(encoded.base64)
        while self._bytes > self._kept_bytes:
            oldest, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.base64)
            self._spool.keep(oldest, dropped.base64)


def _bytes_of(part: ImagePart) -> bytes:
    try:
        data = part.read()
    except OSError as error:
        reason = f"the {part.named} cannot be read: {error.strerror or error}"
        raise UnreadableImage(reason, is_no_image=False) from None
    except UnisafeError as error:  # of whoever holds the image, such as a data set
        raise UnreadableImage(str(error), is_no_image=False) from None
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise UnreadableImage(
            f"the file of the {part.named} was changed after it was first read", is_no_image=False
        )
    return data


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
