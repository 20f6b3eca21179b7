"""Each image decoded and encoded once, whoever asks, in bounded memory.

Store, judges, retries and cases that share an image share one pass over it: it is found by the
SHA-256 of the original bytes, and whoever asks while it is being read waits for the same pass. The
passes run in threads, one for each core.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from weakref import WeakValueDictionary

from unisafe_judges.errors import ImageError, UnisafeError
from unisafe_judges.images import decode_image, encode_image, upright_on_white
from unisafe_judges.types import Evidence, ImagePart

__all__ = ["CaseImages", "EncodedImage", "SentImages", "SharedImages", "UnreadableImage"]

_KEPT_BYTES = 64 * 1024 * 1024


class UnreadableImage(ImageError):
    """A part of the evidence that no judge can be shown."""

    def __init__(self, part: ImagePart, reason: str) -> None:
        super().__init__(reason)
        self.part = part


class EncodedImage:
    """What is sent for an image, kept as base64, which most servers take."""

    def __init__(self, jpeg: bytes) -> None:
        self.base64 = base64.b64encode(jpeg)

    @property
    def jpeg(self) -> bytes:
        return base64.b64decode(self.base64)


class SentImages(Mapping[str, bytes]):
    """SHA-256 of each image of a case -> the JPEG bytes that are sent for it.

    All judges of a case share the base64.
    """

    def __init__(self, images: Mapping[str, EncodedImage]) -> None:
        self._images = images

    @classmethod
    def of(cls, jpegs: Mapping[str, bytes]) -> SentImages:
        return cls({sha256: EncodedImage(jpeg) for sha256, jpeg in jpegs.items()})

    def base64(self, sha256: str) -> bytes:
        """The JPEG bytes of one image in base64."""
        return self._images[sha256].base64

    def __getitem__(self, sha256: str) -> bytes:
        return self._images[sha256].jpeg

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)


class SharedImages:
    """Reads images in threads and keeps the most recently used encodings. Safe for threads and
    event loops."""

    def __init__(
        self, max_side: int | None = None, *, encodes: bool = True, kept_bytes: int = _KEPT_BYTES
    ) -> None:
        """Start no thread yet.

        Args:
            max_side: the longest side in pixels that is sent; without one, images keep their size.
            encodes: whether images are sent, and not only checked.
            kept_bytes: the most base64 that is kept once nobody uses it.
        """
        self._max_side = max_side
        self._encodes = encodes
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, EncodedImage] = OrderedDict()
        # What a case still holds costs nothing more.
        self._held: WeakValueDictionary[str, EncodedImage] = WeakValueDictionary()
        self._good: set[str] = set()
        self._reading: dict[str, Future[EncodedImage | str | None]] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_cores(), thread_name_prefix="unisafe-images")

    def check(self, parts: Sequence[ImagePart]) -> Future[None]:
        """Decode images completely, each unless that was done before.

        The future holds an UnreadableImage for the first that is no image within the caps or was
        changed. It is cancelled if this is closed before.
        """

        def check() -> None:
            for part in parts:
                self._read(part, is_sent=False)

        return self._threads.submit(check)

    async def of(self, evidence: Evidence) -> CaseImages:
        """The images of a case, of which those that are judged are checked.

        Raises:
            UnreadableImage: a judged image is no image within the caps, or was changed.
        """
        parts = [part for part in evidence.parts if isinstance(part, ImagePart)]
        judged = {part.sha256: part for part in parts if part.judged}
        held = {
            sha256: encoded
            for sha256, part in judged.items()
            if (encoded := await self._in_thread(part, is_sent=False)) is not None
        }
        return CaseImages(parts if self._encodes else (), held, self.encoded)

    async def encoded(self, part: ImagePart) -> EncodedImage:
        """What is sent for an image.

        Raises:
            UnreadableImage: it is no image within the caps, was changed, or cannot be encoded.
        """
        encoded = await self._in_thread(part, is_sent=True)
        assert encoded is not None
        return encoded

    def close(self) -> None:
        """Begin no other pass; what has not begun is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, part: ImagePart, *, is_sent: bool) -> EncodedImage | None:
        with self._lock:
            is_known, known = self._known(part.sha256, is_sent=is_sent)
        if is_known:
            return known
        read: list[EncodedImage | None] = []
        # The future between thread and loop is part of a circle: what it returned would stay in
        # memory until the garbage collector comes.
        await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: read.append(self._read(part, is_sent=is_sent))
        )
        return read.pop()

    def _read(self, part: ImagePart, *, is_sent: bool) -> EncodedImage | None:
        """The encoding of an image; None for one that is only checked and whose is not kept.

        Raises:
            UnreadableImage: it cannot be decoded or, if `is_sent`, not be encoded.
        """
        sha256 = part.sha256
        with self._lock:
            is_known, known = self._known(sha256, is_sent=is_sent)
            if is_known:
                return known
            # Whoever is waited for has a thread, or all threads could wait for one that has none.
            if (reading := self._reading.get(sha256)) is None:
                reading = self._reading[sha256] = Future()
                is_mine = True
            else:
                is_mine = False
        if is_mine:
            self._pass(part, reading)
        try:
            encoded = reading.result()
        except ImageError as error:
            raise UnreadableImage(part, str(error)) from None
        if isinstance(encoded, str):
            if is_sent:
                raise UnreadableImage(part, encoded)
            return None
        return encoded

    def _known(self, sha256: str, *, is_sent: bool) -> tuple[bool, EncodedImage | None]:
        held = self._held.get(sha256)
        if sha256 in self._kept:
            self._kept.move_to_end(sha256)
        return held is not None or (not is_sent and sha256 in self._good), held

    def _pass(self, part: ImagePart, done: Future[EncodedImage | str | None]) -> None:
        """Read an image; what comes of it is its encoding, or why it cannot be encoded."""
        try:
            result = self._result(part)
        except BaseException as error:
            with self._lock:
                del self._reading[part.sha256]
            done.set_exception(error)
            return
        with self._lock:
            del self._reading[part.sha256]
            self._good.add(part.sha256)
            if isinstance(result, EncodedImage):
                self._keep(part.sha256, result)
        done.set_result(result)

    def _result(self, part: ImagePart) -> EncodedImage | str | None:
        data = _bytes_of(part)
        image = decode_image(data)
        upright = upright_on_white(image)
        if not self._encodes:
            return None
        try:
            return EncodedImage(encode_image(data, image, upright, self._max_side))
        except ImageError as error:
            return str(error)

    def _keep(self, sha256: str, encoded: EncodedImage) -> None:
        self._held[sha256] = self._kept[sha256] = encoded
        self._bytes += len(encoded.base64)
        while self._bytes > self._kept_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.base64)


class CaseImages:
    """The images of one case. While it is judged, what was encoded for it is held."""

    def __init__(
        self,
        parts: Sequence[ImagePart],
        held: dict[str, EncodedImage],
        encoded: Callable[[ImagePart], Awaitable[EncodedImage]],
    ) -> None:
        self._parts = parts
        self._held = held
        self._encoded = encoded

    async def sent(self) -> SentImages:
        """All of them as they are sent; none where images are only checked.

        Raises:
            UnreadableImage: one cannot be.
        """
        for part in self._parts:
            if part.sha256 not in self._held:
                self._held[part.sha256] = await self._encoded(part)
        return SentImages(self._held)


def _bytes_of(part: ImagePart) -> bytes:
    try:
        data = part.read()
    except OSError as error:
        raise ImageError(f"the {part.label} cannot be read: {error.strerror or error}") from None
    except UnisafeError as error:  # of whoever holds the image, such as a data set
        raise ImageError(str(error)) from None
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise ImageError(f"the {part.label} was changed after its output was stored")
    return data


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
