"""Results for others: files for leaderboards, and an upload to the hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.metric_facts import ASR, FACTS
from unisafe_tasks.publishing.formats import (
    FORMATS,
    Attribution,
    ExportSettings,
    Relationship,
    format_of,
)
from unisafe_tasks.redaction import printable, redact

if TYPE_CHECKING:
    from unisafe_tasks.publishing.publishable import PublishedRun

__all__ = ["export", "push"]

_Runs = Annotated[list[Path], typer.Argument(help="Run folders.")]


def export(
    runs: _Runs,
    format_: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.")],
    out: Annotated[Path, typer.Option(help="The folder to write into.")],
    results: Annotated[
        Path | None, typer.Option(help="harness: the results file that lmms-eval wrote.")
    ] = None,
    organization: Annotated[
        str, typer.Option(help="every-eval-ever: who publishes the result.")
    ] = "unknown",
    relationship: Annotated[
        Relationship, typer.Option(help="every-eval-ever: evaluator to model developer.")
    ] = "other",
    model_id: Annotated[
        str | None, typer.Option(help="every-eval-ever: the model as ORG/NAME, of a single run.")
    ] = None,
) -> None:
    """Write results in a format of others. Marks and what is left out go to standard error."""
    from unisafe_tasks.publishing.harness_results import results_beside
    from unisafe_tasks.publishing.publishable import merge_files, read_published, require_clean

    if format_ not in FORMATS:
        raise typer.BadParameter(f"there is no format {format_!r}; there are: {', '.join(FORMATS)}")
    export_format = format_of(format_)
    if model_id is not None and not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", model_id, re.ASCII):
        raise PublishingError(f"--model-id is {model_id!r}, expected ORG/NAME")
    if len(runs) > 1 and (model_id is not None or export_format.enriches_results):
        raise PublishingError("--model-id and --format harness are for one run: export one by one")
    if not export_format.enriches_results and results is not None:
        raise PublishingError("--results belongs to --format harness, and to no other")
    if export_format.enriches_results and results is None:
        beside = ", ".join(str(path) for path in results_beside(runs[0])) or "none"
        raise PublishingError(
            "--format harness needs --results FILE, the results file that lmms-eval wrote for the "
            f"run (beside it: {beside})"
        )
    settings = ExportSettings(Attribution(organization, relationship, model_id), results)
    published = read_published(runs)
    files = merge_files([export_format.files(run, settings) for run in published])
    if not export_format.enriches_results:
        for path, data in files.items():
            require_clean(data.decode("utf-8", "replace"), path)
    for run in published:
        _tell_marks(run)
        _tell(run, export_format.remarks(run, settings))
    _write(files, out)


def push(
    runs: _Runs,
    repo: Annotated[str, typer.Option(help="ORG/NAME of a data set repository, private or gated.")],
    with_outputs: Annotated[
        bool,
        typer.Option(
            "--with-outputs", help="Also what model and judges wrote and drew: private ones only."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="List what would be uploaded, and ask the hub nothing."),
    ] = False,
) -> None:
    """Upload results to the hub; model outputs only if asked for."""
    from unisafe_tasks.publishing import push as pushing
    from unisafe_tasks.publishing.publishable import read_published

    published = read_published(runs)
    uploads = pushing.plan(published, repo, with_outputs=with_outputs)
    for run in published:
        _tell_marks(run)
    if with_outputs:
        typer.echo(pushing.OUTPUTS_WARNING, err=True)
    for upload in uploads:
        typer.echo(printable(f"{upload.size:>12,}  {upload.path}"))
    total = f"{len(uploads):,} files, {sum(upload.size for upload in uploads):,} bytes"
    if dry_run:
        typer.echo(f"{total} would be uploaded to {printable(repo)}, which was not looked at")
        return
    url = pushing.push(uploads, repo, with_outputs=with_outputs)
    typer.echo(f"{total} uploaded: {printable(redact(url))}")


def _tell_marks(run: PublishedRun) -> None:
    """Everything that keeps a run's scores from being taken for more than they are."""
    _tell(run, run.metrics["notes"])
    tasks_without: dict[str, list[str]] = {}
    for task, missing in run.unscored().items():
        what = "score" if ASR in missing else " or ".join(FACTS[name].title for name in missing)
        tasks_without.setdefault(what.lower(), []).append(task)
    _tell(run, [f"no {what} for {', '.join(tasks)}." for what, tasks in tasks_without.items()])


def _tell(run: PublishedRun, sentences: list[str]) -> None:
    console = Console(stderr=True, soft_wrap=True)
    for sentence in sentences:
        text = printable(redact(f"{run.folder}: {sentence}"))
        console.print(text, markup=False, highlight=False)


def _write(files: Mapping[str, bytes], out: Path) -> None:
    from unisafe_tasks.files import write_atomically

    for path, data in files.items():
        try:
            write_atomically(out / path, data)
        except OSError as error:
            raise PublishingError(f"{out / path} cannot be written: {error.strerror}") from None
        typer.echo(printable(str(out / path)))
