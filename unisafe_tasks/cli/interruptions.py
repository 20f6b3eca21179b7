"""How a command that asks judges ends when somebody, or a scheduler, ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from unisafe_tasks.errors import ExitCode
from unisafe_tasks.harnesses.ending import terminable

__all__ = ["interruptible"]


@contextmanager
def interruptible() -> Iterator[None]:
    """End the command with a sentence instead of a traceback, after Ctrl-C and after SIGTERM."""
    try:
        with terminable(is_command=True):
            yield
    except KeyboardInterrupt:
        typer.echo("unisafe: interrupted; no reply is lost, the same command goes on", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
