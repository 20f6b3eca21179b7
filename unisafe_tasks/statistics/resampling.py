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

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["DRAWS", "Resampler"]

DRAWS = 2_000

_SEED = b"unisafe-1:"
# Of n-1 draws from n, one target gets more than 8 with a chance of 1e-6; it then counts as 8.
_ARRIVALS = 8
# Enough for all cells of complete runs; each model that failed elsewhere has other ones.
_CELLS_KEPT = 256


class Resampler:
    """Draws of cells; what is drawn of a target depends on its id and on nothing else.

    So a score has the same interval whatever else was scored with it, and the difference of two
    scores is drawn pairwise.
    """

    def __init__(self, draws: int = DRAWS) -> None:
        self.draws = draws
        self._streams: dict[str, npt.NDArray[np.float32]] = {}
        self._cells: dict[tuple[str, ...], npt.NDArray[np.uint8]] = {}

    def counts(self, targets: Sequence[str]) -> npt.NDArray[np.uint8]:
        """How often each target of a cell is in each draw: shape (n, draws), columns sum to n-1.

        Raises:
            ValueError: a cell of one target says nothing of its spread.
        """
        key = tuple(targets)
        if len(key) < 2:
            raise ValueError("a cell needs two targets to be drawn from")
        if key not in self._cells:
            if len(self._cells) == _CELLS_KEPT:
                del self._cells[next(iter(self._cells))]
            self._cells[key] = self._draw(key)
        return self._cells[key]

    def _draw(self, targets: tuple[str, ...]) -> npt.NDArray[np.uint8]:
        arrivals = np.stack([self._stream(target) for target in targets])
        last = len(targets) - 2
        end = np.partition(arrivals.reshape(-1, self.draws), last, axis=0)[last]
        counts = np.zeros((len(targets), self.draws), dtype=np.uint8)
        # One by one: numpy sums a short axis slowly.
        for number in range(_ARRIVALS):
            counts += arrivals[:, number] <= end
        return counts

    def _stream(self, target: str) -> npt.NDArray[np.float32]:
        """Arrival times of a target in each draw: shape (arrivals, draws)."""
        if target not in self._streams:
            name = _SEED + target.encode("utf-8", "surrogatepass")
            seed = int.from_bytes(hashlib.sha256(name).digest()[:16])
            times = np.random.Generator(np.random.PCG64(seed)).standard_exponential(
                (_ARRIVALS, self.draws), dtype=np.float32
            )
            for number in range(1, _ARRIVALS):
                times[number] += times[number - 1]
            self._streams[target] = times
        return self._streams[target]
