"""A row of a harness's sample file as an output."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from unisafe_tasks.data.cases import Case
from unisafe_tasks.errors import PredictionsError
from unisafe_tasks.files import path_inside
from unisafe_tasks.metric_facts import metrics_of
from unisafe_tasks.outputs.parsing import named_twice, parse_output
from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RawOutput, Status

__all__ = ["overwritten", "read_sample", "require_same_words"]

_FIELDS = ("instruction", "target", "category", "subcategory")


def read_sample(
    row: Mapping[str, Any], task: Task, root: Path, seals: Collection[str], where: str
) -> RawOutput:
    """The output of a row; it is sealed if one of the runs beside the file has sealed it.

    Args:
        row: the row, as lmms-eval or lm-eval writes it.
        task: the case's task.
        root: the folder of the sample files.
        seals: hashes of the seals of the runs that may have written the file.
        where: begins an error.

    Raises:
        PredictionsError: an unsealed output names a file outside `root`.
    """
    answer = row.get("filtered_resps")
    answer = answer[0] if isinstance(answer, list) and answer else answer
    # What a run found out stands under its first metric.
    record = row.get(metrics_of(task.arm)[0])
    raw = _as_scored(parse_output(answer, task, foreign=True, seals=seals), record)
    if raw.sealed:
        return raw
    for name in raw.images:
        try:
            path_inside(root, str(Path(name).absolute()))
        except ValueError as problem:
            raise PredictionsError(
                f"{where}: names {name[:200]!r}, {problem}; put the images beside the sample files"
            ) from None
    return raw


def overwritten(
    outputs: Mapping[tuple[str, str], RawOutput],
) -> dict[tuple[str, str], RawOutput]:
    """The outputs that name a file which another case names too, as the failures that they are."""
    owners: dict[str, set[tuple[str, str]]] = {}
    for key, raw in outputs.items():
        for name in () if raw.sealed else raw.images:
            owners.setdefault(str(Path(name).resolve()), set()).add(key)
    return {
        key: RawOutput(error=named_twice(path))
        for path, keys in owners.items()
        if len(keys) > 1
        for key in keys
    }


def require_same_words(row: Mapping[str, Any], case: Case, where: str) -> None:
    """Refuse a row whose model was asked something else than the case asks.

    Raises:
        PredictionsError: naming the field.
    """
    doc, asked = row.get("doc"), row.get("input")
    words = case.turns[0] if case.task.is_conversation else case.instruction
    differing = [
        name
        for name in _FIELDS
        if isinstance(doc, dict) and doc.get(name) not in (None, getattr(case, name))
    ]
    if isinstance(asked, str) and words not in asked:
        differing.append("instruction")
    if differing:
        raise PredictionsError(
            f"{where}: {case.key} is another case in these data: its {differing[0]} is not what "
            "the sample says. Name the data that the run was made on (UNISAFE_DATA)"
        )


def _as_scored(raw: RawOutput, record: object) -> RawOutput:
    """The output with what its run found out about it, where the file says so (--log_samples)."""
    if not isinstance(record, dict) or raw.sealed:
        return raw
    if record.get("status") == Status.FAILED and raw.error is None:
        return RawOutput(raw.text, error=str(record.get("error") or "the request failed"))
    if record.get("refusal_source") in ("model", "provider", "safety_checker"):
        return replace(raw, refusal=record["refusal_source"])
    return raw
