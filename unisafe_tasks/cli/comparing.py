"""Compare runs: the leaderboard, two models or tasks case by case, and two panels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unisafe_tasks.cli.comparison_tables import print_comparison
from unisafe_tasks.cli.garbage import keeps_what_it_reads
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.results.marks import MIN_COVERAGE

if TYPE_CHECKING:
    from unisafe_tasks.results.bridge_card import BridgeCard

__all__ = ["compare", "leaderboard"]

_Runs = Annotated[
    list[Path], typer.Argument(help="Run folders, and folders of unisafe_self_* runs.")
]


@keeps_what_it_reads()
def leaderboard(
    runs: _Runs,
    form: Annotated[
        str, typer.Option("--format", help="text, markdown, latex, csv, csv-wide, json or html.")
    ] = "text",
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="A table of this metric instead, such as ASR, with all intervals; repeatable."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="A table of every metric, with all intervals.")
    ] = False,
    table: Annotated[
        int | None, typer.Option(min=1, help="Only this one, where there are several tables.")
    ] = None,
    notes: Annotated[
        bool, typer.Option("--notes", help="Print the notes of each run too.")
    ] = False,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file (model, task, metric, value) to stand beside ours in full tables."
        ),
    ] = None,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Scores with less coverage are marked.")
    ] = MIN_COVERAGE,
    bridge: Annotated[
        Path | None,
        typer.Option(
            help="A card of unisafe compare --panels: show runs of its old panel beside those of "
            "its new one, marked."
        ),
    ] = None,
    complete_only: Annotated[
        bool, typer.Option("--complete-only", help="Leave out runs that did not come to their end.")
    ] = False,
) -> None:
    """Rank models in one table: overall score with interval, the tasks, refusals, coverage, marks.

    Runs of the benign set have a table too, and one joins both arms of each model.
    """
    from unisafe_tasks.cli.standings import print_sheets, print_standings
    from unisafe_tasks.leaderboard import build, read_reference, without_dead
    from unisafe_tasks.leaderboard.rendering import FORMATS, render
    from unisafe_tasks.leaderboard.standings import only_table
    from unisafe_tasks.metric_facts import TABLE_METRICS, metric_named
    from unisafe_tasks.results.scored_run import read_with_self_awareness
    from unisafe_tasks.statistics import Resampler

    try:
        chosen = [metric_named(name, TABLE_METRICS) for name in metric or ()]
    except ValueError as error:
        raise UnisafeError(str(error)) from None
    if form not in ("text", *FORMATS):
        raise UnisafeError(f"there is no format {form!r}; there are: text, {', '.join(FORMATS)}")
    published = read_reference(reference) if reference else None
    card = _bridge_card(bridge)
    resampler = Resampler()
    results, self_awareness = read_with_self_awareness(runs, resampler)
    kept, left_out = without_dead(results, complete_only=complete_only)
    if not kept:
        raise UnisafeError("no run came to its end: leave out --complete-only to see them all")
    board = build(
        kept,
        min_coverage=min_coverage,
        reference=published,
        self_awareness=self_awareness,
        bridge=card,
        resampler=resampler,
    )
    shown = dict.fromkeys(name for block in board.tables for name in block.metrics())
    if chosen and not shown.keys() & set(chosen):
        raise UnisafeError(
            f"no run here has the metric {' or '.join(chosen)}; they have: {', '.join(shown)}"
        )
    board = replace(board, notes=(*left_out, *board.notes))
    if table is not None:
        if table > len(board.tables):
            raise UnisafeError(f"there is no table {table}; these runs make {len(board.tables)}")
        board = only_table(board, table)
    # Published numbers stand beside each score, for which the short table has no room.
    full = full or reference is not None
    if form != "text":
        text = render(board, form, chosen, full=full)
        # A page says that it is UTF-8, and JSON always is; the others are for the terminal too.
        typer.echo(text.encode() if form in ("json", "html") else text, nl=False)
    elif full or chosen:
        print_sheets(board, chosen, every_note=notes)
    else:
        print_standings(board, every_note=notes)


@keeps_what_it_reads()
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="A run folder, and another, of another model or version; with --panels any number."
        ),
    ],
    panels: Annotated[
        bool,
        typer.Option(
            "--panels",
            help="Compare two panels on the same outputs: runs of both, in any order. The panel of "
            "the first run is the old one.",
        ),
    ] = False,
    card: Annotated[
        Path | None,
        typer.Option(help="With --panels: the file to write the bridge card to, for leaderboard."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, every target by its id.")
    ] = False,
    notes: Annotated[
        bool, typer.Option("--notes", help="Print the notes of each run too.")
    ] = False,
) -> None:
    """Compare one model's tasks on the targets they share, two models on the same cases, or two
    panels on the same outputs."""
    if panels:
        _compare_panels(runs, card, as_json=as_json, every_note=notes)
        return
    if card is not None:
        raise typer.BadParameter("--card needs --panels")
    if len(runs) > 2:
        raise typer.BadParameter("without --panels one run or two can be compared")
    from unisafe_tasks.files import encode_json
    from unisafe_tasks.results.comparison import compare_runs, compare_tasks
    from unisafe_tasks.results.scored_run import read_scored_runs
    from unisafe_tasks.statistics import Resampler

    resampler = Resampler()
    results = read_scored_runs(runs, resampler)
    compared = (
        compare_tasks(results[0], resampler)
        if len(results) == 1
        else compare_runs(results[0], results[1], resampler)
    )
    if not compared.contrasts:
        raise UnisafeError(
            f"{runs[0]} has no two tasks with a scored target in common: nothing to see"
        )
    if as_json:
        typer.echo(encode_json(compared.as_json()), nl=False)
    else:
        print_comparison(compared, every_note=notes)


def _compare_panels(
    runs: list[Path], card: Path | None, *, as_json: bool, every_note: bool
) -> None:
    from unisafe_tasks.cli.bridge_tables import print_bridge
    from unisafe_tasks.files import encode_json, write_atomically
    from unisafe_tasks.results.bridge_card import bridge_card
    from unisafe_tasks.results.panel_bridge import bridge_panels
    from unisafe_tasks.results.panel_pairs import read_pairs

    bridge = bridge_panels(read_pairs(runs))
    if card is not None:
        write_atomically(card, encode_json(bridge_card(bridge)))
    if as_json:
        typer.echo(encode_json(bridge.as_json()), nl=False)
        return
    print_bridge(bridge, every_note=every_note)
    if card is not None:
        typer.echo(f"Bridge card: {card}")


def _bridge_card(path: Path | None) -> BridgeCard | None:
    if path is None:
        return None
    from unisafe_tasks.results.bridge_card import read_bridge_card

    return read_bridge_card(path)
