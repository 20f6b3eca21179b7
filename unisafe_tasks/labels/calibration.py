"""Measure a panel against human labels: from judged runs and labels to a judge card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from unisafe_tasks.data.names import DEMO_NOTE
from unisafe_tasks.errors import LabelError, RunError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.labels.annotations import Annotation
from unisafe_tasks.labels.judge_card import CARD_FORMAT
from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.metrics import ScoredCase, case_value
from unisafe_tasks.results.basis import require_one_basis
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.folder import PREDICTIONS
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.statistics.agreement import krippendorff_alpha
from unisafe_tasks.statistics.calibration import Confusion, pearson
from unisafe_tasks.statistics.corrections import (
    CalibrationCase,
    corrected_by_labels,
    corrected_by_rates,
    unlabelled_subcategories,
)
from unisafe_tasks.tasks import task_named
from unisafe_tasks.types import Status

__all__ = ["build_card"]

_FEW = 30
"""With fewer labels a note says that the numbers are rough."""


@dataclass(frozen=True)
class _Labelled:
    """A scored output of a model, and its labels: one of each annotator."""

    model: str
    case: ScoredCase
    labels: tuple[Annotation, ...]

    @property
    def human(self) -> float:
        return fmean(label.judgment for label in self.labels)

    @property
    def cell(self) -> tuple[str, str]:
        return self.model, self.case.task

    def value(self, judge: str | None) -> float | None:
        """The judgment of the ensemble or of one judge, or None if that gave no verdict."""
        return case_value(self.case, ASR, judge)


def build_card(results: Sequence[ScoredRun], labels: Sequence[Annotation]) -> dict[str, Any]:
    """Measure the panel that judged `results` against `labels`.

    A label counts for the outputs with its SHA-256. Two models may give the same output: a label
    that names a model counts for that model only.

    Raises:
        RunError: the runs differ in panel, rubric or data, or two runs are of one model.
        LabelError: no label belongs to a scored output of these runs.
    """
    basis = require_one_basis(results, "a judge card")
    _require_models(results)
    outputs, counts = _matched(results, labels)
    if not outputs:
        raise LabelError(
            "no label is of an output that these runs have a score for: labels belong to outputs, "
            "by output_sha256, not to cases"
        )
    judges = sorted({row.judge for output in outputs for row in output.case.rows})
    corrected = _corrected(results, outputs)
    confusion = _confusion(outputs, None)
    panel = results[0].info["panel"]
    # A policy's codes are no part of a card.
    rubric = {key: value for key, value in panel["rubric"].items() if key != "codes"}
    return {
        "format": CARD_FORMAT,
        "panel": {"name": panel["name"], "sha256": panel["sha256"], "rubric": rubric},
        "data": {"source": basis.data, "fingerprint": basis.fingerprint},
        "models": [result.model for result in results],
        "notes": _notes(counts, confusion, corrected, is_demo=basis.is_demo),
        "run_notes": [
            f"{result.model}: {note}"
            for result in results
            for note in result.metrics["notes"]
            if note != DEMO_NOTE
        ],
        "counts": counts,
        "annotators": _annotator_agreement(outputs),
        "ensemble": confusion.as_json(),
        "judges": {judge: _confusion(outputs, judge).as_json() for judge in judges},
        "correlations": {
            "ensemble": _correlations(outputs, None),
            "judges": {judge: _correlations(outputs, judge) for judge in judges},
        },
        "corrected": corrected,
    }


def _require_models(results: Sequence[ScoredRun]) -> None:
    owners: dict[str, Path] = {}
    for result in results:
        if result.model in owners:
            raise RunError(
                f"{owners[result.model]} and {result.folder} are both runs of {result.model}: "
                "name one of them"
            )
        owners[result.model] = result.folder


def _matched(
    results: Sequence[ScoredRun], labels: Sequence[Annotation]
) -> tuple[list[_Labelled], dict[str, int]]:
    """The scored outputs that have labels, and how many labels and outputs were used or not."""
    by_output: dict[tuple[str, str, str], list[Annotation]] = {}
    for label in labels:
        output_key = (label.id, label.scenario_type, label.output_sha256)
        by_output.setdefault(output_key, []).append(label)
    outputs: list[_Labelled] = []
    used: set[Annotation] = set()
    unscored = 0
    for result in results:
        digests = _digests(result.folder)
        for case in result.cases:
            code = task_named(case.task).code
            digest = digests.get((case.id, code))
            output_labels = [
                label
                for label in by_output.get((case.id, code, digest or ""), ())
                if label.model in (None, result.model)
            ]
            if not output_labels or case.status is not Status.OK:
                continue
            used.update(output_labels)
            if case_value(case, "coverage"):
                outputs.append(_Labelled(result.model, case, tuple(output_labels)))
            else:
                unscored += 1
    counts = {
        "labels": len(labels),
        "annotators": len({label.annotator for label in labels}),
        "outputs": len(outputs),
        "cells": len({output.cell for output in outputs}),
        "unmatched_labels": len(labels) - len(used),
        "unscored_outputs": unscored,
    }
    return outputs, counts


def _digests(folder: Path) -> dict[tuple[str, str], str]:
    digests = {
        (row["id"], row["scenario_type"]): row.get("output_sha256")
        for _, row in read_run_rows(folder, PREDICTIONS, RunError)
    }
    return {key: digest for key, digest in digests.items() if isinstance(digest, str)}


def _confusion(outputs: Sequence[_Labelled], judge: str | None) -> Confusion:
    pairs = _pairs(outputs, judge)
    return Confusion.of([value for value, _ in pairs], [human for _, human in pairs])


def _pairs(outputs: Sequence[_Labelled], judge: str | None) -> list[tuple[float, float]]:
    """The judgments of the panel (or a judge) and of people, on the outputs that have both."""
    return [
        (value, output.human) for output in outputs if (value := output.value(judge)) is not None
    ]


def _correlations(outputs: Sequence[_Labelled], judge: str | None) -> dict[str, Any]:
    """Correlations with the human mean: over outputs, and over the means of each model and task."""
    members: dict[tuple[str, str], list[_Labelled]] = {}
    for output in outputs:
        members.setdefault(output.cell, []).append(output)
    cells = [
        [fmean(side) for side in zip(*pairs, strict=True)]
        for _, cell in sorted(members.items())
        if (pairs := _pairs(cell, judge))
    ]
    over_cells = pearson([cell[0] for cell in cells], [cell[1] for cell in cells])
    pairs = _pairs(outputs, judge)
    over_outputs = pearson([value for value, _ in pairs], [human for _, human in pairs])
    return {
        "cells": over_cells and over_cells.as_json(),
        "outputs": over_outputs and over_outputs.as_json(),
    }


def _annotator_agreement(outputs: Sequence[_Labelled]) -> dict[str, Any] | None:
    """Alpha among annotators, with an interval over risk targets. None for one annotator."""
    names = sorted({label.annotator for output in outputs for label in output.labels})
    if len(names) < 2:
        return None
    values = np.full((2, len(names), len(outputs)), np.nan)
    for column, output in enumerate(outputs):
        for label in output.labels:
            index = names.index(label.annotator)
            values[:, index, column] = label.judgment, label.risk_rating
    targets = sorted({output.case.id for output in outputs})
    weights = None
    if len(targets) > 1:
        rows = [targets.index(output.case.id) for output in outputs]
        weights = Resampler().counts(targets)[rows].T
    judgments = krippendorff_alpha(values[0], "nominal", weights)
    ratings = krippendorff_alpha(values[1], "ordinal", weights)
    return {
        "outputs": int(np.count_nonzero((~np.isnan(values[0])).sum(axis=0) > 1)),
        "judgment_alpha": judgments and judgments.as_json(),
        "risk_rating_alpha": ratings and ratings.as_json(),
    }


def _corrected(results: Sequence[ScoredRun], outputs: Sequence[_Labelled]) -> list[dict[str, Any]]:
    """The rates of each model and task, as judged and corrected.

    Sensitivity and specificity come from the task's labelled outputs of all models together.
    """
    human = {(*output.cell, output.case.id): output.human for output in outputs}
    confusions = {
        task: _confusion([output for output in outputs if output.case.task == task], None)
        for task in {task for result in results for task in result.metrics["tasks"]}
    }
    rows = []
    for result in results:
        for task, summary in result.metrics["tasks"].items():
            if summary[ASR] is None:
                continue
            cases = [
                CalibrationCase(
                    case.category,
                    case.subcategory,
                    predicted,
                    human.get((result.model, task, case.id)),
                    case.status is Status.OK,
                )
                for case in result.cases_of(task)
                if (predicted := case_value(case, ASR)) is not None
            ]
            by_rates = corrected_by_rates(cases, confusions[task])
            by_labels = corrected_by_labels(cases)
            rows.append(
                {
                    "model": result.model,
                    "task": task,
                    "complete": summary["complete"],
                    "coverage": summary["coverage"],
                    "labelled": sum(case.label is not None for case in cases),
                    "unlabelled_subcategories": unlabelled_subcategories(cases),
                    ASR: summary[ASR],
                    "rogan_gladen": by_rates and by_rates.as_json(),
                    "prediction_powered": by_labels and by_labels.as_json(),
                }
            )
    return rows


def _notes(
    counts: Mapping[str, int],
    confusion: Confusion,
    corrected: Sequence[Mapping[str, Any]],
    *,
    is_demo: bool,
) -> list[str]:
    notes = [DEMO_NOTE] if is_demo else []
    if counts["annotators"] > 1:
        notes.append(
            "Of several annotators the majority counts; a tie is non-compliant, as a panel's is."
        )
    if counts["unmatched_labels"]:
        notes.append(
            f"{counts['unmatched_labels']} of {counts['labels']} labels are of outputs that these "
            "runs do not have or showed to no judge, and were not used."
        )
    if counts["unscored_outputs"]:
        notes.append(
            f"{counts['unscored_outputs']} labelled outputs have no verdict and were not used."
        )
    if min(confusion.positives, confusion.negatives) < _FEW:
        notes.append(
            f"People called {confusion.positives} labelled outputs non-compliant and "
            f"{confusion.negatives} compliant: with fewer than {_FEW} of a kind, take every rate "
            "with its interval."
        )
    few = [
        f"{row['model']} {row['task']} ({row['labelled']})"
        for row in corrected
        if 0 < row["labelled"] < _FEW
    ]
    if few:
        notes.append(f"Fewer than {_FEW} labels make rough corrections: {', '.join(few)}.")
    pooled = [
        f"{row['model']} {row['task']} ({', '.join(row['unlabelled_subcategories'])})"
        for row in corrected
        if row["labelled"] and row["unlabelled_subcategories"]
    ]
    if pooled:
        notes.append(
            "Subcategories without a label are stood for by the labelled outputs of their "
            f"category, or else of the task: {', '.join(pooled)}."
        )
    notes.append(
        "Precision, recall and specificity are those of the labelled outputs as they were drawn, "
        "not of all outputs: a sample with as many of each subcategory has other shares of them."
    )
    return notes
