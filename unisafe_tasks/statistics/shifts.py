"""The shift of scores from one panel to another, and what it says of a model that both did not see.

Several models were judged by both panels. The differences of each model's values, case by case,
give its shift with its paired interval (`contrasts`). The mean of these shifts can be added to the
old panel's score of one more model, if that model shifts as these did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from unisafe_tasks.metric_facts import FACTS, SCORES
from unisafe_tasks.statistics.contrasts import difference_interval
from unisafe_tasks.statistics.estimates import Estimate, shared_mean_of
from unisafe_tasks.statistics.intervals import CONFIDENCE, Interval

__all__ = ["Bounds", "CarriedShift", "carried_shift", "shifted"]

_UPPER = (1 + CONFIDENCE) / 2
_Z = NormalDist().inv_cdf(_UPPER)


class Bounds(NamedTuple):
    """The ends of an interval, in the units of its score."""

    low: float
    high: float


@dataclass(frozen=True)
class CarriedShift:
    """The mean shift of several models, and what it says of a model that is not among them.

    `interval` is that of the mean itself. `between` is the standard deviation of the models'
    measured shifts, `carried` the interval of the shift of one more model of the same kind; both
    are None if they cannot be known, as from a single model.
    """

    models: int
    value: float
    interval: Interval | None
    between: float | None
    carried: Interval | None


def carried_shift(members: Sequence[Estimate], metric: str) -> CarriedShift:
    """The shift that one more model can be expected to have.

    Models shift by different amounts. Of J models whose measured shifts have the variance b^2, the
    mean's distance from the shift of one more model has the variance of the mean and b^2 (1 + 1/J)
    (Higgins, Thompson and Spiegelhalter, 2009, J. R. Stat. Soc. A 172, section 4). Quantiles are
    those of Student's t with Satterthwaite's degrees of freedom (1946, Biometrics Bulletin 2). Part
    of b^2 is the noise of each measurement. It is not taken out: few models do not show how much of
    b^2 it is, and in simulations the intervals are too narrow without it.

    Args:
        members: the shift of each model with its draws, at least one; drawn together.
        metric: one of `SCORES`.
    """
    column, count = SCORES.index(metric), len(members)
    mean = shared_mean_of(members)
    value, interval = float(mean.values[column]), difference_interval(mean, metric)
    if count < 2:
        return CarriedShift(count, value, interval, None, None)
    between = float(np.std([member.values[column] for member in members], ddof=1))
    if interval is None:
        return CarriedShift(count, value, interval, between, None)
    added = between**2 * (1 + 1 / count)
    if added == 0:
        return CarriedShift(count, value, interval, between, interval)
    of_mean = ((interval.high - interval.low) / 2 / _Z) ** 2
    freedom = (count - 1) * ((of_mean + added) / added) ** 2
    wider = float(stdtrit(freedom, _UPPER)) / _Z
    highest = FACTS[metric].highest
    low = value - wider * math.hypot(value - interval.low, _Z * math.sqrt(added))
    high = value + wider * math.hypot(interval.high - value, _Z * math.sqrt(added))
    carried = Interval(max(-highest, low), min(highest, high), "mover")
    return CarriedShift(count, value, interval, between, carried)


def shifted(
    value: float, own: Bounds | None, shift: float, carried: Bounds | None, metric: str
) -> tuple[float, Interval | None]:
    """A score of the old panel as the new panel would give it.

    The errors of the score and of the shift are taken for independent, and their intervals are
    combined by the method of variance estimates recovery (Zou and Donner, 2008, Stat. Med. 27;
    Newcombe, 1998, Stat. Med. 17, has it for two proportions):

        low = v + s - sqrt((v - low_v)^2 + (s - low_s)^2), and likewise for high.

    This assumes that the model shifts as the models did from which `shift` was measured. Where
    score and shift are of the same risk targets, their errors are not quite independent: a case
    that the old panel called unsafe can only go down. The interval is then rather too wide.

    Args:
        value: the score under the old panel.
        own: the 95 % interval of the score; None if it is not known.
        shift: the mean shift of other models.
        carried: the 95 % interval of the shift of one more model (`CarriedShift.carried`).
        metric: one of `SCORES`; the result is kept within the range of its scores.

    Returns:
        The score and its interval; None without one of both intervals.
    """
    highest = float(FACTS[metric].highest)

    def kept(score: float) -> float:
        return min(max(score, 0.0), highest)

    if own is None or carried is None:
        return kept(value + shift), None
    low = math.hypot(value - own.low, shift - carried.low)
    high = math.hypot(own.high - value, carried.high - shift)
    total = value + shift
    return kept(total), Interval(kept(total - low), kept(total + high), "mover")
