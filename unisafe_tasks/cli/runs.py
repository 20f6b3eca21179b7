"""Run folders, and what works here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unisafe_tasks.cli.score_tables import print_scores
from unisafe_tasks.errors import ExitCode
from unisafe_tasks.harnesses.locations import Harness
from unisafe_tasks.harnesses.locations import tasks_dir as find_tasks_dir
from unisafe_tasks.redaction import redact

__all__ = ["doctor", "score", "tasks_dir"]

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
