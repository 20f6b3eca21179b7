"""The safety judge panel: evidence goes in, a verdict or a recorded failure per judge comes out.

It knows nothing of harnesses, tasks or data sets.
"""

from __future__ import annotations

from unisafe_judges.backends import Backend, Judge, build_judge
from unisafe_judges.batch_round import BatchReport
from unisafe_judges.batches import run_batches
from unisafe_judges.engine import PanelSession
from unisafe_judges.errors import CallFailure, ImageError, PanelError, UnisafeError
from unisafe_judges.panel import Panel, load_panel
from unisafe_judges.rubric import Prompt, Rubric
from unisafe_judges.rubrics import RUBRICS, load_rubric
from unisafe_judges.specs import LabelsSpec, ModelSpec, ServedSpec
from unisafe_judges.store import ReplyStore, StoredReply, merge_stores
from unisafe_judges.tallies import Tally
from unisafe_judges.taxonomy import Subcategory, taxonomy
from unisafe_judges.types import (
    Evidence,
    FailureKind,
    ImagePart,
    JudgeResult,
    Modality,
    Reply,
    TextPart,
    Verdict,
)

__all__ = [
    "RUBRICS",
    "Backend",
    "BatchReport",
    "CallFailure",
    "Evidence",
    "FailureKind",
    "ImageError",
    "ImagePart",
    "Judge",
    "JudgeResult",
    "LabelsSpec",
    "Modality",
    "ModelSpec",
    "Panel",
    "PanelError",
    "PanelSession",
    "Prompt",
    "Reply",
    "ReplyStore",
    "Rubric",
    "ServedSpec",
    "StoredReply",
    "Subcategory",
    "Tally",
    "TextPart",
    "UnisafeError",
    "Verdict",
    "build_judge",
    "load_panel",
    "load_rubric",
    "merge_stores",
    "run_batches",
    "taxonomy",
]
