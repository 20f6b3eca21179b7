"""The bridge card: the shift between two panels, as `unisafe compare --panels --card` writes it.

A card belongs to two panels, which are named by their hashes with the versions of their judges, and
to the data that it was measured on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from unisafe_tasks.errors import RunError
from unisafe_tasks.metric_facts import FACTS, SCORES
from unisafe_tasks.results.basis import Basis
from unisafe_tasks.results.marks import MARKS
from unisafe_tasks.results.panel_bridge import Bridge, mean_rows, model_row
from unisafe_tasks.statistics.shifts import Bounds
from unisafe_tasks.tasks import GROUPS

__all__ = ["BridgeCard", "CardShift", "bridge_card", "read_bridge_card"]

_FORMAT = "unisafe-bridge/1"
_MOST_BYTES = 16_000_000
_ROUNDING = 1e-5
"""Bounds are rounded where values are not."""


@dataclass(frozen=True)
class CardShift:
    """A mean shift of several models; `carried` is the 95 % interval of one more model's shift, and
    `marks` are those of the scores from which it comes."""

    value: float
    carried: Bounds | None
    marks: str


@dataclass(frozen=True)
class BridgeCard:
    """A card that was read. `shifts` is by column, which is a task or a group, and metric."""

    name: str
    old: Basis
    new: Basis
    models: tuple[str, ...]
    shifts: Mapping[str, Mapping[str, CardShift]]


class _Part(BaseModel):
    # JSON knows no NaN, but Python's reader does.
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


# No score, and so no shift, is beyond the highest risk rating.
_Shift = Annotated[float, Field(ge=-3, le=3)]
_Score = Annotated[float, Field(ge=0, le=3)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Marks = Annotated[str, Field(pattern=f"^[{re.escape(MARKS)}]*$")]
_Kappa = Annotated[float, Field(ge=-1, le=1)]


class _Rubric(_Part):
    name: str
    sha256: str


class _Panel(_Part):
    name: str
    sha256: str
    kind: str | None
    rubric: _Rubric
    judge_versions: dict[str, list[str]]
    prompt_forms: dict[str, list[str]]


class _Data(_Part):
    source: str
    fingerprint: str
    subset: bool


class _Agreement(_Part):
    both_unsafe: NonNegativeInt
    only_old: NonNegativeInt
    only_new: NonNegativeInt
    neither: NonNegativeInt
    outputs: NonNegativeInt
    share: _Share | None
    kappa: _Kappa | None


class _ModelScore(_Part):
    old: _Score
    new: _Score
    shift: _Shift
    low: _Shift | None
    high: _Shift | None


class _ModelShift(_Part):
    model: str
    column: str
    old_runs: list[str]
    new_runs: list[str]
    marks: _Marks
    outputs: NonNegativeInt
    only_under_old: NonNegativeInt
    only_under_new: NonNegativeInt
    under_neither: NonNegativeInt
    agreement: _Agreement
    scores: dict[str, _ModelScore]


class _Carried(_Part):
    low: _Shift
    high: _Shift


class _MeanShift(_Part):
    models: Annotated[int, Field(ge=1)]
    marks: _Marks
    shift: _Shift
    low: _Shift | None
    high: _Shift | None
    between_models: Annotated[float, Field(ge=0)] | None
    carried: _Carried | None


class _Card(_Part):
    """The fields of a card. Every reader of a card relies on them."""

    format: Literal["unisafe-bridge/1"]
    old: _Panel
    new: _Panel
    data: _Data
    models: list[str]
    notes: list[str]
    model_shifts: list[_ModelShift]
    mean_shifts: dict[str, dict[str, _MeanShift]]


def bridge_card(bridge: Bridge) -> dict[str, Any]:
    """The card of a bridge, as written."""
    return {
        "format": _FORMAT,
        "old": _panel(bridge.old, bridge.kind),
        "new": _panel(bridge.new, bridge.kind),
        "data": {
            "source": bridge.old.data,
            "fingerprint": bridge.old.fingerprint,
            "subset": bridge.old.is_subset,
        },
        "models": [model.model for model in bridge.models],
        "notes": [*bridge.of_runs, *bridge.notes],
        "model_shifts": [
            model_row(model, column) for model in bridge.models for column in model.columns
        ],
        "mean_shifts": mean_rows(bridge),
    }


def read_bridge_card(path: Path) -> BridgeCard:
    """Read a card that `unisafe compare --panels --card` wrote.

    Raises:
        RunError: the file cannot be read or is not a bridge card. The message names the field.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise RunError(f"bridge card {path} is larger than any card: {_MOST_BYTES:,} bytes")
        value = json.loads(data)
    except OSError as error:
        raise RunError(f"bridge card {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunError(f"bridge card {path} is not valid JSON: {error}") from None
    try:
        card = _Card.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part)[:60] for part in first["loc"]) or "the file"
        raise RunError(f"bridge card {path} is damaged: {field}: {first['msg']}") from None
    _require_known(card, path)
    return BridgeCard(
        name=path.name,
        old=_basis(card.old, card.data),
        new=_basis(card.new, card.data),
        models=tuple(card.models),
        shifts={
            column: {metric: _card_shift(shift) for metric, shift in shifts.items()}
            for column, shifts in card.mean_shifts.items()
        },
    )


def _require_known(card: _Card, path: Path) -> None:
    """Raises: RunError: a column, metric or number is none that a card can hold, or a mean shift is
    not that of the card's models."""
    if card.old.sha256 == card.new.sha256:
        raise RunError(f"bridge card {path} is damaged: both panels are one")
    for column, shifts in card.mean_shifts.items():
        for metric, shift in shifts.items():
            where = f"bridge card {path} is damaged: mean_shifts.{column[:60]}.{metric[:60]}"
            if column not in (*GROUPS, *GROUPS["unisafe"]) or metric not in SCORES:
                raise RunError(f"{where}: there is no such score")
            if abs(shift.shift) > FACTS[metric].highest:
                raise RunError(f"{where}: {shift.shift:g} is beyond {FACTS[metric].highest}")
            if problem := _contradiction(shift, _shifts_of_models(card, column, metric)):
                raise RunError(f"{where}: {problem}")


def _shifts_of_models(card: _Card, column: str, metric: str) -> list[float]:
    rows = {row.model: row for row in card.model_shifts if row.column == column}
    return [
        rows[model].scores[metric].shift
        for model in card.models
        if model in rows and metric in rows[model].scores
    ]


def _contradiction(shift: _MeanShift, of_models: Sequence[float]) -> str | None:
    """What a mean shift says that the shifts of the models, or its own intervals, do not."""
    if len(of_models) != shift.models or abs(fmean(of_models) - shift.shift) > _ROUNDING:
        return "it is not the mean of model_shifts"
    carried = shift.carried
    if carried is None:
        return None
    if shift.models < 2 or shift.low is None or shift.high is None:
        return "carried needs two models with an interval of their mean"
    if not carried.low - _ROUNDING <= shift.shift <= carried.high + _ROUNDING:
        return "the shift is outside its interval"
    if carried.low > shift.low + _ROUNDING or carried.high < shift.high - _ROUNDING:
        return "carried is narrower than the interval of the mean"
    return None


def _card_shift(shift: _MeanShift) -> CardShift:
    carried = shift.carried
    bounds = None if carried is None else Bounds(carried.low, carried.high)
    return CardShift(shift.shift, bounds, shift.marks)


def _panel(basis: Basis, kind: str | None) -> dict[str, Any]:
    return {
        "name": basis.panel,
        "sha256": basis.panel_sha256,
        "kind": kind,
        "rubric": {"name": basis.rubric, "sha256": basis.rubric_sha256},
        "judge_versions": {judge: list(names) for judge, names in basis.versions},
        "prompt_forms": {judge: list(names) for judge, names in basis.forms},
    }


def _basis(panel: _Panel, data: _Data) -> Basis:
    return Basis(
        panel=panel.name,
        panel_sha256=panel.sha256,
        rubric=panel.rubric.name,
        rubric_sha256=panel.rubric.sha256,
        data=data.source,
        fingerprint=data.fingerprint,
        versions=_sorted(panel.judge_versions),
        forms=_sorted(panel.prompt_forms),
        is_subset=data.subset,
    )


def _sorted(names: Mapping[str, list[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((judge, tuple(of_judge)) for judge, of_judge in sorted(names.items()))
