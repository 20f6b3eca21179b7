"""What judges will be asked, and what became of their batches, as the commands print it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say

if TYPE_CHECKING:
    from unisafe_judges import BatchReport

__all__ = ["print_batches", "print_estimate"]


def print_estimate(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print each judge's calls, tokens and cost before any call is made."""
    table = Table("judge", "calls", "in the store", "input tokens, about", "cost, about")
    rows = list(rows)
    for row in rows:
        cost = "no price known" if row["cost"] is None else f"${row['cost']:.2f}"
        table.add(
            row["judge"], f"{row['calls']:,}", f"{row['cached']:,}", f"{row['tokens']:,}", cost
        )
    table.print()
    say(*(note for row in rows for note in row["notes"]))


def print_batches(reports: Iterable[BatchReport]) -> None:
    """Print what a round of batch mode did for each judge, and the state of its jobs."""
    table = Table("judge", "collected", "failed", "sent", "waiting", "held back", "cost")
    reports = list(reports)
    for report in reports:
        counts = (report.collected, report.failed, report.sent, report.waiting, report.held_back)
        table.add(report.judge, *(f"{count:,}" for count in counts), f"${report.cost:.2f}")
    table.print()
    for report in reports:
        details = (*report.details, report.problem)
        say(*(f"{report.judge}: {detail}" for detail in details if detail))
