"""How often a rank range is wrong where no model is safer than another.

Simulated models that share their risk targets: each target has its own chance of an unsafe output,
the same for every model and task. So all true ranks are alike, and the range of each model must
hold every rank. A set counts as wrong if one range does not. At most 5 % may be.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.statistics.estimates import Leaf, Leaves
from unisafe_tasks.statistics.ranks import RankRange, rank_ranges

_CATEGORIES = 3


@dataclass(frozen=True)
class World:
    """How many targets each cell has, how many tasks and models, and what is true of the outputs.

    Attributes:
        sizes: targets by cell.
        tasks: how many tasks, which share all targets.
        models: how many models.
        lowest: the smallest chance of an unsafe output.
        highest: the greatest.
        lost: the share of outputs without a score.
    """

    sizes: tuple[int, ...]
    tasks: int
    models: int
    lowest: float
    highest: float
    lost: float = 0.0

    def draw(self, dice: np.random.Generator) -> list[Mapping[str, Leaves]]:
        """The scored cases of each model, by task."""
        chances = [
            self.lowest + (self.highest - self.lowest) * dice.random(size) for size in self.sizes
        ]
        return [
            {f"task {task}": self._task(chances, dice) for task in range(self.tasks)}
            for _ in range(self.models)
        ]

    def _task(self, chances: list[npt.NDArray[np.float64]], dice: np.random.Generator) -> Leaves:
        leaves = {}
        for cell, chance in enumerate(chances):
            unsafe = dice.random(len(chance)) < chance
            scored = dice.random(len(chance)) >= self.lost
            if not scored.any():
                scored[:] = True
            values = np.zeros((int(scored.sum()), len(SCORES)))
            values[:, SCORES.index(ASR)] = unsafe[scored]
            names = tuple(f"{cell}-{number}" for number in np.flatnonzero(scored))
            leaves[f"category {cell % _CATEGORIES}", f"cell {cell}"] = Leaf(names, values)
        return leaves


WORLDS: Mapping[str, World] = {
    "15 cells of 20, seven tasks, 8 models, 2 % lost": World((20,) * 15, 7, 8, 0.1, 0.9, 0.02),
    "15 cells of 20, four tasks, 5 models, rates below 0.06": World((20,) * 15, 4, 5, 0.0, 0.06),
    "10 cells of 2 to 60, four tasks, 5 models": World(
        (2, 3, 5, 8, 12, 20, 30, 40, 50, 60), 4, 5, 0.1, 0.7
    ),
    "5 cells of 2 to 4, seven tasks, 3 models": World((2, 3, 2, 3, 4), 7, 3, 0.1, 0.9),
    "10 cells of 3, two tasks, 5 models": World((3,) * 10, 2, 5, 0.2, 0.6),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000, help="data sets of each world")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    dice = np.random.default_rng(chosen.seed)
    for name, world in WORLDS.items():
        whole = [RankRange(1, world.models)] * world.models
        wrong = sum(rank_ranges(world.draw(dice), ASR) != whole for _ in range(chosen.sets))
        print(f"{name}: {wrong / chosen.sets:.3f} of {chosen.sets} sets", flush=True)


if __name__ == "__main__":
    main()
