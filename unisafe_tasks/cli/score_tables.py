"""The tables of one run's scores as the commands print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from unisafe_tasks.cli.tables import numeric_table, wide_console
from unisafe_tasks.metric_facts import FACTS_OF_ARMS, JUDGMENT_OF_ARMS, SPLIT_FACTS
from unisafe_tasks.redaction import in_one_line, printable
from unisafe_tasks.runs.run_info import panel_in_words
from unisafe_tasks.tasks import ALL_GROUPS, Arm, task_named

__all__ = ["print_scores"]


def print_scores(metrics: Mapping[str, Any]) -> None:
    """Print the scores of a run, then its notes."""
    from unisafe_tasks.results.marks import LOW_COVERAGE, MIN_COVERAGE, mark_notes, marks_of

    console = wide_console()
    tasks = metrics["tasks"]
    sections = [metrics["tasks"], metrics["groups"], *metrics.get("views", {}).values()]
    shown = [values for section in sections for values in section.values()]
    all_facts = FACTS_OF_ARMS[_arm_of(tasks)]
    headings = [facts.heading for facts in all_facts.values()]
    table = numeric_table("task", *headings, "scored", title=_title(metrics))
    for section in ("tasks", "groups"):
        for name, values in metrics[section].items():
            mark = marks_of(values)
            table.add_row(
                name,
                *(
                    _score(values, metric, mark) if facts.is_estimate else _number(values[metric])
                    for metric, facts in all_facts.items()
                ),
                f"{values['scored']}/{values['asked']}",
            )
        table.add_section()
    console.print(table)
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
        console.print(*mark_notes(LOW_COVERAGE, MIN_COVERAGE))
    for note in metrics["notes"]:
        console.print(printable(note), markup=False, highlight=False)


def _print_split(metrics: Mapping[str, Any]) -> None:
    """Print what became of the outputs, if the judges were asked what they show."""
    from unisafe_tasks.results.marks import marks_of

    heads = (facts.heading for facts in SPLIT_FACTS.values())
    table = numeric_table("task", *heads, title="What became of the outputs: shares that sum to 1")
    for section in ("tasks", "groups"):
        for name, values in metrics[section].items():
            if split := values.get("split"):
                mark = marks_of(values)
                table.add_row(name, *(_score(split, metric, mark) for metric in SPLIT_FACTS))
        table.add_section()
    if table.row_count:
        wide_console().print(table)


def _print_views(metrics: Mapping[str, Any]) -> None:
    """Print what the judges said of outputs without their requests, if they were shown them."""
    from unisafe_tasks.results.marks import marks_of

    for view, tasks in metrics.get("views", {}).items():
        heads = ("in context", view, "scored", "judged in both", "agree")
        unsafe = ("unsafe only in context", f"unsafe only {view}")
        arm = _arm_of(tasks)
        metric = JUDGMENT_OF_ARMS[arm]
        facts = FACTS_OF_ARMS[arm][metric]
        title = f"{facts.title} {facts.arrow} in each view"
        table = numeric_table("task", *heads, *unsafe, title=title)
        for name, values in tasks.items():
            scores = metrics["tasks"][name]
            alone = {metric: values[metric], "intervals": {metric: values["interval"]}}
            agreed = values["agreement"]
            table.add_row(
                name,
                _score(scores, metric, marks_of(scores)),
                _score(alone, metric, marks_of(values)),
                f"{values['scored']}/{values['asked']}",
                str(values["compared"]),
                "–" if agreed is None else f"{agreed:.3f}",
                str(values["unsafe_only_in_context"]),
                str(values["unsafe_only_output_only"]),
            )
        wide_console().print(table)


def _arm_of(tasks: Mapping[str, Any]) -> Arm:
    """The arm of a run, by the names of its tasks."""
    return next((task_named(name).arm for name in tasks), Arm.ADVERSARIAL)


def _print_policy(tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Print what a policy's codes say of tasks of one modality, by the task's name and mark."""
    names = {code: one["name"] for code, one in next(iter(tables.values()))["codes"].items()}
    heads = (f"{task}, of {table['scored']}" for task, table in tables.items())
    title = "Non-compliant outputs by the policy's codes, as the panel's ensemble counts them"
    shown, silent = numeric_table("code", "name", *heads, labels=2, title=title), []
    rows = {code: [table["codes"][code] for table in tables.values()] for code in names}
    rows[""] = [table["without_code"] for table in tables.values()]
    for code, measures in rows.items():
        if any(measure["outputs"] for measure in measures):
            labels = (code, names.get(code, "no code of the policy"))
            shown.add_row(*(escape(in_one_line(label)) for label in labels), *map(_count, measures))
        elif code:
            silent.append(code)
    console = wide_console()
    if shown.row_count:
        console.print(shown)
    if silent:
        sentence = f"No output is under {', '.join(silent)} in {', '.join(tables)}."
        console.print(in_one_line(sentence), markup=False, highlight=False)


def _count(measure: Mapping[str, Any]) -> str:
    """How many outputs are under a code, and their share with its interval on a second line."""
    low, high = measure["interval"]["low"], measure["interval"]["high"]
    outputs = f"{measure['outputs']:.2f}".removesuffix(".00")
    return outputs + escape(f"\n{measure['share']:.3f} [{low:.3f}, {high:.3f}]")


def _title(metrics: Mapping[str, Any]) -> str:
    panel = metrics["panel"]
    judged = panel_in_words(panel["name"], panel["sha256"]) if panel else "not judged"
    # A name may hold brackets. A table's title would read them as markup.
    title = f"{metrics['model']} on {(metrics['data'] or {}).get('source')}, {judged}"
    return escape(in_one_line(title))


def _score(values: Mapping[str, Any], metric: str, mark: str) -> str:
    """A score with its mark, and its interval on a second line."""
    interval = values["intervals"][metric]
    if values[metric] is None:
        return _number(None)
    shown = f"{_number(values[metric])} {mark}".strip()
    if interval is None:
        return shown
    bounds = f"[{interval['low']:.3f}, {interval['high']:.3f}]"
    return f"{shown}\n{escape(bounds)}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
