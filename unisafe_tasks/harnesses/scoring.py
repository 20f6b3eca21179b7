"""Scoring as a harness calls it: process_results submits, aggregation awaits.

`process_results` returns one `Deferred` per metric at once. A Deferred is a dict that is filled
once its verdicts have arrived. An aggregation function resolves it, and so does pickling, by which
ranks are gathered. The harness logs the filled dict of each sample.

A task's cases are scored once, when its first metric is aggregated; all its metrics read that.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from unisafe_tasks.data.cases import registered
from unisafe_tasks.harnesses.documents import task_of
from unisafe_tasks.judging import open_run
from unisafe_tasks.judging.pending import Pending, wait_for
from unisafe_tasks.metric_facts import FACTS_OF_ARMS, metrics_of
from unisafe_tasks.metrics import (
    Point,
    ScoredCase,
    apply_ensemble,
    case_value,
    is_told,
    linearised,
    macro_mean,
    standard_error,
)
from unisafe_tasks.outputs.parsing import parse_output
from unisafe_tasks.runs.reading import scored_case
from unisafe_tasks.tasks import Arm, Task
from unisafe_tasks.types import Status

__all__ = ["CASE_FIELDS", "Deferred", "complete_records", "process_results"]

_log = logging.getLogger("unisafe")

CASE_FIELDS = (
    "id",
    "scenario_type",
    "category",
    "subcategory",
    "status",
    "text_refusal",
    "history",
    "refusal_source",
    "cut_off",
)
"""What a prediction row gives to a case's score."""

_ROW_FIELDS = (
    "judge",
    "repeat",
    "judgment",
    "risk_rating",
    "refusal",
    "failure",
    "judge_version",
)
_IF_TOLD = ("depicts_target",)
_DETAILS = ("reasoning", "violated", "error")


class Deferred(dict[str, Any]):
    """A case's record under one metric, complete once its verdicts have arrived.

    With `names_codes` the codes that judges name are part of it under every metric.
    """

    def __init__(
        self, record: Mapping[str, Any], pending: Pending | None, *, names_codes: bool = False
    ) -> None:
        super().__init__(record)
        self.pending = pending
        self._more = ("violated",) if names_codes else ()

    def resolve(self) -> None:
        """Wait for the verdicts and fill them in."""
        if self.pending is not None:
            fields = _ROW_FIELDS + (_DETAILS if "images" in self else self._more)
            rows = self.pending.verdicts()
            self.update(_of_row(self.pending.row, self))
            self["verdicts"] = [
                {name: row[name] for name in (*fields, *_IF_TOLD) if name in row} for row in rows
            ]
            self.pending = None

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        self.resolve()
        return dict, (dict(self),)


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Deferred]:
    """Store and submit the output for one document. It neither waits nor raises.

    If it raised, the harness would retry five times and abort the run with exit code 0. So a defect
    becomes an unscored case and a line in the log.
    """
    pending, row, names_codes = None, doc, False
    task = task_of(doc)
    try:
        case = registered(task)[doc["id"]]
        session = open_run.current(task.arm)
        names_codes = session.names_codes
        # Its row follows, once its images are decoded.
        pending = session.submit(case, parse_output(results[0], task))
    except Exception as error:
        _log.exception("%s/%s is not scored", doc.get("id"), doc.get("scenario_type"))
        row = _failure(doc, task, f"{type(error).__name__}: {error}")
    first, *others = metrics_of(task.arm)
    records = {first: _record(row, task, has_details=True)}
    records |= {metric: _record(row, task, has_details=False) for metric in others}
    return {
        metric: Deferred(record, pending, names_codes=names_codes)
        for metric, record in records.items()
    }


def complete_records(
    metric: str, records: Iterable[dict[str, Any]], cases: Mapping[str, ScoredCase]
) -> None:
    """Write into records what only the whole run can tell: final statuses and values."""
    told = is_told(cases.values(), metric)
    for record in records:
        case = cases[record["id"]]
        record["status"] = str(case.status)
        record["value"] = case_value(case, metric) if told else None


def _record(row: Mapping[str, Any], task: Task, *, has_details: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"images": [], "error": None} if has_details else {}
    # A record of UniSAFE's tasks is as it was before there was another arm.
    named = {} if task.arm is Arm.ADVERSARIAL else {"task": task.name}
    return {**_of_row(row, record), **named, "verdicts": []}


def _of_row(row: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """What a prediction row gives to a record; images only where the record has them."""
    fields: dict[str, Any] = {name: row.get(name) for name in CASE_FIELDS}
    if "images" in record:
        images = row.get("output_images") or [row.get("output_image")]
        fields |= {"images": [path for path in images if path], "error": row.get("error")}
    return fields


def _failure(doc: Mapping[str, Any], task: Task, error: str) -> Mapping[str, Any]:
    try:
        return open_run.current(task.arm).store_failure(doc, error)
    except Exception:
        # Not even the row could be kept: the case is unscored all the same.
        names = ("id", "scenario_type", "category", "subcategory")
        return {**{name: doc[name] for name in names}, "status": str(Status.FAILED), "error": error}


def _aggregation(metric: str) -> Callable[[Sequence[dict[str, Any]]], float]:
    """The aggregation function of one metric, which the YAMLs name by the metric."""

    def aggregate(items: Sequence[dict[str, Any]]) -> float:
        return _aggregate(metric, items)

    # A function that a harness may pickle is found again by its name in this module.
    aggregate.__name__ = aggregate.__qualname__ = metric
    aggregate.__doc__ = _FACTS[metric].meaning
    return aggregate


_FACTS = {metric: facts for arm in Arm for metric, facts in FACTS_OF_ARMS[arm].items()}

globals().update({metric: _aggregation(metric) for metric in _FACTS})


def _aggregate(metric: str, items: Sequence[dict[str, Any]]) -> float:
    """A metric of one task over its records; the first aggregated metric finishes the task."""
    if not items:
        return math.nan
    _await(items)
    complete_records(metric, items, _scored(items))
    scored = [item for item in items if item["value"] is not None]
    points = [Point(item["category"], item["subcategory"], item["value"]) for item in scored]
    if not _FACTS[metric].is_estimate:
        return math.fsum(point.value for point in points) / len(points)
    # The harness takes its standard errors from `score`; so they are those of the macro mean.
    # Without `score`, its columns say N/A.
    if standard_error(points) is not None:
        for item, value in zip(scored, linearised(points), strict=True):
            item["score"] = value
    score = macro_mean(points)
    return math.nan if score is None else score


def _scored(items: Sequence[Mapping[str, Any]]) -> Mapping[str, ScoredCase]:
    """The final cases of the records' task by id: scored once, whichever metric comes first."""
    task = task_of(items[0])
    session = open_run.latest(task.arm)
    if session.cases_of(task.name) is None:
        settled = session.settle(task.name)
        cases = [
            scored_case(
                settled.get(item["id"], item),
                item["verdicts"],
                f"{item['id']}/{task.name}",
                task.arm,
            )
            for item in items
        ]
        open_run.finish_task(task.name, apply_ensemble(cases, session.ensemble))
    cases_by_id = session.cases_of(task.name)
    assert cases_by_id is not None
    return cases_by_id


def _await(items: Sequence[dict[str, Any]]) -> None:
    deferred = [item for item in items if isinstance(item, Deferred)]
    pending = [item.pending for item in deferred if item.pending is not None]
    if deferred:
        task = task_of(deferred[0])
        wait_for(pending, f"Judging {task.name}", open_run.latest(task.arm).progress)
    for item in deferred:
        item.resolve()
