"""UniSAFE as tasks for lmms-eval, lm-eval and Inspect: cases, outputs, scores and run folders.

docs/design.md follows one case through the code.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unisafe_tasks.data.cases import Case, CaseSet
    from unisafe_tasks.data.sources import Source, load_cases, resolve_source
    from unisafe_tasks.errors import DataError, PredictionsError, RunError, UnisafeError
    from unisafe_tasks.metric_facts import METRICS
    from unisafe_tasks.metrics import ScoredCase
    from unisafe_tasks.outputs.parsing import encode_output, parse_output
    from unisafe_tasks.outputs.predictions import Prediction, read_predictions
    from unisafe_tasks.runs.folder import RunFolder
    from unisafe_tasks.runs.reading import read_run
    from unisafe_tasks.runs.summaries import summarise
    from unisafe_tasks.tasks import GROUPS, TASKS, Task
    from unisafe_tasks.types import RawOutput, Status

__all__ = [
    "GROUPS",
    "METRICS",
    "TASKS",
    "Case",
    "CaseSet",
    "DataError",
    "Prediction",
    "PredictionsError",
    "RawOutput",
    "RunError",
    "RunFolder",
    "ScoredCase",
    "Source",
    "Status",
    "Task",
    "UnisafeError",
    "encode_output",
    "load_cases",
    "parse_output",
    "read_predictions",
    "read_run",
    "resolve_source",
    "summarise",
]

_NAMES_OF = {
    "data.cases": "Case CaseSet",
    "data.sources": "Source load_cases resolve_source",
    "errors": "DataError PredictionsError RunError UnisafeError",
    "metric_facts": "METRICS",
    "metrics": "ScoredCase",
    "outputs.parsing": "encode_output parse_output",
    "outputs.predictions": "Prediction read_predictions",
    "runs.folder": "RunFolder",
    "runs.reading": "read_run",
    "runs.summaries": "summarise",
    "tasks": "GROUPS TASKS Task",
    "types": "RawOutput Status",
}
"""Which module each public name is in. A module is imported when the first name of it is asked
for, so that a command imports only what it needs."""

_MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        return value
    # A module of the package is an attribute of it, whether it was imported before or not.
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
