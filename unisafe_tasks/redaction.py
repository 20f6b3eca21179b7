"""Keeping credentials and control codes out of what is logged, stored and printed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = [
    "file_in_words",
    "in_markdown",
    "in_one_line",
    "printable",
    "redact",
    "redact_arguments",
    "redact_known",
    "redacted",
]

_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS)", re.IGNORECASE)
_NAME = (
    r"(?:(?:api|access|secret|private)[_-]?key|(?<![a-z])key|token|secret|passw(?:or)?d|passphrase|"
    r"(?<![a-z])pwd|auth(?:orization)?|credentials?|cookie|signature|(?<![a-z])sig|jwt)"
)
# A value in quotes is taken out as a whole, with the spaces in it.
_ASSIGNMENT = re.compile(
    r"(?i)(?<![\w-])(?!(?:eos|bos|pad|unk|image|video|audio)_token\b)"
    rf"([\w-]*{_NAME})"
    r"(\\?['\"]?\s*[=:]\s*\\?)(?:([\"'])(?!\3)(?:(?!\3|\\).)+|(?!['\"])(?!(?:true|false|none|null)\b)"
    r"[^\s,;&'\"}\\]+)",
    re.DOTALL,
)
# "looks like a credential: nothing was written" is a sentence.
_SENTENCE = re.compile(r"(?:credentials?|cookie|signature): +[a-z]+", re.IGNORECASE)
_FLAG = re.compile(rf"(?i)(?<![\w-])(-{{1,2}}[\w-]*{_NAME})(\s+)(\"[^\"]*\"|'[^']*'|[^\s\"',;]+)")
_LOGIN = re.compile(r"(?<!\S)(-u|--user|--proxy-user)(\s+)([^\s:]+:\S+)")
_SECRET_FLAG = re.compile(rf"(?i)-{{1,2}}[\w-]*{_NAME}\Z")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)([A-Za-z0-9._~+/=-]{8,})")
_USER_INFO = re.compile(
    r"(?i)\b((?:https?|socks[45]h?|ftp|postgres(?:ql)?|mysql|redis|mongodb(?:\+srv)?)://)([^/\s@]+)@"
)
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
    for pattern in (_BEARER, _FLAG, _LOGIN):
        text = pattern.sub(r"\1\2[redacted]", text)
    return _ASSIGNMENT.sub(_without_value, text)


def _without_value(found: re.Match[str]) -> str:
    if _SENTENCE.fullmatch(found[0]):
        return found[0]
    return f"{found[1]}{found[2]}{found[3] or ''}[redacted]"


def redact_arguments(arguments: Iterable[str]) -> list[str]:
    """A command line without credentials, those that follow their option as the next word too."""
    words: list[str] = []
    follows = False
    for argument in arguments:
        words.append("[redacted]" if follows else redact(argument))
        follows = _SECRET_FLAG.match(argument) is not None
    return words


def redacted(value: Any) -> Any:
    """JSON without credentials: all texts and names in it, and what a secret name holds."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            redacted(name): "[redacted]" if _is_secret(name, item) else redacted(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def _is_secret(name: object, item: object) -> bool:
    is_open = isinstance(item, str | list | tuple | Mapping) and bool(item)
    return is_open and redact(f"{name}=something").endswith("[redacted]")


def redact_known(text: str) -> str:
    """The text without what is a credential whatever stands around it.

    For what a model wrote, in which "the key: patience" is none.
    """
    secrets = {os.environ.get(name, "") for name in os.environ if _names_secret(name)}
    secrets |= {quote(value, safe="") for value in secrets}
    # The longest first: one may be part of another, whose rest would stay.
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, "[redacted]")
    text = _KNOWN_SHAPES.sub("[redacted]", text)
    return _USER_INFO.sub(r"\1[redacted]@", text)


@lru_cache(maxsize=10_000)
def _names_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def printable(text: str) -> str:
    """The text without what could steer a terminal: control codes and direction marks."""
    return _CONTROL.sub("\ufffd", text)


def in_one_line(text: str) -> str:
    """A name or sentence without what steers a terminal or ends a line, and without credentials."""
    return " ".join(printable(redact(text)).split())


def in_markdown(text: str) -> str:
    """A name or sentence for Markdown and its tables: nothing in it is markup or becomes a link."""
    text = re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", in_one_line(text))
    return text.replace("://", "\\://").replace("www.", "www\\.")


def file_in_words(path: Path) -> str:
    """A file by its name and its folder's: enough to find it, and nothing of where people keep
    their data."""
    return in_one_line("/".join(path.parts[-2:]).replace("//", "/"))
