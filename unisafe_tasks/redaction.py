"""Keeping credentials and control codes out of what is logged, stored and printed."""

from __future__ import annotations

import os
import re

__all__ = ["in_one_line", "printable", "redact", "redact_known"]

_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS)", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"(?i)(?<![\w-])(?!(?:eos|bos|pad|unk|image|video|audio)_token\b)"
    r"([\w-]*(?:(?:api|access|secret|private)[_-]?key|(?<![a-z])key|token|secret|passw(?:or)?d|auth))"
    r"(['\"]?\s*[=:]\s*['\"]?)(?!(?:true|false|none|null)\b)([^\s,;&'\"}]+)"
)
_FLAG = re.compile(r"(?i)(?<![\w-])(--[\w-]*(?:api[_-]?key|token|secret|password))(\s+)(\S+)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)([A-Za-z0-9._~+/=-]{8,})")
_USER_INFO = re.compile(r"(?i)\b(https?://)([^/\s@]+)@")
_KNOWN_SHAPES = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|AIza[A-Za-z0-9_-]{30,}|"
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORTEST = 8
"""A shorter value is more likely a word of the text than a credential."""


def redact(text: str) -> str:
    """The text without the values of secret environment variables, assignments and known shapes."""
    text = redact_known(text)
    for pattern in (_BEARER, _FLAG, _ASSIGNMENT):
        text = pattern.sub(r"\1\2[redacted]", text)
    return text


def redact_known(text: str) -> str:
    """The text without what is a credential whatever stands around it.

    For what a model wrote, in which "the key: patience" is none.
    """
    secrets = {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
    # The longest first: one may be part of another, whose rest would stay.
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, "[redacted]")
    text = _KNOWN_SHAPES.sub("[redacted]", text)
    return _USER_INFO.sub(r"\1[redacted]@", text)


def printable(text: str) -> str:
    """The text without what could steer a terminal: control codes and direction marks."""
    return _CONTROL.sub("\ufffd", text)


def in_one_line(text: str) -> str:
    """A name or sentence without what steers a terminal or ends a line, and without credentials."""
    return " ".join(printable(redact(text)).split())
