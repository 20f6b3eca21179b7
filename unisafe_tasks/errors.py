"""Errors of this package; the tree is drawn in `unisafe_judges.errors`."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from unisafe_judges.errors import UnisafeError
from unisafe_tasks.redaction import printable, redact
from unisafe_tasks.settings import cache_folder

__all__ = [
    "DataError",
    "ExitCode",
    "LabelError",
    "NoCasesError",
    "PredictionsError",
    "PublishingError",
    "RunError",
    "UnisafeError",
    "exit_with",
    "in_words",
]


class ExitCode(IntEnum):
    """What a command's exit code says. docs/exit_codes.md and `unisafe --help` show this table."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done; every task that was judged has a score"
    FAILED = 1, "it failed, or a score is missing or below --min-coverage; the last line says why"
    MISUSED = 2, "the command line is wrong"
    WAITING = 3, "a batch is still with a provider: run the same command again"
    EXCEEDED = 4, "unisafe gate: a score is above its limit"
    UNDECIDED = 5, "unisafe gate: no score is above its limit, but not every limit could be decided"
    INTERRUPTED = 130, "interrupted; no reply is lost, the same command goes on"


class DataError(UnisafeError):
    """The benchmark's cases cannot be had, or a row of them is wrong."""


class NoCasesError(DataError):
    """The data is sound as far as it goes, and has nothing of the task asked for."""


class LabelError(UnisafeError):
    """Human labels, the folder for annotating them or a judge card made of them is damaged."""


class PredictionsError(UnisafeError):
    """A predictions file is doubtful as a whole, so that none of it is used."""


class PublishingError(UnisafeError):
    """A result cannot be exported as what was asked for, or not be uploaded where it was to go."""


class RunError(UnisafeError):
    """A run folder is missing, damaged or not a run folder."""


def exit_with(problem: object) -> NoReturn:
    """End a harness with a sentence, without credentials and control codes, and ExitCode.FAILED.

    Harnesses mask other exceptions that are raised while they load a task or build a model, and
    exit with 0; SystemExit reaches the person.
    """
    said = in_words(problem) if isinstance(problem, OSError) else str(problem)
    raise SystemExit(printable(redact(said))) from None


def in_words(error: UnisafeError | OSError) -> str:
    """An error as one sentence: ours as it is, and the system's with the file it is about."""
    if isinstance(error, UnisafeError):
        return str(error)
    reason = error.strerror or str(error) or type(error).__name__
    named = error.filename2 or error.filename
    if isinstance(named, bytes):
        named = named.decode("utf-8", "replace")
    if not named:
        return f"the system says: {reason}"
    hint = ": set UNISAFE_CACHE to a folder that can be written" if _is_of_cache(str(named)) else ""
    return f"{named} cannot be used: {reason}{hint}"


def _is_of_cache(name: str) -> bool:
    try:
        cache = cache_folder()
    except UnisafeError:
        return False
    return cache.is_relative_to(name) or Path(name).is_relative_to(cache)
