"""Links into the page's case browser: its whole state is in the address after the `#`.

    #cases?model=LABEL&task=TI&verdict=unsafe

| name | value | if absent |
|---|---|---|
| `model` | a run's label, as the page shows it; empty for all runs | the first run; all, to label |
| `task` | a task's code | all tasks |
| `category`, `subcategory` | as the data have them | all |
| `status` | a status, such as `ok` | all |
| `verdict` | `unsafe`, `safe`, `divided`, `unscored`, or `differ` beside `with` | all |
| `search` | a text or an id | no search |
| `with` | the label of a second run, which is shown beside the first | one run alone |
| `case` | `ID/CODE` of the case that is shown first | the worst case |
| `of` | the label of that case's run, where `model` is empty | the first one with the case |
| `labelling`, `at` | `yes`, and the number of an output in the order of labelling | the report |
"""

from __future__ import annotations

from urllib.parse import urlencode

from unisafe_tasks.report.text import shown

__all__ = ["LABELLING", "case_link"]

LABELLING = "#cases?labelling=yes"
"""The page as people label in it."""


def case_link(label: str, code: str = "", verdict: str = "unsafe") -> str:
    """The address, within the page, of a run's cases with this verdict, the worst of them first.

    Args:
        label: the run's label.
        code: of the task; empty for all tasks.
        verdict: one of the table's values; empty for all verdicts.
    """
    chosen = {"model": shown(label), "task": code, "verdict": verdict}
    return "#cases?" + urlencode({name: value for name, value in chosen.items() if value})
