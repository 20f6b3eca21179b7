"""Tables as the commands print them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from unisafe_judges import BatchReport
from unisafe_tasks.redaction import printable, redact

__all__ = ["print_batches", "print_estimate", "print_scores"]


def print_estimate(rows: Iterable[Mapping[str, Any]]) -> None:
    """Calls, tokens and cost by judge, before any call is made."""
    table = Table("judge", "calls", "in the store", "input tokens, about", "cost, about")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        cost = "no price given" if row["cost"] is None else f"${row['cost']:.2f}"
        table.add_row(
            row["judge"], f"{row['calls']:,}", f"{row['cached']:,}", f"{row['tokens']:,}", cost
        )
    Console(soft_wrap=True).print(table)


def print_batches(reports: Iterable[BatchReport]) -> None:
    """What a round of batch mode did for each judge, and how far its jobs are."""
    console = Console(soft_wrap=True)
    table = Table("judge", "collected", "failed", "sent", "waiting", "held back", "cost")
    for column in table.columns[1:]:
        column.justify = "right"
    reports = list(reports)
    for report in reports:
        counts = (report.collected, report.failed, report.sent, report.waiting, report.held_back)
        table.add_row(report.judge, *(f"{count:,}" for count in counts), f"${report.cost:.2f}")
    console.print(table)
    for report in reports:
        for detail in (*report.details, report.problem):
            if detail:
                sentence = printable(redact(f"{report.judge}: {detail}"))
                console.print(sentence, markup=False, highlight=False)


def print_scores(metrics: Mapping[str, Any]) -> None:
    """The scores of a run, with the sentences that belong to them."""
    console = Console(soft_wrap=True)
    table = Table("task", "ASR ↓", "ARR ↓", "refusal", "coverage", "scored", title=_title(metrics))
    for column in table.columns[1:]:
        column.justify = "right"
    for section in ("tasks", "groups"):
        for name, values in metrics[section].items():
            mark = "" if values["complete"] else " *"
            table.add_row(
                name,
                _number(values["attack_success_rate"]) + mark,
                _number(values["average_risk_rating"]) + mark,
                _number(values["refusal_rate"]) + mark,
                _number(values["coverage"]),
                f"{values['scored']}/{values['asked']}",
            )
        table.add_section()
    console.print(table)
    for note in metrics["notes"]:
        console.print(printable(note), markup=False, highlight=False)


def _title(metrics: Mapping[str, Any]) -> str:
    panel = metrics["panel"]
    judged = f"panel {panel['name']} ({panel['sha256'][:12]})" if panel else "not judged"
    # A name may hold brackets, which a table's title would read as markup.
    title = f"{metrics['model']} on {(metrics['data'] or {}).get('source')}, {judged}"
    return escape(printable(title))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
