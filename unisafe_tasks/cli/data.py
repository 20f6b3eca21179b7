"""Looking at the benchmark's cases."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from unisafe_tasks.errors import NoCasesError, UnisafeError

__all__ = ["app"]

app = typer.Typer(help="Look at the benchmark's cases.", no_args_is_help=True)

_SOURCE = Annotated[
    str | None,
    typer.Argument(help="'demo', a path, or ORG/NAME[@REVISION]; default: UNISAFE_DATA."),
]


@app.command()
def describe(source: _SOURCE = None) -> None:
    """Count cases, subcategories and shared risk targets, and print the data's fingerprint."""
    from unisafe_tasks.sources import fingerprint, load_cases, resolve_source
    from unisafe_tasks.tasks import TASKS

    resolved = resolve_source(source)
    table = Table("task", "code", "cases", "subcategories", "shared targets")
    ids: dict[str, set[str]] = {}
    subcategories: dict[str, set[str]] = {}
    for task in TASKS.values():
        try:
            cases = load_cases(resolved, task)
        except NoCasesError as absent:
            typer.echo(f"note: {absent}", err=True)
            continue
        ids[task.code] = set(cases.rows["id"])
        subcategories[task.code] = set(cases.rows["subcategory"])
    for code, own in ids.items():
        others = set().union(*(rest for other, rest in ids.items() if other != code))
        table.add_row(
            TASKS[code].name,
            code,
            str(len(own)),
            str(len(subcategories[code])),
            str(len(own & others)),
        )
    if not ids:
        raise UnisafeError(f"{resolved.name} holds no case of any task")
    console = Console()
    console.print(table)
    everywhere = set.intersection(*ids.values())
    total = sum(len(own) for own in ids.values())
    console.print(
        f"{total} cases, {len(set().union(*ids.values()))} risk targets, "
        f"{len(everywhere)} of them in every task shown",
        highlight=False,
    )
    console.print(
        f"source {resolved.name}, revision {resolved.revision or '-'}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"fingerprint {fingerprint(resolved)}", highlight=False)


@app.command()
def validate(source: _SOURCE = None) -> None:
    """Check every row and decode every image; the first thing wrong is named."""
    from tqdm import tqdm

    from unisafe_judges import ImageError
    from unisafe_judges.images import check_image
    from unisafe_tasks.sources import load_cases, resolve_source
    from unisafe_tasks.tasks import TASKS

    resolved = resolve_source(source)
    images = 0
    total = 0
    for task in TASKS.values():
        try:
            cases = load_cases(resolved, task)
        except NoCasesError as absent:
            typer.echo(f"note: {absent}", err=True)
            continue
        total += len(cases)
        for case in tqdm(cases, total=len(cases), desc=task.name, unit="case", leave=False):
            for image in case.images:
                try:
                    check_image(image.read())
                except ImageError as error:
                    raise UnisafeError(
                        f"{resolved.name}: {case.key}: {image.column}: {error}"
                    ) from None
                images += 1
    if not total:
        raise UnisafeError(f"{resolved.name} holds no case of any task")
    typer.echo(f"{resolved.name}: {total} cases and {images} images are valid")
