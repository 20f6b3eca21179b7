"""Standard output and standard error on terminals that cannot show every character."""

from __future__ import annotations

import codecs
import sys

__all__ = ["show_all"]

_ERRORS = "unisafe-plain"
_PLAIN = {"–": "-", "—": "-", "…": "...", "→": ">", "↓": "v", "↑": "^", "†": "+", "‡": "#"}


def show_all() -> None:
    """Write what a terminal's encoding lacks in plain signs, instead of failing.

    A sign of ours has a plain one; another character is written as its escape, such as `\\u4e2d`.
    A stream that tests or notebooks have put there is left as it is.
    """
    codecs.register_error(_ERRORS, _plain)
    for stream in (sys.stdout, sys.stderr):
        encoding = str(getattr(stream, "encoding", None) or "").lower().replace("-", "")
        if encoding != "utf8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    signs = (
        _PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in lacking
    )
    return "".join(signs), error.end
