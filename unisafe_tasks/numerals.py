"""How scores are written for people: the same number looks the same in every table and page.

Shares are written in percent with one decimal, ratings with two; the sign % stands in the heading.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from unisafe_tasks.metric_facts import TABLE_METRICS

__all__ = [
    "DASH",
    "change",
    "coefficient",
    "coefficient_interval",
    "covered",
    "interval",
    "is_percent",
    "p_value",
    "percent",
    "percent_interval",
    "score",
    "whole_percent",
]

DASH = "–"
"""Of a score that is not known."""

_SMALLEST_P = 0.001


def is_percent(metric: str) -> bool:
    """Whether the metric's scores are shares."""
    return TABLE_METRICS[metric].highest == 1


def score(value: float | None, metric: str) -> str:
    """A score: 0.1321 is 13.2, a rating of 1.319 is 1.32."""
    return DASH if value is None else _written(value, metric)


def interval(bounds: Mapping[str, Any] | None, metric: str) -> str:
    """The interval of a score, [12.4, 13.9]; nothing if it is not known.

    Args:
        bounds: as metrics.json has it, with `low` and `high`.
        metric: the score's metric.
    """
    if bounds is None:
        return ""
    write = percent if is_percent(metric) else coefficient
    return f"[{write(bounds['low'])}, {write(bounds['high'])}]"


def change(value: float | None, metric: str) -> str:
    """A difference of two scores with its sign, in the score's own unit: +3.2."""
    if value is None:
        return DASH
    written = _written(value, metric)
    return written if value < 0 and written[0] == "-" else f"+{written}"


def percent(share: float | None) -> str:
    """A share in percent: 0.1321 is 13.2."""
    return DASH if share is None else _rounded(100 * share, 1)


def percent_interval(low: float, high: float) -> str:
    """The interval of a share that no table of metrics has, in percent: [12.4, 13.9]."""
    return f"[{percent(low)}, {percent(high)}]"


def whole_percent(share: float | None) -> str:
    """A share in whole percent, where a column is narrow. Only 0 is 0, and only 1 is 100."""
    if share is None:
        return DASH
    # Half a percent is rounded to an even number, which is 0.
    if 0 < share <= 0.005:
        return "<1"
    return ">99" if 0.995 <= share < 1 else f"{100 * share:.0f}"


def covered(share: float | None) -> str:
    """A coverage in whole percent, rounded down: one below a threshold never seems to reach it."""
    # A product such as 100 * 0.29 is a little below 29.
    return DASH if share is None else str(math.floor(100 * share + 1e-9))


def coefficient(value: float | None) -> str:
    """A rating, or a coefficient such as kappa or a correlation, with two decimals."""
    return DASH if value is None else _rounded(value, 2)


def coefficient_interval(low: float, high: float) -> str:
    """The interval of a coefficient: [0.71, 0.93]."""
    return f"[{coefficient(low)}, {coefficient(high)}]"


def p_value(p: float | None) -> str:
    """A p-value with three decimals; the smallest is < 0.001."""
    if p is None:
        return DASH
    return f"< {_SMALLEST_P}" if p < _SMALLEST_P else f"{p:.3f}"


def _written(value: float, metric: str) -> str:
    return percent(value) if is_percent(metric) else coefficient(value)


def _rounded(value: float, digits: int) -> str:
    # Without the sum -0.0 stays.
    return f"{round(value, digits) + 0.0:.{digits}f}"
