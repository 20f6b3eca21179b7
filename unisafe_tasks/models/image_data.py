"""The forms in which servers put an image into JSON."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

from unisafe_judges import CallFailure, FailureKind

__all__ = ["decoded", "image_inside"]

_DATA_URL = re.compile(r"data:([^,]*),", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")
_URL_SAFE = str.maketrans("-_", "+/")


def image_inside(text: str) -> bytes | None:
    """The bytes of a data URL, or of an image in base64 alone; None where the text is an address.

    Raises:
        CallFailure: NOT_JSON, a data URL without base64.
    """
    text = text.strip()
    if inside := _DATA_URL.match(text):
        if not inside[1].lower().replace(" ", "").endswith(";base64"):
            raise _none()
        return decoded(text[inside.end() :])
    if _ADDRESS.match(text):
        return None
    try:
        data = decoded(text)
    except CallFailure:
        return None
    # Most paths are base64 too.
    return data if data.startswith(_BEGINNINGS) else None


def decoded(text: str) -> bytes:
    """Base64 decoded, whatever line breaks, alphabet and padding it has.

    Raises:
        CallFailure: NOT_JSON, it is none.
    """
    if "%" in text:
        text = unquote(text)
    compact = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _none() from None


def _none() -> CallFailure:
    return CallFailure(FailureKind.NOT_JSON, "the server's image is not in base64")
