"""Models beside each other: `unisafe leaderboard`.

`model` is the table as data, `build` decides who may stand beside whom, `reference` reads published
numbers. `standings` is the short table, `sheets` has every score, `notes` what is said beside them;
`rendering` writes them for people and programs.
"""

from __future__ import annotations

from unisafe_tasks.leaderboard.build import build
from unisafe_tasks.leaderboard.dead_runs import without_dead
from unisafe_tasks.leaderboard.model import Block, Cell, Column, Leaderboard, Row
from unisafe_tasks.leaderboard.reference import Reference, read_reference

__all__ = [
    "Block",
    "Cell",
    "Column",
    "Leaderboard",
    "Reference",
    "Row",
    "build",
    "read_reference",
    "without_dead",
]
