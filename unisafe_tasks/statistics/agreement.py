"""How far judges agree: Krippendorff's alpha, Cohen's kappa, Gwet's AC1, and what each one changes.

Verdicts are arrays of shape (judges, cases), NaN where a judge gave none. Judgments are 0 or 1,
ratings 0 to 3. What a verdict does not tell is NaN too. A coefficient that the data do not
determine is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import median_high
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from unisafe_tasks.metrics import ScoredCase, are_unheard, macro_means
from unisafe_tasks.statistics.estimates import is_flat
from unisafe_tasks.statistics.intervals import Interval, Measure, percentile
from unisafe_tasks.statistics.resampling import drawn_sums

__all__ = ["agreement_of", "cohen_kappa", "contingency", "gwet_ac1", "krippendorff_alpha"]

Level = Literal["nominal", "ordinal"]
Floats = npt.NDArray[np.float64]

_JUDGMENTS = 2
_NUMBERS = 3
"""Judgment, rating and refusal: so many values of a verdict, its first ones, are numbers."""
_MOST_UNDEFINED = 0.05


def krippendorff_alpha(
    values: Floats, level: Level, weights: npt.NDArray[Any] | None = None
) -> Measure | None:
    """Krippendorff's alpha of whole-number verdicts from 0 (Krippendorff, 2019, Content Analysis,
    4th ed., chapter 12).

    alpha = 1 - D_o / D_e. A case with m >= 2 verdicts adds its pairs to the coincidence matrix o,
    each with 1 / (m - 1); D_o and D_e are the mean squared differences of the pairs in o, and of
    all pairs of the verdicts in it. The difference is 0 or 1 (nominal), or the number of verdicts
    between two ranks (ordinal).

    Args:
        values: verdicts of shape (judges, cases), NaN where a judge gave no verdict.
        level: how verdicts differ.
        weights: how often each bootstrap draw holds each case, of shape (draws, cases).

    Returns:
        None if fewer than two cases have verdicts of two judges, or if all these verdicts are the
        same. The interval is None if more than 5 % of the draws do not determine alpha, since 5 %
        of the draws lie outside its bounds. It is also None if the judges agree on every case:
        cases without a disagreement do not show that the judges never disagree.
    """
    pairs = _coincidences(values)
    if np.count_nonzero(pairs.any(axis=(1, 2))) < 2:
        return None
    # Exact sums: the order of the cases must not change a single bit.
    whole = np.array([math.fsum(cell) for cell in pairs.reshape(len(pairs), -1).T])
    value = _alphas(whole.reshape(1, *pairs.shape[1:]), level)[0]
    if math.isnan(value):
        return None
    return Measure(float(value), None if weights is None else _interval(pairs, level, weights))


def contingency(first: Floats, second: Floats, categories: int) -> npt.NDArray[np.int64]:
    """Counts of the cases that both judged, by the first's verdict (row) and the second's."""
    both = ~(np.isnan(first) | np.isnan(second))
    table = np.zeros((categories, categories), dtype=np.int64)
    np.add.at(table, (first[both].astype(int), second[both].astype(int)), 1)
    return table


def cohen_kappa(table: npt.NDArray[np.int64]) -> float | None:
    """Cohen's kappa of a contingency table (Cohen, 1960, Educ. Psychol. Meas. 20).

    None with fewer than two cases, or where both judges gave one and the same verdict throughout.
    """
    cases = int(table.sum())
    chance = int(table.sum(axis=0) @ table.sum(axis=1))
    if cases < 2 or chance == cases**2:
        return None
    return (cases * int(np.trace(table)) - chance) / (cases**2 - chance)


def gwet_ac1(table: npt.NDArray[np.int64]) -> float | None:
    """Gwet's AC1 of a contingency table (Gwet, 2008, Br. J. Math. Stat. Psychol. 61).

    Chance agreement is the mean over the categories of pi (1 - pi), times q / (q - 1), with pi the
    mean of the two judges' shares and q the number of categories. None with fewer than two cases.
    """
    cases = int(table.sum())
    if cases < 2:
        return None
    shares = (table.sum(axis=0) + table.sum(axis=1)) / (2 * cases)
    chance = float(np.sum(shares * (1 - shares))) / (len(table) - 1)
    return (int(np.trace(table)) / cases - chance) / (1 - chance)


def agreement_of(
    cases: Sequence[ScoredCase], weights: npt.NDArray[Any] | None = None
) -> dict[str, Any] | None:
    """What metrics.json says of the agreement of one task's judges; None with fewer than two.

    A judge's repeats are combined first: the median verdict, the higher one of two. `without`
    holds, for each judge, the ensemble's scores without that judge, and the number of cases that
    have a score. If the panel needs a verdict of every judge, these scores need a verdict of every
    other judge.

    Args:
        cases: the cases of one task, under the panel's ensemble.
        weights: how often each bootstrap draw holds each case that has `rows`, in the order of
            `cases`: shape (draws, cases with rows).
    """
    judged_cases = [case for case in cases if case.rows]
    judges = sorted({row.judge for case in judged_cases for row in case.rows})
    if len(judges) < 2:
        return None
    judgments, ratings, refusals = _verdicts(judged_cases, judges)
    alphas = (
        krippendorff_alpha(judgments, "nominal", weights),
        krippendorff_alpha(ratings, "ordinal", weights),
    )
    return {
        "cases": int(np.count_nonzero((~np.isnan(judgments)).sum(axis=0) > 1)),
        "judges": judges,
        "judgment_alpha": alphas[0] and alphas[0].as_json(),
        "risk_rating_alpha": alphas[1] and alphas[1].as_json(),
        "pairs": [
            _pair(judges[one], judges[other], judgments[one], judgments[other])
            for one, other in combinations(range(len(judges)), 2)
        ],
        "rates": {
            judge: {
                "cases": int(np.count_nonzero(~np.isnan(judgments[index]))),
                "judgment": _mean(judgments[index]),
                "risk_rating": _mean(ratings[index]),
                "refusal": _mean(refusals[index]),
            }
            for index, judge in enumerate(judges)
        },
        "without": {judge: _without(cases, judge, len(judges) - 1) for judge in judges},
    }


def _coincidences(values: Floats) -> Floats:
    """Each case's share of the coincidence matrix: shape (cases, categories, categories)."""
    categories = int(np.nanmax(values, initial=0)) + 1
    counts = (values[:, :, None] == np.arange(categories)).sum(axis=0).astype(np.float64)
    others = counts.sum(axis=1) - 1
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs[:, range(categories), range(categories)] -= counts
    shares = np.divide(1, others, out=np.zeros_like(others), where=others > 0)
    return np.asarray(pairs * shares[:, None, None])


def _alphas(coincidences: Floats, level: Level) -> Floats:
    """Alpha of coincidence matrices of shape (draws, categories, categories); NaN if undefined."""
    verdicts = coincidences.sum(axis=2)
    total = verdicts.sum(axis=1)
    categories = verdicts.shape[1]
    if level == "ordinal":
        # The distance of two categories is the difference of their mid-ranks.
        ranks = np.cumsum(verdicts, axis=1) - verdicts / 2
        distance = (ranks[:, :, None] - ranks[:, None, :]) ** 2
    else:
        distance = np.broadcast_to(1 - np.eye(categories), coincidences.shape)
    observed = np.einsum("dij,dij->d", coincidences, distance)
    expected = np.einsum("di,dj,dij->d", verdicts, verdicts, distance)
    ratio = np.full(len(total), np.nan)
    np.divide((total - 1) * observed, expected, out=ratio, where=expected > 0)
    return np.asarray(1 - ratio)


def _interval(pairs: Floats, level: Level, weights: npt.NDArray[Any]) -> Interval | None:
    # The matrices are symmetric.
    rows, columns = np.triu_indices(pairs.shape[1])
    half = drawn_sums(np.ascontiguousarray(pairs[:, rows, columns].T), weights.T).T
    whole = np.empty((len(weights), *pairs.shape[1:]))
    whole[:, rows, columns] = whole[:, columns, rows] = half
    drawn = _alphas(whole, level)
    known = drawn[~np.isnan(drawn)]
    if len(known) < (1 - _MOST_UNDEFINED) * len(drawn) or is_flat(known):
        return None
    return percentile(known)


def _verdicts(cases: Sequence[ScoredCase], judges: Sequence[str]) -> Floats:
    """Judgments, ratings and refusals: shape (3, judges, cases)."""
    values = np.full((len(judges), len(cases), _NUMBERS), np.nan)
    rows = {judge: row for row, judge in enumerate(judges)}
    for column, case in enumerate(cases):
        for judge, given in case.verdicts.items():
            numbers = [verdict[:_NUMBERS] for verdict in given]
            values[rows[judge], column] = (
                numbers[0]
                if len(numbers) == 1
                else [
                    None if None in kind else median_high(kind)
                    for kind in zip(*numbers, strict=True)
                ]
            )
    return np.moveaxis(values, -1, 0)


def _pair(first: str, second: str, one: Floats, other: Floats) -> dict[str, Any]:
    table = contingency(one, other, _JUDGMENTS)
    cases = int(table.sum())
    return {
        "judges": [first, second],
        "cases": cases,
        "raw": int(np.trace(table)) / cases if cases else None,
        "kappa": cohen_kappa(table),
        "ac1": gwet_ac1(table),
    }


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return math.fsum(known) / len(known) if len(known) else None


def _without(cases: Sequence[ScoredCase], judge: str, others: int) -> dict[str, Any]:
    needed = min(cases[0].ensemble.min_verdicts, others)
    values = [case.values_without(judge, needed) for case in cases]
    # Refusals alone must not become a score.
    if are_unheard(cases, values):
        values = [None] * len(cases)
    cells: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for case, score in zip(cases, values, strict=True):
        members = cells.setdefault((case.category, case.subcategory), [])
        if score is not None:
            members.append(score)
    scored = sum(map(len, cells.values()))
    columns = {cell: list(zip(*members, strict=True)) for cell, members in cells.items() if members}
    return {
        **macro_means(columns, cases[0].scores),
        "asked": len(cases),
        "scored": scored,
        "coverage": scored / len(cases),
        "complete": all(cells.values()),
    }
