"""A score as an entry of an Every Eval Ever record, with its metric, judges and uncertainty.

The format cannot hold a metric without a better direction. `result_entry` says what is written
instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from unisafe_judges.rubrics import rubric_of_ours
from unisafe_tasks.metric_facts import FACTS, MetricFacts
from unisafe_tasks.metrics import ensemble_of
from unisafe_tasks.publishing.formats import UNKNOWN
from unisafe_tasks.publishing.publishable import PublishedRun
from unisafe_tasks.results.marks import MIN_COVERAGE, mark_notes, marks_of
from unisafe_tasks.statistics import CONFIDENCE
from unisafe_tasks.tasks import Task

__all__ = ["as_detail", "collection_of", "evaluation_name", "result_entry", "result_id"]

_IN_PROCESS = ("transformers", "guard-transformers", "shieldgemma-2")
"""The backends whose models the run itself loads."""


def collection_of(run: PublishedRun) -> str:
    """The benchmark's folder. Results on other data never share it with results on UniSAFE."""
    if run.is_unisafe:
        return "unisafe"
    return "unisafe-demo" if run.basis.is_demo else "unisafe-other"


def result_id(task: Task, metric: str) -> str:
    """What a score is called within its record."""
    return f"{task.name}/{metric}"


def evaluation_name(run: PublishedRun, task: Task) -> str:
    """The task's name among all benchmarks."""
    return f"{collection_of(run)}.{task.name.removeprefix('unisafe_')}"


def result_entry(run: PublishedRun, task: Task, metric: str) -> dict[str, Any]:
    """The entry of a metric that has a value.

    The format knows two directions, and the refusal rate has none. The entry says "higher is
    better" for it. The description and the details say that neither direction is better.
    """
    values = run.tasks[task.name]
    score: dict[str, Any] = {
        "score": values[metric],
        "details": {
            "complete": as_detail(values["complete"]),
            "asked": as_detail(values["asked"]),
            "scored": as_detail(values["scored"]),
            "coverage": as_detail(values["coverage"]),
            "statuses": as_detail(values["statuses"]),
            "judge_failures": as_detail(values["judge_failures"]),
            "by_judge": as_detail(
                {
                    name: {
                        "score": judge_summary[metric],
                        "scored": judge_summary["scored"],
                        "asked": judge_summary["asked"],
                    }
                    for name, judge_summary in values["judges"].items()
                }
            ),
        },
    }
    if marks := marks_of(values):
        score["details"]["marks"] = as_detail(mark_notes(marks, MIN_COVERAGE))
    if histories := values.get("histories"):
        score["details"]["histories"] = as_detail(histories)
    if agreement := values.get("agreement"):
        score["details"]["judge_agreement"] = as_detail(
            {name: agreement[name] for name in ("cases", "judgment_alpha", "risk_rating_alpha")}
        )
    if uncertainty := _uncertainty(run.metrics, values, metric):
        score["uncertainty"] = uncertainty
    result = {
        "evaluation_result_id": result_id(task, metric),
        "evaluation_name": evaluation_name(run, task),
        "source_data": _source_data(run, task),
        "evaluation_timestamp": run.began.isoformat(),
        "metric_config": _metric_config(run, task, metric),
        "score_details": score,
    }
    if settings := _generation(run.info):
        result["generation_config"] = {"additional_details": settings}
    return result


def _source_data(run: PublishedRun, task: Task) -> dict[str, Any]:
    details = {
        "fingerprint": run.basis.fingerprint,
        "scenario_type": task.code,
        "cases_asked": as_detail(run.tasks[task.name]["asked"]),
    }
    if run.revision:
        details["revision"] = str(run.revision)
    if not run.is_unisafe:
        details["note"] = "Not the published UniSAFE data set."
    name = "UniSAFE" if run.is_unisafe else f"{run.basis.data} (not UniSAFE)"
    if run.hub_data is None:
        return {"dataset_name": name, "source_type": "other", "additional_details": details}
    return {
        "dataset_name": name,
        "source_type": "hf_dataset",
        "hf_repo": run.hub_data,
        "hf_split": task.split,
        "additional_details": details,
    }


def _metric_config(run: PublishedRun, task: Task, metric: str) -> dict[str, Any]:
    facts = FACTS[metric]
    config = {
        "evaluation_description": _description(run, task, facts),
        "metric_id": f"unisafe.{metric}",
        "metric_name": facts.title,
        "metric_kind": metric,
        "metric_unit": facts.unit,
        "lower_is_better": facts.higher_is_better is False,
        "score_type": "continuous",
        "min_score": 0,
        "max_score": facts.highest,
        "additional_details": {"direction": facts.direction, **_panel(run)},
    }
    if scoring := _llm_scoring(run, task, metric):
        config["llm_scoring"] = scoring
    return config


def _description(run: PublishedRun, task: Task, facts: MetricFacts) -> str:
    where = "" if run.is_unisafe else "Not a UniSAFE result (other data). "
    return (
        f"{where}UniSAFE, {task.title}: {facts.title}. {facts.meaning} "
        f"{facts.direction.capitalize()}."
    )


def _panel(run: PublishedRun) -> dict[str, str]:
    panel = run.info["panel"]
    ensemble = ensemble_of(panel)
    return {
        "panel": run.basis.panel,
        "panel_sha256": run.basis.panel_sha256,
        "rubric": run.basis.rubric,
        "rubric_sha256": run.basis.rubric_sha256,
        "ensemble": ensemble.method,
        "min_verdicts": as_detail(ensemble.min_verdicts),
        "judge_repeats": as_detail(panel.get("judge_repeats", 1)),
        "label_judges": as_detail(
            [_decoding(judge) for judge in _judges(run) if _is_labels(judge)]
        ),
    }


def _llm_scoring(run: PublishedRun, task: Task, metric: str) -> dict[str, Any] | None:
    """The judges that are language models. None for coverage, and for a panel whose verdicts all
    come from label files: such judges are in the metric's details."""
    models = [judge for judge in _judges(run) if not _is_labels(judge)]
    if metric == "coverage" or not models:
        return None
    ensemble = ensemble_of(run.info["panel"]).method
    scoring: dict[str, Any] = {
        "judges": [_judge(run, judge) for judge in models],
        "input_prompt": _prompt(run, task),
        "additional_details": {"aggregation": _aggregation(ensemble, metric)},
    }
    # The format's other methods are not exactly ours: `aggregation` describes ours in words.
    if ensemble == "soft-mean" and metric != "refusal_rate":
        scoring["aggregation_method"] = "average"
    return scoring


def _aggregation(ensemble: str, metric: str) -> str:
    if metric == "refusal_rate":
        return "a refusal if any judge calls it one"
    return {
        "soft-mean": "mean over the judges that gave a verdict",
        "majority": "median over the judges that gave a verdict, the higher one of two",
        "any-unsafe": "highest of the judges that gave a verdict",
    }.get(ensemble, ensemble)


def _judges(run: PublishedRun) -> list[Mapping[str, Any]]:
    return list(run.info["panel"].get("judges") or ())


def _is_labels(judge: Mapping[str, Any]) -> bool:
    return judge.get("backend") == "labels"


def _judge(run: PublishedRun, judge: Mapping[str, Any]) -> dict[str, Any]:
    model = str(judge.get("model", judge.get("name")))
    local = judge.get("backend") in _IN_PROCESS
    versions = run.metrics["judge_versions"].get(judge.get("name"), {})
    described: dict[str, Any] = {
        "model_info": {
            "name": model,
            "id": model,
            "additional_details": {
                "deployment_type": "self_deployed" if local else UNKNOWN,
                "model_availability": UNKNOWN,
            },
        },
        "additional_details": {
            **{key: as_detail(value) for key, value in _decoding(judge).items()},
            "replies_by_version": as_detail(versions),
        },
    }
    if isinstance(judge.get("temperature"), int | float):
        described["temperature"] = judge["temperature"]
    return described


def _decoding(judge: Mapping[str, Any]) -> dict[str, Any]:
    """The published settings of a judge without its model, which has a separate field."""
    return {key: value for key, value in judge.items() if key != "model"}


def _prompt(run: PublishedRun, task: Task) -> str:
    """The rubric's template, if it is one of ours in the run's version.

    Another rubric is only named: the licence of the authors' rubric does not let us copy it.
    """
    if (ours := rubric_of_ours(run.basis.rubric_sha256)) is not None:
        wording = ours.instructions.replace("{scenario}", ours.scenarios[task.code])
        return f"{wording}\n{ours.reminder}"
    return (
        f"Rubric {run.basis.rubric} for {task.code}, SHA-256 {run.basis.rubric_sha256}; its text "
        "is not reproduced here."
    )


def _uncertainty(
    metrics: Mapping[str, Any], values: Mapping[str, Any], metric: str
) -> dict[str, Any] | None:
    error = (values.get("standard_error") or {}).get(metric)
    interval = (values.get("intervals") or {}).get(metric)
    uncertainty: dict[str, Any] = {}
    if error is not None:
        uncertainty["standard_error"] = {"value": error, "method": "analytic"}
    if interval is not None:
        uncertainty["confidence_interval"] = {
            "lower": interval["low"],
            "upper": interval["high"],
            "confidence_level": CONFIDENCE,
            "method": interval["method"],
        }
        if interval["method"] == "bootstrap":
            uncertainty["num_bootstrap_samples"] = metrics["bootstrap"]["draws"]
    return uncertainty | {"num_samples": values["scored"]} if uncertainty else None


def _generation(info: Mapping[str, Any]) -> dict[str, str]:
    """The settings of the model's run in run.json, if a harness ran it."""
    names = ("model_args", "gen_kwargs", "seeds", "batch_size", "adapter")
    return {name: as_detail(info[name]) for name in names if info.get(name) not in (None, "", [])}


def as_detail(value: object) -> str:
    """A value as a text: the format takes only texts as details."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
