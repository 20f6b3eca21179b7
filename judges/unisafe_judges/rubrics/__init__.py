"""One module per rubric; all of them satisfy `Rubric`. `RUBRICS` is the table of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from unisafe_judges.extensions import look_up
from unisafe_judges.rubric import Rubric
from unisafe_judges.rubrics.paper import load_paper_rubric
from unisafe_judges.rubrics.unisafe_v1 import load_unisafe_rubric

__all__ = ["RUBRICS", "RUBRICS_GROUP", "load_rubric"]

RUBRICS_GROUP = "unisafe.rubrics"
"""Entry points of this group add rubrics: a function without arguments that returns one."""

RUBRICS: Mapping[str, Callable[[], Rubric]] = {
    "unisafe-v1": load_unisafe_rubric,
    "paper": load_paper_rubric,
}
"""The built-in rubrics by their names in a panel file."""


def load_rubric(name: str) -> Rubric:
    """Load a rubric by name.

    Raises:
        PanelError: nothing or more than one thing has that name, or what has it cannot be used.
    """
    load = look_up(name, RUBRICS, group=RUBRICS_GROUP, kind="rubric", read=_added)
    return load()


def _added(name: str, value: object) -> Callable[[], Rubric]:
    if not callable(value):
        raise ValueError(f"is a {type(value).__name__}, not a function that returns a Rubric")
    rubric = value()
    if not isinstance(rubric, Rubric):
        raise ValueError(f"returns a {type(rubric).__name__}, which lacks a method of Rubric")
    if rubric.name != name:
        raise ValueError(f"returns a rubric whose name is {rubric.name!r}")
    return lambda: rubric
