"""Panel files: read, checked, and made panels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, PlainValidator, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from unisafe_judges.backends import backend_named, backend_names
from unisafe_judges.costs import price_of
from unisafe_judges.errors import PanelError
from unisafe_judges.extensions import known_names
from unisafe_judges.guards import GUARD_BACKENDS, GuardForms, guard_of, problem_of_kinds
from unisafe_judges.panel import Panel
from unisafe_judges.prices import PriceList, price_keys
from unisafe_judges.rubric import Rubric
from unisafe_judges.rubrics import (
    RUBRICS,
    RUBRICS_GROUP,
    is_policy_path,
    load_policy_file,
    load_rubric,
)
from unisafe_judges.specs import GuardSpec, JudgeSpec, LabelsSpec, ModelSpec, ServedSpec, Spec
from unisafe_judges.types import IN_CONTEXT, OUTPUT_ONLY, VIEWS, EnsembleMethod, View
from unisafe_judges.yaml_files import faults_in_words, line_of, read_yaml

__all__ = ["PanelFile", "load_panel"]

_WHAT = "panel file"


def _read_judge(entry: object) -> JudgeSpec:
    if not isinstance(entry, dict):
        raise ValueError("a judge must hold the keys 'name' and 'backend'")
    backend = entry.get("backend")
    if not isinstance(backend, str):
        raise ValueError(f"backend must be one of: {', '.join(backend_names())}")
    try:
        judge: JudgeSpec = backend_named(backend).spec.model_validate(entry)
    except PanelError as error:
        # Of a ValueError the file and the line will be told.
        raise ValueError(str(error)) from None
    return judge


class PanelFile(Spec):
    """What a panel file holds. A field's docstring is its row in docs/reference/panel_file.md."""

    rubric: str
    """What the judges apply: `unisafe-v1`, `unisafe-v2`, `paper`, or the path of a policy file."""
    judges: tuple[Annotated[JudgeSpec, PlainValidator(_read_judge)], ...] = Field(min_length=1)
    """The judges: at least one, each with a name of its own."""
    ensemble: EnsembleMethod = "soft-mean"
    """How the judges' verdicts on a case become one."""
    min_verdicts: int = Field(default=1, ge=1)
    """A case with fewer verdicts than this has no score."""
    judge_repeats: int = Field(default=1, ge=1, le=100)
    """How often each judge is asked about a case."""
    max_calls: int | None = Field(default=None, ge=0)
    """The most calls of the whole panel in one run."""
    max_cost: float | None = Field(default=None, ge=0)
    """The most dollars that the whole panel may cost in one run."""
    max_side: int | None = Field(default=None, ge=256)
    """Larger images are made smaller until no side has more pixels than this."""
    views: tuple[View, ...] = (IN_CONTEXT,)
    """What judges are shown of an output: it with its request, or also the output alone."""

    @model_validator(mode="before")
    @classmethod
    def _guards_need_no_rubric(cls, value: dict[str, Any]) -> dict[str, Any]:
        judges = value.get("judges")
        entries = judges if isinstance(judges, list) else []
        of_guards = [
            isinstance(entry, dict) and entry.get("backend") in GUARD_BACKENDS for entry in entries
        ]
        return {"rubric": GuardForms.name, **value} if of_guards and all(of_guards) else value

    @field_validator("rubric")
    @classmethod
    def _rubric_exists(cls, name: str) -> str:
        known = {GuardForms.name, *known_names(RUBRICS_GROUP, RUBRICS)}
        # A policy file is read later, when the panel file's folder is known.
        if name not in known and not is_policy_path(name):
            try:
                load_rubric(name)
            except PanelError as error:
                raise ValueError(str(error)) from None
        return name

    @field_validator("views")
    @classmethod
    def _scores_are_in_context(cls, views: tuple[View, ...]) -> tuple[View, ...]:
        if IN_CONTEXT not in views or len(set(views)) < len(views):
            raise ValueError(
                f"must be [{IN_CONTEXT}] or [{IN_CONTEXT}, {OUTPUT_ONLY}]: the scores come from "
                f"{IN_CONTEXT}, and {OUTPUT_ONLY} can only be added"
            )
        return tuple(view for view in VIEWS if view in views)

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> PanelFile:
        if (problem := problem_of_kinds(self.judges, self.rubric)) is not None:
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _judges_differ(self) -> PanelFile:
        names = [judge.name for judge in self.judges]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two judges are named {twice[0]!r}")
        names_by_identity: dict[str, str] = {}
        for judge in self.judges:
            if not isinstance(judge, ModelSpec):
                continue
            identity = json.dumps(_identity_in_file(judge), sort_keys=True)
            other = names_by_identity.setdefault(identity, judge.name)
            if other != judge.name:
                raise ValueError(
                    f"judges {other!r} and {judge.name!r} are the same model with the same "
                    "decoding; to ask one judge several times, set judge_repeats"
                )
        return self

    @model_validator(mode="after")
    def _verdicts_can_suffice(self) -> PanelFile:
        if self.min_verdicts > len(self.judges):
            raise ValueError(
                f"min_verdicts is {self.min_verdicts}, but there are {len(self.judges)} judges"
            )
        return self


def _identity_in_file(judge: JudgeSpec) -> dict[str, Any]:
    """What tells judges of one file apart, before it is known beside which file a policy lies."""
    if isinstance(judge, GuardSpec) and judge.policy is not None:
        return ModelSpec.identity(judge) | {"policy": str(judge.policy)}
    return judge.identity()


def load_panel(
    path: Path,
    name: str | None = None,
    *,
    stand_in: str | None = None,
    prices: PriceList | None = None,
) -> Panel:
    """Read a panel file.

    Args:
        path: of the file.
        name: of the panel, if not the file's.
        stand_in: the rubric to take where the panel's own needs what is not installed. For counting
            alone: such a panel has another identity.
        prices: of judges whose entry in the file has none.

    Raises:
        PanelError: one sentence naming the file, the line and the field, and what is expected.
    """
    document, value = read_yaml(path, _WHAT, "'rubric' and 'judges'")
    try:
        file = PanelFile.model_validate(value)
    except ValidationError as error:
        known = partial(_known_keys, value)
        raise PanelError(faults_in_words(path, _WHAT, document, error, known)) from None
    judges = tuple(_priced(_anchored(judge, path.parent), prices) for judge in file.judges)
    try:
        rubric = _rubric(file.rubric, judges, path.parent, stand_in)
    except PanelError as error:
        if not is_policy_path(file.rubric):
            raise
        where = f"{_WHAT} {path}, line {line_of(document, ('rubric',))}"
        raise PanelError(f"{where}: rubric: {error}") from None
    panel = Panel(
        name=name or path.stem,
        rubric=rubric,
        judges=judges,
        ensemble=file.ensemble,
        min_verdicts=file.min_verdicts,
        judge_repeats=file.judge_repeats,
        max_calls=file.max_calls,
        max_cost=file.max_cost,
        max_side=file.max_side,
        views=file.views,
    )
    _refuse_unviewable(path, document, panel, file.rubric)
    _refuse_unpriced(path, document, panel)
    # Now, and not later: the identity is that of the label files as they are at the start.
    assert panel.sha256
    return panel


def _rubric(name: str, judges: Sequence[JudgeSpec], folder: Path, stand_in: str | None) -> Rubric:
    if name == GuardForms.name:
        return GuardForms.of(guard for judge in judges if (guard := guard_of(judge)) is not None)
    if is_policy_path(name):
        return load_policy_file(folder / Path(name).expanduser())
    try:
        return load_rubric(name)
    except PanelError:
        if stand_in is None or name not in RUBRICS:
            raise
        return load_rubric(stand_in)


def _anchored(judge: JudgeSpec, folder: Path) -> JudgeSpec:
    if isinstance(judge, LabelsSpec):
        return judge.model_copy(update={"path": (folder / judge.path).resolve()})
    if isinstance(judge, GuardSpec) and judge.policy is not None:
        return judge.model_copy(update={"policy": (folder / judge.policy).resolve()})
    return judge


def _priced(judge: JudgeSpec, prices: PriceList | None) -> JudgeSpec:
    if not isinstance(judge, ServedSpec) or judge.price is not None or prices is None:
        return judge
    price = prices.price_of(judge.base_url, judge.model)
    return judge if price is None else judge.model_copy(update={"price": price})


def _known_keys(value: dict[str, Any], problem: ErrorDetails) -> list[str]:
    """The keys that the place of an unknown one may have."""
    match problem["loc"]:
        case ("judges", int(number), str()):
            spec: type[Spec] = backend_named(value["judges"][number]["backend"]).spec
            return sorted(spec.model_fields)
        case ("judges", int(), *rest):
            return price_keys(tuple(rest))
        case (str(),):
            return sorted(PanelFile.model_fields)
    return []


def _refuse_unviewable(path: Path, document: yaml.Node | None, panel: Panel, rubric: str) -> None:
    """Refuse the view of the output alone where nobody could judge by it.

    `rubric` is the panel's as its file names it; the panel itself may have a stand-in.

    Raises:
        PanelError: the rubric has no wording for it, or a judge looks verdicts up.
    """
    if OUTPUT_ONLY not in panel.views:
        return
    where = f"{_WHAT} {path}, line {line_of(document, ('views',))}: views: "
    if panel.guards:
        raise PanelError(f"{where}guards have no view {OUTPUT_ONLY}: leave views out")
    if panel.output_only is None:
        raise PanelError(
            f"{where}the rubric {rubric} has no wording for {OUTPUT_ONLY}, only "
            "unisafe-v2 has: choose that, or leave views out"
        )
    if labels := [judge.name for judge in panel.judges if isinstance(judge, LabelsSpec)]:
        raise PanelError(
            f"{where}the labels of {', '.join(labels)} are not for outputs without their requests: "
            "leave views out, or put the labels into another panel"
        )


def _refuse_unpriced(path: Path, document: yaml.Node | None, panel: Panel) -> None:
    """Refuse a limit in dollars that could not hold.

    Raises:
        PanelError: a judge that is served has no price.
    """
    unpriced = [
        judge.name
        for judge in panel.judges
        if isinstance(judge, ServedSpec) and price_of(judge) is None
    ]
    if panel.max_cost is not None and unpriced:
        raise PanelError(
            f"panel file {path}, line {line_of(document, ('max_cost',))}: max_cost cannot be kept, "
            f"because no price is known for {', '.join(unpriced)}: give each a price in dollars "
            "per million tokens, such as price: {input: 1.25, output: 10}, with 0 if it costs "
            "nothing"
        )
