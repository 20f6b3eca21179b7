"""Standard output and standard error: how much is shown, and in which characters."""

from __future__ import annotations

import codecs
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["bars_hidden", "be_quiet", "log_from", "show_all", "shown_progress"]

T = TypeVar("T")

_ERRORS = "unisafe-plain"
_PLAIN = {
    "–": "-",
    "—": "-",
    "…": "...",
    "→": ">",
    "↓": "v",
    "↑": "^",
    "†": "+",
    "‡": "#",
    "●": "o",
    "─": "-",
    "│": "|",
}


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


def be_quiet() -> None:
    """Show no progress bars from now on, and no warning of ours.

    The packages that draw the bars look at their environment variables when they are imported.
    """
    for name in (
        "TQDM_DISABLE",
        "HF_DATASETS_DISABLE_PROGRESS_BARS",
        "HF_HUB_DISABLE_PROGRESS_BARS",
    ):
        os.environ[name] = "1"
    log_from("ERROR")


def bars_hidden() -> bool | None:
    """Whether progress bars are hidden, as tqdm takes it: None hides them but on a terminal."""
    return True if os.environ.get("TQDM_DISABLE") else None


def shown_progress(items: Iterable[T], total: int, title: str) -> Iterator[T]:
    """The cases one by one, with a progress bar on a terminal that goes away at the end."""
    from tqdm import tqdm

    with tqdm(total=total, desc=title, unit="case", leave=False, disable=bars_hidden()) as bar:
        for item in items:
            yield item
            bar.update()


def log_from(level: str) -> None:
    """Log what is of this level or above, such as DEBUG. Another word changes nothing."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        return
    log = logging.getLogger("unisafe")
    log.setLevel(number)
    # Without a handler Python itself shows warnings and errors, and nothing below.
    if number < logging.WARNING and not log.hasHandlers():
        log.addHandler(logging.StreamHandler())
