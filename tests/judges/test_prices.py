"""Prices: what a call costs to the cent, the file that users keep, and our own dated table."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisafe_judges import PanelError, load_panel
from unisafe_judges.costs import billed, price_of
from unisafe_judges.hosted import READ, hosted_model
from unisafe_judges.prices import Price, PriceTier, load_prices
from unisafe_judges.specs import GeminiSpec, OpenAICompatibleSpec, OpenAISpec
from unisafe_judges.types import Reply, TokenDetails

FULL = Price(
    input=2,
    cached_input=0.2,
    cache_write=2.5,
    image_input=3,
    output=10,
    reasoning=8,
    batch=0.25,
    tiers=(
        PriceTier(above=1000, input=4, cached_input=0.4, output=15),
        PriceTier(above=5000, input=6, output=20),
    ),
)
ALL = TokenDetails(cached=100, cache_written=50, images=200, reasoning=30)
COUNTS = st.none() | st.integers(0, 10_000)


def served(**fields: Any) -> OpenAICompatibleSpec:
    about = {"name": "served", "backend": "openai-compatible", "model": "m"}
    return OpenAICompatibleSpec.model_validate({**about, "base_url": "http://a/v1", **fields})


# --- what a call costs ---


@pytest.mark.parametrize(
    ("price", "sent", "written", "details", "millionths"),
    [
        (Price(input=2, output=10), 1000, 100, ALL, 1000 * 2 + 100 * 10),
        (FULL, 1000, 100, TokenDetails(), 1000 * 2 + 100 * 10),
        (FULL, 1000, 100, ALL, 650 * 2 + 100 * 0.2 + 50 * 2.5 + 200 * 3 + 70 * 10 + 30 * 8),
        # A tier holds for the whole call, and says by itself what it does not take from `input`.
        (FULL, 1001, 100, ALL, (651 + 50 + 200) * 4 + 100 * 0.4 + 100 * 15),
        (FULL, 5001, 100, ALL, 5001 * 6 + 100 * 20),
        # What a server counts twice is billed once.
        (FULL, 100, 10, TokenDetails(500, 500, 500, 500), 100 * 0.2 + 10 * 8),
        (FULL, 100, 10, TokenDetails(90, 500, 500, None), 90 * 0.2 + 10 * 2.5 + 10 * 10),
        (Price(input=0, output=0), 10**9, 10**9, ALL, 0),
    ],
)
def test_a_call_costs_what_its_tokens_were(
    price: Price, sent: int, written: int, details: TokenDetails, millionths: float
) -> None:
    cost = price.cost(sent, written, details)
    assert cost == pytest.approx(millionths / 1e6, rel=1e-12)
    assert price.cost(sent, written, details, in_batch=True) == pytest.approx(
        cost * (0.5 if price.batch is None else price.batch)
    )


@given(st.integers(0, 10_000), st.integers(0, 10_000), COUNTS, COUNTS, COUNTS, COUNTS)
def test_no_server_can_make_a_call_cost_less_than_its_cheapest_tokens_or_more_than_its_dearest(
    sent: int,
    written: int,
    cached: int | None,
    kept: int | None,
    images: int | None,
    thought: int | None,
) -> None:
    flat = FULL.model_copy(update={"tiers": None})
    cost = flat.cost(sent, written, TokenDetails(cached, kept, images, thought)) * 1e6
    slack = 1e-6 * (sent + written)
    assert sent * 0.2 + written * 8 - slack <= cost <= sent * 3 + written * 10 + slack


@pytest.mark.parametrize(
    ("reply", "priced", "cost"),
    [
        (Reply("r", None, 1000, 100, details=TokenDetails(cached=400)), True, 0.0016),
        (Reply("r", None, 1000, 100), True, 0.002),
        (Reply("r", None, None, 100), True, None),
        (Reply("r", None, 1000, None), True, None),
        (Reply("r", None, 1000, 100), False, None),
    ],
)
def test_a_reply_is_billed_by_what_it_reports_and_by_nothing_else(
    reply: Reply, priced: bool, cost: float | None
) -> None:
    price = {"price": {"input": 1, "output": 10, "cached_input": 0}} if priced else {}
    assert billed(served(**price), reply) == (None if cost is None else pytest.approx(cost))


# --- the file of prices ---

GOOD = """\
date: 2026-11-20
prices:
  - model: gpt-6-luna
    price: {input: 0.2, output: 1, cached_input: 0.02}
  - model: m
    base_url: http://b/v1/
    price: {input: 7, output: 8, date: 2026-10-01}
  - model: m
    price: {input: 1, output: 2, tiers: [{above: 10, input: 3, output: 4}]}
"""


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.yaml"
    path.write_text(GOOD)
    return path


def test_a_price_is_of_a_model_at_its_address_before_one_for_any(prices: Path) -> None:
    known = load_prices(prices)
    here, elsewhere = known.price_of("http://b/v1", "m"), known.price_of("http://c/v1", "m")
    assert here is not None
    assert elsewhere is not None
    assert (here.input, here.date) == (7, date(2026, 10, 1))
    assert (elsewhere.input, elsewhere.date) == (1, date(2026, 11, 20))
    assert known.price_of("http://c/v1", "m-mini") is None
    luna = known.price_of("https://api.openai.com/v1", "gpt-6-luna-2026-09-22")
    assert luna is not None
    assert luna.cached_input == 0.02


def test_the_users_prices_go_before_our_table_and_behind_the_panel_file(
    prices: Path, tmp_path: Path
) -> None:
    path = tmp_path / "panel.yaml"
    path.write_text(
        "rubric: unisafe-v1\nmax_cost: 1\njudges:\n"
        "  - {name: luna, backend: openai, model: gpt-6-luna}\n"
        "  - {name: own, backend: openai-compatible, model: m, base_url: 'http://c/v1'}\n"
        "  - {name: said, backend: openai-compatible, model: m-2, base_url: 'http://c/v1',\n"
        "     price: {input: 9, output: 9}}\n"
        "  - {name: nano, backend: openai, model: gpt-5-nano}\n"
        "  - {name: here, backend: transformers, model: m}\n"
    )
    panel = load_panel(path, prices=load_prices(prices))
    told = [price_of(judge) for judge in panel.judges]
    assert [None if price is None else price.input for price in told] == [0.2, 1, 9, 0.05, None]
    # What a judge costs changes no verdict.
    plain = path.with_name("plain.yaml")
    plain.write_text(path.read_text().replace("max_cost: 1\n", ""))
    assert load_panel(plain).sha256 == panel.sha256
    with pytest.raises(PanelError, match="no price is known for own: give"):
        load_panel(path)


ENTRY = "  - {model: m, price: {input: 1, output: 2}}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1]", " must hold the keys 'date' and 'prices'"),
        ("", " must hold the keys 'date' and 'prices'"),
        ("date: [", " is not valid YAML: while parsing"),
        ("date: 2026-13-45", " is not valid YAML: month must be in 1..12"),
        ("date: 2026-11-20\n", ", line 1: prices is missing"),
        ("prices:\n" + ENTRY, ", line 1: date is missing"),
        ("date: soon\nprices:\n" + ENTRY, ", line 1: date must be a date such as 2026-11-27"),
        ("date: 2026-11-20\nprices: []", ", line 2: prices must have at least 1 entry"),
        ("date: 2026-11-20\nprices: 7", ", line 2: prices must be a list"),
        (
            "date: 2026-11-20\nprise: 1\nprices:\n" + ENTRY,
            ", line 2: the file has no key 'prise'; did you mean 'prices'?",
        ),
        (
            "date: 2026-11-20\nprices:\n  - {modl: m, model: m, price: {input: 1, output: 2}}",
            ", line 3: prices.0 has no key 'modl'; did you mean 'model'?",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY.replace("output", "output: 2, outptu"),
            ", line 3: prices.0.price has no key 'outptu'; did you mean 'output'?",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY.replace("1", "-1"),
            ", line 3: prices.0.price.input must be at least 0",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY.replace("1", ".inf"),
            ", line 3: prices.0.price.input must be a number",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY.replace("1", "yes"),
            ", line 3: prices.0.price.input: must be a number",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY.replace("2}", "2, input: 7}"),
            ", line 3: the key 'input' is there twice, first in line 3",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY.replace("2}", "2, batch: 50}"),
            ", line 3: prices.0.price.batch must be at most 1",
        ),
        (
            "date: 2026-11-20\nprices:\n"
            + ENTRY.replace("2}", "2, tiers: [{above: 3, input: 1}]}"),
            ", line 3: prices.0.price.tiers.0.output is missing",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY.replace("2}", "2, tiers: [{abov: 3}]}"),
            "prices.0.price.tiers.0 has no key 'abov'; did you mean 'above'?",
        ),
        (
            "date: 2026-11-20\nprices:\n"
            + ENTRY.replace(
                "2}",
                "2, tiers: [{above: 9, input: 1, output: 1}, {above: 3, input: 1, output: 1}]}",
            ),
            ", line 3: prices.0.price: tiers must be in the order of above, and no two may have",
        ),
        (
            "date: 2026-11-20\nprices:\n" + ENTRY * 2,
            ", line 1: the file: there are two prices for the model 'm' at the same address",
        ),
    ],
)
def test_a_fault_of_a_price_file_is_told_in_one_sentence_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(PanelError) as caught:
        load_prices(path)
    assert str(caught.value).startswith(f"price file {path}")
    assert told in str(caught.value)


def test_a_price_file_that_is_not_there_or_no_text_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    with pytest.raises(PanelError, match=r"prices\.yaml cannot be read: No such file"):
        load_prices(path)
    path.write_bytes(b"\xff")
    with pytest.raises(PanelError, match=r"prices\.yaml is not UTF-8 text"):
        load_prices(path)


# --- our own table ---


def test_an_announced_price_holds_from_its_day_on() -> None:
    known = hosted_model("https://generativelanguage.googleapis.com", "gemini-3.8-flash")
    assert known is not None
    before, after = known.price_on(date(2026, 12, 31)), known.price_on(date(2027, 1, 1))
    assert before is not None
    assert after is not None
    assert (before.input, before.output) == (0.75, 3.75)
    assert (after.input, after.output) == (1.5, 7.5)


def test_a_long_prompt_of_gpt_6_luna_costs_twice_its_input_and_half_more_of_its_output() -> None:
    spec = OpenAISpec(name="luna", backend="openai", model="gpt-6-luna")
    details = TokenDetails(cached=100_000, reasoning=500)
    short = billed(spec, Reply("r", None, 272_000, 1000, details=details))
    long = billed(spec, Reply("r", None, 272_001, 1000, details=details))
    assert short == pytest.approx(172_000 * 0.1e-6 + 100_000 * 0.01e-6 + 1000 * 0.5e-6)
    assert long == pytest.approx(172_001 * 0.2e-6 + 100_000 * 0.02e-6 + 1000 * 0.75e-6)


def test_a_price_of_the_table_was_read_by_its_day_and_rates_are_dollars_per_million() -> None:
    for base_url, model in (
        ("https://api.openai.com/v1", "gpt-6-luna"),
        ("https://generativelanguage.googleapis.com", "gemini-3.8-flash"),
        ("https://api.x.ai/v1", "grok-4.20-0309-reasoning"),
        ("https://api.openai.com/v1", "gpt-5-nano"),
    ):
        known = hosted_model(base_url, model)
        assert known is not None
        assert known.price is not None
        assert known.read <= READ
        assert 0 < known.price.input < known.price.output < 100
        assert math.isfinite(known.price.cost(1, 1, TokenDetails()))


# --- thinking levels, which Gemini 3 has instead of budgets ---


def test_a_level_of_thinking_is_of_the_identity_only_where_it_is_set() -> None:
    about = {"name": "g", "backend": "gemini", "model": "gemini-2.5-pro"}
    plain = GeminiSpec.model_validate(about).identity()
    assert plain == {
        "backend": "gemini",
        "model": "gemini-2.5-pro",
        "temperature": 0.0,
        "max_tokens": None,
        "thinking_budget": None,
    }
    level = GeminiSpec.model_validate({**about, "thinking_level": "low"}).identity()
    assert level == {**plain, "thinking_level": "low"}
    unset = GeminiSpec.model_validate({**about, "temperature": None}).identity()
    assert unset == {**plain, "temperature": None}
