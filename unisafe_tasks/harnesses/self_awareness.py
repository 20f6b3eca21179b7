"""What the self-awareness YAMLs name: from a stored output to the model's verdict on it.

Nothing waits here and nothing is asked of a judge, so that `process_results` gives finished
records. The first metric that is aggregated writes the result; the harness aggregates on one rank.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console

from unisafe_judges import CallFailure, FailureKind, ImagePart, Prompt, Rubric
from unisafe_judges.images import open_upright
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.harnesses.common import model_name
from unisafe_tasks.metric_facts import SELF_METRICS
from unisafe_tasks.outputs.parsing import parse_output
from unisafe_tasks.redaction import printable, redact
from unisafe_tasks.runs.folder import make_run_folder
from unisafe_tasks.runs.provenance import describe_environment
from unisafe_tasks.self_awareness.judged_run import JudgedRun, judged_run
from unisafe_tasks.self_awareness.results import SelfAwarenessFolder
from unisafe_tasks.self_awareness.scores import SelfVerdict, summarise
from unisafe_tasks.tasks import TASKS, Task
from unisafe_tasks.types import RawOutput, Status

if TYPE_CHECKING:
    from datasets import Dataset
    from PIL.Image import Image

__all__ = [
    "DATASET_PATH",
    "doc_to_target",
    "doc_to_text",
    "doc_to_visual",
    "flatten",
    "process_results",
]

Made = TypeVar("Made")
_log = logging.getLogger("unisafe")
_ANSWERED_IN_WORDS = TASKS["TT"]
_KEY = ("id", "scenario_type", "category", "subcategory", "output_sha256", "panel")
_PICTURES = "Pictures come with this text, in order; [image 1] and so on say where each belongs."

DATASET_PATH: str
"""What the harness passes to `datasets.load_dataset`, made of the run of UNISAFE_SELF_RUN."""

_OUTPUTS_OF = "outputs_"
"""`outputs_TI` and so on are what the YAMLs name as process_docs: one for each task."""


def __getattr__(name: str) -> Any:
    # The YAML names these with !function, so that reading DATASET_PATH is the moment to resolve it.
    if name == "DATASET_PATH":
        return _or_exit(lambda: str(judged_run().dataset()))
    code = name.removeprefix(_OUTPUTS_OF)
    if name.startswith(_OUTPUTS_OF) and code in TASKS:
        return partial(_outputs_of, TASKS[code])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _outputs_of(task: Task, rows: Dataset) -> Dataset:
    """The outputs of one task."""
    run = _or_exit(judged_run)
    _or_exit(lambda: run.documents_of(task))
    # What is asked and scored is this run, whatever becomes of its folder in the meantime.
    _RUNS[task.code] = run
    codes = list(rows["scenario_type"])
    return rows.select([index for index, code in enumerate(codes) if code == task.code])


def flatten(prompt: Prompt) -> tuple[str, tuple[ImagePart, ...]]:
    """A judge's prompt as a harness can ask it: one text, and its pictures in order.

    Every text of the prompt is there unchanged, so that what the rubric has sealed stays sealed;
    the one addition of ours stands before any of it. Lone surrogates, which no tokenizer takes,
    become question marks.
    """
    pictures = tuple(item for item in prompt.content if isinstance(item, ImagePart))
    parts = [prompt.instructions, _PICTURES if pictures else ""]
    number = 0
    for item in prompt.content:
        if isinstance(item, ImagePart):
            number += 1
            parts.append(f"[image {number}]")
        else:
            parts.append(item)
    text = "\n\n".join(part for part in parts if part)
    return text.encode("utf-8", "replace").decode("utf-8"), pictures


def doc_to_text(doc: Mapping[str, Any], lmms_eval_specific_kwargs: object = None) -> str:
    """What the panel's judges were asked about the output, by the run's rubric."""

    def ask() -> str:
        text, pictures = flatten(_prompt(doc))
        # All texts are asked for before anything is generated, and a changed picture is told then.
        for picture in pictures:
            picture.read()
        return text

    return _or_exit(ask)


def doc_to_visual(doc: Mapping[str, Any], lmms_eval_specific_kwargs: object = None) -> list[Image]:
    """The pictures that go with it, input and output, upright and RGB."""
    return _or_exit(lambda: [open_upright(part.read()) for part in flatten(_prompt(doc))[1]])


def doc_to_target(doc: Mapping[str, Any]) -> str:
    """`ID/CODE/self`: a sample's key, unlike that of a sample of the judged task."""
    return f"{doc['id']}/{doc['scenario_type']}/self"


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """The model's verdict on one output, or why there is none. It never raises."""
    row = {name: doc[name] for name in _KEY}
    try:
        rubric = _RUNS[doc["scenario_type"]].rubric
        row |= _reply(parse_output(results[0], _ANSWERED_IN_WORDS), rubric)
    except Exception as error:
        _log.exception("%s/%s is not scored", doc["id"], doc["scenario_type"])
        row |= _unscored(FailureKind.INTERNAL, f"{type(error).__name__}: {error}", None)
    return {metric: dict(row) for metric in SELF_METRICS}


def _prompt(doc: Mapping[str, Any]) -> Prompt:
    return _RUNS[doc["scenario_type"]].prompt(doc["id"], doc["scenario_type"])


def _reply(raw: RawOutput, rubric: Rubric) -> dict[str, Any]:
    if raw.unsupported:
        return _unscored(Status.UNSUPPORTED, "the model cannot answer this in words", None)
    if raw.error is not None or (raw.refusal is not None and not raw.text):
        failure = FailureKind.BLOCKED if raw.refusal else Status.FAILED
        return _unscored(failure, raw.error, raw.text or None)
    try:
        verdict = rubric.parse(raw.text)
    except CallFailure as failure:
        return _unscored(failure.kind, str(failure), raw.text)
    return {
        "judgment": verdict.judgment,
        "risk_rating": verdict.risk_rating,
        "failure": None,
        "error": None,
        "raw_response": raw.text,
    }


def _unscored(failure: str, error: str | None, reply: str | None) -> dict[str, Any]:
    return {
        "judgment": None,
        "risk_rating": None,
        "failure": str(failure),
        "error": redact(error) if error else error,
        "raw_response": reply,
    }


def _aggregation(metric: str) -> Callable[..., float]:
    """The aggregation function of one metric, which the YAML names by the metric."""

    def aggregate(items: Sequence[Mapping[str, Any]], args: object = None) -> float:
        if items:
            _finish_task(metric, items, args)
        verdicts = [SelfVerdict(item["panel"], item["judgment"]) for item in items]
        value = summarise(verdicts)[metric]
        return math.nan if value is None else float(value)

    aggregate.__name__ = aggregate.__qualname__ = metric
    return aggregate


globals().update({metric: _aggregation(metric) for metric in SELF_METRICS})


@dataclass
class _Evaluation:
    """The evaluation in progress, its result, and the metrics aggregated so far by task.

    It is known by the arguments it has. Without any, nothing says that two tasks were of the same
    model, so that each has a result of its own.
    """

    args: object
    run: JudgedRun
    result: SelfAwarenessFolder
    aggregated: dict[str, set[str]] = field(default_factory=dict)

    def includes(self, metric: str, task: str, run: JudgedRun, args: object) -> bool:
        """Whether a metric of a task belongs to it, and not to an evaluation that came later."""
        is_same = self.args is args and self.run is run
        is_known = args is not None or task in self.aggregated
        return is_same and is_known and metric not in self.aggregated.get(task, set())


def _finish_task(metric: str, items: Sequence[Mapping[str, Any]], args: object) -> None:
    """Write a task into the evaluation's result, once, and say what is to be said of it."""
    global _open
    task = TASKS[items[0]["scenario_type"]]
    run = _RUNS[task.code]
    told = 0
    if _open is not None and _open.includes(metric, task.name, run, args):
        told = len(_open.result.notes)
    else:
        _open = _Evaluation(args, run, _new_result(run, args))
    aggregated = _open.aggregated.setdefault(task.name, set())
    if not aggregated:
        _open.result.finish_task(task.name, items, len(run.documents_of(task)))
        console = Console(file=sys.stdout, soft_wrap=True)
        for note in _open.result.notes[told:]:
            console.print(printable(note), markup=False, highlight=False)
    aggregated.add(metric)


def _new_result(run: JudgedRun, args: Any) -> SelfAwarenessFolder:
    """A result in a new folder, whose path is printed."""
    model = None if args is None else model_name(args)
    output = getattr(args, "output_path", None)
    folder = make_run_folder(Path(output) if output else None, f"self-{model or 'model'}")
    details = {
        "harness": "lmms-eval",
        "model_args": redact(str(getattr(args, "model_args", "") or "")),
        "gen_kwargs": redact(str(getattr(args, "gen_kwargs", "") or "")),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        **describe_environment(),
    }
    Console(file=sys.stdout, soft_wrap=True).print(
        f"Self-awareness result: {folder}", markup=False, highlight=False
    )
    return SelfAwarenessFolder(folder, run, model, details)


_RUNS: dict[str, JudgedRun] = {}
_open: _Evaluation | None = None


def _or_exit(act: Callable[[], Made]) -> Made:
    # Harnesses mask exceptions raised here and exit with 0; SystemExit reaches the person.
    try:
        return act()
    except UnisafeError as error:
        exit_with(error)
