"""Hosted models that the panels of this package name: prices and ends, as their providers say.

Prices change, and models end. `READ` is the day on which the providers' pages were looked up, some
of them in copies that may be older. A price of the panel file, or of the user's file of prices,
goes before one of this table. What could not be read from a provider's page is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from unisafe_judges.model_names import same_model
from unisafe_judges.prices import Price, PriceTier

__all__ = ["READ", "HostedModel", "hosted_model"]

READ = date(2026, 11, 27)

_OPENAI = "https://api.openai.com/v1"
_GOOGLE = "https://generativelanguage.googleapis.com"
_XAI = "https://api.x.ai/v1"


@dataclass(frozen=True)
class HostedModel:
    """A model at its provider's own address.

    `next_price` is the announced price, and the day from which it holds. From the day `ends` on, a
    request is answered as `afterwards` says. `source` is the provider's page, `read` on that day.
    """

    base_url: str
    name: str
    source: str
    price: Price | None = None
    next_price: tuple[date, Price] | None = None
    ends: date | None = None
    afterwards: str = "requests fail"
    read: date = READ

    def price_on(self, day: date) -> Price | None:
        """The price that holds on a day."""
        if self.next_price is not None and day >= self.next_price[0]:
            return self.next_price[1]
        return self.price


_MODELS = (
    HostedModel(
        _OPENAI,
        "gpt-6-luna",
        "https://developers.openai.com/api/docs/models/gpt-6-luna",
        Price(
            input=0.10,
            cached_input=0.01,
            cache_write=0.125,
            output=0.50,
            batch=0.5,
            tiers=(
                PriceTier(
                    above=272_000, input=0.20, cached_input=0.02, cache_write=0.25, output=0.75
                ),
            ),
        ),
    ),
    HostedModel(
        _GOOGLE,
        "gemini-3.8-flash",
        "https://ai.google.dev/gemini-api/docs/pricing",
        Price(input=0.75, output=3.75, batch=0.5),
        next_price=(date(2027, 1, 1), Price(input=1.50, output=7.50, batch=0.5)),
        read=date(2026, 10, 7),
    ),
    HostedModel(
        _XAI,
        "grok-4.20-0309-reasoning",
        "https://docs.x.ai/developers/models/grok-4.20-0309",
        Price(
            input=1.25,
            cached_input=0.20,
            output=2.50,
            batch=0.8,
            tiers=(PriceTier(above=199_999, input=2.50, cached_input=0.40, output=5.00),),
        ),
    ),
    HostedModel(
        _OPENAI,
        "gpt-5-nano",
        "https://developers.openai.com/api/docs/models/gpt-5-nano",
        Price(input=0.05, output=0.40),
        ends=date(2026, 12, 11),
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
