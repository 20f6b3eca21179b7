"""The `unisafe` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from unisafe_tasks.errors import NoCasesError, UnisafeError
from unisafe_tasks.locations import tasks_dir as find_tasks_dir
from unisafe_tasks.redaction import printable, redact

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
            f"unisafe: {printable(redact(str(error)))}", markup=False, highlight=False
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
def judge(
    predictions: Annotated[
        str,
        typer.Argument(
            help="A predictions JSONL, a run folder, or lmms-eval's samples from --predict_only."
        ),
    ],
    panel: Annotated[
        str | None, typer.Option(help="A panel file or preset; default: UNISAFE_PANEL.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run folder to write.")] = None,
    data: Annotated[str | None, typer.Option(help="The cases; default: UNISAFE_DATA.")] = None,
    task: Annotated[
        list[str] | None, typer.Option(help="Only this task, by code or name; repeatable.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first cases of each task.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, and ask nothing.")
    ] = False,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Exit with 1 when a task's coverage is below this.")
    ] = 0.0,
) -> None:
    """Judge outputs that exist already; what was paid for before is not asked again."""
    from unisafe_tasks import judging
    from unisafe_tasks.panels import panel_setting, resolve_panel
    from unisafe_tasks.preflight import check_panel
    from unisafe_tasks.session import run_folder
    from unisafe_tasks.sources import resolve_source

    source = resolve_source(data)
    chosen = resolve_panel(panel or panel_setting(), source)
    outputs = judging.read_outputs(predictions, source, _tasks(task), limit)
    if dry_run:
        _print_estimate(judging.estimate(outputs, chosen))
        return
    if chosen is not None:
        check_panel(chosen)
    folder = out or run_folder(None, outputs.model)
    metrics = judging.judge_outputs(outputs, source, chosen, folder, {"limit": limit})
    _print_scores(metrics)
    typer.echo(f"Run folder: {folder}")
    below = [name for name, values in metrics["tasks"].items() if values["coverage"] < min_coverage]
    scored = sum(values["scored"] for values in metrics["tasks"].values())
    if chosen is not None and not scored:
        raise UnisafeError("nothing was scored: no judge gave a verdict on any output")
    if below:
        raise UnisafeError(f"coverage is below {min_coverage:g} in {', '.join(below)}")


@app.command()
def prompt(
    predictions: Annotated[
        str, typer.Argument(help="A predictions JSONL, a run folder, or samples.")
    ],
    case: Annotated[str, typer.Option(help="ID:TASK, the task by code or name.")],
    panel: Annotated[
        str | None, typer.Option(help="A panel file or preset; default: UNISAFE_PANEL.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="The cases; default: UNISAFE_DATA.")] = None,
) -> None:
    """Print exactly what a judge is sent for one case: text, and images by hash and size."""
    from unisafe_tasks import judging
    from unisafe_tasks.panels import panel_setting, resolve_panel
    from unisafe_tasks.sources import resolve_source

    source = resolve_source(data)
    chosen = resolve_panel(panel or panel_setting(), source)
    if chosen is None:
        raise UnisafeError("the panel 'none' sends nothing")
    case_id, colon, name = case.replace("/", ":").rpartition(":")
    named = _tasks([name]) if colon else []
    if len(named) != 1:
        raise UnisafeError(f"--case is {case!r}, expected ID:TASK such as demo-001:TI")
    (wanted,) = named
    outputs = judging.read_outputs(predictions, source, named)
    found = [item for item in outputs.items if item[0].id == case_id]
    if not found:
        raise UnisafeError(f"the data has no case {case_id}/{wanted.code}")
    typer.echo(judging.describe_prompt(*found[0], chosen))


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


def _tasks(names: list[str] | None) -> list[Any]:
    from unisafe_tasks.tasks import GROUPS, TASKS, task_named

    found = []
    for name in names or []:
        for member in GROUPS.get(name, (name,)):
            try:
                found.append(task_named(member if member in GROUPS["unisafe"] else member.upper()))
            except KeyError:
                known = ", ".join([*TASKS, *GROUPS["unisafe"]])
                raise UnisafeError(f"there is no task {name!r}; there are: {known}") from None
    return list(dict.fromkeys(found))


def _print_estimate(rows: list[dict[str, Any]]) -> None:
    table = Table("judge", "calls", "in the store", "input tokens, about", "cost, about")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        cost = "no price given" if row["cost"] is None else f"${row['cost']:.2f}"
        table.add_row(
            row["judge"], f"{row['calls']:,}", f"{row['cached']:,}", f"{row['tokens']:,}", cost
        )
    Console(soft_wrap=True).print(table)


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
        console.print(printable(note), markup=False, highlight=False)


def _title(metrics: dict[str, Any]) -> str:
    panel = metrics["panel"]
    judged = f"panel {panel['name']} ({panel['sha256'][:12]})" if panel else "not judged"
    # A name may hold brackets, which a table's title would read as markup.
    title = f"{metrics['model']} on {(metrics['data'] or {}).get('source')}, {judged}"
    return escape(printable(title))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    main()
