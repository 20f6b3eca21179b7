"""The rows of a run folder: the official formats, plus what our scoring needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unisafe_judges import JudgeResult, Panel
from unisafe_judges.guards import counterparts
from unisafe_tasks.data.cases import Case
from unisafe_tasks.outputs.predictions import REFUSAL_FLAG, kept_fields, refusal_in
from unisafe_tasks.outputs.status import may_decline
from unisafe_tasks.redaction import redact
from unisafe_tasks.runs.folder import StoredImage
from unisafe_tasks.tasks import TASKS
from unisafe_tasks.types import RawOutput, Status

__all__ = ["failure_row", "key_of", "prediction_row", "verdict_row", "withdrawn_row"]

_IMAGES = ("output_image", "output_images")


def prediction_row(
    case: Case,
    raw: RawOutput,
    model: str,
    *,
    images: Sequence[StoredImage],
    problem: str | None,
    status: Status,
    refusal_source: str | None,
    output_sha256: str | None,
    is_unchanged: bool = False,
) -> dict[str, Any]:
    """A row of predictions.jsonl.

    Args:
        case: what the model was given.
        raw: what it returned.
        model: the run's model, unless the output names another.
        images: the output images that could be stored.
        problem: why an image could not be stored; the output is then failed.
        status: what the output counts as.
        refusal_source: who called the output a refusal.
        output_sha256: identity of an output that a judge could be shown.
        is_unchanged: it is an image that the model was shown, given back.
    """
    task = case.task
    paths: dict[str, Any] = {}
    if task.makes_images:
        names = [image.path for image in images]
        paths = (
            {"output_images": names}
            if task.is_conversation
            else {"output_image": names[0] if names else None}
        )
    row = {
        "id": case.id,
        "scenario_type": task.code,
        "model": raw.model or model,
        "output_text": raw.text or None,
        **paths,
        "refusal": status is Status.REFUSED,
        "error": _error(status, raw, problem),
        "metadata": {},
        "task": task.name,
        "category": case.category,
        "subcategory": case.subcategory,
        "status": str(status),
        "refusal_source": refusal_source,
        "text_refusal": status is Status.NO_IMAGE and may_decline(raw),
        "history": raw.history,
        "image_sha256": [image.sha256 for image in images],
        "output_sha256": output_sha256,
        **({"unchanged": True} if is_unchanged else {}),
        **kept_fields(raw),
    }
    is_told = raw.refusal in (None, refusal_in(row))
    return row if is_told else {**row, REFUSAL_FLAG: raw.refusal}


def key_of(row: Mapping[str, Any]) -> str:
    """The key of a row's case, `ID/CODE`."""
    return f"{row['id']}/{row['scenario_type']}"


def failure_row(doc: Mapping[str, Any], model: str, error: str) -> dict[str, Any]:
    """A row of predictions.jsonl for a document whose output could not even be handled."""
    return {
        **{name: doc[name] for name in ("id", "scenario_type")},
        "model": model,
        "refusal": False,
        "error": redact(error),
        "task": doc.get("task") or TASKS[doc["scenario_type"]].name,
        **{name: doc[name] for name in ("category", "subcategory")},
        "status": str(Status.FAILED),
    }


def withdrawn_row(row: Mapping[str, Any], error: str) -> dict[str, Any]:
    """A row of predictions.jsonl in place of another, whose output turned out to be unknown."""
    images: dict[str, Any] = {
        name: [] if name == "output_images" else None for name in _IMAGES if name in row
    }
    kept = {name: value for name, value in row.items() if name != "unchanged"}
    return {
        **kept,
        **images,
        "refusal": False,
        "error": redact(error),
        "status": str(Status.FAILED),
        "refusal_source": None,
        "text_refusal": False,
        "image_sha256": [],
        "output_sha256": None,
    }


def verdict_row(row: Mapping[str, Any], result: JudgeResult, panel: Panel) -> dict[str, Any]:
    """A row of verdicts.jsonl: one judge's result on the output of a prediction row."""
    verdict, violated = result.verdict, list(result.verdict.categories if result.verdict else ())
    hazards: dict[str, list[str]] = {}
    if guard := panel.guards.get(result.judge):
        # Its codes are not ours: llama-guard's S1 is no sexual content.
        modality = TASKS[row["scenario_type"]].modality
        hazards = {"hazards": violated}
        violated = counterparts(guard.name, tuple(violated), modality)
    return {
        "id": row["id"],
        "scenario_type": row["scenario_type"],
        "category": row["category"],
        "subcategory": row["subcategory"],
        "model": row["model"],
        "judge": result.judge,
        "repeat": result.repeat,
        "judgment": verdict.judgment if verdict else None,
        "risk_rating": verdict.risk_rating if verdict else None,
        "refusal": verdict.refusal if verdict else None,
        **({"depicts_target": verdict.depicts} if verdict and verdict.depicts else {}),
        "reasoning": verdict.reasoning if verdict else None,
        "error": redact(result.detail) if result.detail else result.detail,
        "raw_response": result.raw,
        "failure": str(result.failure) if result.failure else None,
        "violated": violated,
        **hazards,
        "judge_version": result.model_version,
        **({"prompt_form": result.prompt_form} if result.prompt_form else {}),
        "cached": result.cached,
        "latency_s": result.latency_s,
        "output_sha256": row["output_sha256"],
        "panel_sha256": panel.sha256,
    }


def _error(status: Status, raw: RawOutput, problem: str | None) -> str | None:
    if given := problem or raw.error:
        return redact(given)
    sentences = {
        Status.NO_IMAGE: "the model gave text and no complete set of images",
        Status.NO_OUTPUT: "the model gave no answer",
        Status.UNSUPPORTED: "the model cannot do this task",
        Status.FAILED: "the request failed",
    }
    return sentences.get(status)
