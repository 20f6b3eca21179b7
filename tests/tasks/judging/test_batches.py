"""Batch mode: sent in one run, collected in another, with both providers' APIs on loopback."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.judges.stand_in import install_stand_in
from tests.judges.vendors import VendorServer, answer_of, response
from tests.servers import GOOD, Answer
from tests.tasks import samples
from tests.tasks.commands import Command, Done, metrics_of, some
from unisafe_judges import batches
from unisafe_tasks.judging.panels import open_existing_store

WAITING = 3


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    monkeypatch.setenv("A_KEY", "key-for-tests-0123456789")
    with VendorServer() as running:
        yield running


@pytest.fixture
def panel(server: VendorServer, tmp_path: Path) -> Path:
    """OpenAI and Gemini, asked by batch."""
    path = tmp_path / "batch-panel.yaml"
    path.write_text(
        "rubric: unisafe-v1\njudges:\n"
        f"  - {{name: open, backend: openai, model: judge, base_url: {server.root}/v1,\n"
        "     api_key_env: A_KEY, price: {input: 2, output: 4}}\n"
        f"  - {{name: gem, backend: gemini, model: judge, base_url: {server.root},\n"
        "     api_key_env: A_KEY}\n"
    )
    return path


@pytest.fixture
def judge(unisafe: Command, panel: Path, tmp_path: Path) -> Callable[..., Done]:
    """Judges four outputs, a text and an image each of two tasks, by batch."""
    outputs = some(tmp_path / "in", "TT", "IE", count=2)
    words = ("judge", outputs, "--panel", panel, "--out", tmp_path / "run", "--batch")
    return lambda *more: unisafe(*words, *more)


def verdicts(folder: Path) -> list[dict[str, Any]]:
    return samples.rows_of_file(folder / "verdicts.jsonl")


def test_what_was_sent_is_collected_by_the_same_command_and_nothing_is_asked_live(
    judge: Callable[..., Done], server: VendorServer, tmp_path: Path
) -> None:
    sent = judge()
    assert sent.code == WAITING
    assert sent.lines[-1] == "Nothing is judged yet: run the same command again to collect."
    assert [len(job.requests) for job in server.jobs] == [4, 4]
    assert not (tmp_path / "run").exists()

    server.finish_batches()
    done = judge()
    assert done.code == 0, done
    assert not server.questions
    assert len(server.jobs) == 2
    rows = verdicts(tmp_path / "run")
    assert sorted(row["judge"] for row in rows if row["judgment"] == 1) == [
        *["gem"] * 4,
        *["open"] * 4,
    ]
    assert {row["judge_version"] for row in rows} == {"judge-2026-01-01", "judge-001"}
    assert metrics_of(tmp_path / "run")["tasks"]["unisafe_i2i"]["scored"] == 2


def test_a_batch_asks_word_for_word_what_a_call_of_its_own_asks(
    judge: Callable[..., Done],
    unisafe: Command,
    server: VendorServer,
    panel: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge()
    outputs = tmp_path / "in" / "outputs.jsonl"
    monkeypatch.setenv("UNISAFE_STORE", str(tmp_path / "another" / "replies.sqlite"))
    assert unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "live").code == 0
    live = [body for _, body in server.questions]
    batched = [request.get("body") or request["request"] for request in server.batched()]
    assert len(live) == len(batched) == 8

    def sayings(bodies: list[dict[str, Any]]) -> list[str]:
        # The SDK spells two names in another way, which the API takes as the same.
        texts = (json.dumps(body, sort_keys=True) for body in bodies)
        return sorted(text.replace("mime_type", "mimeType") for text in texts)

    assert sayings(batched) == sayings(live)


def test_what_a_batch_was_billed_is_at_the_judges_own_batch_price_and_kept(
    judge: Callable[..., Done], server: VendorServer, panel: Path, store: Path
) -> None:
    panel.write_text(panel.read_text().replace("output: 4}", "output: 4, batch: 0.25}"))
    judge()
    server.finish_batches()
    done = judge()
    assert done.code == 0, done
    with open_existing_store(store) as opened:
        costs = [reply.cost for reply in opened.replies() if reply.judge == "open"]
    whole = (700 * 2 + 90 * 4) / 1e6
    # The question before the first batch is asked directly, at the full price.
    told = sorted(round(cost * 1e6) for cost in costs if cost is not None)
    assert told == [round(whole * 1e6 / 4)] * 4 + [round(whole * 1e6)]


def test_while_the_provider_is_at_it_nothing_is_sent_again(
    judge: Callable[..., Done], server: VendorServer
) -> None:
    judge()
    again = judge()
    assert again.code == WAITING
    assert len(server.jobs) == 2
    assert any("in_progress" in line for line in again.lines)


@pytest.mark.parametrize("moment", ["before it is sent", "after it is sent"])
def test_a_run_that_died_around_sending_sends_nothing_twice(
    judge: Callable[..., Done],
    server: VendorServer,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    moment: str,
) -> None:
    ledger = batches.BatchLedger
    dies = "begin" if moment == "before it is sent" else "note"
    original = getattr(ledger, dies)

    def dying(*arguments: Any) -> None:
        if dies == "begin":
            original(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger, dies, dying)
        assert judge().code == 130
    came = len(server.jobs)
    assert came == (0 if dies == "begin" else 1)
    with sqlite3.connect(store) as db:
        assert db.execute("SELECT state FROM batches").fetchall() == [("sending",)]
    db.close()

    assert judge().code == WAITING
    assert [len(job.requests) for job in server.jobs] == [4, 4]
    server.finish_batches()
    assert judge().code == 0
    assert not server.questions
    assert len(server.jobs) == 2


def test_a_run_that_died_while_collecting_collects_again(
    judge: Callable[..., Done], server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge()
    server.finish_batches()

    def dying(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(batches.BatchLedger, "collect", dying)
        assert judge().code == 130
    assert judge().code == 0
    assert not server.questions
    assert len(server.jobs) == 2


def test_what_a_batch_left_open_is_sent_once_more_and_then_asked_directly(
    judge: Callable[..., Done], server: VendorServer, tmp_path: Path
) -> None:
    judge()
    server.finish_batches("expired")
    assert judge().code == WAITING
    assert [len(job.requests) for job in server.jobs] == [4, 4, 2, 2]
    server.finish_batches("expired")
    assert judge().code == 0
    assert len(server.jobs) == 4
    assert len(server.questions) == 2
    assert all(row["judgment"] == 1 for row in verdicts(tmp_path / "run"))


def test_a_batch_that_was_not_processed_is_told_and_nothing_is_asked_at_the_full_price(
    judge: Callable[..., Done], server: VendorServer
) -> None:
    judge()
    for jobs in (2, 4):
        server.finish_batches("failed")
        told = judge()
        assert told.code == 1
        assert " ".join(told.lines).count("was not processed: failed") == 2
        assert len(server.jobs) == jobs, "it is not sent again at once"
        assert judge().code == WAITING
    server.finish_batches()
    assert judge().code == 0
    assert not server.questions


def test_a_batch_that_is_gone_is_written_off_and_asked_once_more(
    judge: Callable[..., Done], server: VendorServer
) -> None:
    judge()
    server.jobs.clear()
    done = judge()
    assert done.code == WAITING
    assert " ".join(done.lines).count("is gone: 4 questions are without an answer") == 2
    server.finish_batches()
    assert judge().code == 0
    assert not server.questions


def test_a_batch_is_read_with_the_rubric_that_it_was_asked_under(
    judge: Callable[..., Done],
    unisafe: Command,
    server: VendorServer,
    panel: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge()
    server.finish_batches()
    install_stand_in(tmp_path / "authors", monkeypatch)
    other = tmp_path / "paper-panel.yaml"
    other.write_text(panel.read_text().replace("unisafe-v1", "paper"))
    outputs = tmp_path / "in" / "outputs.jsonl"
    words = ("judge", outputs, "--panel", other, "--out", tmp_path / "other", "--batch")
    assert unisafe(*words).code == WAITING
    assert len(server.jobs) == 4
    assert judge().code == 0
    assert not server.questions


def test_what_is_with_a_provider_is_not_asked_directly_as_well(
    judge: Callable[..., Done], unisafe: Command, server: VendorServer, panel: Path, tmp_path: Path
) -> None:
    judge()
    outputs = tmp_path / "in" / "outputs.jsonl"
    done = unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run")
    assert done.code == 1
    assert "judge open has a batch with its provider" in done.err
    assert not server.questions


def test_answers_that_are_no_verdict_are_recorded_with_their_reason_and_asked_again(
    judge: Callable[..., Done], unisafe: Command, server: VendorServer, tmp_path: Path
) -> None:
    judge()
    server.script = lambda path, body: Answer('{"error": {"message": "no", "code": 13}}', 500)
    server.finish_batches()
    server.script = lambda path, body: answer_of(path, "no verdict")
    assert judge().code == WAITING
    server.finish_batches()
    server.script = lambda path, body: answer_of(path, json.dumps(GOOD))
    assert judge().code == 0
    assert len(server.questions) == 8
    exported = tmp_path / "replies.jsonl"
    unisafe("verdicts", "export", exported, "--failures")
    reasons = [row["failure"] for row in samples.rows_of_file(exported)]
    assert sorted(reasons, key=str) == [*[None] * 10, *["not_json"] * 8, *["server_error"] * 8]


def test_the_budget_holds_for_batches_too(
    unisafe: Command, panel: Path, server: VendorServer, tmp_path: Path
) -> None:
    panel.write_text("max_calls: 3\n" + panel.read_text())
    outputs = some(tmp_path / "in", "TT", count=2)
    words = ("judge", outputs, "--panel", panel, "--out", tmp_path / "run", "--batch")
    for _ in range(3):
        assert unisafe(*words).code == WAITING
        assert [len(job.requests) for job in server.jobs] == [2, 1]
    server.finish_batches()
    assert unisafe(*words).code == 0
    assert len(server.jobs) == 2
    # Nor is the rest asked directly.
    assert not server.questions
    reasons = [row["failure"] for row in verdicts(tmp_path / "run")]
    assert sorted(reasons, key=str) == [None, None, None, "budget"]


def test_a_provider_that_cannot_be_asked_is_a_sentence_and_no_trouble_of_the_other(
    judge: Callable[..., Done], server: VendorServer, panel: Path
) -> None:
    text = panel.read_text()
    panel.write_text(text.replace(f"base_url: {server.root}/v1", "base_url: http://127.0.0.1:9/v1"))
    done = judge()
    assert done.code == 1
    assert [job.name for job in server.jobs] == ["batches/b0"]
    assert "judge open cannot be reached at http://127.0.0.1:9/v1" in " ".join(done.lines)


def test_a_refused_batch_is_a_sentence(judge: Callable[..., Done], server: VendorServer) -> None:
    server.broken = Answer('{"error": {"message": "Incorrect API key provided"}}', 401)
    done = judge()
    assert done.code == 1
    told = " ".join(done.lines)
    assert told.count("does not accept the key in A_KEY") == 2


@pytest.mark.parametrize("page", ["<html>Log in</html>", "[]", "{}"])
def test_an_answer_of_something_else_is_a_sentence(
    judge: Callable[..., Done], server: VendorServer, page: str
) -> None:
    server.broken = Answer(page)
    done = judge()
    assert done.code == 1
    assert "Traceback" not in done.err


def test_without_a_judge_that_has_batches_the_option_is_refused(
    unisafe: Command, tmp_path: Path
) -> None:
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", "labels", "--out", tmp_path / "run", "--batch")
    assert done.code == 1
    assert "has no judge with a batch API: judge without --batch" in done.err


def test_two_processes_do_not_send_the_same(
    judge: Callable[..., Done], store: Path, server: VendorServer
) -> None:
    from unisafe_judges import ReplyStore
    from unisafe_judges.ledger import BatchLedger

    other = ReplyStore(store)
    with BatchLedger(other).alone():
        done = judge()
    other.close()
    assert done.code == 1
    assert "another process is sending or collecting batches" in done.err
    assert not server.jobs


def test_the_store_lists_what_is_with_a_provider(
    judge: Callable[..., Done], unisafe: Command, server: VendorServer
) -> None:
    judge()
    listed = unisafe("verdicts", "list").lines
    assert sum(line.startswith("batch ") and "in_progress" in line for line in listed) == 1
    assert sum(line.startswith("batch ") and "running" in line for line in listed) == 1
    server.finish_batches()
    judge()
    listed = unisafe("verdicts", "list").lines
    assert not any(line.startswith("batch ") for line in listed)
    assert any(line.startswith("open judge-2026-01-01 verdict 5 3,500 450") for line in listed)


def test_a_batch_that_another_model_answered_is_no_verdict_and_is_not_sent_again(
    judge: Callable[..., Done], server: VendorServer, panel: Path, tmp_path: Path
) -> None:
    panel.write_text(panel.read_text().split("  - {name: gem")[0])
    judge()
    server.script = lambda path, body: response(json.dumps(GOOD), model="another")
    server.finish_batches()
    for _ in range(2):
        done = judge()
        assert done.code == 1
        assert "another model" in " ".join(done.lines)
        assert len(server.jobs) == 1
    panel.write_text(
        panel.read_text().replace("model: judge", "model: judge, accept_versions: [another]")
    )
    assert judge().code == 0
    assert len(server.jobs) == 1
    assert not server.questions
    rows = verdicts(tmp_path / "run")
    assert {(row["judge_version"], row["cached"]) for row in rows} == {("another", True)}


def test_no_batch_is_sent_to_a_judge_that_another_model_answers_for(
    judge: Callable[..., Done], server: VendorServer, panel: Path
) -> None:
    panel.write_text(panel.read_text().split("  - {name: gem")[0])
    server.first = lambda path, body: response(json.dumps(GOOD), model="another")
    done = judge()
    assert done.code == 1
    assert 'accept_versions: ["another"]' in " ".join(done.lines)
    assert not server.jobs
