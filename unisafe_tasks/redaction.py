"""Keeping credentials out of logs and files."""

from __future__ import annotations

import os
import re

__all__ = ["redact"]

_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS)", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"(?i)\b(\w*(?:api_?key|token|secret|password))(['\"]?\s*[=:]\s*['\"]?)([^\s,;&'\"}]+)"
)
_KNOWN_SHAPES = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|AIza[A-Za-z0-9_-]{30,})"
)
_SHORTEST = 8
"""A shorter value is more likely a word of the text than a credential."""


def redact(text: str) -> str:
    """The text without the values of secret environment variables, assignments and known shapes."""
    secrets = {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
    # The longest first: one may be part of another, whose rest would stay.
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, "[redacted]")
    text = _KNOWN_SHAPES.sub("[redacted]", text)
    return _ASSIGNMENT.sub(r"\1\2[redacted]", text)
