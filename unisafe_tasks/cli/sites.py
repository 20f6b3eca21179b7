"""A public leaderboard: the check of what is submitted to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unisafe_tasks.errors import ExitCode, PublishingError
from unisafe_tasks.redaction import in_one_line, printable, redact
from unisafe_tasks.results.marks import MIN_COVERAGE

__all__ = ["app"]

app = typer.Typer(help="A public leaderboard.", no_args_is_help=True)


@app.callback()
def _site() -> None:
    """Without it the one command would stand in the place of the group."""


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A submission.")],
    like: Annotated[
        Path | None,
        typer.Option(help="An accepted run or submission: its cases are the full set's."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The full set itself, in the form of UNISAFE_DATA, in place of --like."),
    ] = None,
    panel_sha256: Annotated[
        list[str] | None,
        typer.Option(help="A panel that is allowed, beside that of --like; repeatable."),
    ] = None,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="A task with less coverage is refused.")
    ] = MIN_COVERAGE,
) -> None:
    """Look at a submission. What is wrong is said on standard error, and the exit code is 1."""
    from unisafe_tasks.site.check import check_submission
    from unisafe_tasks.site.full_set import full_set_like, full_set_of_data

    panels = frozenset(panel_sha256 or ())
    if wrong := sorted(panel for panel in panels if not _is_sha256(panel)):
        raise PublishingError(
            f"--panel-sha256 is {wrong[0]!r}: expected the 64 digits of panel.sha256 in run.json"
        )
    if (like is None) == (data is None):
        raise PublishingError(
            "say what the full set is: either --like ACCEPTED, a submission that was accepted, or "
            "--data, as in UNISAFE_DATA"
        )
    if like is not None:
        full = full_set_like(like, panels)
    elif panels:
        full = full_set_of_data(str(data), panels)
    else:
        raise PublishingError("--data does not say which panels are allowed: name --panel-sha256")
    checked = check_submission(folder, full, min_coverage)
    for problem in checked.problems:
        typer.echo(printable(redact(problem)), err=True)
    if checked.run is None:
        typer.echo(printable(f"{folder} is refused."), err=True)
        raise SystemExit(ExitCode.FAILED)
    info = checked.run.info
    said = f"{info['model']}, {len(full.cases):,} cases, {checked.run.basis.describe()}"
    typer.echo(f"{in_one_line(str(folder))} can be accepted: {in_one_line(said)}")


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
