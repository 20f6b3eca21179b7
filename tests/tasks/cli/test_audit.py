"""`unisafe data audit`: a second reader of a set's requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Answer, JudgeServer, completion
from tests.tasks.benign import TARGETS, write_benign
from tests.tasks.commands import Command
from tests.tasks.samples import row, rows_of_file, write_rows
from unisafe_tasks.judging.panels import PRESETS

CASES = 7 * len(TARGETS)


def says(harmful: Callable[[str], bool]) -> Callable[[dict[str, Any]], Answer]:
    """A judge that calls a request harmful by its words."""

    def script(body: dict[str, Any]) -> Answer:
        is_harmful = harmful(json.dumps(body["messages"]))
        said = {"reasoning": "It says so.", "categories": ["V1"], "harmful": is_harmful}
        return completion(json.dumps(said))

    return script


@pytest.fixture
def benign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "set")))


@pytest.fixture
def servers(serve: Callable[..., JudgeServer]) -> list[JudgeServer]:
    """Two judges: one takes beaten eggs for harm, the other finds none."""
    running = [serve(says(lambda text: "beats two eggs" in text)), serve(says(lambda text: False))]
    for server in running:
        server.first = says(lambda text: False)
    return running


@pytest.fixture
def panel(servers: list[JudgeServer], tmp_path: Path) -> Path:
    path = tmp_path / "panel.yaml"
    judges = "".join(
        f"  - {{name: {name}, backend: openai-compatible, model: {name}, base_url: "
        f"'{server.base_url}'}}\n"
        for name, server in zip(("strict", "mild"), servers, strict=True)
    )
    path.write_text(f"rubric: unisafe-v1\njudges:\n{judges}")
    return path


def test_requests_of_the_benign_set_that_a_judge_calls_harmful_are_listed(
    benign: None, panel: Path, unisafe: Command, tmp_path: Path
) -> None:
    out = tmp_path / "audit.jsonl"
    done = unisafe("data", "audit", "benign", "--panel", panel, "--out", out)
    assert done.code == 0, done.err
    assert f"of {CASES} requests, 7 are called harmful by a judge:" in done.out
    assert "benign-2/TI, V1: 1 of 2 (V1): strict: It says so." in done.out
    assert "strict 7 21 0" in done.lines
    assert "mild 0 28 0" in done.lines
    assert "strict and mild agree on 75% of 28 requests (kappa 0.00)." in done.out
    head, *rows = rows_of_file(out)
    assert head["format"] == "unisafe-audit/1"
    assert head["data"]["source"] == "unisafe-benign:cases.jsonl"
    assert head["panel"]["rubric"]["name"] == "requests-v1"
    assert head["in_doubt"] == {"called": "harmful", "cases": 7}
    assert len(rows) == 2 * CASES
    assert {(r["id"], r["judge"]) for r in rows if r["harmful"]} == {("benign-2", "strict")}


def test_requests_of_another_set_that_a_judge_calls_harmless_are_listed(
    panel: Path, unisafe: Command
) -> None:
    done = unisafe("data", "audit", "demo", "--panel", panel)
    assert done.code == 0, done.err
    assert "are called harmless by a judge:" in done.out
    assert "more: see --out" in done.out


def test_a_judge_reads_the_whole_request_and_the_target(
    benign: None, panel: Path, servers: list[JudgeServer], unisafe: Command
) -> None:
    assert unisafe("data", "audit", "benign", "--panel", panel).code == 0
    asked = [json.dumps(body["messages"]) for body in servers[0].requests]
    assert len(asked) == CASES
    turns = [text for text in asked if "REQUEST, TURN 4" in text]
    assert len(turns) == 4
    assert all(f"Turn {number} of" in text for text in turns for number in (1, 2, 3, 4))
    assert sum("IMAGE 2 OF THE REQUEST" in text for text in asked) == 4
    assert all("TARGET DESCRIPTION" in text for text in asked)
    # Nobody says to the judge what the set means a request to be.
    assert not any("why_harmless" in text or "Nobody is harmed" in text for text in asked)


def test_no_reply_is_paid_for_twice_and_a_dry_run_asks_nothing(
    benign: None, panel: Path, servers: list[JudgeServer], unisafe: Command
) -> None:
    dry = unisafe("data", "audit", "benign", "--panel", panel, "--dry-run")
    assert any(line.startswith(f"strict {CASES} 0") for line in dry.lines)
    assert servers[0].requests == []
    for _ in range(2):
        assert unisafe("data", "audit", "benign", "--panel", panel).code == 0
    assert [len(server.requests) for server in servers] == [CASES, CASES]
    dry = unisafe("data", "audit", "benign", "--panel", panel, "--dry-run")
    assert any(line.startswith(f"strict 0 {CASES}") for line in dry.lines)


def test_a_judge_that_fails_calls_nothing_harmless(
    benign: None, panel: Path, servers: list[JudgeServer], unisafe: Command, tmp_path: Path
) -> None:
    out = tmp_path / "audit.jsonl"
    servers[0].script = lambda body: completion("I would rather not say.")
    done = unisafe("data", "audit", "benign", "--panel", panel, "--out", out)
    assert done.code == 0, done.err
    assert f"strict 0 0 {CASES}" in done.lines
    assert f"Judge strict gave no answer on {CASES} not_json: nothing follows." in done.out
    rows = [row for row in rows_of_file(out)[1:] if row["judge"] == "strict"]
    assert {(row["harmful"], row["failure"]) for row in rows} == {(None, "not_json")}
    servers[1].script = servers[0].script
    none = unisafe("data", "audit", "demo", "--panel", panel)
    assert none.code == 1
    assert "no judge gave an answer, so nothing is known of the requests" in none.err


def test_a_budget_ends_the_questions_and_leaves_the_rest_unknown(
    benign: None, panel: Path, servers: list[JudgeServer], unisafe: Command
) -> None:
    panel.write_text(panel.read_text("utf-8") + "max_calls: 10\n")
    done = unisafe("data", "audit", "benign", "--panel", panel)
    assert sum(len(server.requests) for server in servers) <= 10
    assert "budget: nothing follows." in done.out
    assert "of these nothing is known." in done.out


def test_panels_that_cannot_read_requests_are_refused(
    benign: None, unisafe: Command, tmp_path: Path
) -> None:
    labels = unisafe("data", "audit", "benign", "--panel", "labels")
    assert "has no judge that is a model" in labels.err
    guards = tmp_path / "guards.yaml"
    guards.write_text(
        "judges:\n  - {name: g, backend: guard, guard: llama-guard-3, model: g, "
        "base_url: http://127.0.0.1:9/v1}\n"
    )
    said = unisafe("data", "audit", "benign", "--panel", guards)
    assert "has guards, which judge outputs alone" in said.err
    assert (labels.code, said.code) == (1, 1)
    assert "labels" in PRESETS
    assert "no judge panel is named" in unisafe("data", "audit", "benign").err


def test_no_other_file_is_written_over(
    benign: None, panel: Path, servers: list[JudgeServer], unisafe: Command, tmp_path: Path
) -> None:
    other = write_rows(tmp_path / "cases.jsonl", [row()])
    done = unisafe("data", "audit", "benign", "--panel", panel, "--out", other)
    assert done.code == 1
    assert "exists already and is not an audit: name another --out" in done.err
    assert servers[0].requests == []
    assert rows_of_file(other) == [row()]


def test_a_hostile_reason_stays_text_on_the_terminal(
    benign: None, panel: Path, servers: list[JudgeServer], unisafe: Command
) -> None:
    reason = "\x1b[2J[bold]x[/bold]\nof 28 requests, 0 are called harmful"
    said = {"reasoning": reason, "categories": ["\x1b]0;t\x07"], "harmful": True}
    servers[0].script = lambda body: completion(json.dumps(said))
    done = unisafe("data", "audit", "benign", "--panel", panel)
    assert "\x1b" not in done.out
    assert "[bold]x[/bold]" in done.out
    assert "\nof 28 requests, 0" not in done.out
