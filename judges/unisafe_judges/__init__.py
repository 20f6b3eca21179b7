"""The safety judge panel: evidence goes in, a verdict or a recorded failure per judge comes out.

It knows nothing of harnesses, tasks or data sets.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from unisafe_judges.taxonomy import Subcategory, taxonomy

if TYPE_CHECKING:
    from unisafe_judges.backends import Backend, Judge, build_judge
    from unisafe_judges.batch_round import BatchReport
    from unisafe_judges.batches import run_batches
    from unisafe_judges.engine import PanelSession
    from unisafe_judges.errors import CallFailure, ImageError, PanelError, UnisafeError
    from unisafe_judges.panel import Panel
    from unisafe_judges.panel_file import load_panel
    from unisafe_judges.rubric import Prompt, Rubric
    from unisafe_judges.rubrics import RUBRICS, load_rubric
    from unisafe_judges.specs import LabelsSpec, ModelSpec, ServedSpec
    from unisafe_judges.store import ReplyStore, StoredReply, merge_stores
    from unisafe_judges.tallies import Tally
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

_NAMES_OF = {
    "backends": "Backend Judge build_judge",
    "batch_round": "BatchReport",
    "batches": "run_batches",
    "engine": "PanelSession",
    "errors": "CallFailure ImageError PanelError UnisafeError",
    "panel": "Panel",
    "panel_file": "load_panel",
    "rubric": "Prompt Rubric",
    "rubrics": "RUBRICS load_rubric",
    "specs": "LabelsSpec ModelSpec ServedSpec",
    "store": "ReplyStore StoredReply merge_stores",
    "tallies": "Tally",
    "types": "Evidence FailureKind ImagePart JudgeResult Modality Reply TextPart Verdict",
}
"""Which module each public name is in. A module is imported when the first name of it is asked
for: a command that asks no judge needs no HTTP client. `taxonomy` is the name of a module too, so
that its function is imported at once."""

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
