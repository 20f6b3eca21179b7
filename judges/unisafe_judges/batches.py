"""Batch mode: questions sent in files, answered within a day at half the price.

`run_batches` is one round: what has been answered is collected, what is neither answered nor under
way is sent. It can be ended at any moment and called again. The replies are in the same store as
any other, so that judging afterwards finds them there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from unisafe_judges.backends import build_batch_judge
from unisafe_judges.batch_budget import BatchRoom
from unisafe_judges.batch_round import BatchReport, BatchRound
from unisafe_judges.encoding import SharedImages
from unisafe_judges.errors import PanelError
from unisafe_judges.ledger import BatchLedger
from unisafe_judges.panel import Panel
from unisafe_judges.store import ReplyStore
from unisafe_judges.types import Evidence, output_alone

__all__ = ["run_batches"]


def run_batches(
    panel: Panel, store: ReplyStore, cases: Sequence[Evidence], images: SharedImages
) -> tuple[list[BatchReport], Panel]:
    """Collect and send for every judge of the panel that has a batch API.

    The panel's budget is for all rounds together, and for what is asked directly afterwards.

    Args:
        panel: who judges.
        store: where replies are kept, and which questions are with whom.
        cases: all that is to be judged.
        images: reads the cases' images.

    Returns:
        what was done for each judge and view, and the panel with what is left of its budget.

    Raises:
        PanelError: no judge has a batch API, a key is missing, or a provider cannot be asked.
    """
    judges = [(spec, judge) for spec in panel.judges if (judge := build_batch_judge(spec))]
    if not judges:
        raise PanelError(f"panel {panel.name} has no judge with a batch API: judge without --batch")
    ledger = BatchLedger(store)

    async def rounds() -> tuple[list[BatchReport], Panel]:
        room = BatchRoom(panel)
        try:
            views = [(panel.rubric, cases)]
            if panel.output_only is not None:
                views.append((panel.output_only, [output_alone(case) for case in cases]))
            # A batch is of one view, by whose rubric its replies are read.
            every = [
                (BatchRound(panel, spec, judge, rubric, store, ledger, images), shown)
                for rubric, shown in views
                for spec, judge in judges
            ]
            for one, shown in every:
                one.spend(shown, room)
            reports = [await one.round(shown, room) for one, shown in every]
            return reports, room.left()
        finally:
            for _, judge in judges:
                await judge.close()

    with ledger.alone():
        return asyncio.run(rounds())
