"""Images: one pass over each, in bounded memory, and never over bytes that changed."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from unisafe_judges import Evidence, ImagePart, encoding
from unisafe_judges.encoding import SentImages, SharedImages, UnreadableImage
from unisafe_judges.errors import UnisafeError
from unisafe_judges.images import encode_for_judge

T = TypeVar("T")

COLOURS = ("red", "green", "blue", "teal", "orange")
LIMIT_S = 30


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

    def part(self, *, judged: bool = True) -> ImagePart:
        return ImagePart("generated image", self.sha256, self, judged=judged)

    def evidence(self, case: str = "demo-001/TI", *, judged: bool = True) -> Evidence:
        return Evidence(case, "TI", "image", (self.part(judged=judged),))


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


async def sent(images: SharedImages, evidence: Evidence) -> SentImages:
    return await (await images.of(evidence)).sent()


def base64_size(data: bytes) -> int:
    return (len(encode_for_judge(data)) + 2) // 3 * 4


def test_each_image_is_known_by_its_hash_as_what_a_judge_is_sent() -> None:
    red, blue = encoded(picture("red")), encoded(picture("blue"))
    images = run(sent(SharedImages(), image_evidence(red, blue)))
    assert images == {
        hashlib.sha256(data).hexdigest(): encode_for_judge(data) for data in (red, blue)
    }


def test_an_image_is_made_smaller_where_the_panel_says_so() -> None:
    data = encoded(picture(size=(64, 48)))
    images = run(sent(SharedImages(max_side=32), image_evidence(data)))
    assert list(images.values()) == [encode_for_judge(data, 32)]


def test_a_text_case_has_no_images() -> None:
    assert run(sent(SharedImages(), text_evidence())) == {}


def test_an_image_that_cases_share_is_decoded_once(decoded: list[str]) -> None:
    async def test() -> None:
        image, images = Reads(encoded(picture())), SharedImages()
        cases = [image.evidence(f"demo-{n}/TI", judged=n % 2 == 0) for n in range(10)]
        encodings = await asyncio.gather(*(sent(images, case) for case in cases))
        assert all(one == encodings[0] for one in encodings)
        await sent(images, image.evidence())
        images.check([image.part()] * 3).result(LIMIT_S)
        assert decoded == [image.sha256]

    run(test())


def test_threads_that_check_the_same_images_share_a_pass(decoded: list[str]) -> None:
    images = SharedImages(encodes=False)
    pictures = [Reads(encoded(picture(colour))) for colour in COLOURS]
    parts = [each.part() for each in pictures]
    futures = [images.check(order) for order in (parts, parts[::-1]) * 20]
    for future in futures:
        future.result(LIMIT_S)
    assert sorted(decoded) == sorted(each.sha256 for each in pictures)


def test_what_is_only_checked_is_not_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(*_: object) -> bytes:
        raise AssertionError("encoded")

    monkeypatch.setattr(encoding, "encode_image", encode)
    SharedImages(encodes=False).check([Reads(encoded(picture())).part()]).result(LIMIT_S)


def test_one_who_gives_up_does_not_end_it_for_the_others() -> None:
    async def test() -> None:
        reads, go_on, images = threading.Event(), threading.Event(), SharedImages()
        image = Reads(encoded(picture()))

        def read() -> bytes:
            reads.set()
            assert go_on.wait(LIMIT_S)
            return image()

        part = ImagePart("generated image", image.sha256, read, judged=True)
        evidence = Evidence("demo-001/TI", "TI", "image", (part,))
        first, second = (asyncio.create_task(sent(images, evidence)) for _ in range(2))
        assert await asyncio.to_thread(reads.wait, LIMIT_S)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go_on.set()
        assert list(await second) == [image.sha256]
        assert image.count == 1

    run(test())


def test_what_is_kept_stays_under_its_bytes_and_the_least_recently_used_goes_first() -> None:
    async def test() -> None:
        pictures = [Reads(encoded(picture(colour))) for colour in COLOURS]
        sizes = [base64_size(image.data) for image in pictures]
        limit = max(sizes) * 2 + min(sizes) // 2
        images = SharedImages(kept_bytes=limit)

        async def ask(number: int) -> None:
            await sent(images, pictures[number].evidence())
            kept = [len(image.base64) for image in images._kept.values()]
            assert sum(kept) == images._bytes <= limit

        for number in (0, 1, 0, 2):
            await ask(number)
        assert [image.count for image in pictures] == [1, 1, 1, 0, 0]
        await ask(0)
        assert pictures[0].count == 1
        await ask(1)
        assert pictures[1].count == 2
        for number in range(5):
            await ask(number)

    run(test())


def test_what_a_case_holds_is_encoded_once_however_little_is_kept() -> None:
    async def test() -> None:
        image, images = Reads(encoded(picture())), SharedImages(kept_bytes=10)
        case = await images.of(image.evidence())
        for _ in range(3):
            assert list(await case.sent()) == [image.sha256]
            assert list(await sent(images, image.evidence())) == [image.sha256]
        assert image.count == 1
        assert images._bytes == 0
        del case
        # It was good, and that is known without its bytes.
        await images.of(image.evidence())
        assert image.count == 1
        await sent(images, image.evidence())
        assert image.count == 2

    run(test())


def test_a_file_that_changed_after_its_hash_was_taken_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "drawn.png"
    file.write_bytes(encoded(picture("red")))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    part = ImagePart("generated image", sha256, file.read_bytes, judged=True)
    file.write_bytes(encoded(picture("blue")))
    with pytest.raises(UnreadableImage) as caught:
        run(sent(SharedImages(), Evidence("demo-001/TI", "TI", "image", (part,))))
    assert str(caught.value) == "the generated image was changed after its output was stored"
    file.unlink()
    with pytest.raises(UnreadableImage) as caught:
        run(sent(SharedImages(), Evidence("demo-001/TI", "TI", "image", (part,))))
    assert str(caught.value) == ("the generated image cannot be read: No such file or directory")


def test_why_a_data_set_has_no_image_is_told() -> None:
    class DataError(UnisafeError):
        """As a package above raises it."""

    def read() -> bytes:
        raise DataError("c1: input_image has changed")

    part = ImagePart("input image", "0" * 64, read)
    with pytest.raises(UnreadableImage, match="c1: input_image has changed"):
        run(sent(SharedImages(), Evidence("demo-001/TI", "TI", "image", (part,))))


def test_an_image_that_could_not_be_read_is_read_again_when_it_is_asked_for_again() -> None:
    async def test() -> None:
        image, images = Reads(encoded(picture())), SharedImages()
        good, image.data = image.data, b"no image"
        with pytest.raises(UnreadableImage):
            await sent(images, image.evidence())
        image.data = good
        assert list(await sent(images, image.evidence())) == [image.sha256]

    run(test())


def test_the_first_of_several_that_cannot_be_read_is_named() -> None:
    red = Reads(encoded(picture("red"))).part()
    bad: Sequence[ImagePart] = [Reads(words).part() for words in (b"one", b"two")]
    with pytest.raises(UnreadableImage) as caught:
        SharedImages().check([red, *bad]).result(LIMIT_S)
    assert caught.value.part == bad[0]


def test_an_image_that_jpeg_cannot_hold_is_good_and_cannot_be_sent() -> None:
    async def test() -> None:
        image, images = Reads(encoded(Image.new("L", (65_501, 1)))), SharedImages()
        case = await images.of(image.evidence())
        with pytest.raises(UnreadableImage, match="cannot be encoded as JPEG"):
            await case.sent()

    run(test())
