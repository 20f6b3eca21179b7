"""Describe the benchmark's cases, check them, and draw a part of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unisafe_tasks.cli.audits import audit
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.redaction import in_one_line

__all__ = ["app"]

app = typer.Typer(help="Look at the benchmark's cases.", no_args_is_help=True)
app.command()(audit)

_SHOWN = 20

_SOURCE = Annotated[
    str | None,
    typer.Argument(help="'demo', 'benign', a path, or ORG/NAME[@REVISION]; default: UNISAFE_DATA."),
]


@app.command()
def describe(
    source: _SOURCE = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, as JSON.")] = False,
) -> None:
    """Count cases, shared risk targets, sizes, duplicates, and missing targets."""
    from unisafe_tasks.cli.datasheets import print_datasheet
    from unisafe_tasks.data.datasheet import datasheet
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.files import encode_json

    sheet = datasheet(resolve_source(source))
    if as_json:
        typer.echo(encode_json(sheet), nl=False)
    else:
        print_datasheet(sheet)


@app.command()
def validate(source: _SOURCE = None) -> None:
    """Check every row and decode every image. The exit code is 1 if anything is wrong."""
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.data.validation import validate

    resolved = resolve_source(source)
    validation = validate(resolved)
    said = Console(stderr=True, soft_wrap=True)
    for sentences, beginning in ((validation.notes, "note: "), (validation.problems, "")):
        for sentence in sentences[:_SHOWN]:
            said.print(f"{beginning}{in_one_line(sentence)}", markup=False, highlight=False)
        if (more := len(sentences) - _SHOWN) > 0:
            said.print(f"{beginning}and {more:,} more", markup=False, highlight=False)
    looked = f"{validation.cases} cases and {validation.images} images"
    if validation.problems:
        number = (
            f"{len(validation.problems):,} problem{'s' if len(validation.problems) > 1 else ''}"
        )
        raise UnisafeError(f"{resolved.name}: {number}; {looked} were looked at")
    typer.echo(in_one_line(f"{resolved.name}: {looked} are valid"))


@app.command()
def subset(
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    per_subcategory: Annotated[
        int, typer.Option(min=1, help="Risk targets of each subcategory, each with all its cases.")
    ],
    source: _SOURCE = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws another subset.")] = 0,
) -> None:
    """Draw a fair part of the cases for a cheaper run. Its intervals are about the full set."""
    from unisafe_tasks.cli.datasheets import print_subset
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.data.subsets import write_subset

    print_subset(write_subset(resolve_source(source), out, per_subcategory, seed))
