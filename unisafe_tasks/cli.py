"""The `unisafe` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.locations import tasks_dir as find_tasks_dir
from unisafe_tasks.redaction import redact

__all__ = ["app", "main"]

app = typer.Typer(
    name="unisafe",
    help="UniSAFE: safety of unified multimodal models. Run the tasks with lmms-eval; score here.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data_app = typer.Typer(help="Look at the benchmark's cases.", no_args_is_help=True)
app.add_typer(data_app, name="data")

_SOURCE = Annotated[
    str | None,
    typer.Argument(help="'demo', a path, or ORG/NAME[@REVISION]; default: UNISAFE_DATA."),
]
_STYLES = {"ok": "green", "missing": "yellow", "broken": "red"}


def main() -> None:
    """Run the command; an error of ours is one sentence on standard error and exit code 1."""
    try:
        app()
    except UnisafeError as error:
        Console(stderr=True, soft_wrap=True).print(
            f"unisafe: {redact(str(error))}", markup=False, highlight=False
        )
        raise SystemExit(1) from None


@app.command("tasks-dir")
def tasks_dir() -> None:
    """Print the folder with the task YAMLs, for --include_path."""
    typer.echo(find_tasks_dir())


@app.command()
def score(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print metrics.json instead of the table.")
    ] = False,
) -> None:
    """Recompute a run's metrics from its stored verdicts. No judge is asked."""
    from unisafe_tasks.reports import build_metrics
    from unisafe_tasks.runs import encode_json, read_run

    contents = read_run(run)
    metrics = build_metrics(contents.info, contents.cases)
    if as_json:
        sys.stdout.buffer.write(encode_json(metrics))
        return
    _print_scores(metrics)


@app.command()
def doctor() -> None:
    """Say what works here and what is missing."""
    from unisafe_tasks.doctor import examine

    console = Console(soft_wrap=True)
    broken = False
    for finding in examine():
        broken = broken or finding.state == "broken"
        console.print(f"{finding.state:>8}", style=_STYLES[finding.state], end="  ")
        console.print(f"{finding.subject}: {redact(finding.detail)}", markup=False, highlight=False)
    if broken:
        raise typer.Exit(1)


@data_app.command()
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
        except UnisafeError as error:
            typer.echo(f"unisafe: {error}", err=True)
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


@data_app.command()
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
        cases = load_cases(resolved, task)
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
    typer.echo(f"{resolved.name}: {total} cases and {images} images are valid")


def _print_scores(metrics: dict[str, Any]) -> None:
    console = Console(soft_wrap=True)
    table = Table("task", "ASR ↓", "ARR ↓", "refusal", "coverage", "scored", title=_title(metrics))
    for column in table.columns[1:]:
        column.justify = "right"
    for section in ("tasks", "groups"):
        for name, values in metrics[section].items():
            mark = "" if values["complete"] else " *"
            table.add_row(
                name,
                _number(values["attack_success_rate"]) + mark,
                _number(values["average_risk_rating"]) + mark,
                _number(values["refusal_rate"]) + mark,
                _number(values["coverage"]),
                f"{values['scored']}/{values['asked']}",
            )
        table.add_section()
    console.print(table)
    for note in metrics["notes"]:
        console.print(note, markup=False, highlight=False)


def _title(metrics: dict[str, Any]) -> str:
    panel = metrics["panel"]
    judged = f"panel {panel['name']} ({panel['sha256'][:12]})" if panel else "not judged"
    # A name may hold brackets, which a table's title would read as markup.
    return escape(f"{metrics['model']} on {(metrics['data'] or {}).get('source')}, {judged}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    main()
