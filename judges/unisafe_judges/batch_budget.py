"""What batches may cost: the panel's budget over all rounds, at the price of a batch."""

from __future__ import annotations

from dataclasses import replace

from unisafe_judges.costs import expected_cost
from unisafe_judges.panel import Panel
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec

__all__ = ["BatchRoom"]


class BatchRoom:
    """What the panel's budget leaves, at what calls are expected to cost."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._calls = panel.max_calls
        self._cost = panel.max_cost

    def take(self, spec: JudgeSpec, prompt: Prompt) -> bool:
        cost = expected_cost(spec, prompt, in_batch=True)
        if self._calls == 0 or (self._cost is not None and cost > self._cost):
            return False
        self.spend(cost)
        return True

    def spend(self, cost: float) -> None:
        """Count a question that was sent."""
        self._calls = None if self._calls is None else max(0, self._calls - 1)
        self._cost = None if self._cost is None else max(0.0, self._cost - cost)

    def left(self) -> Panel:
        """The panel with what is left of its budget."""
        return replace(self._panel, max_calls=self._calls, max_cost=self._cost)
