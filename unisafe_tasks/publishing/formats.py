"""The formats that results can be written in for others, in one table."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from unisafe_tasks.errors import PublishingError

if TYPE_CHECKING:
    from unisafe_tasks.publishing.publishable import PublishedRun

__all__ = [
    "FORMATS",
    "UNKNOWN",
    "Attribution",
    "ExportFormat",
    "ExportSettings",
    "Relationship",
    "format_of",
]

Relationship = Literal["first_party", "third_party", "collaborative", "other"]

UNKNOWN = "unknown"
"""What a record says of what is not known, in the word of every_eval_ever."""


@dataclass(frozen=True)
class Attribution:
    """What a record must say and no run knows: who publishes it, how the evaluator stands to the
    model's developer, and the model's name as ORG/NAME where the run has another."""

    organization: str = UNKNOWN
    relationship: Relationship = "other"
    model_id: str | None = None


@dataclass(frozen=True)
class ExportSettings:
    """What a person says of an export. `results` is the results file that a harness wrote."""

    attribution: Attribution = Attribution()
    results: Path | None = None


@dataclass(frozen=True)
class ExportFormat:
    """One format.

    `files` gives the files of a run by their paths in the export; it raises a PublishingError for
    a run that the format cannot hold. `remarks` are sentences on what the files lack. A format that
    `enriches_results` is of one run, and copies its harness's results file without credentials.
    """

    files: Callable[[PublishedRun, ExportSettings], Mapping[str, bytes]]
    remarks: Callable[[PublishedRun, ExportSettings], list[str]] = lambda run, settings: []
    enriches_results: bool = False


_PACKAGE = "unisafe_tasks.publishing"

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "every-eval-ever": f"{_PACKAGE}.every_eval_ever:EVERY_EVAL_EVER",
        "eval-results": f"{_PACKAGE}.hub_results:EVAL_RESULTS",
        "model-index": f"{_PACKAGE}.hub_results:MODEL_INDEX",
        "openvlm": f"{_PACKAGE}.openvlm:OPENVLM",
        "harness": f"{_PACKAGE}.harness_results:HARNESS",
        "submission": f"{_PACKAGE}.submission:SUBMISSION",
    }
)
"""Name -> where its `ExportFormat` is, which is imported when the format is used."""


def format_of(name: str) -> ExportFormat:
    """The format of a name.

    Raises:
        PublishingError: there is none; it names those that there are.
    """
    if name not in FORMATS:
        raise PublishingError(f"there is no format {name!r}; there are: {', '.join(FORMATS)}")
    module, _, attribute = FORMATS[name].partition(":")
    value = getattr(importlib.import_module(module), attribute)
    assert isinstance(value, ExportFormat)
    return value
