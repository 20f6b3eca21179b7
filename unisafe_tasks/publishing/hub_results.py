"""Results as the Hugging Face hub shows them on a model's page.

Two forms: `.eval_results/*.yaml` (community evaluations), which a benchmark's leaderboard collects,
and `model-index` in a model card. Both say "this model on this data set". The first has a single
number for each task and cannot hold a mark. So only whole scores on a data set of the hub are
written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.metric_facts import ASR, FACTS, METRICS
from unisafe_tasks.publishing.formats import ExportFormat
from unisafe_tasks.publishing.publishable import PublishedRun, path_component
from unisafe_tasks.results.marks import MIN_COVERAGE, mark_notes, marks_of
from unisafe_tasks.runs.run_info import panel_in_words
from unisafe_tasks.statistics import CONFIDENCE
from unisafe_tasks.tasks import Task, task_named

__all__ = [
    "EVAL_RESULTS",
    "MODEL_INDEX",
    "eval_results_files",
    "hub_dataset",
    "left_out",
    "model_index_files",
    "whole_tasks",
]

_PERCENT = f"{100 * CONFIDENCE:.0f} %"


def eval_results_files(run: PublishedRun) -> dict[str, bytes]:
    """MODEL/.eval_results/unisafe-PANEL.yaml: the attack success rate of each task, a proportion.

    Each panel has its own file: two panels' scores are different measurements. The task ids are the
    harness's names. The hub lists them if the data set's `eval.yaml` lists them.

    Raises:
        PublishingError: the data is not on the hub, or no task has a whole score.
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    entries = [
        EvalResultEntry(
            dataset_id=hub_dataset(run),
            task_id=task.name,
            value=run.tasks[task.name][ASR],
            dataset_revision=run.revision,
            date=run.ended.isoformat(),
            notes=_notes(run, task),
        )
        for task in whole_tasks(run)
    ]
    name = f"unisafe-{run.basis.panel_sha256[:12]}.yaml"
    path = f"{_folder(run)}/.eval_results/{name}"
    return {path: _yaml(eval_result_entries_to_yaml(entries))}


def model_index_files(run: PublishedRun) -> dict[str, bytes]:
    """MODEL/model-index.yaml: an entry for the metadata of the model's README.md.

    Raises:
        PublishingError: as `eval_results_files`.
    """
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type=task.hub_task,
            task_name=f"{task.title} ({task.name})",
            dataset_type=hub_dataset(run),
            dataset_name="UniSAFE" if run.is_unisafe else hub_dataset(run),
            # Several of our tasks have the same task type and split. Without the configuration the
            # hub would take their scores for scores of one task.
            dataset_config=task.name,
            dataset_split=task.split,
            dataset_revision=run.revision,
            dataset_args={"scenario_type": task.code},
            metric_type=metric,
            metric_name=f"{FACTS[metric].title} ({FACTS[metric].direction})",
            metric_value=run.tasks[task.name][metric],
            metric_args=_metric_args(run, task, metric),
        )
        for task in whole_tasks(run)
        for metric in METRICS
        if run.tasks[task.name][metric] is not None
    ]
    card = ModelCardData(model_name=str(run.info["model"]), eval_results=results)
    return {f"{_folder(run)}/model-index.yaml": _yaml(card.to_dict())}


def left_out(run: PublishedRun) -> list[str]:
    """A sentence for each task that is not exported: its name and the reason."""
    return [
        f"{name} is left out: its score is marked, and the format has no marks. "
        + " ".join(mark_notes(marks_of(values), MIN_COVERAGE))
        for name, values in run.tasks.items()
        if not _is_whole(values)
    ]


def _is_whole(values: Mapping[str, Any]) -> bool:
    return not marks_of(values)


def whole_tasks(run: PublishedRun) -> list[Task]:
    """The tasks whose score has no mark.

    Raises:
        PublishingError: there is none.
    """
    tasks = [task_named(name) for name, values in run.tasks.items() if _is_whole(values)]
    if not tasks:
        raise PublishingError(
            f"{run.folder}: no task has a whole score (a limited or stopped run, or cases that "
            "nobody scored), and the format has no mark for that: use every-eval-ever"
        )
    return tasks


def hub_dataset(run: PublishedRun) -> str:
    """The data set's name on the hub.

    Raises:
        PublishingError: the data is not on the hub.
    """
    if run.hub_data is None:
        raise PublishingError(
            f"{run.folder} was run on {run.basis.data}, which is not a data set of the hub, so its "
            "scores are not exported as results on one: use every-eval-ever, which names the data"
        )
    return run.hub_data


def _folder(run: PublishedRun) -> str:
    return path_component(str(run.info["model"]))


def _notes(run: PublishedRun, task: Task) -> str:
    """The facts that a reader of the score needs, in one line."""
    values = run.tasks[task.name]
    facts = FACTS[ASR]
    parts = [
        f"{facts.title} ({facts.direction}), {_interval(values, ASR)}",
        *(
            f"{FACTS[metric].title.lower()} {_number(values[metric])}"
            if values[metric] is not None
            else f"{FACTS[metric].title.lower()} not told by the judges"
            for metric in METRICS
            if metric not in (ASR, "coverage")
        ),
        f"coverage {_number(values['coverage'])} ({values['scored']} of {values['asked']})",
        *_histories(values),
        f"{panel_in_words(run.basis.panel, run.basis.panel_sha256)}: {_judges(run)}",
        f"rubric {run.basis.rubric}",
        f"data fingerprint {run.basis.fingerprint[:12]}",
    ]
    return "; ".join(parts)


def _histories(values: Mapping[str, Any]) -> list[str]:
    """The histories: what a four-turn model was shown of earlier turns. Scores depend on them."""
    histories = values.get("histories")
    if not histories:
        return []
    return [f"history {', '.join(f'{name} ({count} cases)' for name, count in histories.items())}"]


def _judges(run: PublishedRun) -> str:
    versions = run.metrics["judge_versions"]
    names = [str(judge.get("name")) for judge in run.info["panel"].get("judges") or ()]
    return ", ".join(
        f"{name} ({', '.join(versions[name])})" if versions.get(name) else name for name in names
    )


def _interval(values: Mapping[str, Any], metric: str) -> str:
    interval = (values.get("intervals") or {}).get(metric)
    if interval is None:
        return f"no {_PERCENT} interval (too few cases)"
    low, high = _number(interval["low"]), _number(interval["high"])
    return f"{_PERCENT} interval {low} to {high} ({interval['method']})"


def _number(value: float) -> str:
    return f"{value:.4f}"


def _metric_args(run: PublishedRun, task: Task, metric: str) -> dict[str, Any]:
    values = run.tasks[task.name]
    interval = (values.get("intervals") or {}).get(metric)
    return {
        "interval": interval and {**interval, "confidence": CONFIDENCE},
        "scored": values["scored"],
        "asked": values["asked"],
        **({"histories": values["histories"]} if values.get("histories") else {}),
        "panel": run.basis.panel,
        "panel_sha256": run.basis.panel_sha256,
        "rubric": run.basis.rubric,
        "judges": _judges(run),
        "data_fingerprint": run.basis.fingerprint,
        "date": run.ended.isoformat(),
    }


def _yaml(value: Iterable[Any]) -> bytes:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    return text.encode("utf-8", "backslashreplace")


EVAL_RESULTS = ExportFormat(
    lambda run, settings: eval_results_files(run), lambda run, settings: left_out(run)
)
MODEL_INDEX = ExportFormat(
    lambda run, settings: model_index_files(run), lambda run, settings: left_out(run)
)
