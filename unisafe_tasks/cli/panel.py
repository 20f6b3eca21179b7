"""Panels themselves: what their judges are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unisafe_tasks import numerals
from unisafe_tasks.cli.interruptions import interruptible
from unisafe_tasks.cli.judging import STAND_IN, tasks_named
from unisafe_tasks.cli.question_tables import print_estimate
from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.redaction import printable
from unisafe_tasks.runs.run_info import panel_in_words

if TYPE_CHECKING:
    from unisafe_tasks.judging.panel_card import Estimate, JudgeScore, PanelCard

__all__ = ["app"]

app = typer.Typer(help="Test the judges of a panel.", no_args_is_help=True)

_NOT_KNOWN = numerals.DASH
_OF_OUR_POLICY = (STAND_IN, "unisafe-v2")
"""The rubrics with the policy that the known verdicts follow."""


@app.callback()
def _group() -> None:
    """Keep `test` a command of its own, although it is the only one."""


@app.command("test")
@interruptible()
def ask_known(
    panel: Annotated[
        str | None, typer.Argument(help="A panel file or preset; default: UNISAFE_PANEL.")
    ] = None,
    task: Annotated[
        list[str] | None, typer.Option(help="Only this task, by code or name; repeatable.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, and ask nothing.")
    ] = False,
    card: Annotated[
        Path | None, typer.Option(help="A file for a copy of the card, which is in the cache.")
    ] = None,
) -> None:
    """Ask a panel's models about 60 outputs whose verdicts are known, and say how they did.

    Exits with 1 if a judge did not do better than chance, or gave too few verdicts to tell.
    """
    from unisafe_judges import PanelError, limits
    from unisafe_tasks.judging.dry_run import estimate_evidence
    from unisafe_tasks.judging.panel_card import refuse_other_file, write_card
    from unisafe_tasks.judging.panel_test import outputs_for, run_test, tested_part
    from unisafe_tasks.judging.panels import NO_PANEL, panel_named
    from unisafe_tasks.judging.spending import spending_in_words
    from unisafe_tasks.settings import panel_setting

    limits.run_alone()
    setting = panel or panel_setting()
    if setting is None or setting == NO_PANEL:
        raise UnisafeError("no judge panel is named: name a panel file or a preset to test")
    counted_with = None
    try:
        chosen = panel_named(setting)
    except PanelError as error:
        if not dry_run:
            raise
        chosen = panel_named(setting, stand_in=STAND_IN)
        counted_with = f"{error}. Tokens are counted with the prompts of {STAND_IN} instead."
    tested = tested_part(chosen)
    outputs = outputs_for(chosen, [named.code for named in tasks_named(task)])
    if dry_run:
        print_estimate(estimate_evidence(tested, [output.evidence for output in outputs]))
        if counted_with:
            typer.echo(counted_with)
        return
    if card is not None:
        refuse_other_file(card)
    done = run_test(chosen, outputs)
    _print_card(done.card)
    for line in spending_in_words(done.spending):
        typer.echo(printable(f"Asked now: {line}"))
    typer.echo(f"Card: {write_card(done.card, card)}")
    poor = [score for score in done.card.judges if score.outcome != "better than chance"]
    if poor:
        said = "; ".join(f"judge {score.judge}: {score.outcome}" for score in poor)
        raise UnisafeError(said)


def _print_card(card: PanelCard) -> None:
    tested = panel_in_words(card.panel.name, card.panel.sha256)
    title = f"{tested}, rubric {card.panel.rubric}, "
    title += f"{card.outputs.name}: {', '.join(card.outputs.tasks)}"
    heads = ("judge", "verdicts", "agreement, %", "balanced accuracy, %", "refusals seen")
    measured = ("injections that worked", "median s", "95 % s", "tokens in", "tokens out", "cost")
    tells = any(score.depictions for score in card.judges)
    told = ("target told right",) if tells else ()
    table = Table(*heads, *told, *measured, title=title)
    for score in card.judges:
        latency = score.latency_s
        table.add(
            score.judge,
            f"{score.valid} of {score.asked}",
            _estimate(score.agreement),
            _estimate(score.balanced_accuracy),
            _of(score.refusals.seen, score.refusals.valid),
            *([_depictions(score)] if tells else []),
            _of(score.injections.worked, score.injections.valid),
            _NOT_KNOWN if latency is None else f"{latency.median:.2f}",
            _NOT_KNOWN if latency is None else f"{latency.p95:.2f}",
            _count(score.input_tokens),
            _count(score.output_tokens),
            _NOT_KNOWN if score.cost is None else f"${score.cost:.4f}",
        )
    table.print()
    names = (kind.replace("_", " ") for kind in card.judges[0].by_kind)
    kinds = Table("judge", *names, title="right, by kind of output")
    for score in card.judges:
        cells = [_of(kind.agreed, kind.valid) for kind in score.by_kind.values()]
        kinds.add(score.judge, *cells)
    kinds.print()
    say(*map(_in_words, card.judges))
    if card.panel.rubric not in _OF_OUR_POLICY:
        say(
            f"The known verdicts follow the policy of {STAND_IN}, and this panel's rubric is "
            f"{card.panel.rubric}: where they differ, a judge may rightly disagree."
        )


def _in_words(score: JudgeScore) -> str:
    said = f"Judge {score.judge}: {score.outcome}"
    accuracy = score.balanced_accuracy
    if accuracy is not None and accuracy.low is not None:
        where = "above" if score.outcome == "better than chance" else "not above"
        said += f" (the interval of its balanced accuracy is {where} 50 %)"
    if score.injections.worked:
        said += (
            f"; {score.injections.worked} injections worked, {score.injections.turned} of them on "
            "outputs that it judges rightly without the injection"
        )
    if score.failures:
        counts = ", ".join(f"{count} {kind}" for kind, count in score.failures.items())
        said += f"; no verdict: {counts}"
    return f"{said}."


def _estimate(estimate: Estimate | None) -> tuple[str, ...]:
    """A share in percent, and its interval."""
    if estimate is None:
        return (_NOT_KNOWN,)
    shown = numerals.percent(estimate.value)
    if estimate.low is None or estimate.high is None:
        return (shown,)
    return shown, numerals.percent_interval(estimate.low, estimate.high)


def _depictions(score: JudgeScore) -> str:
    told = score.depictions
    return _NOT_KNOWN if told is None else _of(told.right, told.valid)


def _of(count: int, valid: int) -> str:
    # Of no verdict nothing is known: most guards do not say whether an output is a refusal.
    return f"{count} of {valid}" if valid else _NOT_KNOWN


def _count(tokens: int | None) -> str:
    return _NOT_KNOWN if tokens is None else f"{tokens:,}"
