"""A policy of one's own: start a file, check it, and see what a judge would be sent."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from unisafe_tasks.cli.judging import tasks_named
from unisafe_tasks.errors import UnisafeError

__all__ = ["app"]

app = typer.Typer(help="Write a policy of your own for the judges.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(help="A policy file.")]


@app.command()
def new(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write a policy file to start from: it is valid, and its comments say what each part is."""
    from unisafe_judges.rubrics import is_policy_path
    from unisafe_tasks.files import write_atomically

    if not is_policy_path(file.name):
        raise UnisafeError(f"{file} must end in .yaml: a panel file tells a policy by it")
    if file.exists():
        raise UnisafeError(f"{file} exists already: name another file")
    start = files("unisafe_judges").joinpath("rubrics/policy_start.yaml").read_bytes()
    write_atomically(file, start)
    typer.echo(f"{file} is written. A panel file in its folder uses it with: rubric: ./{file.name}")


@app.command()
def check(file: _File) -> None:
    """Say all that is wrong with a policy file, or what is in it. No judge is asked."""
    from unisafe_judges.rubrics import load_policy_file

    policy = load_policy_file(file)
    counts = ", ".join(
        f"{len(entries)} {modality} subcategories"
        for modality, entries in policy.taxonomies.items()
    )
    known = f"policy {policy.name} {policy.version} ({policy.sha256[:12]})"
    typer.echo(f"{file} can be used: {known}, {counts}")


@app.command()
def show(
    file: _File,
    scenario: Annotated[
        str | None, typer.Option(help="The task by code or name; default: the first that fits.")
    ] = None,
) -> None:
    """Print exactly what a judge would be sent for a case of the demo data."""
    from unisafe_judges import Panel
    from unisafe_judges.rubrics import load_policy_file
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.files import PACKAGE
    from unisafe_tasks.judging.dry_run import describe_prompt
    from unisafe_tasks.judging.panels import require_taxonomies
    from unisafe_tasks.outputs.saved import read_outputs
    from unisafe_tasks.tasks import TASKS

    panel = Panel(file.stem, policy := load_policy_file(file), ())
    fitting = [task for task in TASKS.values() if task.modality in policy.taxonomies]
    chosen = tasks_named([scenario]) if scenario else fitting[:1]
    if len(chosen) != 1:
        raise UnisafeError(f"--scenario is {scenario!r}, expected one task such as TI")
    require_taxonomies(panel, chosen)
    outputs = read_outputs(
        str(PACKAGE / "demo" / "predictions" / "demo.jsonl"), resolve_source("demo"), chosen
    )
    case, raw = next(
        (case, raw) for case, raw in outputs.items if not raw.error and (raw.text or raw.images)
    )
    typer.echo(describe_prompt(case, raw, panel))
