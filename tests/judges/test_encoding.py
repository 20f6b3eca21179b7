"""Images: one pass over each, in bounded memory, and never over bytes that changed."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from tests.waiting import LIMIT_S
from unisafe_judges import Evidence, ImagePart, encoding, spool
from unisafe_judges.encoding import SentImages, SharedImages, UnreadableImage
from unisafe_judges.errors import UnisafeError
from unisafe_judges.images import encode_for_judge

T = TypeVar("T")

COLOURS = ("red", "green", "blue", "teal", "orange")


class Reads:
    """An image that counts how often it is read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self) -> bytes:
        with self._lock:
            self.count += 1
        return self.data

    def part(self) -> ImagePart:
        return ImagePart("generated image", self.sha256, self, judged=True)

    def evidence(self, case: str = "demo-001/TI") -> Evidence:
        return Evidence(case, "TI", "image", (self.part(),))


@pytest.fixture
def images() -> Iterator[SharedImages]:
    with closing(SharedImages()) as shared:
        yield shared


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SHA-256 of each file that is decoded, as often as it is."""
    hashes: list[str] = []

    def counted(data: bytes) -> Image.Image:
        hashes.append(hashlib.sha256(data).hexdigest())
        return decode(data)

    decode = encoding.decode_image
    monkeypatch.setattr(encoding, "decode_image", counted)
    return hashes


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(coroutine, timeout=LIMIT_S))


def sent(images: SharedImages, evidence: Evidence) -> SentImages:
    return run(images.encoded(evidence))


def base64_size(data: bytes) -> int:
    return (len(encode_for_judge(data)) + 2) // 3 * 4


def test_each_image_is_known_by_its_hash_as_what_a_judge_is_sent(images: SharedImages) -> None:
    red, blue = encoded(picture("red")), encoded(picture("blue"))
    assert sent(images, image_evidence(red, blue)) == {
        hashlib.sha256(data).hexdigest(): encode_for_judge(data) for data in (red, blue)
    }


def test_an_image_is_made_smaller_where_the_panel_says_so() -> None:
    data = encoded(picture(size=(64, 48)))
    with closing(SharedImages(max_side=32)) as images:
        assert list(sent(images, image_evidence(data)).values()) == [encode_for_judge(data, 32)]


def test_a_text_case_has_no_images(images: SharedImages) -> None:
    assert sent(images, text_evidence()) == {}


def test_an_image_that_cases_share_is_decoded_once(
    images: SharedImages, decoded: list[str]
) -> None:
    image = Reads(encoded(picture()))

    async def test() -> None:
        cases = [image.evidence(f"demo-{number}/TI") for number in range(10)]
        encodings = await asyncio.gather(*(images.encoded(case) for case in cases))
        assert all(one == encodings[0] for one in encodings)

    run(test())
    sent(images, image.evidence())
    images.check(image.part(), encodes=True)
    images.check(image.part(), encodes=False)
    assert decoded == [image.sha256]


def test_threads_that_check_the_same_images_share_a_pass(
    images: SharedImages, decoded: list[str]
) -> None:
    pictures = [Reads(encoded(picture(colour))) for colour in COLOURS]
    parts = [each.part() for each in pictures]

    def check(order: list[ImagePart]) -> None:
        for part in order:
            images.check(part, encodes=True)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(check, (parts, parts[::-1]) * 20))
    assert sorted(decoded) == sorted(each.sha256 for each in pictures)


def test_what_is_only_checked_is_not_encoded(
    images: SharedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(*_: object) -> bytes:
        raise AssertionError("encoded")

    monkeypatch.setattr(encoding, "encode_image", encode)
    images.check(Reads(encoded(picture())).part(), encodes=False)


def test_one_who_gives_up_does_not_end_it_for_the_others(images: SharedImages) -> None:
    image = Reads(encoded(picture()))

    async def test() -> None:
        reads, go_on = threading.Event(), threading.Event()

        def read() -> bytes:
            reads.set()
            assert go_on.wait(LIMIT_S)
            return image()

        part = ImagePart("generated image", image.sha256, read, judged=True)
        evidence = Evidence("demo-001/TI", "TI", "image", (part,))
        first, second = (asyncio.create_task(images.encoded(evidence)) for _ in range(2))
        assert await asyncio.to_thread(reads.wait, LIMIT_S)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go_on.set()
        assert list(await second) == [image.sha256]

    run(test())
    assert image.count == 1


def test_what_is_in_memory_stays_under_its_bytes_and_nothing_is_decoded_twice(
    decoded: list[str],
) -> None:
    pictures = [Reads(encoded(picture(colour))) for colour in COLOURS]
    sizes = [base64_size(image.data) for image in pictures]
    with closing(SharedImages(kept_bytes=max(sizes) * 2)) as images:
        for number in (0, 1, 0, 2, 3, 4, 0, 1, 2, 3, 4, 4, 0):
            evidence = pictures[number].evidence()
            assert list(sent(images, evidence).values()) == [
                encode_for_judge(pictures[number].data)
            ]
            kept = [len(image.base64) for image in images._kept.values()]
            assert sum(kept) == images._bytes <= max(sizes) * 2
    assert sorted(decoded) == sorted(image.sha256 for image in pictures)


def test_a_disk_that_is_full_costs_a_second_pass(
    monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.os, "pwrite", full)
    image = Reads(encoded(picture()))
    with closing(SharedImages(kept_bytes=10)) as images:
        for _ in range(2):
            assert list(sent(images, image.evidence())) == [image.sha256]
        images.check(image.part(), encodes=False)
    assert decoded == [image.sha256] * 2


def test_a_file_that_changed_after_its_hash_was_taken_is_not_sent(
    images: SharedImages, tmp_path: Path
) -> None:
    file = tmp_path / "drawn.png"
    file.write_bytes(encoded(picture("red")))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    part = ImagePart("generated image", sha256, file.read_bytes, judged=True)
    evidence = Evidence("demo-001/TI", "TI", "image", (part,))
    file.write_bytes(encoded(picture("blue")))
    with pytest.raises(UnreadableImage) as changed:
        sent(images, evidence)
    assert str(changed.value) == (
        "the file of the generated image was changed after it was first read"
    )
    file.unlink()
    with pytest.raises(UnreadableImage) as gone:
        sent(images, evidence)
    assert str(gone.value) == "the generated image cannot be read: No such file or directory"
    # Of the image itself this says nothing.
    assert not changed.value.is_no_image
    assert not gone.value.is_no_image


def test_why_a_data_set_has_no_image_is_told(images: SharedImages) -> None:
    class DataError(UnisafeError):
        """As a package above raises it."""

    def read() -> bytes:
        raise DataError("c1: input_image has changed")

    part = ImagePart("input image", "0" * 64, read)
    with pytest.raises(UnreadableImage, match="c1: input_image has changed"):
        sent(images, Evidence("demo-001/TI", "TI", "image", (part,)))


def test_a_file_that_cannot_be_read_is_the_trouble_of_its_own_case(images: SharedImages) -> None:
    image, reads, go_on = Reads(encoded(picture())), threading.Event(), threading.Event()

    def broken() -> bytes:
        reads.set()
        assert go_on.wait(LIMIT_S)
        raise OSError(5, "Input/output error")

    bad = ImagePart("input image", image.sha256, broken)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(images.check, bad, encodes=True)
        assert reads.wait(LIMIT_S)
        second = threads.submit(images.check, image.part(), encodes=True)
        go_on.set()
        with pytest.raises(UnreadableImage, match="Input/output error"):
            first.result(LIMIT_S)
        second.result(LIMIT_S)
    assert image.count == 1


def test_an_image_that_could_not_be_read_is_read_again_when_it_is_asked_for_again(
    images: SharedImages,
) -> None:
    image = Reads(b"no image")
    with pytest.raises(UnreadableImage) as caught:
        images.check(image.part(), encodes=True)
    assert caught.value.is_no_image
    good = Reads(encoded(picture()))
    good.data, data = b"other bytes", good.data
    with pytest.raises(UnreadableImage):
        images.check(good.part(), encodes=True)
    good.data = data
    assert list(sent(images, good.evidence())) == [good.sha256]


def test_an_image_that_jpeg_cannot_hold_is_good_and_cannot_be_sent(
    images: SharedImages, decoded: list[str]
) -> None:
    image = Reads(encoded(Image.new("L", (65_501, 1))))
    images.check(image.part(), encodes=True)
    for _ in range(2):
        with pytest.raises(UnreadableImage, match="cannot be encoded as JPEG"):
            sent(images, image.evidence())
    assert decoded == [image.sha256]


@pytest.mark.parametrize("content", [b"no image", encoded(picture())], ids=["none", "good"])
def test_the_bytes_of_a_file_are_gone_without_a_search_for_garbage(content: bytes) -> None:
    gone = []

    class Bytes(bytes):
        """Bytes that say when they leave memory."""

        def __del__(self) -> None:
            gone.append(len(self))

    held = [Bytes(content)]
    part = ImagePart("generated image", hashlib.sha256(content).hexdigest(), held.pop, judged=True)
    gc.disable()
    try:
        with closing(SharedImages()) as images, suppress(UnreadableImage):
            images.check(part, encodes=True)
        assert gone == [len(content)]
    finally:
        gc.enable()


def test_jobs_are_done_when_it_is_closed_and_after_it(images: SharedImages) -> None:
    done: list[int] = []
    go_on = threading.Event()
    for number in range(20):
        images.run(lambda number=number: (go_on.wait(LIMIT_S), done.append(number)))  # type: ignore[misc]
    go_on.set()
    images.close()
    assert sorted(done) == list(range(20))
    images.run(lambda: done.append(20))
    assert len(done) == 21
