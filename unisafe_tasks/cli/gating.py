"""The gate: whether a run's scores stay within limits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from unisafe_tasks.cli.garbage import keeps_what_it_reads
from unisafe_tasks.errors import ExitCode
from unisafe_tasks.redaction import in_one_line
from unisafe_tasks.results.marks import MIN_COVERAGE

if TYPE_CHECKING:
    from unisafe_tasks.results.gate import Gate
    from unisafe_tasks.results.limits import Limit

__all__ = ["gate"]

_STYLES = {"passed": "green", "failed": "red", "undecided": "yellow"}
_CODES = {
    "passed": ExitCode.DONE,
    "failed": ExitCode.EXCEEDED,
    "undecided": ExitCode.UNDECIDED,
}


@keeps_what_it_reads()
def gate(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    most: Annotated[
        list[str] | None,
        typer.Option(
            "--max",
            metavar="METRIC=VALUE",
            help="The highest score that passes, of each task: asr=0.3; or of one task or group: "
            "asr:unisafe_t2i=30%. Repeatable.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="An earlier run, on the same data and under the same panel."),
    ] = None,
    most_increase: Annotated[
        list[str] | None,
        typer.Option(
            "--max-increase",
            metavar="METRIC=VALUE",
            help="The highest increase over the baseline that passes: asr=0.02. Repeatable.",
        ),
    ] = None,
    min_coverage: Annotated[
        float,
        typer.Option(min=0, max=1, help="With less coverage than this a score decides nothing."),
    ] = MIN_COVERAGE,
    junit: Annotated[Path | None, typer.Option(help="The JUnit XML file to write.")] = None,
    summary: Annotated[
        Path | None,
        typer.Option(help="A Markdown file to add to, such as $GITHUB_STEP_SUMMARY."),
    ] = None,
) -> None:
    """Check a run's scores against limits, for a CI. It decides on 95 % intervals.

    Exit code 0: all within their limits; 4: one is above; 5: none is above, but one is undecided.
    """
    limits = _limits("--max", most) + _limits("--max-increase", most_increase)
    if not limits:
        raise typer.BadParameter("there is no limit: name one, such as --max asr=0.3")
    if bool(most_increase) != (baseline is not None):
        raise typer.BadParameter("--baseline and --max-increase belong together: name both")

    from unisafe_tasks.files import append_whole, write_atomically
    from unisafe_tasks.results.gate import decide
    from unisafe_tasks.results.gate_files import junit_xml, markdown_summary
    from unisafe_tasks.results.scored_run import read_scored_runs
    from unisafe_tasks.statistics import Resampler

    resampler = Resampler()
    folders = [run] if baseline is None else [run, baseline]
    results = read_scored_runs(folders, resampler, takes_benign=True)
    decided = decide(
        results[0],
        limits,
        results[1] if baseline else None,
        min_coverage=min_coverage,
        resampler=resampler,
    )
    if junit is not None:
        write_atomically(junit, junit_xml(decided, datetime.now(UTC)))
    if summary is not None:
        append_whole(summary, markdown_summary(decided).encode())
    _print(decided)
    raise typer.Exit(_CODES[decided.outcome])


def _limits(option: str, texts: list[str] | None) -> list[Limit]:
    from unisafe_tasks.results.limits import read_limit

    limits: list[Limit] = []
    for text in texts or ():
        try:
            limit = read_limit(text, is_increase=option == "--max-increase")
        except ValueError as error:
            raise typer.BadParameter(f"{option}: {error}") from None
        if any((limit.metric, limit.task) == (other.metric, other.task) for other in limits):
            raise typer.BadParameter(f"{option} {text}: this score has two limits: name one")
        limits.append(limit)
    return limits


def _print(decided: Gate) -> None:
    # A name such as a:key:b would become a picture.
    console = Console(soft_wrap=True, emoji=False)
    console.print(in_one_line(decided.basis), markup=False, highlight=False)
    for check in decided.checks:
        console.print(f"{check.outcome:<9}", style=_STYLES[check.outcome], end="  ")
        console.print(in_one_line(check.describe()), markup=False, highlight=False)
    for note in (*decided.notes, decided.describe()):
        console.print(in_one_line(note), markup=False, highlight=False)
