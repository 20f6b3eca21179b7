"""A public leaderboard: its pages, and the check of what is submitted to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from unisafe_tasks.cli.garbage import keeps_what_it_reads
from unisafe_tasks.errors import ExitCode, PublishingError
from unisafe_tasks.redaction import in_one_line, printable, redact
from unisafe_tasks.results.marks import MIN_COVERAGE

__all__ = ["app"]

_BUILD = "build"


class _BuildsIfNotToldOtherwise(TyperGroup):
    """`unisafe site RUN...` is `unisafe site build RUN...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [_BUILD, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_BuildsIfNotToldOtherwise,
    help="A public leaderboard as static pages: `unisafe site RUN... --out SITE`.",
    no_args_is_help=True,
)


@app.command(_BUILD)
@keeps_what_it_reads()
def build(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or submissions.")],
    out: Annotated[Path, typer.Option(help="The folder of the site.")],
    models: Annotated[
        Path | None, typer.Option(help="A YAML file that says who made each model (docs/site.md).")
    ] = None,
    card: Annotated[
        list[Path] | None, typer.Option(help="A judge card of unisafe calibrate; repeatable.")
    ] = None,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Scores with less coverage are marked.")
    ] = MIN_COVERAGE,
) -> None:
    """Write the pages of a leaderboard. `build` can be left out: unisafe site RUN... --out SITE."""
    from unisafe_tasks.labels.judge_card import read_card
    from unisafe_tasks.publishing.publishable import read_published
    from unisafe_tasks.site.build import build_site
    from unisafe_tasks.site.models_file import read_models
    from unisafe_tasks.statistics import Resampler

    described = {} if models is None else read_models(models)
    cards = [read_card(path) for path in card or ()]
    resampler = Resampler()
    written = build_site(
        read_published(runs, resampler),
        out,
        models=described,
        cards=cards,
        min_coverage=min_coverage,
        resampler=resampler,
    )
    for sentence in written.remarks:
        typer.echo(in_one_line(sentence), err=True)
    of = f"{written.runs} run{'' if written.runs == 1 else 's'}"
    typer.echo(f"{of} of {written.models} model{'' if written.models == 1 else 's'}")
    typer.echo(printable(f"Site: {written.page}"))


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
        float,
        typer.Option(min=0, max=1, help="A task with less coverage, by a judge too, is refused."),
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
