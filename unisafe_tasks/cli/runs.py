"""Run folders, and what works here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from unisafe_tasks.cli.score_tables import print_scores
from unisafe_tasks.errors import ExitCode
from unisafe_tasks.harnesses.locations import Harness
from unisafe_tasks.harnesses.locations import tasks_dir as find_tasks_dir
from unisafe_tasks.redaction import in_one_line, redact

if TYPE_CHECKING:
    from unisafe_tasks.runs.failures import TaskFailures

__all__ = ["doctor", "failures", "score", "tasks_dir"]

_SHOWN = 5
_LONGEST = 300

_STYLES = {
    "ok": "green",
    "untested": "yellow",
    "optional": "dim",
    "missing": "red",
    "broken": "red",
}


def tasks_dir(
    harness: Annotated[
        Harness, typer.Option(help="The harness that is to find the tasks.")
    ] = "lmms-eval",
) -> None:
    """Print the folder with a harness's task YAMLs, for --include_path."""
    typer.echo(find_tasks_dir(harness))


def score(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print metrics.json instead of the table.")
    ] = False,
) -> None:
    """Recompute a run's metrics from its stored verdicts. No judge is asked."""
    from unisafe_tasks.files import encode_json
    from unisafe_tasks.runs.metrics_file import build_metrics
    from unisafe_tasks.runs.reading import read_run

    contents = read_run(run)
    metrics = build_metrics(contents.info, contents.cases)
    if as_json:
        sys.stdout.buffer.write(encode_json(metrics))
        return
    print_scores(metrics)


def failures(run: Annotated[Path, typer.Argument(help="A run folder.")]) -> None:
    """List what was not scored and why, by task, with the cases' ids.

    A terminal shows cases with the same reason together. A pipe or a file gets a line for each
    case: task, id, what is missing and the reason, with tabs between them.
    """
    from unisafe_tasks.runs.failures import failures_of

    found = failures_of(run)
    console = Console(soft_wrap=True)
    if not console.is_terminal:
        for task in found:
            for failure in task.failures:
                cells = (task.task, failure.case, failure.what, failure.reason)
                typer.echo("\t".join(map(in_one_line, cells)))
            if task.not_reached:
                typer.echo(f"{task.task}\t\tnot reached\t{task.not_reached} cases")
        return
    for task in found:
        said = f"{task.task}: {task.unscored:,} of {task.asked:,} cases not scored"
        console.print(said, style="bold" if task.failures else "", markup=False, highlight=False)
        for line in _together(task):
            console.print(in_one_line(line), markup=False, highlight=False)


def _together(task: TaskFailures) -> Iterator[str]:
    """A line for each reason of a task: how many cases have it, and the first of them."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for failure in task.failures:
        by_reason.setdefault((failure.what, failure.reason), []).append(failure.case)
    for (what, reason), cases in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        more = f" and {len(cases) - _SHOWN:,} more" if len(cases) > _SHOWN else ""
        shown = ", ".join(cases[:_SHOWN])
        yield f"- {len(cases):,} {what}: {reason[:_LONGEST]} ({shown}{more})"
    if task.not_reached:
        yield f"- {task.not_reached:,} not reached: the run ended before them"


def doctor(
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask each judge one real question, which may cost.")
    ] = False,
) -> None:
    """Say what works here and what is missing. The exit code is 1 if no run could start."""
    from unisafe_tasks.harnesses.doctor import examine

    console = Console(soft_wrap=True)
    can_start = True
    for finding in examine(asks=ask):
        can_start = can_start and finding.state not in ("missing", "broken")
        console.print(f"{finding.state:>8}", style=_STYLES[finding.state], end="  ")
        console.print(f"{finding.subject}: {redact(finding.detail)}", markup=False, highlight=False)
    if not can_start:
        raise typer.Exit(ExitCode.FAILED)
