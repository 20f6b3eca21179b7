"""What was not scored, and why: as `unisafe failures` lists it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import UNISAFE, Command
from tests.tasks.run_folders import PANEL, judged_run, outcomes
from unisafe_tasks import RunError
from unisafe_tasks.runs.failures import failures_of


def rewrite(path: Path, key: tuple[str, str], **changes: Any) -> None:
    """Change fields of the rows of one case."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        if (row["scenario_type"], row["id"]) == key:
            row.update(changes)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


LOST = {"judgment": None, "risk_rating": None, "refusal": None}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two tasks with a failure of each kind, and two cases that the run did not come to."""
    cases = outcomes("TT", A1="safe failed unsafe safe") | outcomes("TI", A1="no_image safe")
    asked = {"unisafe_t2t": 6, "unisafe_t2i": 2}
    folder = judged_run(tmp_path / "run", cases, asked=asked)
    rewrite(folder / "predictions.jsonl", ("TT", "A1-1"), error="the server said 500")
    lost = {**LOST, "failure": "timeout", "error": "no answer in 120 s"}
    rewrite(folder / "verdicts.jsonl", ("TT", "A1-0"), **lost)
    return folder


def test_each_case_without_a_score_is_there_with_its_reason(run: Path) -> None:
    image, text = failures_of(run)
    assert [(failure.case, failure.what) for failure in image.failures] == [("A1-0", "no_image")]
    assert [(failure.case, failure.what, failure.reason) for failure in text.failures] == [
        ("A1-0", "no verdict of kettle", "timeout: no answer in 120 s"),
        ("A1-1", "failed", "the server said 500"),
    ]
    assert (text.asked, text.not_reached, text.unscored) == (6, 2, 4)


def test_a_verdict_that_is_lost_beside_others_leaves_the_case_scored(tmp_path: Path) -> None:
    cases = {("TT", "A1-0"): ("safe", "unsafe"), ("TT", "A1-1"): ("safe", "safe")}
    judges = ("kettle", "saucer")
    folder = judged_run(tmp_path / "run", cases, judges=judges)
    rows = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text().splitlines()]
    rows[1] |= {**LOST, "failure": "truncated"}
    (folder / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (task,) = failures_of(folder)
    (failure,) = task.failures
    assert (failure.what, failure.reason, failure.is_scored) == (
        "scored, without saucer",
        "truncated",
        True,
    )
    assert task.unscored == 0


def test_fewer_verdicts_than_the_panel_needs_are_said(tmp_path: Path) -> None:
    panel = PANEL | {"min_verdicts": 2, "judges": [{"name": "kettle"}]}
    folder = judged_run(tmp_path / "run", outcomes("TT", A1="safe"), panel=panel)
    ((failure,),) = (task.failures for task in failures_of(folder))
    assert failure.reason == "1 of the 2 verdicts that the panel needs"


def test_a_refusal_is_not_scored_where_no_judge_worked_and_the_reason_is_said(
    tmp_path: Path,
) -> None:
    folder = judged_run(tmp_path / "run", outcomes("TT", A1="blocked safe"))
    rewrite(folder / "verdicts.jsonl", ("TT", "A1-1"), **LOST, failure="stopped")
    ((refused, _),) = (task.failures for task in failures_of(folder))
    assert refused.reason == "no judge gave a verdict on any output of the task"


def test_a_run_without_failures_has_none(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "run", outcomes("TT", A1="safe unsafe refused"))
    ((task),) = failures_of(folder)
    assert (task.failures, task.unscored) == ((), 0)


def test_a_run_that_was_not_judged_says_what_to_do(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "run", outcomes("TT", A1="safe"), panel=None)
    with pytest.raises(RunError, match="was not judged, so it has no score: run unisafe judge"):
        failures_of(folder)


def test_a_pipe_gets_a_line_for_each_case_with_tabs(run: Path, unisafe: Command) -> None:
    rewrite(run / "predictions.jsonl", ("TT", "A1-1"), error="one\ttab\x1b[31m\nand a line")
    done = unisafe("failures", run)
    assert done.code == 0
    assert [line.split("\t") for line in done.out.splitlines()] == [
        ["unisafe_t2i", "A1-0", "no_image", "no reason is known"],
        ["unisafe_t2t", "A1-0", "no verdict of kettle", "timeout: no answer in 120 s"],
        ["unisafe_t2t", "A1-1", "failed", "one tab\ufffd[31m and a line"],
        ["unisafe_t2t", "", "not reached", "2 cases"],
    ]


def test_a_terminal_shows_equal_reasons_together(tmp_path: Path) -> None:
    cases = outcomes("TT", A1="failed " * 8 + "safe no_output")
    folder = judged_run(tmp_path / "run", cases)
    ours, theirs = pty.openpty()
    done = subprocess.run([UNISAFE, "failures", str(folder)], stdout=theirs, timeout=60, check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb") as screen:
        shown = screen.read1(65536).decode()
    assert done.returncode == 0
    assert "unisafe_t2t: 9 of 10 cases not scored" in shown
    first = "A1-0, A1-1, A1-2, A1-3, A1-4 and 3 more"
    assert f"- 8 failed: no reason is known ({first})" in shown
    assert "- 1 no_output: no reason is known (A1-9)" in shown


def test_a_file_is_called_a_file(tmp_path: Path, unisafe: Command) -> None:
    (tmp_path / "run.jsonl").write_text("{}")
    done = unisafe("failures", tmp_path / "run.jsonl")
    assert done.code == 1
    assert "since it is a file: name the folder that holds it" in done.err
