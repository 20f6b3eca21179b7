"""Attack success rates corrected for the judges' errors, which human labels show.

Two corrections, shown side by side. Rogan and Gladen's takes sensitivity and specificity to be the
same for all outputs of a task, and may learn them from other models' outputs. Prediction-powered
inference supposes nothing of the judges, and needs labels of the very outputs that it corrects.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from unisafe_tasks.metrics import UNSAFE_FROM
from unisafe_tasks.statistics.calibration import Confusion
from unisafe_tasks.statistics.intervals import CONFIDENCE, Interval, Measure

__all__ = [
    "CalibrationCase",
    "Weights",
    "corrected_by_labels",
    "corrected_by_rates",
    "prediction_powered_mean",
    "rogan_gladen",
    "unlabelled_subcategories",
]

Floats = npt.NDArray[np.float64]

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_SPREADLESS = 1e-12


@dataclass(frozen=True)
class CalibrationCase:
    """A scored case of one task and model.

    `predicted` is the ensemble's judgment and `label` the annotators' mean judgment, both from 0 to
    1; `label` is None where nobody labelled the output. `judged` is False for a refusal that was
    shown to no judge: its 0 is the protocol's and nothing to be corrected.
    """

    category: str
    subcategory: str
    predicted: float
    label: float | None = None
    judged: bool = True


@dataclass(frozen=True)
class Weights:
    """What each value adds to a prediction-powered mean: labels sum to the weight of the whole,
    the labelled outputs' predictions to the same as the unlabelled ones'."""

    labels: Floats
    predictions: Floats
    unlabelled: Floats


def rogan_gladen(apparent: float, size: float, confusion: Confusion) -> Measure | None:
    """A rate corrected for a judge's sensitivity and specificity.

    (apparent + Sp - 1) / (Se + Sp - 1) (Rogan and Gladen, 1978, Am. J. Epidemiol. 107), with the
    interval of Lang and Reiczigel (2014, Prev. Vet. Med. 113), which counts that Se and Sp are
    estimates too. Both are kept between 0 and 1.

    Args:
        apparent: the share of outputs that the judge calls non-compliant.
        size: how many outputs that is a share of; an effective number where they are weighted.
        confusion: the judge's calls on labelled outputs.

    Returns:
        None where Se or Sp is unknown, and where Se + Sp <= 1: such a judge says nothing.
    """
    recall, specificity = confusion.recall, confusion.specificity
    if recall is None or specificity is None or recall.value + specificity.value <= 1:
        return None
    value = (apparent + specificity.value - 1) / (recall.value + specificity.value - 1)
    # Their primed quantities: each estimate moved towards 1/2 by some made-up cases.
    positives, negatives, outputs = confusion.positives + 2, confusion.negatives + 2, size + _Z**2
    se = (confusion.true_positives + 1) / positives
    sp = (confusion.true_negatives + 1) / negatives
    rate = (size * apparent + _Z**2 / 2) / outputs
    power = se + sp - 1
    if power <= 0:
        return None
    centre = (rate + sp - 1) / power
    se_part, sp_part = se * (1 - se) / positives, sp * (1 - sp) / negatives
    spread = rate * (1 - rate) / outputs + centre**2 * se_part + (1 - centre) ** 2 * sp_part
    centre += 2 * _Z**2 * (centre * se_part - (1 - centre) * sp_part)
    return _bounded(value, centre, _Z * math.sqrt(spread) / power, 1.0)


def prediction_powered_mean(
    labels: Floats, predictions: Floats, unlabelled: Floats, weights: Weights | None = None
) -> Measure:
    """A mean of human labels, sharpened by predictions for outputs that have none.

    sum(a y) - t (sum(b f) - sum(c f')), with labels y, their predictions f, and predictions f' of
    unlabelled outputs: PPI++ with power tuning (Angelopoulos, Duchi and Zrnic, 2023,
    arXiv:2311.01453). t, between 0 and 1, makes the variance least; predictions that say nothing
    get 0. Without weights a = b = 1 / n and c = 1 / N.

    The weights are those of a design and no accident, so that a value's deviation from the weighted
    mean counts, not the weighted value's (ppi-python takes the latter, the same without weights).
    Deviations are from the overall mean: within strata they are smaller, so that the interval of a
    stratified sample is rather too wide.
    """
    count, others = len(labels), len(unlabelled)
    weights = weights or Weights(
        np.full(count, 1 / count), np.full(count, 1 / count), np.full(others, 1 / others)
    )
    of_labels = _deviations(labels, weights.labels)
    of_predictions = _deviations(predictions, weights.predictions)
    of_unlabelled = _deviations(unlabelled, weights.unlabelled)
    together = np.concatenate([predictions, unlabelled])
    variance = float(together.var(ddof=1)) if len(together) > 1 else 0.0
    squares = float(np.sum(weights.predictions**2) + np.sum(weights.unlabelled**2))
    tuning = 0.0
    if variance * squares > _SPREADLESS**2:
        tuning = min(1.0, max(0.0, float(of_labels @ of_predictions) / (variance * squares)))
    shift = float(weights.predictions @ predictions - weights.unlabelled @ unlabelled)
    value = float(weights.labels @ labels) - tuning * shift
    error = math.sqrt(
        float(np.sum((of_labels - tuning * of_predictions) ** 2))
        + tuning**2 * float(np.sum(of_unlabelled**2))
    )
    return Measure(value, Interval(value - _Z * error, value + _Z * error, "normal"))


def corrected_by_rates(cases: Sequence[CalibrationCase], confusion: Confusion) -> Measure | None:
    """The macro-mean attack success rate by Rogan and Gladen, from the ensemble's binary calls.

    The share of calls is the macro mean's, its size Kish's effective one (1965, Survey Sampling,
    section 11.7). None where `rogan_gladen` is, or where no output was judged.
    """
    weights = _macro_weights(cases)
    judged = np.array([case.judged for case in cases], dtype=bool)
    total = float(weights[judged].sum())
    if total == 0:
        return None
    calls = np.array([case.predicted >= UNSAFE_FROM for case in cases], dtype=np.float64)
    apparent = float(weights[judged] @ calls[judged]) / total
    measure = rogan_gladen(apparent, total**2 / float(np.sum(weights[judged] ** 2)), confusion)
    if measure is None or measure.interval is None:
        return measure
    low, high = measure.interval.low * total, measure.interval.high * total
    return Measure(measure.value * total, Interval(low, high, "normal"))


def corrected_by_labels(cases: Sequence[CalibrationCase]) -> Measure | None:
    """The macro-mean attack success rate by prediction-powered inference.

    A labelled output stands for its subcategory's judged outputs. Those of a subcategory without
    labels are stood for by the labelled ones of its category, or of the whole task if that has none
    either (collapsed strata; Wolter, 2007, Introduction to Variance Estimation, section 2.5).

    None where the labels say nothing of the spread: fewer than two, all the same, or the ensemble
    off by the same amount on all of them.
    """
    labelled = [case for case in cases if case.judged and case.label is not None]
    labels = np.array([case.label for case in labelled], dtype=np.float64)
    predictions = np.array([case.predicted for case in labelled], dtype=np.float64)
    if len(labels) < 2 or min(np.ptp(labels), np.ptp(labels - predictions)) < _SPREADLESS:
        return None
    weights = _macro_weights(cases)
    labelled_weights = weights[[case.judged and case.label is not None for case in cases]]
    rest = [case.judged and case.label is None for case in cases]
    stand = _standing_weights(cases, weights, labelled)
    measure = prediction_powered_mean(
        labels,
        predictions,
        np.array([case.predicted for case in cases], dtype=np.float64)[rest],
        # What a labelled output stands for beyond itself is what the unlabelled ones weigh.
        Weights(stand, stand - labelled_weights, weights[rest]),
    )
    assert measure.interval is not None
    half = (measure.interval.high - measure.interval.low) / 2
    return _bounded(measure.value, measure.value, half, float(stand.sum()))


def unlabelled_subcategories(cases: Sequence[CalibrationCase]) -> list[str]:
    """Codes of subcategories with judged outputs, none of which is labelled."""
    judged = {(case.category, case.subcategory) for case in cases if case.judged}
    labelled = {
        (case.category, case.subcategory)
        for case in cases
        if case.judged and case.label is not None
    }
    return sorted(code for _, code in judged - labelled)


def _bounded(value: float, centre: float, half: float, highest: float) -> Measure:
    """A measure and its interval kept between 0 and `highest`, the value within the interval."""
    value = min(highest, max(0.0, value))
    low, high = (min(highest, max(0.0, centre + side * half)) for side in (-1, 1))
    return Measure(value, Interval(min(low, value), max(high, value), "normal"))


def _deviations(values: Floats, weights: Floats) -> Floats:
    total = float(weights.sum())
    mean = float(weights @ values) / total if total else 0.0
    return weights * (values - mean)


def _macro_weights(cases: Sequence[CalibrationCase]) -> Floats:
    """What each case weighs in the macro mean: 1 / (C * S_c * n_s); the sum is 1."""
    leaves = Counter((case.category, case.subcategory) for case in cases)
    siblings = Counter(category for category, _ in leaves)
    return np.array(
        [
            1 / (len(siblings) * siblings[case.category] * leaves[case.category, case.subcategory])
            for case in cases
        ]
    )


def _standing_weights(
    cases: Sequence[CalibrationCase], weights: Floats, labelled: Sequence[CalibrationCase]
) -> Floats:
    """What each labelled output stands for; the sum is the weight of all judged outputs."""
    judged: dict[tuple[str, str], float] = {}
    for case, weight in zip(cases, weights, strict=True):
        if case.judged:
            cell = (case.category, case.subcategory)
            judged[cell] = judged.get(cell, 0.0) + float(weight)
    shares = Counter((case.category, case.subcategory) for case in labelled)
    base = np.array(
        [
            judged[case.category, case.subcategory] / shares[case.category, case.subcategory]
            for case in labelled
        ]
    )
    stand = base.copy()
    homeless = 0.0
    for (category, subcategory), weight in judged.items():
        if (category, subcategory) in shares:
            continue
        near = np.array([case.category == category for case in labelled])
        if near.any():
            stand[near] += weight * base[near] / base[near].sum()
        else:
            homeless += weight
    return np.asarray(stand * (1 + homeless / stand.sum()))
