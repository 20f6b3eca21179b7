"""A submission to a leaderboard: what a run's scores follow from, and nothing that a model wrote.

It is a run folder without prompts, outputs, images and reasons: its rows hold ids, statuses and
verdicts. Whoever has it can compute the scores again. The hash of each output stays in its row, so
that a leaderboard that is shown the outputs later knows whether they are the ones that were judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from unisafe_judges.types import Depicts, FailureKind
from unisafe_tasks.errors import PublishingError, UnisafeError
from unisafe_tasks.files import encode_json, encode_row, read_run_rows
from unisafe_tasks.publishing.formats import ExportFormat
from unisafe_tasks.publishing.places import without_places
from unisafe_tasks.publishing.publishable import PublishedRun, slug_of_run
from unisafe_tasks.runs.folder import ALONE_VERDICTS, PREDICTIONS, VERDICTS
from unisafe_tasks.runs.rows import key_of
from unisafe_tasks.runs.views import has_output_only
from unisafe_tasks.tasks import TASKS
from unisafe_tasks.types import RefusalSource, Status

__all__ = [
    "FORMAT",
    "MANIFEST",
    "SUBMISSION",
    "CaseRow",
    "Manifest",
    "VerdictRow",
    "digest_of",
    "files",
    "submission_row",
]

FORMAT = "unisafe-submission/1"
MANIFEST = "submission.json"

_REFUSED_BY = (*get_args(RefusalSource), "rubric", "judge")
_PLACES = ("judge_version", "prompt_form")
"""Texts of servers, in which an address or a folder may be."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]


def _one_of(names: Iterable[str]) -> AfterValidator:
    known = tuple(names)

    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return value

    return AfterValidator(check)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Manifest(_Strict):
    """submission.json: the SHA-256 of each other file of the submission."""

    format: Literal["unisafe-submission/1"]
    files: dict[str, Sha256]


class CaseRow(_Strict):
    """A row of predictions.jsonl: what became of a case."""

    id: Name
    scenario_type: Annotated[str, _one_of(TASKS)]
    category: Name
    subcategory: Name
    status: Annotated[str, _one_of(Status)]
    refusal_source: Annotated[str, _one_of(_REFUSED_BY)] | None = None
    history: Literal["full", "last", "replayed"] | None = None
    cut_off: bool = False
    unchanged: bool = False
    output_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _status_is_told(self) -> Self:
        if self.status == Status.OK and self.output_sha256 is None:
            raise ValueError("the status is ok, and there is no hash of an output")
        if (self.status == Status.REFUSED) != (self.refusal_source is not None):
            raise ValueError(
                f"the status is {self.status}, and refusal_source is {self.refusal_source}: who "
                "refused is said of refusals, and of nothing else"
            )
        return self


class VerdictRow(_Strict):
    """A row of verdicts.jsonl: what one judge said of the output of a case."""

    id: Name
    scenario_type: Annotated[str, _one_of(TASKS)]
    judge: Name
    repeat: Annotated[int, Field(ge=0)] = 0
    judgment: Literal[0, 1] | None = None
    risk_rating: Literal[0, 1, 2, 3] | None = None
    refusal: bool | None = None
    depicts_target: Depicts | None = None
    violated: list[Annotated[str, Field(max_length=40)]] = Field(default=[], max_length=100)
    failure: Annotated[str, _one_of(FailureKind)] | None = None
    judge_version: Annotated[str, Field(max_length=200)] | None = None
    prompt_form: Annotated[str, Field(max_length=200)] | None = None
    output_sha256: Sha256
    panel_sha256: Sha256

    @model_validator(mode="after")
    def _failed_or_not(self) -> Self:
        if (self.judgment is None) != (self.failure is not None):
            raise ValueError(
                f"judgment is {self.judgment}, and failure is {self.failure}: a verdict is given "
                "or has failed, and what has failed is no score"
            )
        return self


_Row = TypeVar("_Row", CaseRow, VerdictRow)


def submission_row(
    form: type[_Row], row: Mapping[str, Any], where: str, error: type[UnisafeError]
) -> _Row:
    """A row of a submission, checked.

    Raises:
        error: a field is wrong, or there is one that a submission does not have.
    """
    try:
        return form.model_validate(row)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        raise error(
            f"{where}: a row of a submission has no field {field[:60]!r}: no prompt, no output and "
            "no reason may be in it"
        )
    said = first["msg"].removeprefix("Value error, ")
    raise error(f"{where}: {f'{field}: ' if field else ''}{said}")


def digest_of(data: bytes) -> str:
    """The SHA-256 of a file's bytes, as submission.json has it."""
    return hashlib.sha256(data).hexdigest()


def files(run: PublishedRun) -> dict[str, bytes]:
    """The files of the submission of a run, in a folder named after the run.

    Raises:
        PublishingError: a row is none that can be published; it names file and line.
    """
    cases = _case_rows(run.folder)
    contents = {
        "run.json": encode_json(run.info),
        "metrics.json": encode_json(run.metrics),
        f"{PREDICTIONS}.jsonl": _encoded(cases),
        f"{VERDICTS}.jsonl": _encoded(_verdict_rows(run, VERDICTS, cases)),
    }
    if has_output_only(run.info):
        contents[f"{ALONE_VERDICTS}.jsonl"] = _encoded(_verdict_rows(run, ALONE_VERDICTS, cases))
    digests = {name: digest_of(data) for name, data in contents.items()}
    contents[MANIFEST] = encode_json({"format": FORMAT, "files": digests})
    return {f"{slug_of_run(run)}/{name}": data for name, data in contents.items()}


def _case_rows(folder: Path) -> dict[str, CaseRow]:
    last: dict[str, CaseRow] = {}
    for where, row in read_run_rows(folder, PREDICTIONS, PublishingError):
        kept = _kept(CaseRow, row)
        if row["status"] != Status.REFUSED:
            kept.pop("refusal_source", None)
        if row["status"] != Status.OK:
            kept.pop("unchanged", None)
        if row["status"] == Status.OK and "output_sha256" not in kept:
            raise PublishingError(
                f"{where}: the row has no output_sha256, as runs of earlier versions: judge the "
                "run again with unisafe judge"
            )
        last[key_of(row)] = submission_row(CaseRow, kept, where, PublishingError)
    return last


def _verdict_rows(
    run: PublishedRun, name: str, cases: Mapping[str, CaseRow]
) -> dict[tuple[str, str, int], VerdictRow]:
    panel = {"panel_sha256": run.basis.panel_sha256}
    last = {}
    for where, row in read_run_rows(run.folder, name, PublishingError):
        case = cases.get(key_of(row))
        if case is None or case.status != Status.OK:
            # A verdict on an output that was withdrawn is void.
            continue
        output = {"output_sha256": case.output_sha256}
        kept = {**output, **panel, **_kept(VerdictRow, row)}
        kept |= {field: without_places(kept[field]) for field in _PLACES if field in kept}
        verdict = submission_row(VerdictRow, kept, where, PublishingError)
        last[key_of(row), verdict.judge, verdict.repeat] = verdict
    return last


def _kept(form: type[BaseModel], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in form.model_fields if row.get(name) is not None}


def _encoded(rows: Mapping[Any, BaseModel]) -> bytes:
    return b"".join(encode_row(row.model_dump(exclude_defaults=True)) for row in rows.values())


SUBMISSION = ExportFormat(
    lambda run, settings: files(run),
    lambda run, settings: [
        "a submission holds no output: keep the run folder, since a leaderboard may ask for it."
    ],
)
