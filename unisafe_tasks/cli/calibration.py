"""Human labels: draw a sample of outputs, read the labels, and measure judges against them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from unisafe_tasks import numerals
from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say, say_rest
from unisafe_tasks.errors import LabelError
from unisafe_tasks.redaction import printable
from unisafe_tasks.runs.run_info import panel_in_words

__all__ = ["app", "calibrate"]

app = typer.Typer(help="Have people label outputs.", no_args_is_help=True)

_Runs = Annotated[list[Path], typer.Argument(help="Run folders, one a model.")]


@app.callback()
def label() -> None:
    """Have people label outputs."""


@app.command()
def export(
    runs: _Runs,
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    per_cell: Annotated[
        int, typer.Option(min=1, help="How many outputs of each model, task and subcategory.")
    ],
    seed: Annotated[int, typer.Option(help="The same seed draws the same sample.")] = 0,
    data: Annotated[
        str | None, typer.Option(help="The cases; default: UNISAFE_DATA, else what the runs say.")
    ] = None,
) -> None:
    """Write a blind, stratified sample of outputs for annotators, with instructions."""
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.labels.annotations import KEY_FILE, LABELS_FILE
    from unisafe_tasks.labels.sample_export import export_sample
    from unisafe_tasks.runs.data_setting import data_of

    count = export_sample(runs, resolve_source(data_of(runs, data)), out, per_cell, seed)
    typer.echo(f"{count} items written to {out}; annotators fill in {LABELS_FILE}.")
    typer.echo(f"Keep {KEY_FILE} from the annotators: it names the model of each output.")


@app.command("open")
def open_report(
    report: Annotated[Path, typer.Argument(help="The folder of a report with prompts.")],
) -> None:
    """Open a report as the page on which people label. The page offers the labels as a file."""
    import webbrowser

    from unisafe_tasks.report.build import PAGE
    from unisafe_tasks.report.case_links import LABELLING

    page = report / PAGE
    if not page.is_file():
        raise LabelError(
            f"{report} holds no report: make one with unisafe report RUN... --out {report}"
        )
    address = page.resolve().as_uri() + LABELLING
    typer.echo(printable(address))
    if not webbrowser.open(address):
        typer.echo("No browser could be started here: open this address in one.")


@app.command("import")
def import_labels(
    labels: Annotated[
        list[Path],
        typer.Argument(
            help="The folder that annotators filled in, or the files that reports gave them."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The JSONL file to write.")],
) -> None:
    """Check what annotators gave and write it as labels, one a line."""
    from unisafe_tasks.files import write_atomically
    from unisafe_tasks.labels.annotations import (
        encode_annotations,
        merge_annotations,
        read_filled_in,
    )

    if out.exists():
        raise LabelError(f"{out} exists already: name a new file")
    if not any(path.is_dir() for path in labels):
        merged = merge_annotations(labels)
        write_atomically(out, encode_annotations(merged))
        typer.echo(f"{len(merged)} labels written to {out}")
        for annotator, count in sorted(Counter(label.annotator for label in merged).items()):
            typer.echo(printable(f"{annotator}: {count} output{'' if count == 1 else 's'}"))
        return
    if len(labels) > 1:
        raise LabelError("name one folder of unisafe label export, or files that reports gave")
    annotations = read_filled_in(labels[0])
    write_atomically(out, encode_annotations(annotations.labels))
    typer.echo(f"{len(annotations.labels)} labels written to {out}")
    for annotator, missing in annotations.missing.items():
        typer.echo(
            printable(f"{annotator}: {annotations.items - missing} of {annotations.items} items")
        )
    if annotations.unlabelled:
        typer.echo(f"{annotations.unlabelled} items have no label")


def calibrate(
    runs: _Runs,
    labels: Annotated[Path, typer.Option(help="Labels, as `unisafe label import` writes them.")],
    out: Annotated[Path, typer.Option(help="The folder to write the judge card to.")] = Path(),
    notes: Annotated[
        bool, typer.Option("--notes", help="Print the notes of each run too.")
    ] = False,
) -> None:
    """Measure a panel against human labels and write its judge card."""
    from unisafe_tasks.files import encode_json, write_atomically
    from unisafe_tasks.labels.annotations import read_annotations
    from unisafe_tasks.labels.calibration import build_card
    from unisafe_tasks.labels.judge_card import card_name, read_card
    from unisafe_tasks.results.scored_run import read_scored_runs

    if out.exists() and not out.is_dir():
        raise LabelError(f"{out} is a file: --out names the folder to write the judge card to")
    card = build_card(read_scored_runs(runs), read_annotations(labels))
    path = out / card_name(card)
    # More labels of the same models may replace a card. A card of other models must stay.
    if path.is_file() and read_card(path)["models"] != card["models"]:
        raise LabelError(
            f"{path} is of other models' runs: name another folder with --out, or all runs together"
        )
    write_atomically(path, encode_json(card))
    _print_card(card, every_note=notes)
    typer.echo(f"Judge card: {path}")


def _print_card(card: Mapping[str, Any], *, every_note: bool) -> None:
    counts, panel = card["counts"], card["panel"]
    judged = panel_in_words(panel["name"], panel["sha256"])
    title = f"{judged} on {card['data']['source']}: "
    title += f"{counts['outputs']} labelled outputs, {counts['annotators']} annotator(s)"
    _judges(card, title).print()
    _rates(card).print()
    if agreement := card["annotators"]:
        said = [
            " ".join(_coefficient(agreement[f"{what}_alpha"]))
            for what in ("judgment", "risk_rating")
        ]
        say(
            f"annotators: alpha {said[0]} on judgments, {said[1]} on ratings, "
            f"{agreement['outputs']} outputs labelled by two or more"
        )
    say(*card["notes"])
    say_rest(card["run_notes"], every_note=every_note)


def _judges(card: Mapping[str, Any], title: str) -> Table:
    counts = ("TP", "FP", "FN", "TN")
    rates = ("precision %", "recall %", "specificity %", "F1 %")
    table = Table("judge", *counts, *rates, "r, outputs", "r, cells", title=title)
    correlations = card["correlations"]
    rows = [("ensemble", card["ensemble"], correlations["ensemble"])]
    rows += [
        (name, confusion, correlations["judges"][name])
        for name, confusion in card["judges"].items()
    ]
    for name, confusion, correlation in rows:
        table.add(
            name,
            *(
                str(confusion[f"{kind}_{side}"])
                for kind, side in (
                    ("true", "positives"),
                    ("false", "positives"),
                    ("false", "negatives"),
                    ("true", "negatives"),
                )
            ),
            *(_rate(confusion[rate]) for rate in ("precision", "recall", "specificity")),
            numerals.percent(confusion["f1"]),
            _coefficient(correlation["outputs"]),
            _coefficient(correlation["cells"]),
        )
    return table


def _rates(card: Mapping[str, Any]) -> Table:
    from unisafe_tasks.results.marks import marks_of

    title = "attack success rate in %, as judged and corrected by the labels"
    heads = ("labels", "judged", "Rogan-Gladen", "PPI")
    table = Table("model", "task", *heads, labels=2, title=title)
    for row in card["corrected"]:
        marks = marks_of(row)
        table.add(
            row["model"],
            row["task"],
            str(row["labelled"]),
            numerals.percent(row["attack_success_rate"]) + marks,
            *(_rate(row[name], marks) for name in ("rogan_gladen", "prediction_powered")),
        )
    return table


def _rate(value: Mapping[str, Any] | None, marks: str = "") -> tuple[str, ...]:
    """A share in percent, and its interval."""
    if value is None:
        return (numerals.DASH,)
    shown = numerals.percent(value["value"]) + marks
    if value["low"] is None:
        return (shown,)
    return shown, numerals.percent_interval(value["low"], value["high"])


def _coefficient(value: Mapping[str, Any] | None) -> tuple[str, ...]:
    if value is None:
        return (numerals.DASH,)
    shown = numerals.coefficient(value["value"])
    if value["low"] is None:
        return (shown,)
    return shown, numerals.coefficient_interval(value["low"], value["high"])
