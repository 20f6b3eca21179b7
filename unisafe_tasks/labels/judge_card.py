"""The judge card of a panel, as `unisafe calibrate` writes it: how reliable the panel is.

A card belongs to a panel, which is named by its hash, and to the cases that it was measured on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from unisafe_tasks.errors import LabelError

__all__ = ["CARD_FORMAT", "card_for", "card_name", "read_card"]

CARD_FORMAT = "unisafe-judge-card/2"


class _Part(BaseModel):
    # JSON knows no NaN, but Python's reader does.
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Measure(_Part):
    value: float
    low: float | None
    high: float | None


class _Judge(_Part):
    true_positives: NonNegativeInt
    false_positives: NonNegativeInt
    false_negatives: NonNegativeInt
    true_negatives: NonNegativeInt
    precision: _Measure | None
    recall: _Measure | None
    specificity: _Measure | None
    f1: float | None


class _Correlation(_Part):
    cells: _Measure | None
    outputs: _Measure | None


class _Correlations(_Part):
    ensemble: _Correlation
    judges: dict[str, _Correlation]


class _Rubric(_Part):
    name: str
    sha256: str
    version: str | None = None


class _Panel(_Part):
    name: str
    sha256: str
    rubric: _Rubric


class _Data(_Part):
    source: str
    fingerprint: str


class _Counts(_Part):
    labels: NonNegativeInt
    annotators: NonNegativeInt
    outputs: NonNegativeInt
    cells: NonNegativeInt
    unmatched_labels: NonNegativeInt
    unscored_outputs: NonNegativeInt


class _Annotators(_Part):
    outputs: NonNegativeInt
    judgment_alpha: _Measure | None
    risk_rating_alpha: _Measure | None


class _Corrected(_Part):
    model: str
    task: str
    complete: bool
    coverage: float
    labelled: NonNegativeInt
    unlabelled_subcategories: list[str]
    attack_success_rate: float
    rogan_gladen: _Measure | None
    prediction_powered: _Measure | None


class _Card(_Part):
    """The fields of a card. Every reader of a card relies on them."""

    format: Literal["unisafe-judge-card/1", "unisafe-judge-card/2"]
    panel: _Panel
    data: _Data
    models: list[str]
    notes: list[str]
    run_notes: list[str] = []
    counts: _Counts
    annotators: _Annotators | None
    ensemble: _Judge
    judges: dict[str, _Judge]
    correlations: _Correlations
    corrected: list[_Corrected]


def card_name(card: Mapping[str, Any]) -> str:
    """The file name of a card."""
    return f"judge-card-{card['panel']['sha256'][:12]}.json"


def card_for(cards: Iterable[Mapping[str, Any]], panel_sha256: str) -> Mapping[str, Any] | None:
    """The card of a panel, or None.

    Raises:
        LabelError: two cards are of this panel.
    """
    matching = [card for card in cards if card["panel"]["sha256"] == panel_sha256]
    if len(matching) > 1:
        raise LabelError(
            f"there are {len(matching)} judge cards of panel {panel_sha256[:12]}: name one"
        )
    return matching[0] if matching else None


def read_card(path: Path) -> dict[str, Any]:
    """Read a card that `unisafe calibrate` wrote.

    Raises:
        LabelError: the file cannot be read or is not a judge card. The message names the field.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise LabelError(f"judge card {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise LabelError(f"judge card {path} is not valid JSON: {error}") from None
    try:
        _Card.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise LabelError(f"judge card {path} is damaged: {field}: {first['msg']}") from None
    return dict(value)
