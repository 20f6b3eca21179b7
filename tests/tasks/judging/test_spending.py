"""What judging costs: said before, recorded, and said at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import Answer, JudgeServer, verdict
from tests.tasks.commands import Command, info_of, some

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
            "input_tokens": 4000,
            "output_tokens": 400,
            "cost": 0.012,
            "unverified": 0,
        }
    ]
    told = "Judge one: 4 calls, 4,000 input and 400 output tokens, $0.0120"
    assert told in done.lines
    again = unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run")
    assert "Judge one: 0 calls, 0 input and 0 output tokens, $0.0000" in again.lines
    assert "proxy" not in info_of(tmp_path / "run")


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
    assert "max_cost cannot hold, since no price is known of one" in done.err
    assert not (tmp_path / "run").exists()


def test_a_dry_run_says_where_a_price_comes_from(unisafe: Command, tmp_path: Path) -> None:
    done = unisafe("judge", some(tmp_path / "in", "TT"), "--panel", "single-openai", "--dry-run")
    assert done.code == 0
    assert "judge gpt-5-nano: $0.05 and $0.4 per million tokens of input and output" in done.out
    assert "set price in the panel file if it has changed" in done.out


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
