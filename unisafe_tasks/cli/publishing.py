"""Results for others: files for leaderboards, and an upload to the hub."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.redaction import printable, redact

if TYPE_CHECKING:
    from unisafe_tasks.publishing.publishable import PublishedRun

__all__ = ["export", "push"]

_Runs = Annotated[list[Path], typer.Argument(help="Run folders.")]


class Format(StrEnum):
    """What `unisafe export` writes."""

    EVERY_EVAL_EVER = "every-eval-ever"
    EVAL_RESULTS = "eval-results"
    MODEL_INDEX = "model-index"
    HARNESS = "harness"


class Relationship(StrEnum):
    """How the evaluator stands to the model's developer, in the words of every_eval_ever."""

    FIRST_PARTY = "first_party"
    THIRD_PARTY = "third_party"
    COLLABORATIVE = "collaborative"
    OTHER = "other"


def export(
    runs: _Runs,
    format_: Annotated[Format, typer.Option("--format", help="The format to write.")],
    out: Annotated[Path, typer.Option(help="The folder to write into.")],
    results: Annotated[
        Path | None, typer.Option(help="harness: the results file that lmms-eval wrote.")
    ] = None,
    organization: Annotated[
        str, typer.Option(help="every-eval-ever: who publishes the result.")
    ] = "unknown",
    relationship: Annotated[
        Relationship, typer.Option(help="every-eval-ever: evaluator to model developer.")
    ] = Relationship.OTHER,
    model_id: Annotated[
        str | None, typer.Option(help="every-eval-ever: the model as ORG/NAME, of a single run.")
    ] = None,
) -> None:
    """Write results in a format of others. Marks and what is left out go to standard error."""
    from unisafe_tasks.publishing import every_eval_ever, harness_results, hub_results
    from unisafe_tasks.publishing.publishable import merge_files, read_published, require_clean

    if model_id is not None and not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", model_id, re.ASCII):
        raise PublishingError(f"--model-id is {model_id!r}, expected ORG/NAME")
    if len(runs) > 1 and (model_id is not None or format_ is Format.HARNESS):
        raise PublishingError("--model-id and --format harness are for one run: export one by one")
    if format_ is not Format.HARNESS and results is not None:
        raise PublishingError("--results belongs to --format harness, and to no other")
    if format_ is Format.HARNESS and results is None:
        beside = ", ".join(str(path) for path in harness_results.results_beside(runs[0])) or "none"
        raise PublishingError(
            "--format harness needs --results FILE, the results file that lmms-eval wrote for the "
            f"run (beside it: {beside})"
        )
    attribution = every_eval_ever.Attribution(organization, relationship.value, model_id)
    writers: dict[Format, Callable[[PublishedRun], Mapping[str, bytes]]] = {
        Format.EVERY_EVAL_EVER: lambda run: every_eval_ever.files(run, attribution),
        Format.EVAL_RESULTS: hub_results.eval_results_files,
        Format.MODEL_INDEX: hub_results.model_index_files,
        Format.HARNESS: lambda run: harness_results.files(run, results or Path()),
    }
    published = read_published(runs)
    files = merge_files([writers[format_](run) for run in published])
    if format_ is not Format.HARNESS:  # which takes credentials out of the harness's own settings
        for path, data in files.items():
            require_clean(data.decode("utf-8", "replace"), path)
    for run in published:
        _tell_marks(run)
        if format_ is Format.EVERY_EVAL_EVER:
            _tell(run, every_eval_ever.missing_facts(run, attribution))
        elif format_ is not Format.HARNESS:
            _tell(run, hub_results.left_out(run))
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
    if unscored := run.unscored():
        _tell(run, [f"no score for {', '.join(unscored)}."])


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
