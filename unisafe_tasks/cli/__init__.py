"""The `unisafe` command: one module per group of subcommands."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from unisafe_tasks.cli import (
    calibration,
    cases,
    comparing,
    data,
    judging,
    panel,
    policy,
    runners,
    runs,
    sites,
    verdicts,
)
from unisafe_tasks.cli.estimating import estimate
from unisafe_tasks.cli.gating import gate
from unisafe_tasks.cli.publishing import export, push
from unisafe_tasks.cli.reporting import report
from unisafe_tasks.errors import ExitCode, UnisafeError, in_words
from unisafe_tasks.redaction import printable, redact
from unisafe_tasks.streams import be_quiet, show_all

__all__ = ["app", "main"]

app = typer.Typer(
    name="unisafe",
    help="UniSAFE: safety of unified multimodal models. Run the tasks with lmms-eval; score here.",
    epilog="Exit codes: " + "; ".join(f"{code:d} {code.meaning}" for code in ExitCode) + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"unisafe-tasks {version('unisafe-tasks')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", help="No progress bars and no warnings: results and errors alone are shown."
        ),
    ] = False,
) -> None:
    if quiet:
        be_quiet()


app.command("tasks-dir")(runs.tasks_dir)
app.command()(runs.score)
app.command()(runs.failures)
app.command()(comparing.leaderboard)
app.command()(comparing.compare)
app.command()(gate)
app.command()(calibration.calibrate)
app.command()(judging.judge)
app.command()(judging.prompt)
app.command()(export)
app.command()(push)
app.command()(report)
app.command()(estimate)
app.command()(runs.doctor)
app.command("worker-template")(cases.worker_template)
app.add_typer(cases.app, name="cases")
app.add_typer(data.app, name="data")
app.add_typer(calibration.app, name="label")
app.add_typer(panel.app, name="panel")
app.add_typer(policy.app, name="policy")
app.add_typer(runners.app, name="runner")
app.add_typer(sites.app, name="site")
app.add_typer(verdicts.app, name="verdicts")


def main() -> None:
    """Run the command. What went wrong is one sentence on standard error."""
    show_all()
    # numpy is not imported yet. Its threads would wait for each other longer than they work: the
    # matrices of the intervals are small.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if not sys.stdout.isatty():
        # Typer frames its help with boxes. A pipe gets plain text.
        app.rich_markup_mode = None
    try:
        app()
    except (UnisafeError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(
            f"unisafe: {printable(redact(in_words(error)))}", markup=False, highlight=False
        )
        raise SystemExit(ExitCode.FAILED) from None
