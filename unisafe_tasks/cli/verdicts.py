"""The store of judges' replies: list, export, merge."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say
from unisafe_tasks.errors import UnisafeError

__all__ = ["app"]

app = typer.Typer(help="Look at the store of judges' replies.", no_args_is_help=True)

_Store = Annotated[Path | None, typer.Option(help="The store; default: UNISAFE_STORE.")]


@app.command("list")
def list_replies(store: _Store = None) -> None:
    """Count the replies of each judge and version, failures and tokens, and what is in batches."""
    from unisafe_judges.ledger import BatchLedger
    from unisafe_tasks.judging.panels import open_existing_store

    with open_existing_store(store) as opened:
        heads = ("replies", "input", "output", "cost", "last")
        table = Table("judge", "version", "outcome", *heads, labels=3)
        for row in opened.summary():
            table.add(
                row.judge,
                row.model_version or "-",
                row.failure or "verdict",
                f"{row.replies:,}",
                f"{row.input_tokens:,}",
                f"{row.output_tokens:,}",
                "-" if row.cost is None else f"${row.cost:.4f}",
                datetime.fromtimestamp(row.last, UTC).date().isoformat(),
            )
        table.print()
        for batch in BatchLedger(opened).open_batches():
            say(f"batch {batch.tag} of {batch.judge}: {batch.detail or 'being sent'}")
        say(f"store {opened.path}")


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="The JSONL file to write.")],
    store: _Store = None,
    judge: Annotated[list[str] | None, typer.Option(help="Only of this judge; repeatable.")] = None,
    failures: Annotated[
        bool, typer.Option("--failures", help="The recorded failures too.")
    ] = False,
) -> None:
    """Write the replies as JSON lines, with raw texts, usage, latency and times."""
    from dataclasses import asdict

    from unisafe_tasks.files import encode_row
    from unisafe_tasks.judging.panels import open_existing_store

    if out.exists():
        raise UnisafeError(f"{out} exists already: name a new file")
    count = 0
    with open_existing_store(store) as opened, out.open("wb") as file:
        for reply in opened.replies():
            if (judge and reply.judge not in judge) or (reply.failure and not failures):
                continue
            file.write(encode_row(asdict(reply)))
            count += 1
    typer.echo(f"{count:,} replies written to {out}")


@app.command()
def merge(
    sources: Annotated[list[Path], typer.Argument(help="Stores of other machines.")],
    store: _Store = None,
) -> None:
    """Copy replies from other stores into this one; the other stores stay as they are."""
    from unisafe_judges import ReplyStore, merge_stores
    from unisafe_tasks.settings import store_path

    target = ReplyStore(store or store_path())
    try:
        for source in sources:
            copied = merge_stores(target, source)
            typer.echo(f"{copied:,} replies copied from {source}")
    finally:
        target.close()
