"""`unisafe verdicts`: the store of replies listed, exported and merged."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import Answer, JudgeServer, verdict
from tests.tasks import samples
from tests.tasks.commands import Command, by_case, some

Serve = Callable[..., JudgeServer]


def judged(
    unisafe: Command, server: JudgeServer, panel_of: Callable[..., Path], *codes: str, folder: Path
) -> Path:
    """Judge the first outputs of some tasks into a folder; returns its metrics."""
    words = ("judge", some(folder / "in", *codes), "--panel", panel_of(server))
    assert unisafe(*words, "--out", folder / "run").code == 0
    return folder / "run" / "metrics.json"


def test_the_store_is_counted_by_judge_version_and_outcome(
    unisafe: Command, serve: Serve, panel_of: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    def script(body: dict[str, object]) -> Answer:
        return Answer("no", 400) if len(server.requests) == 2 else verdict()

    server = serve(script)
    judged(unisafe, server, panel_of, "TT", folder=tmp_path)
    lines = unisafe("verdicts", "list").lines
    assert any(line.startswith("local judge-2026-01-01 verdict 3 ") for line in lines)
    assert any(line.startswith("local - bad_request 1 ") for line in lines)
    assert f"store {store}" in lines


def test_the_export_has_every_reply_as_it_came(
    unisafe: Command, serve: Serve, panel_of: Callable[..., Path], tmp_path: Path
) -> None:
    judged(unisafe, serve(by_case), panel_of, "TT", "IT", folder=tmp_path)
    path = tmp_path / "replies.jsonl"
    assert unisafe("verdicts", "export", path).lines == [f"7 replies written to {path}"]
    rows = samples.rows_of_file(path)
    assert {row["case_key"].split("/")[1] for row in rows} == {"TT", "IT", "TI"}
    for row in rows:
        assert json.loads(row["raw"]).keys() >= {"judgment", "risk_rating"}
        assert row["model_version"] == "judge-2026-01-01"
        assert row["latency_s"] > 0
        assert row["created"] > 1_700_000_000
        assert row["encoder"].startswith("jpeg")
    assert "exists already" in unisafe("verdicts", "export", path).err
    other = tmp_path / "others.jsonl"
    assert unisafe("verdicts", "export", other, "--judge", "nobody").code == 0
    assert other.read_bytes() == b""


def test_stores_of_two_machines_are_merged_and_judging_again_asks_nothing(
    unisafe: Command,
    serve: Serve,
    panel_of: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    server = serve(by_case)
    stores = [tmp_path / name / "replies.sqlite" for name in ("one", "two", "both")]
    for path, code in zip(stores, ("TT", "IE"), strict=False):
        monkeypatch.setenv("UNISAFE_STORE", str(path))
        judged(unisafe, server, panel_of, code, folder=tmp_path / code)
    monkeypatch.setenv("UNISAFE_STORE", str(stores[2]))
    merged = unisafe("verdicts", "merge", stores[0], stores[1])
    assert merged.lines == [f"4 replies copied from {path}" for path in stores[:2]]
    again = unisafe("verdicts", "merge", stores[0], stores[1])
    assert again.lines == [f"0 replies copied from {path}" for path in stores[:2]]
    assert len(server.requests) == 6
    whole = judged(unisafe, server, panel_of, "TT", "IE", folder=tmp_path / "whole")
    assert len(server.requests) == 6
    assert json.loads(whole.read_text())["tasks"]["unisafe_i2i"]["scored"] == 3


@pytest.mark.parametrize(
    "words", [("verdicts", "list"), ("verdicts", "export", "out.jsonl")], ids=["list", "export"]
)
def test_a_store_that_is_not_there_is_a_sentence_and_is_not_made(
    unisafe: Command, store: Path, words: tuple[str, ...]
) -> None:
    done = unisafe(*words)
    assert done.code == 1
    assert done.err.startswith("unisafe: ")
    assert str(store) in done.err
    assert not store.exists()


def test_what_a_judge_calls_itself_is_no_markup(
    unisafe: Command, serve: Serve, panel_of: Callable[..., Path], tmp_path: Path
) -> None:
    hostile = "[red]v1[/red]\x1b[2J"
    answer = json.loads(verdict().body) | {"model": hostile}
    server = serve(lambda body: Answer(json.dumps(answer)))
    words = ("judge", some(tmp_path / "in", "TT"), "--panel", panel_of(server))
    unisafe(*words, "--out", tmp_path / "run")
    out = unisafe("verdicts", "list").out
    assert "[red]v1[/red]" in out
    assert "\x1b[2J" not in out


# --- stores of before, and of others ---


def test_a_store_of_the_first_format_is_read_and_keeps_its_replies(
    unisafe: Command, serve: Serve, panel_of: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    server = serve(by_case)
    judged(unisafe, server, panel_of, "TT", folder=tmp_path)
    with sqlite3.connect(store) as db:
        db.executescript("DROP TABLE batches; DROP TABLE batch_requests; PRAGMA user_version = 1")
    db.close()
    judged(unisafe, server, panel_of, "TT", folder=tmp_path)
    assert len(server.requests) == 3
    assert any("verdict 4 " in line for line in unisafe("verdicts", "list").lines)


def test_another_programs_database_is_left_alone(
    unisafe: Command, serve: Serve, panel_of: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    store.parent.mkdir(parents=True)
    with sqlite3.connect(store) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    db.close()
    before = shutil.copyfile(store, tmp_path / "before").read_bytes()
    server = serve(by_case)
    words = ("judge", some(tmp_path / "in", "TT"), "--panel", panel_of(server))
    done = unisafe(*words, "--out", tmp_path / "run")
    assert done.code == 1
    assert str(store) in done.err
    assert not server.requests
    assert store.read_bytes() == before
