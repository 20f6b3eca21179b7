"""How scores are written for people: the same number looks the same in every table and page.

Shares are written in percent with one decimal, ratings with two; the sign % stands in the heading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisafe_tasks.metric_facts import TABLE_METRICS

__all__ = ["DASH", "change", "interval", "is_percent", "p_value", "percent", "score"]

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
    return f"[{_written(bounds['low'], metric)}, {_written(bounds['high'], metric)}]"


def change(value: float | None, metric: str) -> str:
    """A difference of two scores with its sign, in the score's own unit: +3.2."""
    if value is None:
        return DASH
    written = _written(value, metric)
    return written if value < 0 and written[0] == "-" else f"+{written}"


def percent(share: float | None) -> str:
    """A share in percent: 0.1321 is 13.2."""
    return DASH if share is None else _rounded(100 * share, 1)


def p_value(p: float | None) -> str:
    """A p-value with three decimals; the smallest is < 0.001."""
    if p is None:
        return DASH
    return f"< {_SMALLEST_P}" if p < _SMALLEST_P else f"{p:.3f}"


def _written(value: float, metric: str) -> str:
    return percent(value) if is_percent(metric) else _rounded(value, 2)


def _rounded(value: float, digits: int) -> str:
    # Without the sum -0.0 stays.
    return f"{round(value, digits) + 0.0:.{digits}f}"
