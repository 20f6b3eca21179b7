"""A source's datasheet and a drawn subset as the terminal shows them.

Names come from the data, which anybody may have written: `say` and `Table` make them safe to print.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import say
from unisafe_tasks.data.names import size_in_words
from unisafe_tasks.redaction import in_one_line
from unisafe_tasks.statistics.sampling import MIN_CASES_PER_CELL
from unisafe_tasks.tasks import TASKS

if TYPE_CHECKING:
    from unisafe_tasks.data.subsets import DrawnSubset

__all__ = ["print_datasheet", "print_subset"]

_NAMED = 5
_LINKS_NAMED = 10


def print_datasheet(sheet: Mapping[str, Any]) -> None:
    """Print a table of the tasks, a table of the subcategories, and a line for each other fact."""
    _tasks(sheet).print()
    _subcategories(sheet).print()
    for line in _details(sheet):
        say(line)
    if sheet["published"]:
        _published(sheet["published"]).print()
    for note in sheet["notes"]:
        say(f"note: {note}")
    shared = sheet["shared"]
    say(
        f"{sheet['cases']} cases, {sheet['targets']} risk targets, "
        f"{shared['in_every_task_shown']} of them in every task shown",
    )
    if subset := sheet["subset"]:
        say(
            f"a subset of {subset['of']['source']}: {size_in_words(subset['per_subcategory'])}, "
            f"seed {subset['seed']}",
        )
    say(f"source {sheet['source']}, revision {sheet['revision'] or '-'}")
    say(f"fingerprint {sheet['fingerprint']}")


def print_subset(drawn: DrawnSubset) -> None:
    """Print how much was kept, why some subcategories kept more, and how to use the subset."""
    facts = drawn.facts
    total = sum(of for _, of in drawn.kept.values())
    say(
        f"{facts.name}: {facts.targets:,} of {drawn.targets:,} risk targets, {facts.cases:,} of "
        f"{total:,} cases",
    )
    table = Table("task", "cases kept", "of")
    for code, (kept, of) in drawn.kept.items():
        table.add(code, f"{kept:,}", f"{of:,}")
    table.print()
    if facts.cases < total:
        for line in (*_larger(drawn), *_coverage(facts.per_subcategory)):
            say(line)
    elif all(component.most <= facts.per_subcategory for component in drawn.components):
        say("Nothing was left out: the full set has no more.")
    else:
        say("Nothing was left out: the set is too small for a smaller part.")
    # In one line, however long: it is to be copied.
    typer.echo(in_one_line(f"Use it with: export UNISAFE_DATA={shlex.quote(str(drawn.folder))}"))


def _coverage(per_subcategory: int) -> Iterable[str]:
    """How often intervals of a subset of this size held the full set's score in simulations."""
    from unisafe_tasks.data.datasheet import PUBLISHED
    from unisafe_tasks.data.subsets import coverage_of

    size, (tasks, farthest, mean) = coverage_of(per_subcategory)
    yield (
        f"In simulations of {PUBLISHED['cases']:,} made-up cases and subsets of "
        f"{size_in_words(size)}, 95 % intervals held the full set's attack success rate in "
        f"{100 * tasks:.0f} % (tasks on average), {100 * farthest:.0f} % (the task farthest from "
        f"95 %) and {100 * mean:.0f} % (the mean of all tasks)."
    )
    if per_subcategory < size:
        yield "Smaller subsets, such as this one, were not simulated."


def _larger(drawn: DrawnSubset) -> Iterable[str]:
    """Subcategories that keep more targets than asked for, and the reason for each."""
    per_subcategory = drawn.facts.per_subcategory
    larger = [component for component in drawn.components if component.most > per_subcategory]
    for component in larger[:_LINKS_NAMED]:
        names = [f"{modality} {code}" for modality, _, code in component.strata]
        why = (
            f"so that each task keeps {MIN_CASES_PER_CELL} cases"
            if len(names) == 1
            else f"{len(names)} subcategories share targets"
        )
        yield (
            f"More than {size_in_words(per_subcategory)} ({why}): {_some(names)}: "
            f"{len(component.kept)} of {component.targets} targets"
        )
    if len(larger) > _LINKS_NAMED:
        yield f"and {len(larger) - _LINKS_NAMED} more"


def _tasks(sheet: Mapping[str, Any]) -> Table:
    heads = ("cases", "categories", "subcategories", "shared targets")
    table = Table("task", "code", *heads, labels=2)
    for name, task in sheet["tasks"].items():
        counts = (task[key] for key in ("cases", "categories", "subcategories", "shared_targets"))
        table.add(name, task["code"], *map(str, counts))
    return table


def _subcategories(sheet: Mapping[str, Any]) -> Table:
    """Cases by category and subcategory. A category's line has the sum of its subcategories."""
    tasks = sheet["tasks"]
    codes = [task["code"] for task in tasks.values()]
    table = Table("category", "", "name", *codes, labels=3)
    for modality, facts in sheet["modalities"].items():
        members = {
            name: task for name, task in tasks.items() if TASKS[task["code"]].modality == modality
        }
        table.add(f"{modality} tasks")
        for category in sorted({name for task in members.values() for name in task["counts"]}):
            by_code = {name: task["counts"].get(category, {}) for name, task in members.items()}
            sums = {name: sum(counts.values()) for name, counts in by_code.items()}
            table.add(category, "", "", *_by_task(tasks, sums))
            for code in sorted({code for counts in by_code.values() for code in counts}):
                of_code = {name: counts.get(code, 0) for name, counts in by_code.items()}
                title = facts["names"].get(code, "")
                table.add("", code, title, *_by_task(tasks, of_code))
        table.end_section()
    return table


def _by_task(tasks: Iterable[str], counts: Mapping[str, int]) -> list[str]:
    return [str(counts[name]) if name in counts else "" for name in tasks]


def _details(sheet: Mapping[str, Any]) -> Iterable[str]:
    tasks, shared, images = sheet["tasks"], sheet["shared"], sheet["images"]
    by_tasks = ", ".join(
        f"{count} in {number}" for number, count in shared["targets_by_tasks"].items()
    )
    yield f"risk targets by number of tasks: {by_tasks}"
    yield (
        f"shared targets: {shared['within_image']} within image, {shared['within_text']} within "
        f"text, {shared['across_both']} across both"
    )
    for task in tasks.values():
        yield f"{task['code']} instruction: {_range(task['instruction_characters'])} characters"
    for task in tasks.values():
        inputs = task["input_images"]
        if inputs["bytes"]:
            yield (
                f"{task['code']} input images: {inputs['count']}; {_range(inputs['bytes'])} bytes; "
                f"{_range(inputs['width'])} wide, {_range(inputs['height'])} high"
            )
    several = images["in_several_targets"]
    yield (
        f"input images: {images['count']}, {images['distinct']} distinct, {len(several)} in "
        "several targets"
    )
    for task in tasks.values():
        groups = [" = ".join(group) for group in task["duplicates"]]
        if groups:
            yield f"{task['code']}, the same instruction and images: {_some(groups)}"
    if not any(task["duplicates"] for task in tasks.values()):
        yield "no two cases of a task have the same instruction and images"
    for task in tasks.values():
        if missing := task["missing_targets"]:
            yield (
                f"{task['code']} lacks {len(missing)} targets of the other tasks with its "
                f"taxonomy: {_some(missing)}"
            )


def _published(totals: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table("published totals", "published", "here", "")
    for name, total in totals.items():
        same = total["published"] == total["here"]
        table.add(name, f"{total['published']:,}", f"{total['here']:,}", "" if same else "differs")
    return table


def _range(summary: Mapping[str, float]) -> str:
    if summary["min"] == summary["max"]:
        return f"{summary['min']:,}"
    return f"{summary['min']:,} to {summary['max']:,}, median {summary['median']:,.10g}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
