"""What a table of many models takes, before any of it is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unisafe_tasks.redaction import printable

if TYPE_CHECKING:
    from unisafe_judges import Panel

__all__ = ["estimate"]


def estimate(
    models: Annotated[Path, typer.Argument(help="A models file, such as reproduce/models.yaml.")],
    panel: Annotated[
        str | None, typer.Option(help="Who judges; default: UNISAFE_PANEL, or nobody.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The cases; default: UNISAFE_DATA, else what the models file says."),
    ] = None,
) -> None:
    """Print hours, GPU hours and dollars of each model and judge, with the sums they come from."""
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.planning.estimates import (
        counts_of,
        estimate_judging,
        estimate_model,
        in_all,
    )
    from unisafe_tasks.planning.models_file import read_models
    from unisafe_tasks.settings import data_is_chosen, data_setting, panel_setting

    file = read_models(models)
    setting = data or (data_setting() if data_is_chosen() else None)
    counts = counts_of(file, None if setting is None else resolve_source(setting))
    lines = [f"Models as of {file.date}. Nothing here is measured: these are sums of what it says."]
    lines.append(counts.said)
    if file.gpu_hour is not None:
        lines.append(f"An hour of a GPU: ${file.gpu_hour.dollars:g}, {file.gpu_hour.source}.")
    estimates = [estimate_model(entry, counts, file.gpu_hour) for entry in file.models]
    for entry, of_model in zip(file.models, estimates, strict=True):
        benign = f"; benign {' '.join(entry.benign)}" if entry.benign else ""
        lines += ["", f"{entry.name} ({' '.join(entry.tasks)}{benign})"]
        lines += [f"  {line}" for line in of_model.lines]
    here = [each for each, entry in zip(estimates, file.models, strict=True) if entry.gone is None]
    lines += ["", f"All models: {in_all(here)}."]
    judges, said = _judges(panel or panel_setting())
    if judges is not None:
        of_judges = estimate_judging(judges, file.models, counts)
        lines += ["", f"Judging all of them, panel {judges.name}:"]
        lines += [f"  {each.name}: {line}" for each in of_judges for line in each.lines]
        lines += [f"All judges: {in_all(of_judges)}.", *said]
    for line in lines:
        typer.echo(printable(line))


def _judges(setting: str | None) -> tuple[Panel | None, list[str]]:
    """The panel, and what is to be said if its prompts are not those that are counted."""
    from unisafe_judges import PanelError
    from unisafe_tasks.cli.judging import STAND_IN
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.judging.panels import resolve_panel

    if setting is None:
        return None, []
    try:
        return resolve_panel(setting, resolve_source("demo")), []
    except PanelError as error:
        counted = resolve_panel(setting, resolve_source("demo"), stand_in=STAND_IN)
        return counted, [f"{error}. Tokens are counted with the prompts of {STAND_IN} instead."]
