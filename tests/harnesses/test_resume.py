"""Generation that is killed goes on where it was, and judging overlaps it."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.commands import Forked
from tests.harnesses.conftest import Finished
from tests.harnesses.model_server import Asked, ModelServer
from tests.servers import Answer, JudgeServer, verdict
from tests.tasks.commands import CASES_OF
from tests.waiting import LIMIT_S, wait_until
from unisafe_tasks.models.answers import AnswerStore
from unisafe_tasks.models.questions import Question
from unisafe_tasks.models.umm_openai import UmmOpenAI


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def test_a_run_killed_in_the_middle_asks_only_for_what_is_missing(
    evaluate: Callable[..., Finished],
    start_lmms_eval: Callable[..., Forked],
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    enough, go_on, lock = threading.Event(), threading.Event(), threading.Lock()
    answers, answered = tmp_path / "answers", [0]

    def twenty(question: Asked) -> Answer | None:
        with lock:
            answered[0] += 1
            held = answered[0] > 20
        if held:
            enough.set()
            go_on.wait(LIMIT_S)
        return None

    server.script = twenty
    given = f"model=unified,base_url={server.root}/v1,api=images,api_key_env=A_KEY"
    words = ["--model", "umm_openai", "--model_args", f"{given},max_concurrency=4"]
    words += ["--tasks", "unisafe_image", "--output_path", "out"]
    env = {
        "UNISAFE_DATA": "demo",
        "UNISAFE_PANEL": "none",
        "UNISAFE_ANSWERS": str(answers),
        "A_KEY": "of-the-first",
    }

    def kept() -> int:
        return len(list((answers / "answers").rglob("*.json")))

    process = start_lmms_eval(*words, cwd=tmp_path, env=env)
    try:
        assert enough.wait(LIMIT_S)
        # What was answered is kept, if not at once; what is held back cannot be.
        wait_until(lambda: kept() == 20, "the first twenty answers are not kept")
    finally:
        process.kill()
        done = process.wait()
        go_on.set()
    assert done.code == -signal.SIGKILL, done.output
    assert kept() == 20

    # Told from the first run's by their key, since of those some may arrive only now.
    monkeypatch.setenv("A_KEY", "of-the-second")
    monkeypatch.setenv("UNISAFE_PANEL", "none")
    finished = evaluate("umm_openai", "unisafe_image", model_args=given)
    again = [question for question in server.questions if question.key == "of-the-second"]
    cases = sum(CASES_OF[code] for code in ("TI", "IE", "IC", "MT"))
    # A case of four turns is four questions.
    assert len(again) == cases + 3 * CASES_OF["MT"] - 20
    rows = finished.rows("predictions")
    assert [row["status"] for row in rows] == ["ok"] * cases


def test_answers_that_cannot_be_kept_are_told_before_any_is_asked_for(
    evaluate: Callable[..., Finished],
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNISAFE_ANSWERS", str(tmp_path / "file" / "answers"))
    with pytest.raises(SystemExit, match="set UNISAFE_ANSWERS to a folder that can be written"):
        evaluate(UmmOpenAI(model="unified", base_url=f"{server.root}/v1"), "unisafe_t2t")
    assert not server.questions


def test_a_full_disk_ends_the_asking_and_costs_the_rest(
    evaluate: Callable[..., Finished], server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = AnswerStore.keep
    kept: list[str] = []

    def full(self: AnswerStore, question: Question, answer: Any) -> None:
        if len(kept) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        kept.append(question.case)
        keep(self, question, answer)

    monkeypatch.setattr(AnswerStore, "keep", full)
    model = UmmOpenAI(model="unified", base_url=f"{server.root}/v1", api="chat", max_concurrency=1)
    finished = evaluate(model, "unisafe_t2t")
    rows = finished.rows("predictions")
    assert sorted(row["status"] for row in rows) == ["failed"] * (CASES_OF["TT"] - 4) + ["ok"] * 4
    errors = {row["error"] for row in rows if row["status"] == "failed"}
    assert len(errors) == 1
    assert "No space left on device" in errors.pop()
    assert len(server.questions) <= 4 + 3, "what was under way when the disk was full"


def test_judges_begin_while_others_are_still_generated(
    evaluate: Callable[..., Finished],
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    judged = threading.Event()

    def judge(body: dict[str, Any]) -> Answer:
        judged.set()
        return verdict()

    was_judged: list[bool] = []

    def generate(question: Asked) -> Answer | None:
        was_judged.append(len(was_judged) < 3 or judged.wait(LIMIT_S))
        return None

    server.script = generate
    with JudgeServer(judge) as judges:
        panel = tmp_path / "panel.yaml"
        panel.write_text(
            "rubric: unisafe-v1\njudges:\n  - {name: one, backend: openai-compatible, "
            f"model: judge, base_url: '{judges.base_url}'}}\n"
        )
        monkeypatch.setenv("UNISAFE_PANEL", str(panel))
        model = UmmOpenAI(
            model="unified", base_url=f"{server.root}/v1", api="chat", max_concurrency=1
        )
        finished = evaluate(model, "unisafe_t2t")
    assert was_judged == [True] * CASES_OF["TT"]
    assert len(judges.requests) == CASES_OF["TT"]
    rows = finished.rows("predictions")
    assert len(rows) == len({row["id"] for row in rows}) == CASES_OF["TT"]
    assert finished.task("unisafe_t2t")["scored"] == CASES_OF["TT"]
