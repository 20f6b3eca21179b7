"""The tables of one run's scores as the commands print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisafe_tasks import numerals
from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say
from unisafe_tasks.metric_facts import FACTS_OF_ARMS, JUDGMENT_OF_ARMS, SPLIT_FACTS, MetricFacts
from unisafe_tasks.runs.run_info import panel_in_words
from unisafe_tasks.tasks import ALL_GROUPS, Arm, task_named

__all__ = ["print_scores"]


def print_scores(metrics: Mapping[str, Any]) -> None:
    """Print the scores of a run, then its notes."""
    from unisafe_tasks.results.marks import (
        LOW_COVERAGE,
        MIN_COVERAGE,
        mark_notes,
        marks_in,
        marks_of,
    )

    tasks = metrics["tasks"]
    summaries = {**tasks, **metrics["groups"]}
    sections = [metrics["tasks"], metrics["groups"], *metrics.get("views", {}).values()]
    shown = [values for section in sections for values in section.values()]
    all_facts = FACTS_OF_ARMS[_arm_of(tasks)]
    table = Table("task", *_heads(all_facts), "scored", title=_title(metrics))
    for section in ("tasks", "groups"):
        for name, values in metrics[section].items():
            mark = marks_in(summaries, name)
            table.add(
                name,
                *(
                    _score(values, metric, mark)
                    if facts.is_estimate
                    else numerals.score(values[metric], metric)
                    for metric, facts in all_facts.items()
                ),
                f"{values['scored']}/{values['asked']}",
            )
        table.end_section()
    table.print()
    _print_split(metrics)
    _print_views(metrics)
    for members in ALL_GROUPS.values():
        # A policy's codes are of one modality.
        if len({task_named(name).modality for name in members}) > 1:
            continue
        by_codes = {
            f"{name} {marks_of(tasks[name])}".strip(): policy
            for name in members
            if (policy := tasks.get(name, {}).get("policy")) and policy["scored"]
        }
        if by_codes:
            _print_policy(by_codes)
    # What else is marked has a note.
    if any(LOW_COVERAGE in marks_of(values) for values in shown):
        say(*mark_notes(LOW_COVERAGE, MIN_COVERAGE))
    say(*metrics["notes"])


def _print_split(metrics: Mapping[str, Any]) -> None:
    """Print what became of the outputs, if the judges were asked what they show."""
    from unisafe_tasks.results.marks import marks_in

    summaries = {**metrics["tasks"], **metrics["groups"]}
    title = "What became of the outputs: shares that sum to 100 %"
    table = Table("task", *_heads(SPLIT_FACTS), title=title)
    for section in ("tasks", "groups"):
        for name, values in metrics[section].items():
            if split := values.get("split"):
                mark = marks_in(summaries, name)
                table.add(name, *(_score(split, metric, mark) for metric in SPLIT_FACTS))
        table.end_section()
    if table:
        table.print()


def _print_views(metrics: Mapping[str, Any]) -> None:
    """Print what the judges said of outputs without their requests, if they were shown them."""
    from unisafe_tasks.results.marks import marks_of

    for view, tasks in metrics.get("views", {}).items():
        heads = ("in context", view, "scored", "judged in both", "agree %")
        unsafe = ("unsafe only in context", f"unsafe only {view}")
        arm = _arm_of(tasks)
        metric = JUDGMENT_OF_ARMS[arm]
        facts = FACTS_OF_ARMS[arm][metric]
        title = f"{facts.title} {facts.arrow} in each view, %"
        table = Table("task", *heads, *unsafe, title=title)
        for name, values in tasks.items():
            scores = metrics["tasks"][name]
            alone = {metric: values[metric], "intervals": {metric: values["interval"]}}
            table.add(
                name,
                _score(scores, metric, marks_of(scores)),
                _score(alone, metric, marks_of(values)),
                f"{values['scored']}/{values['asked']}",
                str(values["compared"]),
                numerals.percent(values["agreement"]),
                str(values["unsafe_only_in_context"]),
                str(values["unsafe_only_output_only"]),
            )
        table.print()


def _arm_of(tasks: Mapping[str, Any]) -> Arm:
    """The arm of a run, by the names of its tasks."""
    return next((task_named(name).arm for name in tasks), Arm.ADVERSARIAL)


def _print_policy(tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Print what a policy's codes say of tasks of one modality, by the task's name and mark."""
    names = {code: one["name"] for code, one in next(iter(tables.values()))["codes"].items()}
    heads = (f"{task}, of {table['scored']}" for task, table in tables.items())
    title = "Non-compliant outputs by the policy's codes, as the panel's ensemble counts them"
    shown, silent = Table("code", "name", *heads, labels=2, title=title), []
    rows = {code: [table["codes"][code] for table in tables.values()] for code in names}
    rows[""] = [table["without_code"] for table in tables.values()]
    for code, measures in rows.items():
        if any(measure["outputs"] for measure in measures):
            labels = (code, names.get(code, "no code of the policy"))
            shown.add(*labels, *map(_count, measures))
        elif code:
            silent.append(code)
    if shown:
        shown.print()
    if silent:
        say(f"No output is under {', '.join(silent)} in {', '.join(tables)}.")


def _count(measure: Mapping[str, Any]) -> tuple[str, ...]:
    """How many outputs are under a code, and their share in percent with its interval."""
    low, high = measure["interval"]["low"], measure["interval"]["high"]
    outputs = f"{measure['outputs']:.2f}".removesuffix(".00")
    share = numerals.percent(measure["share"])
    return outputs, f"{share} % {numerals.percent_interval(low, high)}"


def _heads(all_facts: Mapping[str, MetricFacts]) -> list[str]:
    return [
        f"{facts.heading} %" if numerals.is_percent(metric) else facts.heading
        for metric, facts in all_facts.items()
    ]


def _title(metrics: Mapping[str, Any]) -> str:
    panel = metrics["panel"]
    judged = panel_in_words(panel["name"], panel["sha256"]) if panel else "not judged"
    return f"{metrics['model']} on {(metrics['data'] or {}).get('source')}, {judged}"


def _score(values: Mapping[str, Any], metric: str, mark: str) -> tuple[str, ...]:
    """A score with its mark, and its interval."""
    value = values[metric]
    if value is None:
        return (numerals.DASH,)
    return numerals.score(value, metric) + mark, numerals.interval(
        values["intervals"][metric], metric
    )
