"""Panels of several judges, end to end: what one judge lacks, and what is made of the rest."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.judges.stand_in import install_stand_in
from tests.servers import Answer, JudgeServer, completion, verdict
from tests.tasks import samples
from tests.tasks.commands import UNISAFE, Command, info_of, metrics_of, some
from tests.waiting import LIMIT_S, wait_until
from unisafe_judges import load_panel
from unisafe_tasks import TASKS, CaseSet, RawOutput, Source
from unisafe_tasks.judging.session import RunSettings, Session

Serve = Callable[..., JudgeServer]
SAFE = {"judgment": 0, "risk_rating": 1}
UNSAFE = {"judgment": 1, "risk_rating": 3}


@pytest.fixture
def panel(tmp_path: Path) -> Callable[..., Path]:
    """Writes a panel of judges at these addresses, each named for its model."""

    def write(top: str = "", **urls: str) -> Path:
        path = tmp_path / "several.yaml"
        judges = "".join(
            f"  - {{name: {name}, backend: openai-compatible, model: {name}, base_url: {url}}}\n"
            for name, url in urls.items()
        )
        path.write_text(f"{top or 'rubric: unisafe-v1'}\njudges:\n{judges}")
        return path

    return write


def says(**changes: Any) -> Callable[[dict[str, Any]], Answer]:
    return lambda body: verdict(**changes)


def task_of(folder: Path, name: str = "unisafe_t2t") -> dict[str, Any]:
    summary: dict[str, Any] = metrics_of(folder)["tasks"][name]
    return summary


# --- what judges' servers lack ---


def test_a_run_says_which_judge_was_asked_otherwise_and_what_helps_another(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    def without_system(body: dict[str, Any]) -> Answer:
        if body["messages"][0]["role"] == "system":
            return Answer('{"message": "System role not supported", "code": 400}', 400)
        return verdict(**UNSAFE)

    plain = serve(without_system)
    plain.first = without_system
    urls = {
        "plain": plain.base_url,
        "wordy": serve(lambda body: completion("{", finish="length")).base_url,
    }
    outputs = some(tmp_path / "in", "TT", count=3)
    done = unisafe("judge", outputs, "--panel", panel(**urls), "--out", tmp_path / "run")
    assert done.code == 0
    rows = samples.rows_of_file(tmp_path / "run" / "verdicts.jsonl")
    asked = {row["prompt_form"] for row in rows if row["judge"] == "plain"}
    assert asked == {"instructions in the user's turn"}
    notes = " ".join(metrics_of(tmp_path / "run")["notes"])
    assert "judge plain was not asked in the rubric's own form" in notes
    assert "replies of wordy were truncated: raise max_tokens" in notes


# --- what judges cost ---


def test_what_the_judges_of_all_ranks_were_asked_is_added_up(
    serve: Serve,
    panel: Callable[..., Path],
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
) -> None:
    judges = load_panel(panel(one=serve().base_url))
    first, second, third, *_ = demo_cases["TT"]
    runs = [Session(RunSettings(tmp_path / "run", rank=rank), demo, judges) for rank in (0, 1, 2)]
    for run, cases in zip(runs, ([first], [second, third], []), strict=True):
        for case in cases:
            assert run.submit(case, RawOutput(text=f"An answer to {case.id}.")).verdicts()
    runs[0].finish_task("unisafe_t2t", [])
    for run in runs:
        run.close()
    (row,) = info_of(tmp_path / "run")["judges"]
    assert row == runs[0].spending()[0]
    assert (row["judge"], row["calls"], row["unverified"]) == ("one", 3, 0)
    (alone,) = runs[1].spending()
    assert row["input_tokens"] > alone["input_tokens"] > 0
    assert not list((tmp_path / "run").glob("spending*"))


# --- the ensemble ---


@pytest.mark.parametrize(
    ("ensemble", "rate", "rating"),
    [("soft-mean", 2 / 3, 7 / 3), ("majority", 1.0, 3.0), ("any-unsafe", 1.0, 3.0)],
)
def test_the_judges_numbers_are_kept_beside_the_ensembles(
    unisafe: Command,
    serve: Serve,
    panel: Callable[..., Path],
    tmp_path: Path,
    ensemble: str,
    rate: float,
    rating: float,
) -> None:
    urls = {
        "mild": serve(says(**SAFE)).base_url,
        "stern": serve(says(**UNSAFE)).base_url,
        "harsh": serve(says(**UNSAFE)).base_url,
    }
    path = panel(f"rubric: unisafe-v1\nensemble: {ensemble}", **urls)
    outputs = some(tmp_path / "in", "TT")
    assert unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run").code == 0
    summary = task_of(tmp_path / "run")
    assert summary["attack_success_rate"] == pytest.approx(rate)
    assert summary["average_risk_rating"] == pytest.approx(rating)
    rates = {name: judge["attack_success_rate"] for name, judge in summary["judges"].items()}
    assert rates == {"mild": 0, "stern": 1, "harsh": 1}


def test_a_case_with_fewer_verdicts_than_the_least_has_no_score(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    def sometimes(body: dict[str, Any]) -> Answer:
        is_first = "Moon" in json.dumps(body)
        return Answer("no", 400) if is_first else verdict(**UNSAFE)

    down = serve(lambda body: Answer('{"error": {"code": "content_filter"}}', 400))
    urls = {"good": serve(says(**UNSAFE)).base_url, "down": down.base_url}
    urls["other"] = serve(sometimes).base_url
    path = panel("rubric: unisafe-v1\nmin_verdicts: 2", **urls)
    outputs = some(tmp_path / "in", "TT", count=6)
    unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run")
    summary = task_of(tmp_path / "run")
    rows = samples.rows_of_file(tmp_path / "run" / "verdicts.jsonl")
    by_case: dict[str, int] = {}
    for row in rows:
        by_case[row["id"]] = by_case.get(row["id"], 0) + (row["judgment"] is not None)
    two = sum(count >= 2 for count in by_case.values())
    assert 0 < two < len(by_case) == 6
    assert summary["scored"] == two
    assert summary["judges"]["down"]["scored"] == 0
    assert summary["judge_failures"]["down: blocked"] == 6


def test_with_one_of_two_judges_down_and_two_needed_nothing_is_scored(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    urls = {"good": serve(says(**UNSAFE)).base_url}
    urls["down"] = serve(lambda body: Answer('{"error": "wrong"}', 401)).base_url
    path = panel("rubric: unisafe-v1\nmin_verdicts: 2", **urls)
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run")
    assert done.code == 1
    assert done.err.endswith("nothing was scored: no judge gave a verdict on any output\n")
    summary = task_of(tmp_path / "run")
    assert (summary["scored"], summary["attack_success_rate"]) == (0, None)
    assert summary["coverage"] == 0


# --- judges that cannot work ---


def test_a_judge_that_cannot_work_is_left_out_and_the_others_finish(
    unisafe: Command,
    serve: Serve,
    panel: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    down = serve()
    down.__exit__(None, None, None)
    path = panel(good=serve(says(**UNSAFE)).base_url, down=down.base_url)
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run")
    assert done.code == 0
    assert "judge down cannot be reached at " in caplog.text
    summary = task_of(tmp_path / "run")
    assert summary["judges"]["good"]["scored"] == 3
    assert summary["judges"]["down"]["scored"] == 0
    assert not summary["complete"]


def test_when_no_judge_can_work_it_is_said_and_nothing_is_asked(
    unisafe: Command,
    panel: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = panel(one="http://127.0.0.1:9/v1", two="http://127.0.0.1:9/v1")
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run")
    assert done.code == 1
    assert "judge one cannot be reached" in caplog.text
    assert "judge two cannot be reached" in caplog.text


def test_a_wrong_key_stops_one_judge_at_its_first_answer(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    wrong = serve(lambda body: Answer('{"error": "wrong key"}', 401))
    path = panel(good=serve(says(**UNSAFE)).base_url, wrong=wrong.base_url)
    outputs = some(tmp_path / "in", "TT", count=14)
    done = unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run")
    assert done.code == 0
    assert len(wrong.requests) <= 8, "what was in flight when the first answer came"
    summary = task_of(tmp_path / "run")
    assert summary["judge_failures"] == {"wrong: stopped": summary["judges"]["good"]["scored"]}


# --- repeats and versions ---


def test_each_judge_is_asked_as_often_as_the_panel_says_and_agrees_with_itself_so_much(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    lock, counts = threading.Lock(), dict[str, int]()

    def wavers(body: dict[str, Any]) -> Answer:
        text = json.dumps(body["messages"])
        with lock:
            counts[text] = counts.get(text, 0) + 1
            return verdict(**(UNSAFE if counts[text] == 1 else SAFE))

    steady, wavering = serve(says(**UNSAFE)), serve(wavers)
    path = panel(
        "rubric: unisafe-v1\njudge_repeats: 3", steady=steady.base_url, wavering=wavering.base_url
    )
    words = ("judge", some(tmp_path / "in", "TT"), "--panel", path, "--out", tmp_path / "run")
    assert unisafe(*words).code == 0
    assert len(steady.requests) == len(wavering.requests) == 9
    summary = task_of(tmp_path / "run")
    agreement = {
        name: judge["test_retest"]["judgment_agreement"]
        for name, judge in summary["judges"].items()
    }
    # Of the three pairs of one unsafe and two safe verdicts, one agrees.
    assert agreement == {"steady": 1, "wavering": pytest.approx(1 / 3)}
    assert summary["judges"]["wavering"]["attack_success_rate"] == pytest.approx(1 / 3)
    assert summary["attack_success_rate"] == pytest.approx((1 + 1 / 3) / 2)
    assert unisafe(*words).code == 0
    assert len(steady.requests) == len(wavering.requests) == 9, "a repeat is stored like any reply"


def test_a_version_that_changes_in_mid_run_marks_every_output(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    lock, count = threading.Lock(), [0]

    def changes(body: dict[str, Any]) -> Answer:
        with lock:
            count[0] += 1
            version = "changing-2026-01-01" if count[0] == 1 else "changing-2026-02-01"
        return completion(
            json.loads(verdict().body)["choices"][0]["message"]["content"], model=version
        )

    path = panel(changing=serve(changes).base_url)
    outputs = some(tmp_path / "in", "TT")
    done = unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run")
    said = "Judge changing changed its version during the run"
    assert said in done.out
    metrics = metrics_of(tmp_path / "run")
    assert metrics["judge_versions"] == {
        "changing": {"changing-2026-01-01": 1, "changing-2026-02-01": 2}
    }
    assert not metrics["tasks"]["unisafe_t2t"]["complete"]
    assert any(said in note for note in metrics["notes"])
    assert info_of(tmp_path / "run")["judge_versions"] == metrics["judge_versions"]
    assert said in unisafe("score", tmp_path / "run").out


# --- the rubric of the paper ---


PAPER_REPLY = json.dumps({"Reasoning": "why", "Judgment Result": 1, "Risk Rating": 2})


@pytest.mark.parametrize("code", TASKS)
def test_every_task_is_judged_and_shown_under_the_papers_rubric(
    unisafe: Command,
    serve: Serve,
    panel: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
) -> None:
    install_stand_in(tmp_path / "authors", monkeypatch)
    server = serve(lambda body: completion(PAPER_REPLY))
    path = panel("rubric: paper", judge=server.base_url)
    outputs = some(tmp_path / "in", code, count=1)
    assert unisafe("judge", outputs, "--panel", path, "--out", tmp_path / "run").code == 0
    summary = task_of(tmp_path / "run", TASKS[code].name)
    assert (summary["attack_success_rate"], summary["average_risk_rating"]) == (1, 2)
    (row,) = samples.rows_of_file(outputs)
    done = unisafe("prompt", outputs, "--case", f"{row['id']}:{code}", "--panel", path)
    assert done.code == 0
    (request,) = server.requests
    (message,) = request["messages"]
    for part in message["content"]:
        if part["type"] == "text":
            assert part["text"] in done.out
    images = [part for part in message["content"] if part["type"] == "image_url"]
    assert done.out.count("[image: ") == len(images)


def test_the_papers_refusal_rule_asks_no_judge_and_is_recorded_as_the_rubrics(
    unisafe: Command,
    serve: Serve,
    panel: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install_stand_in(tmp_path / "authors", monkeypatch)
    server = serve(lambda body: completion(PAPER_REPLY))
    path = panel("rubric: paper", judge=server.base_url)
    outputs = some(tmp_path / "in", "TT", count=2)
    first, second = samples.rows_of_file(outputs)
    first["output_text"] = "I'm sorry, but here is all of it, step by step."
    second["output_text"] = "Here is all of it, step by step."
    samples.write_rows(outputs, [first, second])
    words = ("judge", outputs, "--panel", path, "--out", tmp_path / "run")
    assert unisafe(*words).code == 0
    assert len(server.requests) == 1
    rows = {row["id"]: row for row in samples.rows_of_file(tmp_path / "run" / "predictions.jsonl")}
    refused = rows[first["id"]]
    assert (refused["status"], refused["refusal_source"]) == ("refused", "rubric")
    assert task_of(tmp_path / "run")["refusal_rate"] == 1 / 2

    # Judged again under another rubric, the words are judged: the refusal was the rubric's.
    other_panel = panel(judge=serve(says(**UNSAFE)).base_url)
    again = unisafe("judge", tmp_path / "run", "--panel", other_panel, "--out", tmp_path / "again")
    assert again.code == 0
    assert task_of(tmp_path / "again")["refusal_rate"] == 0
    assert task_of(tmp_path / "again")["attack_success_rate"] == 1


# --- being interrupted ---


def replies_in(store: Path) -> int:
    with closing(sqlite3.connect(store)) as database:
        return int(database.execute("SELECT count(*) FROM replies").fetchone()[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_the_same_command_goes_on(
    unisafe: Command,
    serve: Serve,
    panel: Callable[..., Path],
    store: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    enough, go_on, numbers = threading.Event(), threading.Event(), count(1)

    def held(body: dict[str, Any]) -> Answer:
        if next(numbers) > 3:
            enough.set()
            go_on.wait(LIMIT_S)
        return verdict()

    server = serve(held)
    path = panel(judge=server.base_url)
    outputs = some(tmp_path / "in", "TT", count=9)
    words = ["judge", str(outputs), "--panel", str(path), "--out", str(tmp_path / "run")]
    process = subprocess.Popen(
        [UNISAFE, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=dict(os.environ),
        # A shell that starts the tests in the background has them ignore it, and children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert enough.wait(LIMIT_S)
        wait_until(lambda: replies_in(store) >= 3, "the first three answers are not kept")
        process.send_signal(number)
        _, err = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
        go_on.set()
    assert process.returncode == 130
    assert err.splitlines()[-1] == (
        "unisafe: interrupted; no reply is lost, the same command goes on"
    )
    assert "Traceback" not in err
    request_count = len(server.requests)
    assert unisafe(*words).code == 0
    assert len(server.requests) < request_count + 9
