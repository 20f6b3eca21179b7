"""The report: finished runs as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unisafe_tasks.cli.garbage import keeps_what_it_reads
from unisafe_tasks.errors import DataError
from unisafe_tasks.redaction import printable, redact
from unisafe_tasks.results.marks import MIN_COVERAGE

if TYPE_CHECKING:
    from unisafe_tasks.data.sources import Source

__all__ = ["report"]


@keeps_what_it_reads()
def report(
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders, and folders of unisafe_self_* runs.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write report.html into.")],
    data: Annotated[
        str | None,
        typer.Option(
            help="The cases, for prompts and input images; default: UNISAFE_DATA, else what the "
            "runs say."
        ),
    ] = None,
    card: Annotated[
        list[Path] | None, typer.Option(help="A judge card of unisafe calibrate; repeatable.")
    ] = None,
    media: Annotated[
        bool,
        typer.Option("--media/--no-media", help="Whether to show images, prompts and outputs."),
    ] = True,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Scores with less coverage are marked.")
    ] = MIN_COVERAGE,
) -> None:
    """Write runs as one HTML page: scores, failures, judges, and every case."""
    from unisafe_tasks.labels.judge_card import read_card
    from unisafe_tasks.report import build_report
    from unisafe_tasks.results.scored_run import read_with_self_awareness
    from unisafe_tasks.statistics import Resampler
    from unisafe_tasks.tasks import Arm

    resampler = Resampler()
    results, self_awareness = read_with_self_awareness(runs, resampler)
    written = build_report(
        results,
        out,
        source=_cases(data, [one.folder for one in results if one.arm is Arm.ADVERSARIAL])
        if media
        else None,
        with_media=media,
        min_coverage=min_coverage,
        self_awareness=self_awareness,
        cards=[read_card(path) for path in card or ()],
        resampler=resampler,
    )
    runs_read = f"{written.runs} run{'' if written.runs == 1 else 's'}"
    skipped = f" ({written.skipped:,} could not be shown)" if written.skipped else ""
    typer.echo(f"{runs_read}, {written.cases:,} cases, {written.images:,} images{skipped}")
    typer.echo(f"Report: {written.page}")


def _cases(setting: str | None, runs: list[Path]) -> Source | None:
    """The data source of the prompts. Without one the report shows no prompts.

    Raises:
        DataError: the cases that --data names cannot be read.
    """
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.runs.data_setting import data_of

    chosen = data_of(runs, setting)
    if chosen is None:
        return None
    try:
        return resolve_source(chosen)
    except DataError as error:
        if setting:
            raise
        sentence = printable(redact(f"The report has no prompts and input images: {error}"))
        typer.echo(sentence, err=True)
        return None
