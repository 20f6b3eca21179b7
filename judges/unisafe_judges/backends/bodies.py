"""Bodies of requests with images: JSON around base64 that all judges of a case share.

JSON is written with a mark where each image belongs. The mark is random, or an output that quotes
it could have an image put into its words.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from unisafe_judges.encoding import SentImages

__all__ = ["Encoded", "JsonParts", "data_url", "json_parts"]

_MARK = secrets.token_hex(16)
_MARKED = re.compile(_MARK.encode() + rb"([0-9a-f]{64})")


class Encoded(str):
    """A value of a body, not one within another, that is JSON already."""


def data_url(sha256: str) -> str:
    """A data URL of an image, whose base64 `json_parts` puts in."""
    return f"data:image/jpeg;base64,{_MARK}{sha256}"


def json_parts(body: Mapping[str, Any], images: SentImages) -> list[bytes]:
    """A body as JSON, in parts that follow each other; those of images are shared."""
    fields = (f"{json.dumps(name)}: {_json(value)}" for name, value in body.items())
    # Texts and hashes of images follow each other.
    pieces = _MARKED.split(f"{{{', '.join(fields)}}}".encode())
    return [
        images.base64(piece.decode()) if number % 2 else piece
        for number, piece in enumerate(pieces)
    ]


def _json(value: object) -> str:
    return value if isinstance(value, Encoded) else json.dumps(value)


class JsonParts(Payload):
    """A body in parts, as aiohttp sends it: its size is said before it."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        super().__init__(parts, content_type="application/json")
        self._size = sum(map(len, parts))
        self._autoclose = True

    async def write(self, writer: AbstractStreamWriter) -> None:
        # In one piece: a server may answer early and close, and its answer would be lost.
        await writer.write(b"".join(self._value))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return b"".join(self._value).decode(encoding, errors)
