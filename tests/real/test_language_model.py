"""A real language model behind a real server, as the model under test and as its own judge.

What a model of 135 million parameters says of safety is worth nothing. What counts is that each of
its replies is read or recorded as a failure, and that nothing comes from anywhere else.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from tests.harnesses.commands import BINARIES, Command
from tests.harnesses.conftest import Finished, environment
from tests.real.conftest import FIGURE, NAME
from tests.real.servers import Exchange, Tap
from tests.tasks.commands import CASES_OF
from unisafe_judges import ReplyStore
from unisafe_judges.verdicts import parse_verdict
from unisafe_tasks import TASKS
from unisafe_tasks.errors import ExitCode

LIMIT_S = 1500
STOPPED_AFTER = 4
TEXT_TASKS = {TASKS[code].name: CASES_OF[code] for code in ("TT", "IT", "MU")}
VERDICT_KEYS = {"reasoning", "categories", "refusal", "judgment", "risk_rating"}


@dataclass(frozen=True)
class Job:
    """The demo's text tasks, begun, stopped with Ctrl-C and done by the same command."""

    stopped: Command
    done: Command
    finished: Finished
    model: list[Exchange]
    judge: list[Exchange]
    pictures: list[Exchange]
    seconds: float

    def verdicts(self) -> list[dict[str, Any]]:
        return [row for row in self.finished.rows("verdicts") if row["judge"] == "small"]


@pytest.fixture(scope="module")
def job(language_model: str, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("job")
    with Tap(language_model) as model, Tap(language_model) as judge:
        (folder / "panel.yaml").write_text(
            "rubric: unisafe-v1\njudges:\n"
            f"  - {{name: small, backend: openai-compatible, model: {NAME}, max_tokens: 192, "
            f"base_url: '{judge.base_url}', max_concurrency: 1, timeout_s: 600}}\n"
        )
        given = f"model={NAME},base_url={model.base_url},api=chat,max_tokens=24,temperature=0"
        words = ["--model", "umm_openai", "--model_args", f"{given},max_concurrency=4"]
        words += ["--tasks", "unisafe_text", "--output_path", "out", "--log_samples"]
        settings = {
            "UNISAFE_DATA": "demo",
            "UNISAFE_PANEL": "panel.yaml",
            "UNISAFE_STORE": str(folder / "replies.sqlite"),
            "UNISAFE_ANSWERS": str(folder / "answers"),
        }
        begin = time.monotonic()
        env = environment(cache, settings)
        stopped = stopped_after(STOPPED_AFTER, words, folder, env, model, judge)
        done = ended(begun(words, folder, env))
        took = time.monotonic() - begin
    runs = sorted((folder / "out").glob("unisafe-*"), key=lambda path: path.stat().st_mtime_ns)
    return Job(
        stopped,
        done,
        Finished({}, runs[-1]),
        model.asked(),
        judge.asked(),
        model.asked(images=True),
        took,
    )


def begun(words: list[str], cwd: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BINARIES / "lmms-eval", *words],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        # A shell that starts the tests in the background has them ignore it, and children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def ended(process: subprocess.Popen[str]) -> Command:
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    return Command(process.returncode, output)


def stopped_after(
    answers: int, words: list[str], folder: Path, env: dict[str, str], model: Tap, judge: Tap
) -> Command:
    """The command, stopped when so many answers are kept and nothing is under way."""
    process = begun(words, folder, env)
    deadline = time.monotonic() + LIMIT_S
    while kept_in(folder) < answers:
        assert process.poll() is None, ended(process).output
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for tap in (model, judge):
        tap.shut()
    assert model.holds.wait(LIMIT_S)
    # What had passed is answered and kept.
    while (
        not (model.is_quiet and judge.is_quiet)
        or kept_in(folder) < len(answered(model.asked()))
        or stored_in(folder) < len(answered(judge.asked()))
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    done = ended(process)
    for tap in (model, judge):
        tap.open()
    return done


def answered(exchanges: list[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if each.status == 200]


def kept_in(folder: Path) -> int:
    return len(list((folder / "answers" / "answers").rglob("*.json")))


def stored_in(folder: Path) -> int:
    with closing(ReplyStore(folder / "replies.sqlite")) as store:
        return sum(reply.output_tokens is not None for reply in store.replies())


def test_every_text_case_has_an_answer_and_every_image_the_server_s_error(job: Job) -> None:
    rows = job.finished.rows("predictions")
    assert Counter(row["task"] for row in rows) == TEXT_TASKS
    said = {each.content for each in answered(job.model)}
    for row in rows:
        if row["task"] == "unisafe_t2t":
            assert row["status"] == "ok"
            assert row["output_text"] in said
        else:
            # An error is no refusal, and no score.
            assert (row["status"], row["refusal"]) == ("failed", False)
            assert "image input is not supported" in row["error"]
    for name in ("unisafe_i2t", "unisafe_it2t"):
        task = job.finished.task(name)
        assert (task["scored"], task["attack_success_rate"], task["coverage"]) == (0, None, 0)
        assert task["refusal_rate"] is None
    assert {each.status for each in job.pictures} == {500}


def test_each_verdict_is_a_reply_of_the_judge_and_each_failure_is_recorded(job: Job) -> None:
    replied = {each.content for each in answered(job.judge)}
    rows = job.verdicts()
    assert Counter(row["scenario_type"] for row in rows) == {"TT": CASES_OF["TT"]}
    for row in rows:
        if row["failure"] is None:
            verdict = parse_verdict(row["raw_response"])
            assert row["raw_response"] in replied
            assert (row["judgment"], row["risk_rating"]) == (verdict.judgment, verdict.risk_rating)
            assert row["judge_version"] == NAME
        else:
            assert row["judgment"] is None
            assert row["error"]
    scored = [row for row in rows if row["failure"] is None]
    task = job.finished.task("unisafe_t2t")
    assert task["scored"] == len(scored)
    assert task["coverage"] == pytest.approx(len(scored) / CASES_OF["TT"])
    tree: dict[str, dict[str, list[int]]] = {}
    for row in scored:
        cell = tree.setdefault(row["category"], {}).setdefault(row["subcategory"], [])
        cell.append(row["judgment"])
    means = [mean(map(mean, cells.values())) for cells in tree.values()]
    expected = mean(means) if means else None
    assert task["attack_success_rate"] == (
        expected if expected is None else pytest.approx(expected)
    )


def test_the_server_holds_the_judge_to_the_verdict_s_schema(job: Job) -> None:
    whole = [each for each in job.judge if each.answer["choices"][0]["finish_reason"] == "stop"]
    assert whole
    for each in whole:
        assert each.request["response_format"]["type"] == "json_schema"
        value = json.loads(each.content)
        assert set(value) == VERDICT_KEYS
        assert value["judgment"] in (0, 1)


def test_what_was_answered_before_ctrl_c_is_not_asked_again(job: Job) -> None:
    assert job.stopped.code == ExitCode.INTERRUPTED, job.stopped.output
    assert all(each.status == 200 for each in job.model)
    assert set(Counter(json.dumps(each.request) for each in job.model).values()) == {1}
    assert len(job.model) == CASES_OF["TT"]
    # A reply that cannot be read may be asked for again; one that was read is paid for once.
    read = [each for each in job.judge if is_verdict(each)]
    assert set(Counter(json.dumps(each.request) for each in read).values()) <= {1}
    assert f"Run folder: {job.finished.folder}" in job.done.output
    # Of the tasks with images there is no score, which is said.
    assert job.done.code == ExitCode.FAILED, job.done.output
    assert "no score for unisafe_i2t, unisafe_it2t" in job.done.output


def is_verdict(each: Exchange) -> bool:
    try:
        parse_verdict(each.content)
    except Exception:
        return False
    return each.answer["choices"][0]["finish_reason"] == "stop"


def test_what_the_model_scored_is_told(
    job: Job, record_property: Callable[[str, object], None]
) -> None:
    used = Counter[str]()
    for each in answered([*job.model, *job.judge]):
        usage = each.answer["usage"]
        used.update({name: usage[f"{name}_tokens"] for name in ("prompt", "completion")})
    task = job.finished.task("unisafe_t2t")
    unread = Counter(row["failure"] for row in job.verdicts() if row["failure"])
    record_property(
        FIGURE,
        f"{len(job.model)} answers of {NAME} and {len(job.judge)} of its verdicts on itself in "
        f"{job.seconds:.0f} s, {used['prompt']:,} tokens in and {used['completion']:,} out; "
        f"{task['scored']} of {task['asked']} cases scored: ASR {task['attack_success_rate']}, "
        f"ARR {task['average_risk_rating']}, refusals {task['refusal_rate']}; "
        f"verdicts that cannot be read: {dict(unread)}",
    )
