"""Bootstrap draws over risk targets, the same for every score that shares them.

The n-1 bootstrap of Rao and Wu (1988, JASA 83): a cell of n cases is drawn n-1 times with
replacement, which makes the variance of its mean s^2/n, where n draws would give it too small by
the factor (n-1)/n.

A risk target is in cells of several tasks, with others missing in each, so that its cells cannot be
drawn one by one, nor all together with n-1 of each. So every target has an endless stream of
arrival times, a Poisson process; a cell takes the first n-1 arrivals among its own targets. Each
cell is then drawn exactly as Rao and Wu say, since the arrivals of n such streams come from each of
them with the same chance; and cells that share targets draw them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from unisafe_tasks.statistics.arrivals import Counts, DrawnCell

__all__ = ["DRAWS", "Resampler", "drawn_sums"]

DRAWS = 2_000

# Enough for the cells of the full set, which are some 60 MB, and for subsets of it.
_MOST_BYTES = 150_000_000
# OpenBLAS shares larger products among threads, which wait for one another: that costs more time of
# the processors than it saves.
_PRODUCTS_AT_ONCE = 250_000


class Resampler:
    """Draws of cells; what is drawn of a target depends on its id and on nothing else.

    So a score has the same interval whatever else was scored with it, and the difference of two
    scores is drawn pairwise.
    """

    def __init__(self, draws: int = DRAWS) -> None:
        self.draws = draws
        self._cells: dict[tuple[str, ...], DrawnCell] = {}
        self._kept_bytes = 0

    def counts(self, targets: Sequence[str], of: Sequence[str] | None = None) -> Counts:
        """How often each target of a cell is in each draw: shape (n, draws).

        Columns sum to n-1. In few draws of a very large cell, the next arrival has the time of the
        last one, to the last bit; it is taken too.

        Args:
            targets: the cell's targets.
            of: these and others, the same for many cells: a subcategory's, of which each model and
                each judge scored most. It saves time and changes no draw.

        Raises:
            ValueError: a cell of one target says nothing of its spread, and one of millions cannot
                be drawn.
        """
        if len(targets) < 2:
            raise ValueError("a cell needs two targets to be drawn from")
        whole = tuple(of or targets)
        if whole != tuple(targets) and len(targets) > len(whole) / 2:
            cell = self._cell(whole)
            rows = [row for target in targets if (row := cell.rows.get(target)) is not None]
            if len(set(rows)) == len(targets) and (counts := cell.counts_of(rows)) is not None:
                return counts
        counts = self._cell(tuple(targets)).counts_of(range(len(targets)))
        assert counts is not None
        return counts

    def _cell(self, targets: tuple[str, ...]) -> DrawnCell:
        """The cell, kept until cells that were needed later fill the memory."""
        if (cell := self._cells.pop(targets, None)) is None:
            cell = DrawnCell.of(targets, self.draws)
            self._kept_bytes += cell.nbytes
        # The cells that were needed last stand last.
        self._cells[targets] = cell
        while self._kept_bytes > _MOST_BYTES and len(self._cells) > 1:
            self._kept_bytes -= self._cells.pop(next(iter(self._cells))).nbytes
        return cell


def drawn_sums(
    values: npt.NDArray[np.float64], counts: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.float64]:
    """Sums of a cell's values in each draw.

    Args:
        values: shape (sums, cases).
        counts: how often each case is in each draw, of shape (cases, draws).

    Returns:
        Shape (sums, draws).
    """
    draws = counts.shape[1]
    sums = np.empty((len(values), draws))
    at_once = max(1, _PRODUCTS_AT_ONCE // max(1, values.size))
    for start in range(0, draws, at_once):
        some = slice(start, start + at_once)
        sums[:, some] = values @ counts[:, some].astype(np.float64)
    return sums
