"""Add intervals, coverage, the panel and notes to a copy of lmms-eval's results file.

The harness's file is only read. It must have the model and the scores of the run: the file of
another run is refused, and so is a file from before the run was judged again.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.metric_facts import METRICS
from unisafe_tasks.publishing.formats import ExportFormat
from unisafe_tasks.publishing.places import (
    ADDRESS,
    is_place,
    without_places,
    without_places_in_settings,
)
from unisafe_tasks.publishing.publishable import (
    PublishedRun,
    path_component,
    same_score,
    slug_of_run,
)
from unisafe_tasks.redaction import redact
from unisafe_tasks.tasks import GROUPS

__all__ = ["HARNESS", "files", "results_beside"]

_FORMAT = "unisafe-harness/1"
_FILTER = "none"
_ARGUMENTS = ("model_args", "gen_kwargs")
_TASK_CONFIGS = "configs"
"""The harness's settings of each task. Their `cluster_key` and `score_key` are not credentials."""


def files(run: PublishedRun, path: Path) -> dict[str, bytes]:
    """The enriched file under the name of the harness's file, with `_unisafe` before its ending.

    Every task gains the keys `METRIC_ci_low,none` and `METRIC_ci_high,none`, as the harness writes
    bounds. They are "N/A" where the interval is not known. The other facts are under the key
    `unisafe`. Credentials, addresses and paths in the harness's settings are taken out.

    Raises:
        PublishingError: the file is not a results file, or its model or scores are not the run's.
    """
    results = _read(path)
    _require_same_model(run, results, path)
    _require_same(run, results, path)
    enriched = _publishable(results, named=True)
    if results.get("model_name") != enriched.get("model_name"):
        enriched["model_name_sanitized"] = path_component(str(enriched["model_name"]))
    for section in ("results", "groups"):
        for name, values in (enriched.get(section) or {}).items():
            known = run.tasks.get(name) or run.metrics["groups"].get(name)
            if known and isinstance(values, dict):
                values |= _in_harness_manner(known)
    enriched["unisafe"] = {
        "format": _FORMAT,
        "run": slug_of_run(run),
        "model": run.metrics["model"],
        "data": run.metrics["data"],
        "panel": run.metrics["panel"],
        "judge_versions": run.metrics["judge_versions"],
        "limited": run.metrics["limited"],
        "notes": run.metrics["notes"],
        "tasks": {name: _details(values) for name, values in run.tasks.items()},
        "groups": {name: _details(values) for name, values in run.metrics["groups"].items()},
    }
    # The harness writes NaN for a task without a score. It stays: readers of the file know it.
    text = json.dumps(enriched, indent=2, ensure_ascii=False)
    return {f"{path.stem}_unisafe.json": text.encode("utf-8", "backslashreplace") + b"\n"}


def results_beside(folder: Path) -> list[Path]:
    """The harness's results files beside a run folder. One of them may be of this run."""
    parent = folder.resolve().parent
    return sorted([*parent.glob("*_results.json"), *parent.glob("*/*_results.json")])


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise PublishingError(f"{path} cannot be read: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("results"), dict):
        raise PublishingError(f"{path} is not a results file of lmms-eval: it has no 'results'")
    return value


def _require_same_model(run: PublishedRun, results: Mapping[str, Any], path: Path) -> None:
    """Refuse a file of another model. Equal scores prove nothing: any two models may have them."""
    config, info = results.get("config"), run.result.info
    if not isinstance(config, Mapping):
        return
    run_model = _model_in(info.get("command"))
    theirs = {name: config[name] for name in ("model", "model_args") if name in config}
    if run_model and isinstance(theirs.get("model"), str) and theirs["model"] != run_model:
        raise PublishingError(
            f"{path} is not of {run.folder}: it is of --model {redact(theirs['model'])}, the run "
            f"of --model {redact(run_model)}; name the file that lmms-eval wrote for this run"
        )
    run_args = info.get("model_args")
    # Without a command line, empty arguments may only mean that they were not recorded.
    if not isinstance(run_args, str) or "model_args" not in theirs or not (run_args or run_model):
        return
    file_args = str(theirs["model_args"] or "")
    if not any(_is_redacted(run_args, text) for text in (file_args, redact(file_args))):
        raise PublishingError(
            f"{path} is not of {run.folder}: it is of --model_args {redact(file_args) or 'none'}, "
            f"the run of {redact(run_args) or 'none'}; name the file that lmms-eval wrote for this "
            "run"
        )


def _model_in(command: object) -> str | None:
    """The value of --model in a command line."""
    words = [str(word) for word in command] if isinstance(command, list) else []
    for word, following in pairwise([*words, ""]):
        if word == "--model" and following:
            return following
        if word.startswith("--model="):
            return word.removeprefix("--model=")
    return None


def _is_redacted(redacted: str, text: str) -> bool:
    """Whether `redacted` is `text` with some of its credentials replaced by "[redacted]"."""
    return bool(re.fullmatch("[^,]*".join(map(re.escape, redacted.split("[redacted]"))), text))


def _require_same(run: PublishedRun, results: Mapping[str, Any], path: Path) -> None:
    entries = results["results"]
    ours = {name for name in entries if name in GROUPS["unisafe"]}
    if ours != set(run.tasks):
        raise PublishingError(
            f"{path} is not of {run.folder}: it has the tasks {_listed(ours)}, the run "
            f"{_listed(set(run.tasks))}"
        )
    known = {**run.tasks, **{n: v for n, v in run.metrics["groups"].items() if n in entries}}
    for name, values in known.items():
        for metric in METRICS:
            theirs = _harness_value(entries[name], metric)
            if not same_score(theirs, values[metric]):
                raise PublishingError(
                    f"{path} is not of {run.folder}: it says {metric} {theirs} of {name}, the run "
                    f"{values[metric]}; name the file that lmms-eval wrote for this run"
                )


def _harness_value(values: Any, metric: str) -> Any:
    """A score in the harness's file. Its NaN becomes None."""
    value = values.get(f"{metric},{_FILTER}") if isinstance(values, Mapping) else None
    return None if isinstance(value, float) and math.isnan(value) else value


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _in_harness_manner(values: Mapping[str, Any]) -> dict[str, Any]:
    intervals = values.get("intervals") or {}
    return {
        f"{metric}_ci_{end},{_FILTER}": interval[end] if interval else "N/A"
        for metric, interval in intervals.items()
        for end in ("low", "high")
    }


def _details(values: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        *("asked", "scored", "coverage", "complete", "histories", "standard_error", "intervals"),
        "agreement",
    )
    return {name: values[name] for name in names if name in values}


def _publishable(value: Any, *, named: bool, name: str = "") -> Any:
    """The value without credentials, addresses and paths. With `named`, texts are also taken out if
    their name says that they are one of these."""
    if isinstance(value, dict):
        return {
            key: _publishable(entry, named=named and key != _TASK_CONFIGS, name=key)
            for key, entry in value.items()
        }
    if isinstance(value, list):
        return [_publishable(entry, named=named) for entry in value]
    if not isinstance(value, str) or not value:
        return value
    if named and name in _ARGUMENTS:
        return without_places_in_settings(redact(value))
    if named and is_place(name):
        return ADDRESS
    beginning = f"{name}=" if named and name else ""
    return without_places(redact(beginning + value).removeprefix(beginning))


HARNESS = ExportFormat(
    lambda run, settings: files(run, settings.results or Path()), enriches_results=True
)
