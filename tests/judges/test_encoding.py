"""Encoding images: once for all who ask, in bounded memory, and never of bytes that changed."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from unisafe_judges import Evidence, ImageError, ImagePart
from unisafe_judges.encoding import ImageEncoder
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

    def evidence(self, case: str = "demo-001/TI") -> Evidence:
        part = ImagePart("generated image", self.sha256, self, judged=True)
        return Evidence(case, "TI", "image", (part,))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(coroutine, timeout=30))


def test_each_image_is_found_by_its_hash_as_what_a_judge_is_sent() -> None:
    red, blue = encoded(picture("red")), encoded(picture("blue"))
    sent = run(ImageEncoder().encode(image_evidence(red, blue)))
    assert sent == {
        hashlib.sha256(data).hexdigest(): encode_for_judge(data) for data in (red, blue)
    }


def test_a_text_case_has_no_images() -> None:
    assert run(ImageEncoder().encode(text_evidence())) == {}


def test_an_image_that_cases_share_is_encoded_once() -> None:
    async def test() -> None:
        image, encoder = Reads(encoded(picture())), ImageEncoder()
        cases = [image.evidence(f"demo-{number}/TI") for number in range(10)]
        encodings = await asyncio.gather(*(encoder.encode(case) for case in cases))
        assert image.count == 1
        assert all(sent == encodings[0] for sent in encodings)
        await encoder.encode(image.evidence())
        assert image.count == 1

    run(test())


def test_one_who_gives_up_does_not_end_it_for_the_others() -> None:
    async def test() -> None:
        go_on, encoder = threading.Event(), ImageEncoder()
        image = Reads(encoded(picture()))

        def read() -> bytes:
            assert go_on.wait(30)
            return image()

        part = ImagePart("generated image", image.sha256, read, judged=True)
        evidence = Evidence("demo-001/TI", "TI", "image", (part,))
        first, second = (asyncio.create_task(encoder.encode(evidence)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go_on.set()
        assert list(await second) == [image.sha256]
        assert image.count == 1

    run(test())


def test_what_is_kept_stays_under_its_bytes_and_the_least_recently_used_goes_first() -> None:
    async def test() -> None:
        images = [Reads(encoded(picture(colour))) for colour in COLOURS]
        sizes = [len(encode_for_judge(image.data)) for image in images]
        limit = max(sizes) * 2 + min(sizes) // 2
        encoder = ImageEncoder(kept_bytes=limit)

        async def ask(number: int) -> Mapping[str, bytes]:
            sent = await encoder.encode(images[number].evidence())
            assert sum(len(data) for data in encoder._kept.values()) == encoder._bytes <= limit
            return sent

        await ask(0)
        await ask(1)
        await ask(0)
        await ask(2)
        assert [image.count for image in images] == [1, 1, 1, 0, 0]
        await ask(0)
        assert images[0].count == 1
        await ask(1)
        assert images[1].count == 2
        for number in range(5):
            await ask(number)

    run(test())


def test_an_image_larger_than_all_that_is_kept_is_encoded_all_the_same() -> None:
    async def test() -> None:
        image, encoder = Reads(encoded(picture())), ImageEncoder(kept_bytes=10)
        for _ in range(2):
            assert list(await encoder.encode(image.evidence())) == [image.sha256]
        assert image.count == 2
        assert encoder._bytes == 0

    run(test())


def test_a_file_that_changed_after_its_hash_was_taken_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "drawn.png"
    file.write_bytes(encoded(picture("red")))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    part = ImagePart("generated image", sha256, file.read_bytes, judged=True)
    file.write_bytes(encoded(picture("blue")))
    with pytest.raises(ImageError) as caught:
        run(ImageEncoder().encode(Evidence("demo-001/TI", "TI", "image", (part,))))
    assert str(caught.value) == "the generated image was changed after its output was stored"


def test_an_image_that_could_not_be_read_is_read_again_when_it_is_asked_for_again() -> None:
    async def test() -> None:
        image, encoder = Reads(encoded(picture())), ImageEncoder()
        good, image.data = image.data, b"no image"
        with pytest.raises(ImageError):
            await encoder.encode(image.evidence())
        image.data = good
        assert list(await encoder.encode(image.evidence())) == [image.sha256]

    run(test())
