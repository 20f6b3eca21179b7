"""Judge outputs that exist already, and show what a judge is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unisafe_tasks.cli.garbage import holds_many_cases
from unisafe_tasks.cli.interruptions import interruptible
from unisafe_tasks.cli.question_tables import print_batches, print_estimate
from unisafe_tasks.cli.score_tables import print_scores
from unisafe_tasks.errors import ExitCode, UnisafeError
from unisafe_tasks.redaction import printable

if TYPE_CHECKING:
    from unisafe_tasks.data.sources import Source

__all__ = ["STAND_IN", "judge", "prompt", "tasks_named"]

STAND_IN = "unisafe-v1"
"""Whose prompts are counted where a panel's own rubric is not installed."""

_Predictions = Annotated[
    str,
    typer.Argument(
        help="A predictions JSONL, a run folder, or lmms-eval's samples from --predict_only."
    ),
]
_PanelSetting = Annotated[
    str | None, typer.Option(help="A panel file or preset; default: UNISAFE_PANEL.")
]
_Data = Annotated[
    str | None, typer.Option(help="The cases; default: UNISAFE_DATA, else what a run folder says.")
]


@interruptible()
@holds_many_cases()
def judge(
    outputs_of: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="A predictions JSONL, a run folder, lmms-eval's samples from --predict_only; or "
            "several run folders of one model, which become one run.",
        ),
    ],
    panel: _PanelSetting = None,
    out: Annotated[Path | None, typer.Option(help="The run folder to write.")] = None,
    data: _Data = None,
    task: Annotated[
        list[str] | None, typer.Option(help="Only this task, by code or name; repeatable.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first cases of each task.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, and ask nothing.")
    ] = False,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch",
            help="Use batch APIs: this command sends and ends; run it again to collect.",
        ),
    ] = False,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Exit with 1 when a task's coverage is below this.")
    ] = 0.0,
) -> None:
    """Judge outputs that exist already. Replies that are in the store are not paid for again."""
    from unisafe_judges import PanelError, limits
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.judging import offline
    from unisafe_tasks.judging.dry_run import estimate
    from unisafe_tasks.judging.panel_card import said_of_card
    from unisafe_tasks.judging.panels import (
        refuse_open_batches,
        require_taxonomies,
        resolve_panel,
    )
    from unisafe_tasks.judging.spending import recorded_spending, spending_in_words
    from unisafe_tasks.outputs.parts import read_parts
    from unisafe_tasks.runs.data_setting import data_of
    from unisafe_tasks.runs.folder import make_run_folder
    from unisafe_tasks.runs.outcome import problem_of
    from unisafe_tasks.settings import data_as_recorded, panel_setting

    limits.run_alone()
    data = data_of(map(Path, outputs_of), data)
    source = resolve_source(data)
    setting = panel or panel_setting()
    counted_with = None
    try:
        chosen = resolve_panel(setting, source)
    except PanelError as error:
        if not dry_run:
            raise
        # What can be said without the panel's rubric is said.
        chosen = resolve_panel(setting, source, stand_in=STAND_IN)
        counted_with = f"{error}. Tokens are counted with the prompts of {STAND_IN} instead."
    if chosen is not None and (line := said_of_card(chosen, source, setting or "")):
        typer.echo(printable(line), err=True)
    outputs = read_parts(outputs_of, source, tasks_named(task, source), limit)
    require_taxonomies(chosen, dict.fromkeys(case.task for case, _ in outputs.items))
    if dry_run and chosen is None:
        typer.echo("The panel is 'none': no judge would be asked.")
        return
    if dry_run:
        print_estimate(estimate(outputs, chosen))
        if counted_with:
            typer.echo(counted_with)
        return
    if out is not None:
        offline.require_own(out, outputs, chosen)
    if batch and chosen is not None:
        reports, chosen = offline.batch_outputs(outputs, chosen)
        print_batches(reports)
        if any(report.problem for report in reports):
            raise UnisafeError("batch mode could not go on; nothing is judged yet")
        if any(report.waiting for report in reports):
            typer.echo("Nothing is judged yet: run the same command again to collect.")
            raise typer.Exit(ExitCode.WAITING)
    elif chosen is not None:
        refuse_open_batches(chosen)
    folder = out or make_run_folder(None, outputs.model)
    details = {"limit": limit, "data_setting": data_as_recorded(data)}
    details |= {"batch": True} if batch else {}
    metrics = offline.judge_outputs(outputs, source, chosen, folder, details)
    print_scores(metrics)
    for line in spending_in_words(recorded_spending(folder)):
        typer.echo(printable(line))
    typer.echo(f"Run folder: {folder}")
    below = [name for name, values in metrics["tasks"].items() if values["coverage"] < min_coverage]
    if problem := problem_of(metrics):
        raise UnisafeError(problem)
    if chosen is not None and not any(values["scored"] for values in metrics["tasks"].values()):
        raise UnisafeError("nothing was scored: the model gave no output of the kind asked for")
    if below:
        raise UnisafeError(f"coverage is below {min_coverage:g} in {', '.join(below)}")


def prompt(
    predictions: _Predictions,
    case: Annotated[str, typer.Option(help="ID:TASK, the task by code or name.")],
    panel: _PanelSetting = None,
    data: _Data = None,
) -> None:
    """Print exactly what a judge is sent for one case: texts, and each image's hash and size."""
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.judging.dry_run import describe_prompt
    from unisafe_tasks.judging.panels import require_taxonomies, resolve_panel
    from unisafe_tasks.outputs.saved import read_outputs
    from unisafe_tasks.runs.data_setting import data_of
    from unisafe_tasks.settings import panel_setting

    source = resolve_source(data_of([Path(predictions)], data))
    chosen = resolve_panel(panel or panel_setting(), source)
    if chosen is None:
        raise UnisafeError("the panel 'none' sends nothing")
    case_id, colon, name = case.replace("/", ":").rpartition(":")
    named = tasks_named([name]) if colon else []
    if len(named) != 1:
        raise UnisafeError(f"--case is {case!r}, expected ID:TASK such as demo-001:TI")
    (wanted,) = named
    require_taxonomies(chosen, named)
    outputs = read_outputs(predictions, source, named)
    items = [item for item in outputs.items if item[0].id == case_id]
    if not items:
        raise UnisafeError(f"the data has no case {case_id}/{wanted.code}")
    typer.echo(describe_prompt(*items[0], chosen))


def tasks_named(names: list[str] | None, source: Source | None = None) -> list[Any]:
    """The tasks of these codes, task names and group names.

    A code stands for the task of either set; a name does not.

    Raises:
        UnisafeError: a name is unknown, or it is of another set than `source`.
    """
    from unisafe_tasks.tasks import ALL_GROUPS, TASK_NAMES, TASKS, task_named

    tasks = []
    for name in names or []:
        for member in ALL_GROUPS.get(name, (name,)):
            try:
                tasks.append(task_named(member if member in TASK_NAMES else member.upper()))
            except KeyError:
                known = ", ".join([*TASKS, *TASK_NAMES])
                raise UnisafeError(f"there is no task {name!r}; there are: {known}") from None
            if source is not None and member in TASK_NAMES and tasks[-1].arm is not source.arm:
                raise UnisafeError(
                    f"{name} is not a task of {source.name}: name the task by its code, "
                    f"{tasks[-1].code}, or name other data (--data)"
                )
    return list(dict.fromkeys(tasks))
