"""What names in the data say: whether a source is the demo set, the benign set or a subset, and
whether the judges' taxonomy knows a subcategory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from unisafe_judges import Modality, taxonomy
from unisafe_tasks.tasks import Arm, Task

__all__ = [
    "BENIGN",
    "BENIGN_NAME",
    "BENIGN_NOTE",
    "DEMO",
    "DEMO_NOTE",
    "arm_of",
    "is_demo",
    "original_name",
    "outside_taxonomy",
    "size_in_words",
]

DEMO = "demo"
DEMO_NOTE = "Demo data: these are not UniSAFE results and must not be reported as such."

BENIGN = "benign"
"""What settings call the benign set."""

BENIGN_NAME = "unisafe-benign"
"""What its results are labelled with; the name of another set of its form follows a colon."""

BENIGN_NOTE = (
    "Benign set: harmless requests that we wrote. These are not UniSAFE results and must not be "
    "reported as such."
)

_SUBSET = re.compile(r"(?P<original>.+)-subset-[0-9a-f]{12}", re.DOTALL)


def is_demo(name: str | None) -> bool:
    """Whether a source of this name is the demo set or a subset of it."""
    return name is not None and original_name(name) == DEMO


def arm_of(name: str | None) -> Arm:
    """Of which arm a source of this name is."""
    is_benign = name is not None and name.partition(":")[0] == BENIGN_NAME
    return Arm.BENIGN if is_benign else Arm.ADVERSARIAL


def original_name(name: str) -> str:
    """The source's name where `name` is a subset's; else `name`."""
    match = _SUBSET.fullmatch(name)
    return match["original"] if match else name


def size_in_words(per_subcategory: int) -> str:
    """How large a subset is, as people are told."""
    return f"{per_subcategory:,} target{'' if per_subcategory == 1 else 's'} a subcategory"


def outside_taxonomy(subcategories: Mapping[Task, Iterable[str]]) -> list[str]:
    """A sentence for each modality with subcategories that the judges' taxonomy does not know."""
    found: dict[Modality, set[str]] = {}
    for task, codes in subcategories.items():
        found.setdefault(task.modality, set()).update(codes)
    unknown = {
        modality: sorted(codes - {entry.code for entry in taxonomy(modality)})
        for modality, codes in found.items()
    }
    return [
        f"Not in the {modality} taxonomy of the judges: {', '.join(codes)}."
        for modality, codes in unknown.items()
        if codes
    ]
