"""Tables about the judges' reliability: their agreement, and judge cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisafe_tasks.errors import LabelError
from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.numerals import DASH, interval, percent
from unisafe_tasks.report.tables import Cells, Table, Value, number, table
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.run_info import panel_in_words
from unisafe_tasks.tasks import task_named

__all__ = ["Card", "agreement_of", "judge_cards"]


def agreement_of(metrics: Mapping[str, Any], threshold: float) -> tuple[Table, ...]:
    """The agreement of a run's judges, and what each judge changes; empty for a single judge.

    Args:
        metrics: what metrics.json says.
        threshold: scores whose coverage is below it are marked.
    """
    tasks = {
        task_named(name).code: summary
        for name, summary in metrics["tasks"].items()
        if summary.get("agreement")
    }
    return (_alphas(tasks), _pairs(tasks), _rates(tasks, threshold)) if tasks else ()


def _alphas(tasks: Mapping[str, Mapping[str, Any]]) -> Table:
    rows: list[Cells] = []
    for code, summary in tasks.items():
        agreement = summary["agreement"]
        rows.append(
            [
                code,
                str(agreement["cases"]),
                _measure(agreement["judgment_alpha"]),
                _measure(agreement["risk_rating_alpha"]),
            ]
        )
    return table(
        "Krippendorff's alpha over all judges",
        ["task", "cases", "verdicts (nominal)", "ratings (ordinal)"],
        rows,
    )


def _measure(measure: Mapping[str, Any] | None) -> Value:
    if measure is None:
        return Value(number(None))
    low, high = measure.get("low"), measure.get("high")
    bounds = "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"
    return Value(number(measure["value"]), bounds)


def _pairs(tasks: Mapping[str, Mapping[str, Any]]) -> Table:
    return table(
        "Pairs of judges on verdicts: raw agreement, Cohen's kappa, Gwet's AC1",
        ["judges", "task", "cases", "raw", "kappa", "AC1"],
        [
            [
                " and ".join(pair["judges"]),
                code,
                str(pair["cases"]),
                *(number(pair[name]) for name in ("raw", "kappa", "ac1")),
            ]
            for code, summary in tasks.items()
            for pair in summary["agreement"]["pairs"]
        ],
    )


def _rates(tasks: Mapping[str, Mapping[str, Any]], threshold: float) -> Table:
    rows: list[Cells] = []
    for code, summary in tasks.items():
        agreement = summary["agreement"]
        marks = marks_of(summary, threshold)
        for judge, rates in agreement["rates"].items():
            without = agreement["without"][judge]
            marks_without = "".join(dict.fromkeys(marks + marks_of(without, threshold)))
            rows.append(
                [
                    judge,
                    code,
                    str(rates["cases"]),
                    percent(rates["judgment"]),
                    number(rates["risk_rating"], 2),
                    percent(rates["refusal"]),
                    _with(without[ASR], marks_without),
                    _with(summary[ASR], marks),
                ]
            )
    return table(
        "Each judge's own rates, and the attack success rate of the ensemble without it",
        [
            "judge",
            "task",
            "verdicts",
            "called unsafe, %",
            "mean rating",
            "refusals, %",
            "ASR without it, %",
            "ASR of all, %",
        ],
        rows,
    )


def _with(value: float | None, marks: str) -> Value:
    return Value(percent(value), marks=marks if value is not None else "")


@dataclass(frozen=True)
class Card:
    """A judge card: what it belongs to, its notes, and its tables."""

    title: str
    about: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]


def judge_cards(cards: Sequence[Mapping[str, Any]], results: Sequence[ScoredRun]) -> list[Card]:
    """The judge cards that `read_card` read, as tables.

    Raises:
        LabelError: a card is of a panel that judged none of the runs.
    """
    panels = {_panel_of(result): result for result in results}
    shown = []
    for card in cards:
        panel, counts = card["panel"], card["counts"]
        judged = panel_in_words(panel["name"], panel["sha256"])
        if panel["sha256"] not in panels:
            raise LabelError(
                f"the judge card of {judged} belongs to none of these runs: they have other panels"
            )
        about = (
            f"Measured against {counts['labels']:,} human labels on {counts['outputs']:,} outputs "
            f"of {', '.join(card['models'])}, data {card['data']['source']}. Positive is "
            "non-compliant."
        )
        title = f"Judge card of {judged}"
        tables = (_judged(card), _correlated(card), _corrected(card))
        shown.append(Card(title, about, tuple(card["notes"]), tables))
    return shown


def _panel_of(result: ScoredRun) -> str:
    return str(result.info["panel"]["sha256"])


def _judged(card: Mapping[str, Any]) -> Table:
    rows: list[Cells] = []
    for name, confusion in (("ensemble", card["ensemble"]), *card["judges"].items()):
        counts = ("true_positives", "false_positives", "false_negatives", "true_negatives")
        rows.append(
            [
                name,
                *(str(confusion[count]) for count in counts),
                *(_measure(confusion[rate]) for rate in ("precision", "recall", "specificity")),
                number(confusion["f1"]),
            ]
        )
    heads = ["judge", "true +", "false +", "false \u2212", "true \u2212"]
    return table(
        "Calls against human labels",
        [*heads, "precision", "recall", "specificity", "F1"],
        rows,
    )


def _correlated(card: Mapping[str, Any]) -> Table:
    correlations = card["correlations"]
    return table(
        "Correlation with the human mean",
        ["judge", "over models and tasks", "over outputs"],
        [
            [name, _measure(correlation["cells"]), _measure(correlation["outputs"])]
            for name, correlation in (
                ("ensemble", correlations["ensemble"]),
                *correlations["judges"].items(),
            )
        ],
    )


def _corrected(card: Mapping[str, Any]) -> Table:
    return table(
        "Attack success rates, in percent, corrected for the judges' errors (Rogan-Gladen; "
        "prediction-powered)",
        ["model", "task", "labelled", "as judged", "Rogan-Gladen", "prediction-powered"],
        [
            [
                row["model"],
                task_named(row["task"]).code,
                str(row["labelled"]),
                Value(percent(row[ASR]), marks=marks_of(row)),
                *(
                    _corrected_score(row[name], marks_of(row))
                    for name in ("rogan_gladen", "prediction_powered")
                ),
            ]
            for row in card["corrected"]
        ],
    )


def _corrected_score(measure: Mapping[str, Any] | None, marks: str) -> Value:
    if measure is None:
        return Value(DASH)
    known = measure.get("low") is not None and measure.get("high") is not None
    return Value(percent(measure["value"]), interval(measure if known else None, ASR), marks)
