"""Take the addresses and folders of the machines that made a run out of texts.

The address of a model and the folder of its weights say nothing about a result, but much about the
people who made it. An address becomes `[address]`. A path becomes its last part.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["ADDRESS", "hosts_in", "is_place", "without_places", "without_places_in_settings"]

ADDRESS = "[address]"

_ADDRESS = re.compile(
    r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]*"
    r"|[\w.+-]+@(?:(?:[\w-]+\.)+[A-Za-z]{2,}\b|[\w-]+(?=:))"
    r"|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)(?::\d+)?(?:/[^\s,;'\"]*)?"
    r"|\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\](?::\d+)?(?:/[^\s,;'\"]*)?"
    r"|\blocalhost\b(?::\d+)?(?:/[^\s,;'\"]*)?"
    # A host and a port. A colon in a model's name begins a tag, as in `carrot:7b`.
    r"|(?<![\w./-])[A-Za-z][\w-]*(?:\.[\w-]+)+:\d{2,5}(?!\w)(?:/[^\s,;'\"]*)?"
    r"|(?<![\w./-])[A-Za-z][\w-]*:\d{4,5}(?!\w)(?:/[^\s,;'\"]*)?"
)
_HOST = re.compile(r"://(?:[^\s/'\"@]*@)?([\w-]+(?:\.[\w-]+)+)")
_ROOT = re.compile(r"(?:~[^\s/\\]*|\.{1,2}|[A-Za-z]:)?[/\\]")
_PATH = re.compile(
    rf"(?<![^\s=:,;'\"(\[{{|>])(?P<root>{_ROOT.pattern})(?P<rest>[^\s'\",;:=)\]}}|<>]*)"
)
# The hub's names of models and of commits hold a slash, but they are not paths.
_HUB_NAME = re.compile(r"(?:refs/)?[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_PLACE_WORDS = frozenset(
    (
        *("addr", "address", "command", "endpoint", "env", "host", "hostname"),
        *("port", "proxy", "server", "socket", "uri", "url", "urls"),
    )
)
_PLACE_NAMES = ("api_base", "baseurl")


def without_places(value: Any) -> Any:
    """The JSON value with addresses and paths taken out of its texts. The keys of objects stay."""
    if isinstance(value, Mapping):
        return {name: without_places(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(entry) for entry in value]
    return _text(value) if isinstance(value, str) else value


def without_places_in_settings(value: Any) -> Any:
    """The settings of a model without those that `is_place` names. Texts become `without_places`.

    Args:
        value: a JSON value, or settings as on the harness's command line: `a=1,base_url=...`.
    """
    if isinstance(value, Mapping):
        return {
            name: without_places_in_settings(entry)
            for name, entry in value.items()
            if not is_place(str(name))
        }
    if isinstance(value, list | tuple):
        return [without_places_in_settings(entry) for entry in value]
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        try:
            return str(without_places_in_settings(ast.literal_eval(value)))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            pass
    if "=" not in value:
        return _text(value)
    parts = [part.partition("=") for part in value.split(",")]
    return ",".join(
        f"{name}{sign}{_text(setting)}" if sign else _text(name)
        for name, sign, setting in parts
        if not (sign and is_place(name))
    )


def is_place(name: str) -> bool:
    """Whether a setting of this name tells an address, or how a program is started."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    return name.strip().lower() in _PLACE_NAMES or not _PLACE_WORDS.isdisjoint(words)


def hosts_in(text: str) -> set[str]:
    """The hosts of the addresses in a text. Hosts without a dot are left out: they may be words."""
    return set(_HOST.findall(text))


def _text(text: str) -> str:
    if "://" not in text and _is_path(text):
        text = _last_part(text)
    text = _ADDRESS.sub(ADDRESS, text)
    return _PATH.sub(_shortened, text)


def _is_path(text: str) -> bool:
    """Whether the whole text is a path. Such a path may hold spaces."""
    if root := _ROOT.match(text):
        # `/word` and more words are an instruction.
        return root.group() not in ("/", "\\") or bool(re.match(r"[/\\]+[^\s/\\]+[/\\]", text))
    slashes = len(re.findall(r"[/\\]", text))
    return slashes > 1 and not re.search(r"[\s<>{}=,]", text) and not _HUB_NAME.fullmatch(text)


def _shortened(match: re.Match[str]) -> str:
    """The last part of a path in a sentence. `/word` stays: models take such instructions."""
    parts = _parts(match["rest"])
    if match["root"] in ("/", "\\") and len(parts) < 2:
        return match.group()
    return parts[-1] if parts else ""


def _last_part(path: str) -> str:
    return next(reversed(_parts(path)), path)


def _parts(path: str) -> Sequence[str]:
    return [part for part in re.split(r"[/\\]+", path) if part not in ("", ".", "..", "~")]
