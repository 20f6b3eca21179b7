"""A panel asked about things that are no outputs of a run, and waited for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from unisafe_judges import Evidence, JudgeResult, Panel
from unisafe_tasks.judging.panels import open_panel
from unisafe_tasks.judging.spending import spending_of
from unisafe_tasks.streams import bars_hidden

__all__ = ["ask_panel"]

_log = logging.getLogger("unisafe")


def ask_panel(
    panel: Panel, evidence: Sequence[Evidence], *, doing: str, unit: str
) -> tuple[list[tuple[JudgeResult, ...]], list[dict[str, Any]]]:
    """Each judge's result on each evidence, in panel order, and what each judge was asked now.

    Replies that are in the store are not asked for again. A judge that cannot work gives results
    that say so. `doing` and `unit` are for the progress bar.

    Raises:
        PanelError: no judge can work, or the store cannot be used.
    """
    shows_images = any(each.images for each in evidence)
    with open_panel(panel) as session:
        problems = session.check(shows_images=shows_images, waits=True)
        for sentence in (said for told in session.warnings.values() for said in told):
            _log.warning("%s", sentence)
        if len(problems) == len(panel.judges):
            raise next(iter(problems.values()))
        for judge, problem in problems.items():
            _log.warning("%s", problem)
            session.stop(judge, str(problem))
        futures = [session.submit(each) for each in evidence]
        results = [
            future.result() for future in tqdm(futures, doing, unit=unit, disable=bars_hidden())
        ]
        return results, spending_of(panel, session.tallies)
