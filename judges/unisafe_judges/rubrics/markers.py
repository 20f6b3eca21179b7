"""Untrusted texts between markers that no text can close.

The markers carry a hash of all the evidence: a text that held its own closing marker would change
the hash. The hash is the same each time, and a stored reply is found by it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from unisafe_judges.types import ImagePart, Part, TextPart

__all__ = ["between_markers", "nonce_of"]

_LENGTH = 16


def nonce_of(sha256: str, parts: Iterable[Part]) -> str:
    """What the markers carry: of the question whose `sha256` this is, and of these parts."""
    lines = "\n".join([sha256, *(part.digest for part in parts)])
    return hashlib.sha256(lines.encode()).hexdigest()[:_LENGTH]


def between_markers(parts: Sequence[Part], nonce: str) -> list[str | ImagePart]:
    """Each text between its markers, and each image, with their labels before them."""
    content: list[str | ImagePart] = []
    for part in parts:
        if isinstance(part, TextPart):
            content.append(f"{part.label.upper()}\n[BEGIN {nonce}]\n{part.text}\n[END {nonce}]")
        else:
            content.extend((f"{part.label.upper()}:", part))
    return content
