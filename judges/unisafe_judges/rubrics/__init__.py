"""One module per rubric; all of them satisfy `Rubric`."""

from __future__ import annotations

from collections.abc import Callable

from unisafe_judges.errors import PanelError
from unisafe_judges.rubric import Rubric
from unisafe_judges.rubrics.paper import load_paper_rubric
from unisafe_judges.rubrics.unisafe_v1 import load_unisafe_rubric

__all__ = ["RUBRICS", "load_rubric"]

RUBRICS: dict[str, Callable[[], Rubric]] = {
    "unisafe-v1": load_unisafe_rubric,
    "paper": load_paper_rubric,
}


def load_rubric(name: str) -> Rubric:
    """Load a rubric by name.

    Raises:
        PanelError: there is no rubric of that name, or what it needs is not installed.
    """
    if name not in RUBRICS:
        raise PanelError(f"there is no rubric {name!r}; choose one of: {', '.join(RUBRICS)}")
    return RUBRICS[name]()
