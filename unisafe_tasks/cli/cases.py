"""Cases for inference elsewhere, and the runner of a worker."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from unisafe_tasks.cli.judging import tasks_named

__all__ = ["app", "worker_template"]

app = typer.Typer(help="Take the cases elsewhere.", no_args_is_help=True)


@app.callback()
def cases() -> None:
    """Take the cases elsewhere."""


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    data: Annotated[str | None, typer.Option(help="The cases; default: UNISAFE_DATA.")] = None,
    task: Annotated[
        list[str] | None, typer.Option(help="Only this task, by code or name; repeatable.")
    ] = None,
) -> None:
    """Write the cases as the official JSONL, with their input images."""
    from unisafe_tasks.data.export import CASES_FILE, export_cases
    from unisafe_tasks.data.sources import resolve_source

    count = export_cases(resolve_source(data), out, tasks_named(task))
    typer.echo(f"{count} cases written to {out / CASES_FILE}")


def worker_template() -> None:
    """Print a runner for `--model umm_worker`; you fill in two of its functions."""
    typer.echo(files("unisafe_tasks").joinpath("models/runner.py").read_text("utf-8"), nl=False)
