"""Runners: unified models that `--model umm_worker` reaches, and the environments they need."""

from __future__ import annotations

from typing import Annotated

import typer

from unisafe_tasks.cli.tables import Table

__all__ = ["app"]

app = typer.Typer(help="Look at the runners of unified models.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A runner's name, as `unisafe runner list` has it.")]


@app.command("list")
def list_all() -> None:
    """Print all runners: their models, tasks and licences, and what they need."""
    from unisafe_tasks.models.shipped_runners import named, names

    heads = ("runner", "model", "tasks", "history", "run here", "licence", "batch", "GPU memory")
    table = Table(*heads, labels=6)
    for name in names():
        runner = named(name)
        table.add(
            *(name, runner.model, " ".join(runner.tasks), runner.history, runner.run),
            *(runner.licence, str(runner.batch), f"about {runner.gpu_gb:g} GB"),
        )
    table.print()
    typer.echo("The licence is that of the weights, as their cards had it to our knowledge.")


@app.command()
def show(name: Name) -> None:
    """Print a runner's description as JSON, with its safety stack and its decoding."""
    from unisafe_tasks.models.shipped_runners import named

    typer.echo(named(name).model_dump_json(indent=2))


@app.command()
def env(name: Name) -> None:
    """Print the environment of a runner, as a file for conda; its head has the commands for uv."""
    from unisafe_tasks.models.shipped_runners import environment_of

    typer.echo(environment_of(name), nl=False)
