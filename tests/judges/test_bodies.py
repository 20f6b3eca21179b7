"""Bodies of requests: the JSON that they were, in parts that judges share."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

from tests.judges.samples import encoded, picture
from unisafe_judges.backends import bodies
from unisafe_judges.backends.bodies import Encoded, JsonParts, data_url, json_parts
from unisafe_judges.encoding import EncodedImage, SentImages

RED, BLUE = (encoded(picture(color), "JPEG") for color in ("red", "blue"))
FIRST, SECOND = (hashlib.sha256(data).hexdigest() for data in (RED, BLUE))
IMAGES = SentImages({FIRST: EncodedImage.of(RED), SECOND: EncodedImage.of(BLUE)})


def url(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def body(*urls: str, **words: str) -> dict[str, Any]:
    return {"messages": [*({"url": url} for url in urls), words], "temperature": 0.5}


def test_a_body_is_to_the_byte_what_json_makes_of_it() -> None:
    words = {"text": 'Say "ä" \ud800 \x00.'}
    parts = json_parts(body(data_url(FIRST), data_url(SECOND), data_url(FIRST), **words), IMAGES)
    assert b"".join(parts) == json.dumps(body(url(RED), url(BLUE), url(RED), **words)).encode()


def test_a_value_that_is_json_already_is_taken_as_it_is() -> None:
    words = {"text": "Say it.", "n": [1, 2.5, None]}
    encoded_once = {"model": "one", "messages": Encoded(json.dumps([words])), "n": 3}
    parts = json_parts(encoded_once, IMAGES)
    assert b"".join(parts) == json.dumps({"model": "one", "messages": [words], "n": 3}).encode()


def test_bodies_share_the_bytes_of_an_image() -> None:
    one, other = (json_parts(body(data_url(FIRST), judge=name), IMAGES) for name in ("a", "b"))
    assert one[1] is other[1] is IMAGES.base64(FIRST)


def test_an_output_cannot_have_an_image_put_into_its_words() -> None:
    quoted = f"data:image/jpeg;base64,{'0' * 32}{FIRST} {FIRST}"
    parts = json_parts(body(text=quoted), IMAGES)
    assert json.loads(b"".join(parts)) == body(text=quoted)
    assert bodies._MARK not in b"".join(parts).decode()


def test_the_size_of_a_body_is_said_before_it() -> None:
    parts = json_parts(body(data_url(FIRST)), IMAGES)
    payload = JsonParts(parts)
    assert payload.size == len(b"".join(parts))
    assert payload.content_type == "application/json"
    assert json.loads(payload.decode()) == body(url(RED))


def test_a_body_is_written_in_one_piece_so_that_an_early_answer_is_not_lost() -> None:
    written: list[bytes] = []

    class Writer:
        async def write(self, chunk: bytes) -> None:
            written.append(chunk)

    parts = json_parts(body(data_url(FIRST), data_url(SECOND)), IMAGES)
    asyncio.run(JsonParts(parts).write(Writer()))  # type: ignore[arg-type]
    assert written == [b"".join(parts)]
