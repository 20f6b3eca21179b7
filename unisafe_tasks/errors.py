"""Errors of this package; the tree is drawn in `unisafe_judges.errors`."""

from __future__ import annotations

from unisafe_judges import UnisafeError

__all__ = ["DataError", "NoCasesError", "PredictionsError", "RunError", "UnisafeError"]


class DataError(UnisafeError):
    """The benchmark's cases cannot be had, or a row of them is wrong."""


class NoCasesError(DataError):
    """The data is sound as far as it goes, and has nothing of the task asked for."""


class PredictionsError(UnisafeError):
    """A predictions file is doubtful as a whole, so that none of it is used."""


class RunError(UnisafeError):
    """A run folder is missing, damaged or not a run folder."""
