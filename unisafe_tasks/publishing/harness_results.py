"""lmms-eval's own results file with what it has no place for: intervals, coverage, panel, notes.

The harness's file is read and copied, never written to. Its scores must be those of the run: a file
of another run, or of one that was judged again since, is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.metrics import METRICS
from unisafe_tasks.publishing.publishable import PublishedRun, same_score, slug_of_run
from unisafe_tasks.redaction import redact
from unisafe_tasks.tasks import GROUPS

__all__ = ["files", "results_beside"]

_FORMAT = "unisafe-harness/1"
_FILTER = "none"
_TASK_CONFIGS = "configs"
"""The harness's settings of each task, whose `cluster_key` and `score_key` are no credentials."""


def files(run: PublishedRun, path: Path) -> dict[str, bytes]:
    """The enriched file under the name of the harness's own, with `_unisafe` before its ending.

    Every task gains, in the harness's manner, `METRIC_ci_low,none` and `METRIC_ci_high,none` ("N/A"
    where there is none, as the harness writes it); the rest is under the key `unisafe`. A
    credential in the harness's settings is taken out.

    Raises:
        PublishingError: the file is no results file, or its scores are not those of the run.
    """
    results = _read(path)
    _require_same(run, results, path)
    enriched = _without_credentials(results, named=True)
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
        "tasks": {name: _own(values) for name, values in run.tasks.items()},
        "groups": {name: _own(values) for name, values in run.metrics["groups"].items()},
    }
    # NaN stays what the harness wrote for a task without a score; readers of its files know it.
    text = json.dumps(enriched, indent=2, ensure_ascii=False)
    return {f"{path.stem}_unisafe.json": text.encode("utf-8", "backslashreplace") + b"\n"}


def results_beside(folder: Path) -> list[Path]:
    """The harness's results files beside a run folder, one of which may be its own."""
    parent = folder.resolve().parent
    return sorted([*parent.glob("*_results.json"), *parent.glob("*/*_results.json")])


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise PublishingError(f"{path} cannot be read: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("results"), dict):
        raise PublishingError(f"{path} is no results file of lmms-eval: it has no 'results'")
    return value


def _require_same(run: PublishedRun, results: Mapping[str, Any], path: Path) -> None:
    found = results["results"]
    ours = {name for name in found if name in GROUPS["unisafe"]}
    if ours != set(run.tasks):
        raise PublishingError(
            f"{path} is not of {run.folder}: it has the tasks {_listed(ours)}, the run "
            f"{_listed(set(run.tasks))}"
        )
    known = {**run.tasks, **{n: v for n, v in run.metrics["groups"].items() if n in found}}
    for name, values in known.items():
        for metric in METRICS:
            theirs = _harness_value(found[name], metric)
            if not same_score(theirs, values[metric]):
                raise PublishingError(
                    f"{path} is not of {run.folder}: it says {metric} {theirs} of {name}, the run "
                    f"{values[metric]}; name the file that lmms-eval wrote for this run"
                )


def _harness_value(values: Any, metric: str) -> Any:
    """A score of the harness, None for its NaN."""
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


def _own(values: Mapping[str, Any]) -> dict[str, Any]:
    names = ("asked", "scored", "coverage", "complete", "standard_error", "intervals", "agreement")
    return {name: values[name] for name in names if name in values}


def _without_credentials(value: Any, *, named: bool) -> Any:
    """The value with its texts redacted; with `named` also those whose key says what they are."""
    if isinstance(value, dict):
        return {
            key: _redacted(key, entry)
            if named and isinstance(entry, str)
            else _without_credentials(entry, named=named and key != _TASK_CONFIGS)
            for key, entry in value.items()
        }
    if isinstance(value, list):
        return [_without_credentials(entry, named=named) for entry in value]
    return redact(value) if isinstance(value, str) else value


def _redacted(key: str, value: str) -> str:
    beginning = f"{key}="
    return redact(beginning + value).removeprefix(beginning) if value else value
