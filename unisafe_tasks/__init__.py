"""UniSAFE as tasks for lmms-eval, lm-eval and Inspect: cases, outputs, scores and run folders.

docs/design.md follows one case through the code.
"""

from __future__ import annotations

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
