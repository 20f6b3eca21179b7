"""The tasks of the benign set in Inspect, beside UniSAFE's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harnesses.inspect.runs import Evaluate, read, said, scored_again, scripted
from tests.servers import JudgeServer, verdict
from tests.tasks.benign import write_benign
from unisafe_tasks.leaderboard import build
from unisafe_tasks.metric_facts import BENIGN_FACTS, FACTS
from unisafe_tasks.results.scored_run import read_scored_runs


@pytest.fixture
def benign(demo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "set")))


def test_both_arms_run_in_one_evaluation_and_leave_a_folder_each(
    benign: None, judge: JudgeServer, evaluate: Evaluate
) -> None:
    judge.script = lambda body: verdict(judgment=0, risk_rating=0, refusal=True)
    ran = evaluate(scripted(lambda messages: said("No.")), "unisafe_t2t", "unisafe_benign_t2t")
    assert {log.status for log in ran.logs} == {"success"}
    by_data = {read(path / "run.json")["data"]["source"]: path for path in ran.folders}
    assert set(by_data) == {"demo", "unisafe-benign:cases.jsonl"}
    ours, other = by_data["unisafe-benign:cases.jsonl"], by_data["demo"]
    assert read(ours / "run.json")["tasks"] == ["unisafe_benign_t2t"]
    task = read(ours / "metrics.json")["tasks"]["unisafe_benign_t2t"]
    assert (task["over_refusal_rate"], task["asked"]) == (1, 4)
    assert (ours / "metrics.json").read_bytes() == scored_again(ours)
    numbers = {log.eval.task.rpartition("/")[2]: i for i, log in enumerate(ran.logs)}
    shown = ran.numbers(numbers["unisafe_benign_t2t"])
    assert {name: shown[name] for name in BENIGN_FACTS} == {
        name: task[name] for name in BENIGN_FACTS
    }
    assert set(read(other / "metrics.json")["tasks"]) == {"unisafe_t2t"}
    assert set(FACTS) <= set(ran.numbers(numbers["unisafe_t2t"]))
    board = build(read_scored_runs(ran.folders, takes_benign=True))
    assert (len(board.joined), board.unjoined) == (1, ())


def test_benign_tasks_alone_need_no_unisafe_data(
    benign: None, judge: JudgeServer, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "/nowhere/at/all")
    judge.script = lambda body: verdict(judgment=0, risk_rating=1, refusal=False)
    ran = evaluate(scripted(lambda messages: said("Gladly.")), "unisafe_benign_it2t")
    task = ran.metrics()["tasks"]["unisafe_benign_it2t"]
    assert (task["over_refusal_rate"], task["coverage"]) == (0, 1)
