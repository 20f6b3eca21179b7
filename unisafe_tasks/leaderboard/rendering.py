"""Write the leaderboard for documents and programs. (Terminals: `cli.standings`.)

Names come from run folders, which anybody may have written. Each format escapes them in its way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from unisafe_tasks.leaderboard.latex import latex
from unisafe_tasks.leaderboard.markdown import markdown
from unisafe_tasks.leaderboard.model import Leaderboard
from unisafe_tasks.leaderboard.page import page
from unisafe_tasks.leaderboard.records import as_csv, as_json, as_wide_csv

__all__ = ["FORMATS", "render"]

Render = Callable[[Leaderboard, Sequence[str], bool], str]


def render(
    board: Leaderboard, form: str, metrics: Sequence[str] = (), *, full: bool = False
) -> str:
    """The leaderboard in one of the `FORMATS`.

    Documents show the standings; tables of every metric with `full`, or those of chosen metrics.
    Formats for programs always have every metric, or the chosen ones.
    """
    return FORMATS[form](board, metrics, full)


FORMATS: Mapping[str, Render] = {
    "markdown": markdown,
    "latex": latex,
    "html": lambda board, metrics, _: page(board, metrics),
    "csv": lambda board, metrics, _: as_csv(board, metrics),
    "csv-wide": lambda board, metrics, _: as_wide_csv(board, metrics),
    "json": lambda board, metrics, _: as_json(board, metrics),
}
"""Name -> how the format is written."""
