"""A provider's JSONL, as it arrives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from unisafe_judges.backends.http import MAX_REPLY_BYTES

__all__ = ["json_objects"]


async def json_objects(chunks: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any]]:
    """The objects of a JSONL file; a line that is none, or is too long for one, is left out.

    Lines end at a newline only: JSON texts may hold the other characters that end a line elsewhere.
    """
    held = bytearray()
    too_long = False
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            held += part
            if not too_long and (value := _read(held)) is not None:
                yield value
            held.clear()
            too_long = False
        held += rest
        if len(held) > MAX_REPLY_BYTES:
            too_long = True
            held.clear()
    if not too_long and (value := _read(held)) is not None:
        yield value


def _read(line: bytes | bytearray) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
