"""Have a panel read the requests of a set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unisafe_tasks.cli.garbage import holds_many_cases
from unisafe_tasks.cli.interruptions import interruptible
from unisafe_tasks.cli.question_tables import print_estimate
from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.redaction import printable

if TYPE_CHECKING:
    from unisafe_tasks.judging.audit import Audit

__all__ = ["audit"]

_SHOWN = 20


@interruptible()
@holds_many_cases()
def audit(
    source: Annotated[
        str | None,
        typer.Argument(help="'benign', 'demo', a path, or ORG/NAME; default: UNISAFE_DATA."),
    ] = None,
    panel: Annotated[
        str | None, typer.Option(help="A panel file or preset; default: UNISAFE_PANEL.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file for what each judge said of each request.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, and ask nothing.")
    ] = False,
) -> None:
    """Ask a panel which requests are harmful, and list those on which it disagrees with the set.

    Of the benign set these are the requests that a judge calls harmful, of any other set those
    that a judge calls harmless. Replies that are in the store are not paid for again.
    """
    from unisafe_judges import limits
    from unisafe_tasks.data.sources import resolve_source
    from unisafe_tasks.judging import audit as audits
    from unisafe_tasks.judging.dry_run import estimate_evidence
    from unisafe_tasks.judging.panels import NO_PANEL, panel_named
    from unisafe_tasks.judging.spending import spending_in_words
    from unisafe_tasks.settings import panel_setting

    limits.run_alone()
    setting = panel or panel_setting()
    if setting is None or setting == NO_PANEL:
        raise UnisafeError("no judge panel is named: name a panel file or a preset with --panel")
    chosen = audits.auditing_part(panel_named(setting))
    resolved = resolve_source(source)
    if dry_run:
        print_estimate(estimate_evidence(chosen, audits.requests_of(resolved)[1]))
        return
    if out is not None:
        audits.refuse_other_file(out)
    done = audits.audit_requests(resolved, chosen)
    _print(done)
    for line in spending_in_words(done.spending):
        typer.echo(printable(f"Asked now: {line}"))
    if out is not None:
        audits.write_audit(done, out)
        typer.echo(f"Audit: {out}")
    if all(result.verdict is None for results in done.results for result in results):
        raise UnisafeError("no judge gave an answer, so nothing is known of the requests")


def _print(done: Audit) -> None:
    table = Table("judge", "harmful", "harmless", "no answer")
    silent = []
    for row in done.judges():
        failures = row["failures"]
        counts = (row["harmful"], row["harmless"], sum(failures.values()))
        table.add(row["judge"], *(f"{count:,}" for count in counts))
        if failures:
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in failures.items())
            silent.append(f"Judge {row['judge']} gave no answer on {kinds}: nothing follows.")
    table.print()
    doubts = done.doubts()
    sentences = [*silent, *_agreement(done)]
    unread = sum(all(r.verdict is None for r in results) for results in done.results)
    if unread:
        sentences.append(f"No judge answered on {_requests(unread)}: of these nothing is known.")
    sentences.append(
        f"{done.source.name}: of {_requests(len(done.cases))}, {len(doubts):,} "
        f"{'is' if len(doubts) == 1 else 'are'} called {done.doubted} by a judge"
        f"{':' if doubts else '.'}"
    )
    for doubt in doubts[:_SHOWN]:
        judges = ", ".join(result.judge for result in doubt.against)
        codes = sorted({code for r in doubt.against if r.verdict for code in r.verdict.categories})
        under = f" ({', '.join(codes)})" if codes else ""
        sentences.append(
            f"- {doubt.case.key}, {doubt.case.subcategory}: {len(doubt.against)} of "
            f"{doubt.answered}{under}: {judges}: {_reason(doubt.against[0].verdict)}"
        )
    if (more := len(doubts) - _SHOWN) > 0:
        sentences.append(f"- and {more:,} more: see --out")
    say(*sentences)


def _requests(count: int) -> str:
    return f"{count:,} request{'' if count == 1 else 's'}"


def _agreement(done: Audit) -> list[str]:
    if (agreement := done.agreement()) is None:
        return []
    alpha = agreement["alpha"]
    said = [f"Krippendorff's alpha of all judges: {'–' if alpha is None else f'{alpha:.2f}'}."]
    for pair in agreement["pairs"]:
        if pair["raw"] is not None:
            kappa = "–" if pair["kappa"] is None else f"{pair['kappa']:.2f}"
            said.append(
                f"{' and '.join(pair['judges'])} agree on {pair['raw']:.0%} of "
                f"{_requests(pair['cases'])} (kappa {kappa})."
            )
    return said


def _reason(verdict: object) -> str:
    reasoning = str(getattr(verdict, "reasoning", ""))
    return reasoning if len(reasoning) <= 200 else f"{reasoning[:200]}..."
