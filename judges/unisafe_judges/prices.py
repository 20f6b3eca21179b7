"""What a model costs, in dollars per million tokens, and the file of prices that users keep."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from unisafe_judges.errors import PanelError
from unisafe_judges.model_names import same_model
from unisafe_judges.types import TokenDetails
from unisafe_judges.yaml_files import faults_in_words, read_yaml

__all__ = ["Price", "PriceList", "PriceTier", "load_prices", "price_keys"]


def _no_bool(value: object) -> object:
    # YAML reads `yes` as true, and pydantic true as 1.
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


_Dollars = Annotated[float, BeforeValidator(_no_bool), Field(ge=0, allow_inf_nan=False)]
_BATCH_SHARE = 0.5
"""Of OpenAI and of Google alike."""


class _Rates(BaseModel):
    """Dollars per million tokens; `None` is the rate of `input`, or of `output` for `reasoning`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: _Dollars
    """The rate of the prompt's tokens."""
    output: _Dollars
    """The rate of the reply's tokens."""
    cached_input: _Dollars | None = None
    """The rate of the prompt's tokens that came from a cache; else that of `input`."""
    cache_write: _Dollars | None = None
    """The rate of the prompt's tokens that were put into a cache; else that of `input`."""
    image_input: _Dollars | None = None
    """The rate of the tokens of images; else that of `input`."""
    reasoning: _Dollars | None = None
    """The rate of the reply's tokens that are thinking; else that of `output`."""

    def dollars(self, sent: float, written: float, details: TokenDetails) -> float:
        """For a call of `sent` tokens that wrote `written`; `details` are parts of these."""
        cached = min(details.cached or 0, sent)
        kept = min(details.cache_written or 0, sent - cached)
        # Caches hold the beginning of a prompt, where its words are.
        images = min(details.images or 0, sent - cached - kept)
        thought = min(details.reasoning or 0, written)
        parts = (
            (sent - cached - kept - images, self.input, self.input),
            (cached, self.cached_input, self.input),
            (kept, self.cache_write, self.input),
            (images, self.image_input, self.input),
            (written - thought, self.output, self.output),
            (thought, self.reasoning, self.output),
        )
        return sum(n * (usual if rate is None else rate) for n, rate, usual in parts) / 1e6


class PriceTier(_Rates):
    """The rates of a whole call whose prompt has more tokens than `above`."""

    above: int = Field(ge=1)
    """The number of tokens in a prompt above which these rates hold."""


class Price(_Rates):
    """What a panel file may say of a judge's price."""

    batch: Annotated[float, Field(ge=0, le=1)] | None = None
    """What a call costs in a batch, as a share of its price; 0.5 if you do not say it."""
    tiers: tuple[PriceTier, ...] | None = Field(default=None, min_length=1)
    """Rates of calls with long prompts: each has `above` and the rates of this table."""
    date: datetime.date | None = None
    """The day on which the price was read."""

    @model_validator(mode="after")
    def _tiers_rise(self) -> Price:
        limits = [tier.above for tier in self.tiers or ()]
        if limits != sorted(set(limits)):
            raise ValueError(
                "tiers must be in the order of above, and no two may have the same number"
            )
        return self

    def cost(
        self, sent: float, written: float, details: TokenDetails, *, in_batch: bool = False
    ) -> float:
        """Dollars of a call with so many tokens."""
        rates = next((tier for tier in reversed(self.tiers or ()) if sent > tier.above), None)
        dollars = (rates or self).dollars(sent, written, details)
        return dollars * self.batch_share if in_batch else dollars

    @property
    def batch_share(self) -> float:
        """What a call costs in a batch, as a share of its price."""
        return _BATCH_SHARE if self.batch is None else self.batch


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1, max_length=200)
    base_url: str | None = Field(default=None, min_length=1)
    price: Price


class _PricesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    date: datetime.date
    prices: tuple[_Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _entries_differ(self) -> _PricesFile:
        seen = set()
        for entry in self.prices:
            key = entry.model, (entry.base_url or "").rstrip("/")
            if key in seen:
                raise ValueError(
                    f"there are two prices for the model {entry.model!r} at the same address"
                )
            seen.add(key)
        return self


@dataclass(frozen=True)
class PriceList:
    """Prices of models, each dated."""

    _entries: tuple[_Entry, ...]

    def price_of(self, base_url: str, model: str) -> Price | None:
        """The price of a model at an address: of the entry that names it, else of one for any."""
        of_model = [entry for entry in self._entries if same_model(entry.model, model)]
        for entry in of_model:
            if entry.base_url is not None and entry.base_url.rstrip("/") == base_url.rstrip("/"):
                return entry.price
        return next((entry.price for entry in of_model if entry.base_url is None), None)


def load_prices(path: Path) -> PriceList:
    """Read a file of prices. A price without a date has the file's.

    Raises:
        PanelError: one sentence naming the file, the line and the field, and what is expected.
    """
    what = "price file"
    document, value = read_yaml(path, what, "'date' and 'prices'")
    try:
        file = _PricesFile.model_validate(value)
    except ValidationError as error:
        raise PanelError(faults_in_words(path, what, document, error, _known_keys)) from None
    dated = (
        entry.model_copy(
            update={"price": entry.price.model_copy(update={"date": entry.price.date or file.date})}
        )
        for entry in file.prices
    )
    return PriceList(tuple(dated))


def _known_keys(problem: ErrorDetails) -> list[str]:
    match problem["loc"]:
        case ("prices", int(), str()):
            return sorted(_Entry.model_fields)
        case ("prices", int(), *rest):
            return price_keys(tuple(rest))
        case (str(),):
            return sorted(_PricesFile.model_fields)
    return []


def price_keys(place: tuple[int | str, ...]) -> list[str]:
    """The keys that a price may have at a place inside an entry, such as ("price", "inptu")."""
    match place:
        case ("price", str()):
            return sorted(Price.model_fields)
        case ("price", "tiers", int(), str()):
            return sorted(PriceTier.model_fields)
    return []
