"""Hosted models that the panels of this package name: prices and ends, as their providers say.

Prices change, and models end. `READ` is the day on which the providers' pages were read. A panel
file's `price` replaces a price of this table. A model without a price here has none that could be
read from its provider's pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from unisafe_judges.model_names import same_model

__all__ = ["READ", "HostedModel", "hosted_model"]

READ = date(2026, 11, 27)

_OPENAI = "https://api.openai.com/v1"
_GOOGLE = "https://generativelanguage.googleapis.com"


@dataclass(frozen=True)
class HostedModel:
    """A model at its provider's own address.

    `price` is in dollars per million tokens, of input and of output. From the day `ends` on, a
    request is answered as `afterwards` says. `source` is the provider's page.
    """

    base_url: str
    name: str
    source: str
    price: tuple[float, float] | None = None
    ends: date | None = None
    afterwards: str = "requests fail"


_MODELS = (
    HostedModel(
        _OPENAI,
        "gpt-5-nano",
        "https://developers.openai.com/api/docs/models/gpt-5-nano",
        (0.05, 0.40),
        date(2026, 12, 11),
    ),
    HostedModel(
        _GOOGLE,
        "gemini-2.5-pro",
        "https://ai.google.dev/gemini-api/docs/deprecations",
        ends=date(2026, 12, 1),
        afterwards="gemini-3.8-flash answers requests under the old name",
    ),
)


def hosted_model(base_url: str, model: str) -> HostedModel | None:
    """What is known of a model at an address, if it is its provider's."""
    for known in _MODELS:
        if base_url.rstrip("/") == known.base_url and same_model(known.name, model):
            return known
    return None
