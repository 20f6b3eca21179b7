"""Attack success rates corrected for the judges' errors, which human labels show.

Two corrections, shown side by side. Rogan and Gladen's takes sensitivity and specificity to be the
same for all outputs of a task, and may learn them from other models' outputs. Prediction-powered
inference assumes nothing about the judges, but needs labels of the same outputs that it corrects.
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
    1; `label` is None where nobody labelled the output. `judged` is False for a refusal that no
    judge saw: the protocol gives it 0, which needs no correction.
    """

    category: str
    subcategory: str
    predicted: float
    label: float | None = None
    judged: bool = True


@dataclass(frozen=True)
class Weights:
    """The weight of each value in a prediction-powered mean. The weights of the labels sum to the
    weight of all judged outputs. The weights of the labelled outputs' predictions have the same sum
    as those of the unlabelled outputs' predictions."""

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
        size: the number of outputs; an effective number if the outputs are weighted.
        confusion: the judge's calls on labelled outputs.

    Returns:
        None if Se or Sp is unknown, or if Se + Sp <= 1: such a judge is not better than chance.
    """
    recall, specificity = confusion.recall, confusion.specificity
    if recall is None or specificity is None or recall.value + specificity.value <= 1:
        return None
    value = (apparent + specificity.value - 1) / (recall.value + specificity.value - 1)
    # The primed quantities of the paper: some added cases move each estimate towards 1/2.
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
    """A mean of human labels, made more precise by predictions for outputs without a label.

    sum(a y) - t (sum(b f) - sum(c f')), with labels y, their predictions f, and predictions f' of
    unlabelled outputs: PPI++ with power tuning (Angelopoulos, Duchi and Zrnic, 2023,
    arXiv:2311.01453). t, from 0 to 1, minimises the variance; it is 0 if the predictions say
    nothing. Without weights a = b = 1 / n and c = 1 / N.

    The design fixes the weights. So the variance is that of a value's deviation from the weighted
    mean, times its weight (ppi-python takes the deviation of the weighted value, which is the same
    without weights). Deviations are from the overall mean. They are smaller within strata, so the
    interval of a stratified sample is rather too wide.
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

    The share of calls is a macro mean, and its size is Kish's effective size (1965, Survey
    Sampling, section 11.7). None if `rogan_gladen` gives None, or if no output was judged.
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

    A labelled output stands for the judged outputs of its subcategory. If a subcategory has no
    labels, the labelled outputs of its category stand for it. If the category has no labels either,
    the labelled outputs of the whole task do (collapsed strata; Wolter, 2007, Introduction to
    Variance Estimation, section 2.5).

    None if the labels do not show the spread: there are fewer than two, all are the same, or the
    ensemble differs from each label by the same amount.
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
        # A labelled output stands for itself and for unlabelled outputs. The second part has their
        # weight.
        Weights(stand, stand - labelled_weights, weights[rest]),
    )
    assert measure.interval is not None
    half = (measure.interval.high - measure.interval.low) / 2
    return _bounded(measure.value, measure.value, half, float(stand.sum()))


def unlabelled_subcategories(cases: Sequence[CalibrationCase]) -> list[str]:
    """Codes of the subcategories that have judged outputs and no label."""
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
