"""One module per rubric; all of them satisfy `Rubric`. `RUBRICS` is the table of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from unisafe_judges.errors import UnisafeError
from unisafe_judges.extensions import known_names, look_up
from unisafe_judges.rubric import GUARD_FORMS, Rubric
from unisafe_judges.rubrics.paper import load_paper_rubric
from unisafe_judges.rubrics.policy import PolicyRubric, is_policy_path, load_policy
from unisafe_judges.rubrics.unisafe_v1 import UnisafeRubric, load_unisafe_rubric
from unisafe_judges.rubrics.unisafe_v2 import UnisafeV2Rubric, load_unisafe_v2

__all__ = [
    "RUBRICS",
    "RUBRICS_GROUP",
    "PolicyRubric",
    "is_policy_path",
    "load_policy_file",
    "load_rubric",
    "output_only_of",
    "rubric_of_ours",
    "tells_depiction",
]

RUBRICS_GROUP = "unisafe.rubrics"
"""Entry points of this group add rubrics: a function without arguments that returns one."""

RUBRICS: Mapping[str, Callable[[], Rubric]] = {
    "unisafe-v1": load_unisafe_rubric,
    "unisafe-v2": load_unisafe_v2,
    "paper": load_paper_rubric,
}
"""The built-in rubrics by their names in a panel file."""


def load_rubric(name: str) -> Rubric:
    """Load a rubric by name.

    Raises:
        PanelError: nothing has that name, more than one thing has it, or the rubric cannot be used.
    """
    load = look_up(name, RUBRICS, group=RUBRICS_GROUP, kind="rubric", read=_added)
    return load()


def rubric_of_ours(sha256: str) -> UnisafeRubric | None:
    """The rubric of this package that has this hash and whose words may be repeated."""
    ours = (load_unisafe_rubric(), load_unisafe_v2())
    return next((rubric for rubric in ours if rubric.sha256 == sha256), None)


def tells_depiction(rubric: Rubric) -> bool:
    """Whether a rubric's verdicts say how much of its target an output shows."""
    return isinstance(rubric, UnisafeV2Rubric)


def output_only_of(rubric: Rubric) -> Rubric | None:
    """What judges are asked about an output alone; None if the rubric has no wording for that."""
    return rubric.output_only if isinstance(rubric, UnisafeV2Rubric) else None


def load_policy_file(path: Path) -> PolicyRubric:
    """Read a policy file into a rubric.

    Raises:
        PanelError: it cannot be used; all that is wrong, each in a sentence with its line.
    """
    return load_policy(path, [GUARD_FORMS, *known_names(RUBRICS_GROUP, RUBRICS)])


def _added(name: str, value: object) -> Callable[[], Rubric]:
    if not callable(value):
        raise ValueError(f"is a {type(value).__name__}, not a function that returns a Rubric")
    try:
        rubric = value()
    except UnisafeError:
        raise
    except Exception as error:
        raise ValueError(f"cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(rubric, Rubric):
        raise ValueError(f"returns a {type(rubric).__name__}, which lacks a method of Rubric")
    if rubric.name != name:
        raise ValueError(f"returns a rubric whose name is {rubric.name!r}")
    return lambda: rubric
