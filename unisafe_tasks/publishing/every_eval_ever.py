"""Records of Every Eval Ever: for each run an aggregate record, and a file with its scored cases.

Written for version 0.3.0 of the format (its eval.schema.json and the checks of its validator). The
format has no place for a metric that has no better direction, for a null score, or for a mark; the
module's functions say what they do instead. No model output is in a record, nor a case's text.
"""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.files import encode_json
from unisafe_tasks.metric_facts import METRICS
from unisafe_tasks.models import ADAPTERS
from unisafe_tasks.publishing.formats import UNKNOWN, Attribution, ExportFormat
from unisafe_tasks.publishing.instance_records import instance_lines, without_line
from unisafe_tasks.publishing.publishable import PublishedRun, path_component
from unisafe_tasks.publishing.record_entries import (
    as_detail,
    collection_of,
    result_entry,
)
from unisafe_tasks.tasks import GROUPS, task_named

__all__ = [
    "EVERY_EVAL_EVER",
    "SCHEMA_VERSION",
    "build_record",
    "files",
    "missing_facts",
    "read_record",
]

SCHEMA_VERSION = "0.3.0"

_NAMESPACE = uuid.UUID("5b0b1f0e-5d1b-5f43-9a4e-6d7a1c0e7a11")


def files(run: PublishedRun, attribution: Attribution) -> dict[str, bytes]:
    """The record and its cases, under the paths that the format demands:
    data/BENCHMARK/DEVELOPER/MODEL/UUID.json and UUID_samples.jsonl.

    The format takes version 4 UUIDs only. Ours is one by its form, and a hash of the run by its
    content, so that a run exported again replaces its record.
    """
    developer, name = _names(_model_id(run, attribution))
    folder = "/".join(
        ["data", collection_of(run), *(path_component(part) for part in (developer, name))]
    )
    path = f"{folder}/{_uuid(run)}"
    record = build_record(run, attribution)
    lines = instance_lines(run, record)
    # Without a line the format takes no file of cases.
    if lines:
        record["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": f"{path}_samples.jsonl",
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(lines).hexdigest(),
            "total_rows": lines.count(b"\n"),
            "additional_details": {"cases_without_a_score": as_detail(without_line(run))},
        }
    companion = {f"{path}_samples.jsonl": lines} if lines else {}
    return {f"{path}.json": encode_json(record), **companion}


def build_record(run: PublishedRun, attribution: Attribution) -> dict[str, Any]:
    """The record: every task's metrics that have a value. Group means are left out, since they are
    our summary of scores that are there, and would count them twice."""
    model = _model_id(run, attribution)
    developer, _ = _names(model)
    epoch = str(int(run.ended.timestamp()))
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{collection_of(run)}@{run.basis.panel_sha256[:12]}/{model}/{epoch}",
        "evaluation_timestamp": run.began.isoformat(),
        # The run's end and not now, so that the same run gives the same record.
        "retrieved_timestamp": epoch,
        "source_metadata": {
            "source_name": "unisafe-tasks",
            "source_type": "evaluation_run",
            "source_organization_name": attribution.organization,
            "evaluator_relationship": attribution.relationship,
            "additional_details": _marks(run),
        },
        "eval_library": _library(run.info),
        "model_info": {
            "name": str(run.info["model"]),
            "id": model,
            "developer": developer,
            "additional_details": {
                "deployment_type": _deployment(run.info),
                "model_availability": UNKNOWN,
            },
        },
        "evaluation_results": [
            result_entry(run, task_named(name), metric)
            for name, values in run.tasks.items()
            for metric in METRICS
            if values[metric] is not None
        ],
    }


def missing_facts(run: PublishedRun, attribution: Attribution) -> list[str]:
    """What the record lacks, a sentence each: the format's collection wants it all."""
    lacking = []
    if "/" not in _model_id(run, attribution):
        lacking.append("the record names no developer of the model: say --model-id ORG/NAME.")
    if attribution.organization == UNKNOWN:
        lacking.append("the record names no publisher: say --organization NAME.")
    return lacking


def read_record(path: Path) -> dict[str, dict[str, float]]:
    """The scores of a record of ours: task -> metric -> value, the metrics without one missing.

    Raises:
        PublishingError: it cannot be read, or is no record of ours; it names the file and the
            result.
    """
    try:
        record = json.loads(path.read_bytes())
        results = list(record["evaluation_results"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise PublishingError(
            f"{path} cannot be read as an every_eval_ever record: {type(error).__name__}: {error}"
        ) from None
    scores: dict[str, dict[str, float]] = {}
    for number, entry in enumerate(results):
        where = f"{path}, evaluation_results[{number}]"
        try:
            task, _, metric = entry["evaluation_result_id"].partition("/")
            score = entry["score_details"]["score"]
        except (KeyError, TypeError, AttributeError):
            raise PublishingError(f"{where}: it lacks a result id or a score") from None
        if task not in GROUPS["unisafe"] or metric not in METRICS or metric in scores.get(task, {}):
            raise PublishingError(
                f"{where}: {task}/{metric} is not one of our metrics, or it is there twice"
            )
        if type(score) not in (int, float) or not math.isfinite(score):
            raise PublishingError(f"{where}: the score is {score!r}, expected a number")
        scores.setdefault(task, {})[metric] = score
    return scores


def _model_id(run: PublishedRun, attribution: Attribution) -> str:
    name = attribution.model_id or str(run.info["model"])
    # Weights in a folder: its path says more about the machine than about the model.
    if name.startswith(("/", "~", ".")):
        return Path(name).name or UNKNOWN
    return name


def _names(model: str) -> tuple[str, str]:
    developer, slash, name = model.partition("/")
    return (developer, name) if slash else (UNKNOWN, model)


def _uuid(run: PublishedRun) -> uuid.UUID:
    scores = {
        name: [values[metric] for metric in (*METRICS, "asked", "scored")]
        for name, values in run.tasks.items()
    }
    content = [
        run.info["model"],
        run.basis.panel_sha256,
        run.basis.fingerprint,
        run.began.isoformat(),
        run.ended.isoformat(),
        scores,
    ]
    hashed = uuid.uuid5(_NAMESPACE, json.dumps(content, sort_keys=True))
    return uuid.UUID(bytes=hashed.bytes, version=4)


def _marks(run: PublishedRun) -> dict[str, str]:
    return {
        "complete": as_detail(run.is_whole),
        "limited": as_detail(bool(run.metrics["limited"])),
        "status": str(run.info.get("status", "complete")),
        "demo_data": as_detail(run.basis.is_demo),
        "unscored": as_detail(run.unscored()),
        "coverage": as_detail({name: values["coverage"] for name, values in run.tasks.items()}),
        "notes": as_detail(run.metrics["notes"]),
    }


def _library(info: Mapping[str, Any]) -> dict[str, Any]:
    versions = info.get("versions") or {}
    facts = {
        "harness": info.get("harness"),
        "lmms_eval_version": versions.get("lmms_eval"),
        "lm_eval_version": versions.get("lm_eval"),
        "git_commit": info.get("git_commit"),
    }
    return {
        "name": "unisafe-tasks",
        "version": str(versions.get("unisafe-tasks", UNKNOWN)),
        "additional_details": {key: str(value) for key, value in facts.items() if value},
    }


def _deployment(info: Mapping[str, Any]) -> str:
    adapter = info.get("adapter")
    name = adapter.get("adapter") if isinstance(adapter, Mapping) else None
    is_local = isinstance(name, str) and name in ADAPTERS and ADAPTERS[name].is_local
    return "self_deployed" if is_local else UNKNOWN


EVERY_EVAL_EVER = ExportFormat(
    lambda run, settings: files(run, settings.attribution),
    lambda run, settings: missing_facts(run, settings.attribution),
)
