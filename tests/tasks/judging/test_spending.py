"""What judging costs: said before, recorded, and said at the end."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import Answer, JudgeServer, verdict
from tests.tasks.commands import Command, info_of, some
from unisafe_tasks.judging.spending import spending_of_ranks

Serve = Callable[..., JudgeServer]


def with_usage(body: dict[str, object]) -> Answer:
    answer = json.loads(str(verdict().body))
    answer["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100}
    answer["model"] = body["model"]
    return Answer(json.dumps(answer))


def write_panel(path: Path, server: JudgeServer, *settings: str, top: str = "") -> Path:
    lines = "".join(f"    {line}\n" for line in settings)
    path.write_text(
        f"{top}\nrubric: unisafe-v1\njudges:\n  - name: one\n    backend: openai-compatible\n"
        f"    model: m\n    base_url: {server.base_url}\n{lines}"
    )
    return path


def test_calls_tokens_and_cost_of_each_judge_are_recorded_and_told(
    unisafe: Command, serve: Serve, tmp_path: Path
) -> None:
    server = serve(with_usage)
    server.first = with_usage
    panel = write_panel(tmp_path / "panel.yaml", server, "price: {input: 2, output: 10}")
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run")
    # Three cases and the question before the run.
    assert info_of(tmp_path / "run")["judges"] == [
        {
            "judge": "one",
            "calls": 4,
            "from_store": 0,
            "input_tokens": 4000,
            "cached_tokens": 0,
            "output_tokens": 400,
            "reasoning_tokens": 0,
            "cost": 0.012,
            "unverified": 0,
        }
    ]
    told = "Judge one: 4 calls, 4,000 input and 400 output tokens, $0.0120"
    assert told in done.lines
    again = unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run")
    assert "Judge one: 3 from the store, 0 calls" in again.lines
    assert "proxy" not in info_of(tmp_path / "run")


def test_what_a_cache_served_costs_less_and_each_reply_keeps_what_it_was_billed(
    unisafe: Command, serve: Serve, tmp_path: Path
) -> None:
    def cached(body: dict[str, object]) -> Answer:
        answer = json.loads(str(with_usage(body).body))
        answer["usage"] |= {
            "prompt_tokens_details": {"cached_tokens": 600},
            "completion_tokens_details": {"reasoning_tokens": 40},
        }
        return Answer(json.dumps(answer))

    server = serve(cached)
    server.first = cached
    price = "price: {input: 2, output: 10, cached_input: 0.5, reasoning: 20}"
    panel = write_panel(tmp_path / "panel.yaml", server, price)
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run")
    a_call = (400 * 2 + 600 * 0.5 + 60 * 10 + 40 * 20) / 1e6
    (row,) = info_of(tmp_path / "run")["judges"]
    assert (row["cached_tokens"], row["reasoning_tokens"]) == (2400, 160)
    assert row["cost"] == pytest.approx(4 * a_call)
    told = "4,000 input (2,400 from a cache) and 400 output (160 of thinking) tokens, $0.0100"
    assert f"Judge one: 4 calls, {told}" in done.lines
    unisafe("verdicts", "export", tmp_path / "replies.jsonl")
    replies = [json.loads(line) for line in (tmp_path / "replies.jsonl").read_text().splitlines()]
    assert [reply["cost"] for reply in replies] == [pytest.approx(a_call)] * 4
    assert {(reply["cached_tokens"], reply["reasoning_tokens"]) for reply in replies} == {(600, 40)}
    assert unisafe("verdicts", "list").rows[0]["cost"] == "$0.0100"


def test_a_budget_holds_to_what_was_billed_not_to_the_full_price(
    unisafe: Command, serve: Serve, tmp_path: Path
) -> None:
    def cached(body: dict[str, object]) -> Answer:
        answer = json.loads(str(with_usage(body).body))
        answer["usage"]["prompt_tokens_details"] = {"cached_tokens": 1000}
        return Answer(json.dumps(answer))

    server = serve(cached)
    server.first = cached
    # A call is expected to cost about $0.0018, and costs nothing.
    price = "price: {input: 1, output: 0, cached_input: 0}"
    panel = write_panel(tmp_path / "panel.yaml", server, price, top="max_cost: 0.003")
    done = unisafe("judge", some(tmp_path / "in", "TT"), "--panel", panel, "--out", tmp_path / "r")
    assert done.code == 0, done
    assert len(server.requests) == 3


def test_a_row_of_a_rank_of_an_earlier_version_is_added_up() -> None:
    ours = [
        {
            "judge": "one",
            "calls": 2,
            "input_tokens": 20,
            "cached_tokens": 5,
            "output_tokens": 4,
            "reasoning_tokens": 1,
            "cost": 0.5,
            "unverified": 0,
        }
    ]
    earlier = {"judge": "one", "calls": 1, "input_tokens": 10, "output_tokens": 2, "cost": 0.25}
    (total,) = spending_of_ranks(ours, [{"rank": 1, "judges": [earlier | {"unverified": 1}]}])
    assert total == {
        "judge": "one",
        "calls": 3,
        "from_store": 0,
        "input_tokens": 30,
        "cached_tokens": 5,
        "output_tokens": 6,
        "reasoning_tokens": 1,
        "cost": 0.75,
        "unverified": 1,
    }


def test_a_cost_that_is_not_known_is_null(unisafe: Command, serve: Serve, tmp_path: Path) -> None:
    panel = write_panel(tmp_path / "panel.yaml", serve(with_usage))
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run")
    assert info_of(tmp_path / "run")["judges"][0]["cost"] is None
    assert any(line.endswith(" output tokens, no price known") for line in done.lines)


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_limit_in_dollars_without_a_price_is_an_error_in_a_dry_run_too(
    unisafe: Command, serve: Serve, tmp_path: Path, words: tuple[str, ...]
) -> None:
    panel = write_panel(tmp_path / "panel.yaml", serve(), top="max_cost: 1")
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run", *words)
    assert done.code == 1
    assert "max_cost cannot be kept, because no price is known for one" in done.err
    assert not (tmp_path / "run").exists()


def test_a_dry_run_says_where_a_price_comes_from(
    unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("judge", some(tmp_path / "in", "TT"), "--panel", "single-openai", "--dry-run")
    done = unisafe(*words)
    assert done.code == 0
    assert "judge gpt-6-luna: $0.1 and $0.5 per million tokens of input and output" in done.out
    assert "set price in the panel file, or UNISAFE_PRICES, if it has changed" in done.out
    prices = tmp_path / "prices.yaml"
    prices.write_text(
        "date: 2026-11-20\nprices: [{model: gpt-6-luna, price: {input: 3, output: 4}}]"
    )
    monkeypatch.setenv("UNISAFE_PRICES", str(prices))
    told = "judge gpt-6-luna: $3 and $4 per million tokens of input and output, read on 2026-11-20"
    assert told in unisafe(*words).lines
    prices.write_text("prices: []")
    assert unisafe(*words).code == 1


def test_a_dry_run_says_when_a_model_ends(unisafe: Command, tmp_path: Path) -> None:
    words = ("--panel", "single-gpt-5-nano", "--dry-run")
    done = unisafe("judge", some(tmp_path / "in", "TT"), *words)
    assert "on 2026-12-11 (its provider, read on 2026-11-27); then requests fail" in done.out


def test_a_dry_run_says_how_much_of_the_prompts_a_cache_could_hold(
    unisafe: Command, serve: Serve, tmp_path: Path
) -> None:
    panel = write_panel(tmp_path / "panel.yaml", serve())
    done = unisafe("judge", some(tmp_path / "in", "TT"), "--panel", panel, "--dry-run")
    found = re.search(r"About (\d+)% of the prompts' tokens \(([\d,]+) a call\) repeat", done.out)
    assert found is not None
    # Two of three texts repeat the instructions, of some 1,700 tokens, nearly to their end.
    assert 50 < int(found[1]) < 67
    assert 900 < int(found[2].replace(",", "")) < 1150
    labels = unisafe("judge", some(tmp_path / "in", "TT"), "--panel", "labels", "--dry-run")
    assert "repeat the beginning" not in labels.out


def test_a_dry_run_of_the_papers_panel_needs_no_package_of_the_authors(
    unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "unisafe", None)
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", "paper", "--dry-run")
    assert done.code == 0
    assert "gpt-5-nano 3 0 " in " ".join(done.lines)
    assert "Tokens are counted with the prompts of unisafe-v1 instead." in done.out
    assert unisafe("judge", outputs, "--panel", "paper", "--out", tmp_path / "run").code == 1


def test_a_run_says_that_a_proxy_was_used_and_not_which(
    unisafe: Command, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(with_usage)
    server.first = with_usage
    panel = write_panel(tmp_path / "panel.yaml", server)
    panel.write_text(panel.read_text().replace(server.base_url, "http://judge.internal/v1"))
    monkeypatch.setenv("HTTP_PROXY", server.root.replace("http://", "http://user:carrot@"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    outputs = some(tmp_path / "in", "TT")
    assert unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run").code == 0
    assert info_of(tmp_path / "run")["proxy"] is True
    assert "carrot" not in (tmp_path / "run" / "run.json").read_text()
    assert len(server.requests) == 3
