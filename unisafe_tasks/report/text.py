"""Hostile text made fit for a page: control characters shown, length capped, JSON safe in scripts.

The page itself never needs to know: what arrives there is plain text of visible characters.
"""

from __future__ import annotations

import json
import re
from typing import Any

from unisafe_tasks.redaction import redact

__all__ = ["as_script_string", "as_text", "shorten", "shown", "to_script_json", "visible"]

# Everything that has no shape of its own and can reorder, hide or steer what stands around it:
# controls, direction marks, zero-width and filler characters, tags, half surrogates, private use.
# Line breaks and tabs are kept, and the two joiners, without which emoji and Persian fall apart.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_LONGEST = 1000
"""Of names and sentences: a run folder says how long they are, and the page repeats them."""

_UNSAFE_IN_SCRIPT = "<>&\u2028\u2029\x7f"


def visible(text: str) -> str:
    """The text with every invisible character as its number, such as ⟦U+202E⟧."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text  # the pattern would find nothing, in six times as long
    return _INVISIBLE.sub(lambda match: f"\u27e6U+{ord(match.group()):04X}\u27e7", text)


def shown(text: str) -> str:
    """A name or a sentence as the page has it: visible, of bounded length, without credentials."""
    text = redact(text)
    return visible(text if len(text) <= _LONGEST else text[:_LONGEST] + "\u2026")


def as_text(value: Any) -> str | None:
    """A field of a row that should be a text; a run folder may hold anything there."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def shorten(text: str, most: int) -> tuple[str, int]:
    """The first `most` characters, made visible, and how many were left out."""
    return visible(text[:most]), max(0, len(text) - most)


def to_script_json(value: Any) -> str:
    """JSON that stays JSON inside a <script>: no markup, no line separator."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in _UNSAFE_IN_SCRIPT:
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def as_script_string(json_text: str) -> str:
    """JSON text as a JavaScript string for JSON.parse, which unlike an object literal gives a key
    such as __proto__ no meaning."""
    return "'" + json_text.replace("\\", "\\\\").replace("'", "\\'") + "'"
