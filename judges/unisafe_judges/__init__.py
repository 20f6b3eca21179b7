"""The safety judge panel: evidence goes in, a verdict or a recorded failure per judge comes out.

It knows nothing of harnesses, tasks or data sets.
"""

from __future__ import annotations

from unisafe_judges.engine import PanelSession
from unisafe_judges.errors import FailureKind, ImageError, JudgeFailure, PanelError, UnisafeError
from unisafe_judges.panel import Panel, load_panel
from unisafe_judges.rubric import RUBRICS, Rubric, load_rubric
from unisafe_judges.taxonomy import Subcategory, taxonomy
from unisafe_judges.types import Evidence, ImagePart, JudgeResult, Modality, TextPart, Verdict
from unisafe_judges.verdicts import VERDICT_SCHEMA, parse_verdict

__all__ = [
    "RUBRICS",
    "VERDICT_SCHEMA",
    "Evidence",
    "FailureKind",
    "ImageError",
    "ImagePart",
    "JudgeFailure",
    "JudgeResult",
    "Modality",
    "Panel",
    "PanelError",
    "PanelSession",
    "Rubric",
    "Subcategory",
    "TextPart",
    "UnisafeError",
    "Verdict",
    "load_panel",
    "load_rubric",
    "parse_verdict",
    "taxonomy",
]
