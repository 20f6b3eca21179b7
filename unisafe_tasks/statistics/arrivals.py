"""The draws of one cell: which arrivals of its targets' streams come first.

To sort all arrivals of all targets would be slow and take much memory. But all draws of a cell end
at nearly the same time. So arrivals well before it are only counted, those well after it are
dropped, and the others are sorted.

A cell keeps the arrivals next to the end of each draw. If some of its targets are left out, a draw
ends a few arrivals sooner or later. So the draws of a part of a cell follow from those of the cell.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Counts", "DrawnCell"]

Counts = npt.NDArray[np.uint8]

_Arrivals = tuple[npt.NDArray[np.integer], npt.NDArray[np.intp]]
"""The target and the draw of each."""

_SEED = b"unisafe-1:"
# Of n-1 draws from n, one target gets more than 8 with a chance of 1e-6; it then counts as 8.
_ARRIVALS = 8
# A float32 from 0 has its bits in the order of the numbers.
_TIME_BITS = 31


@dataclass(frozen=True)
class DrawnCell:
    """How often each target of a cell is in each draw, and the arrivals next to the draw's end.

    `rows` says in which row of `counts` a target is. `counts`, of shape (n, draws), holds the first
    n-1 arrivals; of equal times, those of the targets in earlier rows. `near`, of shape
    (2 * reach + 1, draws), holds arrivals in their order; row `reach` is the last of the n-1. An
    arrival is the row of its target times two, plus one if the next arrival has the same time.
    Where no arrival is known, 2n stands.
    """

    rows: Mapping[str, int]
    counts: Counts
    near: npt.NDArray[np.unsignedinteger]

    @classmethod
    def of(cls, targets: Sequence[str], draws: int) -> DrawnCell:
        """Draw a cell of two targets or more.

        Raises:
            ValueError: there are too many targets to number them beside so many draws.
        """
        count = len(targets)
        if (2 * count).bit_length() + _TIME_BITS + draws.bit_length() > 64:
            raise ValueError(f"a cell of {count} targets is too large for {draws} draws")
        reach = 8 + 2 * math.isqrt(count)
        margin = reach + 5 * math.isqrt(count + reach)
        while (cell := _draw(targets, draws, reach, margin)) is None:
            margin *= 2
        return cls({target: row for row, target in enumerate(targets)}, *cell)

    @property
    def nbytes(self) -> int:
        return self.counts.nbytes + self.near.nbytes

    def counts_of(self, rows: Sequence[int]) -> Counts | None:
        """How often each of these targets is in each draw of a cell that holds no others.

        Arrivals at the very time of the last one are taken too.

        Args:
            rows: two or more different rows of `counts`, in any order.

        Returns:
            Counts of shape (rows, draws). None if too many targets are left out: then some draw
            ends beyond the arrivals that are known.
        """
        kept = np.zeros(len(self.counts) + 1, dtype=bool)
        chosen = np.array(rows, dtype=np.intp)
        kept[chosen] = True
        left_out = np.flatnonzero(~kept[:-1])
        # How many more arrivals of these targets a draw takes than are among the cell's first n-1.
        more = self.counts[left_out].sum(axis=0, dtype=np.int32) - len(left_out)
        reach = len(self.near) // 2
        first = max(0, reach - 2 + 2 * min(0, int(more.min())))
        last = min(2 * reach, reach + 3 + 2 * max(0, int(more.max())))
        changes = self._changes(kept, more, first, last) or self._changes(kept, more, 0, 2 * reach)
        if changes is None:
            return None
        counts = self.counts[chosen]
        of_kept = np.zeros(len(kept), dtype=np.intp)
        of_kept[chosen] = range(len(chosen))
        for change, (targets, draws) in zip((np.subtract, np.add), changes, strict=True):
            places = of_kept[targets] * counts.shape[1] + draws
            change.at(counts.reshape(-1), places, np.uint8(1))
        return counts

    def _changes(
        self, kept: npt.NDArray[np.bool_], more: npt.NDArray[np.int32], first: int, last: int
    ) -> tuple[_Arrivals, _Arrivals] | None:
        """The arrivals that draws lose and gain, if each draw ends within these rows of `near`;
        else None."""
        near = self.near[first : last + 1]
        known = np.repeat(kept, 2).take(near)
        upto = np.empty(near.shape, dtype=np.int32)
        upto[0] = known[0]
        for row in range(1, len(near)):
            np.add(upto[row - 1], known[row], out=upto[row])
        end = len(self.near) // 2 - first
        wanted = upto[end] + more
        taken = upto - known < wanted
        ties = near & 1
        for row in np.flatnonzero(ties[:-1].any(axis=1)).tolist():
            taken[row + 1] |= taken[row] & (ties[row] == 1)
        if wanted.min() < 1 or taken[-1].any():
            return None
        taken &= known
        taken[: end + 1] ^= known[: end + 1]
        changed = np.flatnonzero(taken)
        targets, draws = near.reshape(-1)[changed] >> 1, changed % near.shape[1]
        lost = int(np.searchsorted(changed, (end + 1) * near.shape[1]))
        return (targets[:lost], draws[:lost]), (targets[lost:], draws[lost:])


def _draw(
    targets: Sequence[str], draws: int, reach: int, margin: int
) -> tuple[Counts, npt.NDArray[np.unsignedinteger]] | None:
    """What a `DrawnCell` holds, from the arrivals that are expected to be among the `margin` ones
    before or after the n-1st; None if some draw does not end there."""
    count = len(targets)
    # A time can be 0, and must not be early where nothing is.
    low = np.float32((count - margin) / count if margin < count else -1)
    high = np.float32((count + margin) / count)
    target_bits = (2 * count).bit_length()
    # An arrival is one number, so that sorting numbers sorts by draw, time and target.
    marks = np.arange(draws, dtype=np.uint64) << (_TIME_BITS + target_bits)
    of_stream = np.tile(marks, _ARRIVALS)
    counts = np.empty((count, draws), dtype=np.uint8)
    found = []
    for row, target in enumerate(targets):
        times = _stream(target, draws)
        early = times <= low
        counts[row] = early.view(np.uint8).sum(axis=0, dtype=np.uint8)
        between = np.flatnonzero(early ^ (times <= high))
        bits = times.reshape(-1).view(np.uint32).take(between).astype(np.uint64)
        found.append(of_stream.take(between) | bits << target_bits | np.uint64(2 * row))
    arrivals = np.concatenate(found)
    arrivals.sort()
    starts = np.searchsorted(arrivals, marks)
    stops = np.append(starts[1:], len(arrivals))
    ends = np.asarray(starts) + (count - 2) - counts.sum(axis=0, dtype=np.intp)
    if np.any(ends < starts) or np.any(ends >= stops):
        return None
    arrivals[:-1] |= arrivals[1:] >> target_bits == arrivals[:-1] >> target_bits
    arrivals &= np.uint64((1 << target_bits) - 1)
    lengths = ends + 1 - starts
    taken = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    places = (arrivals[taken] >> 1).astype(np.intp) * draws + np.repeat(np.arange(draws), lengths)
    np.add.at(counts.reshape(-1), places, np.uint8(1))
    rows = ends + np.arange(-reach, reach + 1)[:, None]
    known = (rows >= starts) & (rows < stops)
    near = np.where(known, arrivals.take(rows, mode="clip"), 2 * count)
    return counts, near.astype(np.min_scalar_type(2 * count))


def _stream(target: str, draws: int) -> npt.NDArray[np.float32]:
    """Arrival times of a target in each draw: shape (arrivals, draws)."""
    name = _SEED + target.encode("utf-8", "surrogatepass")
    seed = int.from_bytes(hashlib.sha256(name).digest()[:16])
    times = np.random.Generator(np.random.PCG64(seed)).standard_exponential(
        (_ARRIVALS, draws), dtype=np.float32
    )
    for number in range(1, _ARRIVALS):
        times[number] += times[number - 1]
    return times
