"""What a table of models takes: hours, GPU hours and dollars, as sums that can be checked by hand.

An estimate never enters a score. What is not known (a price, the seconds of an output) leaves out
the sum that needs it, and the line says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from unisafe_judges import LabelsSpec, Panel
from unisafe_judges.costs import TOKENS_PER_REPLY, estimated_tokens, expected_cost, price_of
from unisafe_judges.encoding import SharedImages
from unisafe_judges.types import NO_DETAILS
from unisafe_tasks.data.sources import Source, load_cases, resolve_source, source_of
from unisafe_tasks.errors import NoCasesError, UnisafeError
from unisafe_tasks.files import PACKAGE
from unisafe_tasks.judging.dry_run import evidence_of, prompts_of
from unisafe_tasks.outputs.saved import read_outputs
from unisafe_tasks.planning.models_file import GpuHour, ModelEntry, ModelsFile
from unisafe_tasks.tasks import TASKS, Arm, Task

__all__ = ["Counts", "Estimate", "counts_of", "estimate_judging", "estimate_model", "in_all"]

_KINDS = ("image", "text")


@dataclass(frozen=True)
class Counts:
    """How many cases each task has, by code, and a sentence that says how that is known."""

    by_task: Mapping[str, float]
    said: str
    benign: Mapping[str, float] = field(default_factory=dict)

    def of(self, task: Task) -> float:
        return (self.benign if task.arm is Arm.BENIGN else self.by_task).get(task.code, 0)

    def outputs(self, tasks: Iterable[Task], kind: str) -> float:
        """How many outputs of a kind these tasks ask for: a four-turn case asks for four."""
        return sum(self.of(task) * max(1, task.outputs) for task in tasks if task.modality == kind)


@dataclass(frozen=True)
class Estimate:
    """The sums of one model or judge, each a line that shows its factors.

    `hours` is how long it takes with all shards side by side. None is what is not known.
    """

    name: str
    lines: tuple[str, ...]
    hours: float | None = None
    gpu_hours: float | None = None
    dollars: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "lines": list(self.lines)}


def counts_of(file: ModelsFile, source: Source | None) -> Counts:
    """The number of cases of each task: of the data, or else what models.yaml says.

    Those of the benign set are always at hand.

    Raises:
        UnisafeError: neither is known.
    """
    counts = _adversarial(file, source)
    if not any(entry.benign for entry in file.models):
        return counts
    benign, said = _counted(source_of(Arm.BENIGN))
    return replace(counts, benign=benign, said=f"{counts.said} {said}")


def _counted(source: Source) -> tuple[dict[str, float], str]:
    by_task: dict[str, float] = {}
    for task in TASKS.values():
        try:
            by_task[task.code] = len(load_cases(source, task))
        except NoCasesError:
            continue
    told = ", ".join(f"{code} {count:,.0f}" for code, count in by_task.items())
    return by_task, f"Cases of {source.name}: {told}."


def _adversarial(file: ModelsFile, source: Source | None) -> Counts:
    if source is not None:
        return Counts(*_counted(source))
    if file.cases is None:
        raise UnisafeError(
            "the cases are not at hand: name the data (--data, UNISAFE_DATA), or write how many "
            "there are into the models file, as cases: {image: ..., text: ...}"
        )
    said, split = list[str](), dict[str, float]()
    for kind in _KINDS:
        tasks = [task for task in TASKS.values() if task.modality == kind]
        total = getattr(file.cases, kind)
        split |= {task.code: total / len(tasks) for task in tasks}
        said.append(f"{total:,} {kind} cases / {len(tasks)} tasks = {total / len(tasks):,.1f} each")
    return Counts(split, f"Cases as the models file has them, in equal parts: {'; '.join(said)}.")


def estimate_model(entry: ModelEntry, counts: Counts, gpu_hour: GpuHour | None) -> Estimate:
    """What the outputs of a model take."""
    if entry.gone is not None:
        return Estimate(entry.name, (f"cannot be had any more: {entry.gone}",))
    if entry.price is None and entry.seconds is None:
        return Estimate(
            entry.name, ("not known: neither the seconds of an output nor a price is given",)
        )
    lines, seconds, dollars = [], 0.0, 0.0
    is_timed, is_priced = entry.seconds is not None, entry.price is not None
    for kind in _KINDS:
        number = counts.outputs(entry.chosen_tasks, kind)
        if not number:
            continue
        what = f"{number:,.0f} {kind}s"
        if is_timed and (each := getattr(entry.seconds, kind)):
            seconds += number * each
            lines.append(f"{what} x {each:g} s = {number * each / 3600:,.1f} h")
        elif is_timed:
            is_timed = False
            lines.append(f"{what}: the seconds of one are not given")
        tokens = entry.tokens and getattr(entry.tokens, kind)
        if is_priced and tokens:
            assert entry.price is not None
            cost = number * entry.price.cost(tokens.input, tokens.output, NO_DETAILS)
            dollars += cost
            lines.append(
                f"{what} x ({tokens.input:,} tokens x ${entry.price.input:g} + {tokens.output:,} "
                f"x ${entry.price.output:g}) / million = ${cost:,.2f}"
            )
        elif is_priced:
            is_priced = False
            lines.append(f"{what}: the tokens of a call are not given")
    hours = seconds / 3600 if is_timed else None
    gpu_hours = None
    if hours is not None and entry.gpus:
        gpu_hours = hours * entry.gpus
        line = f"{hours:,.1f} h x {entry.gpus} GPU{'s' * (entry.gpus > 1)}"
        line += f" ({entry.gpu_gb:g} GB)" if entry.gpu_gb else ""
        line += f" = {gpu_hours:,.1f} GPU hours"
        if gpu_hour is not None:
            dollars += gpu_hours * gpu_hour.dollars
            is_priced = is_priced or entry.price is None
            line += f" x ${gpu_hour.dollars:g} = ${gpu_hours * gpu_hour.dollars:,.2f}"
        lines.append(line)
    if hours is not None and entry.shards > 1:
        lines.append(f"in {entry.shards} shards side by side: {hours / entry.shards:,.1f} h")
        hours /= entry.shards
    return Estimate(entry.name, tuple(lines), hours, gpu_hours, dollars if is_priced else None)


def estimate_judging(panel: Panel, models: Iterable[ModelEntry], counts: Counts) -> list[Estimate]:
    """What judging all models takes of each judge.

    The prompts are those about the bundled demo outputs, whose texts are short. A reply is taken to
    be of `TOKENS_PER_REPLY`.
    """
    models = [entry for entry in models if entry.gone is None]
    calls_by_task = {
        code: sum(counts.of(t) for entry in models for t in entry.chosen_tasks if t.code == code)
        for code in TASKS
    }
    demo = resolve_source("demo")
    outputs = read_outputs(str(PACKAGE / "demo" / "predictions" / "demo.jsonl"), demo, ())
    with closing(SharedImages(panel.max_side)) as images:
        shown = evidence_of(outputs, panel, images)
    estimates = []
    for spec in panel.judges:
        if isinstance(spec, LabelsSpec):
            estimates.append(Estimate(spec.name, ("verdicts from a file: nothing is asked",)))
            continue
        calls, sent, dollars = 0.0, 0.0, 0.0
        for code, cases in calls_by_task.items():
            of_task = [each for each in shown if each.scenario == code]
            prompts = prompts_of(panel.rubric_of(spec.name), of_task)
            asked = cases * panel.repeats_of(spec) if prompts else 0.0
            calls += asked
            for prompt in prompts:
                sent += asked / len(prompts) * estimated_tokens(prompt)
                dollars += asked / len(prompts) * expected_cost(spec, prompt)
        line = f"{calls:,.0f} calls x about {sent / max(calls, 1):,.0f} tokens sent and "
        line += f"{TOKENS_PER_REPLY} written"
        price = price_of(spec)
        if price is None:
            estimates.append(Estimate(spec.name, (f"{line}: no price is known",)))
        else:
            line += f", at ${price.input:g} and ${price.output:g} a million = ${dollars:,.2f}"
            estimates.append(Estimate(spec.name, (line,), dollars=dollars))
    return estimates


def in_all(estimates: Iterable[Estimate]) -> str:
    """The known sums of all, and how many are not in them."""
    estimates = list(estimates)
    gpu_hours = sum(each.gpu_hours or 0 for each in estimates)
    priced = [each.dollars for each in estimates if each.dollars is not None]
    missing = len(estimates) - len(priced)
    line = f"{gpu_hours:,.0f} GPU hours, ${sum(priced):,.2f}"
    return f"{line}; {missing} without a known price are not in it" if missing else line
