"""Errors of this package; the tree is drawn in `unisafe_judges.errors`."""

from __future__ import annotations

from typing import NoReturn

from unisafe_judges import UnisafeError
from unisafe_tasks.redaction import printable, redact

__all__ = [
    "DataError",
    "LabelError",
    "NoCasesError",
    "PredictionsError",
    "PublishingError",
    "RunError",
    "UnisafeError",
    "exit_with",
]


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
    """End a harness with a sentence, without credentials and control codes.

    Harnesses mask other exceptions that are raised while they load a task or build a model, and
    exit with 0; SystemExit reaches the person.
    """
    raise SystemExit(printable(redact(str(problem)))) from None
