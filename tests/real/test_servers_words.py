"""What the real server says when it cannot answer, and when it answers under another name."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.harnesses.commands import Command
from tests.harnesses.conftest import Finished
from tests.real.conftest import NAME, nothing_is_scored
from tests.real.servers import Server, Tap
from tests.servers import Answer

SMALL = 1024
"""In tokens: the demo's questions fit into such a context, and no prompt of a judge."""
TOO_LONG = "apple pear " * SMALL


def arguments(base_url: str, **more: object) -> str:
    given = {"model": NAME, "base_url": base_url, "api": "chat", "max_tokens": 8, "temperature": 0}
    return ",".join(f"{name}={value}" for name, value in {**given, **more}.items())


class LateTap(Tap):
    """Starts its server when the first question comes, which so finds it loading."""

    def __init__(self, start: Callable[[], Server]) -> None:
        super().__init__("http://127.0.0.1/v1")
        self._start: Callable[[], Server] | None = start
        self._starting = threading.Lock()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        with self._starting:
            if self._start is not None and body:
                server = self._start()
                server.wait_for("/v1/models", 503)
                self.upstream = urlsplit(server.base_url)
                self._start = None
        return super().answer(path, headers, body)


def test_loading_is_waited_for_and_a_context_that_is_too_small_is_told(
    evaluate: Callable[..., Finished],
    unisafe: Callable[..., Command],
    start_language_model: Callable[[int], AbstractContextManager[Server]],
    panel_of: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", "none")
    servers = ExitStack()
    tap = LateTap(lambda: servers.enter_context(start_language_model(SMALL)))
    with servers, tap:
        given = arguments(tap.base_url)
        short = evaluate("umm_openai", "unisafe_t2t", model_args=given, limit=2)
        assert [row["status"] for row in short.rows("predictions")] == ["ok", "ok"]
        assert 503 in {each.status for each in tap.exchanges}

        given = arguments(tap.base_url, system_prompt=TOO_LONG)
        long = evaluate("umm_openai", "unisafe_t2t", model_args=given)
        rows = long.rows("predictions")
        assert {row["status"] for row in rows} == {"failed"}
        assert all("exceeds the available context size" in row["error"] for row in rows)
        assert long.task("unisafe_t2t")["refusal_rate"] is None

        done = unisafe(
            *("judge", str(short.folder), "--panel", panel_of(tap.base_url), "--out", "judged"),
            cwd=tmp_path,
            env={"UNISAFE_DATA": "demo", "UNISAFE_STORE": str(tmp_path / "other.sqlite")},
        )
    assert done.code != 0
    assert "exceeds the available context size" in " ".join((done.output + caplog.text).split())
    assert "Traceback" not in done.output


def test_a_judge_that_answers_under_another_name_gives_no_verdict(
    unisafe: Callable[..., Command],
    tap: Tap,
    panel_of: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    # llama.cpp answers whatever name it is asked for, and tells its own.
    def judged(out: str, **more: object) -> Command:
        panel = panel_of(tap.base_url, model="another-model", max_tokens=64, **more)
        words = ("judge", "demo", "--task", "TT", "--limit", "1", "--panel", panel, "--out", out)
        return unisafe(*words, cwd=tmp_path, env=env)

    env = {"UNISAFE_DATA": "demo", "UNISAFE_STORE": str(tmp_path / "replies.sqlite")}
    refused = judged("refused")
    assert refused.code != 0
    assert f'accept_versions: ["{NAME}"]' in refused.output + caplog.text
    assert nothing_is_scored(tmp_path / "refused")

    # So small a model may give a verdict or run out of tokens; either counts as its own.
    judged("accepted", accept_versions=f"[{NAME}]")
    (row,) = [
        json.loads(line)
        for line in (tmp_path / "accepted" / "verdicts.jsonl").read_text("utf-8").splitlines()
    ]
    assert row["failure"] in (None, "truncated")
    assert row["judge_version"] in (NAME, None if row["failure"] else NAME)


def test_a_model_that_answers_under_another_name_is_marked_or_refused(
    evaluate: Callable[..., Finished], tap: Tap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", "none")
    given = arguments(tap.base_url, model="another-model")
    marked = evaluate("umm_openai", "unisafe_t2t", model_args=given, limit=1)
    info = json.loads((marked.folder / "run.json").read_text("utf-8"))
    assert info["substituted"] == {NAME: 1}
    assert any(NAME in note for note in marked.metrics["notes"])

    given += ",strict_version=True"
    with pytest.raises(SystemExit, match=NAME):
        evaluate("umm_openai", "unisafe_t2t", model_args=given, limit=1)
