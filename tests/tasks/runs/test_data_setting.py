"""A run folder says which data it was made on, and every command that reads one looks there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.commands import Done, info_of
from unisafe_tasks.data import sources
from unisafe_tasks.outputs.predictions import predictions_path
from unisafe_tasks.runs.data_setting import data_of
from unisafe_tasks.settings import HUB_ID
from unisafe_tasks.tasks import Arm


@pytest.fixture
def run(unisafe: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run on the demo set, in an environment that names no data."""
    unisafe("judge", "demo", "--task", "TT", "--out", tmp_path / "run")
    monkeypatch.delenv("UNISAFE_DATA")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    sources._resolve.cache_clear()
    return tmp_path / "run"


def test_prompt_judge_label_and_report_take_the_runs_own_data(
    unisafe: Callable[..., Done], run: Path, tmp_path: Path
) -> None:
    assert info_of(run)["data_setting"] == "demo"
    shown = unisafe("prompt", run, "--case", "demo-002:TT")
    assert (shown.code, shown.err) == (0, "")
    again = unisafe("judge", run, "--out", tmp_path / "again")
    assert again.code == 0
    assert info_of(tmp_path / "again")["data_setting"] == "demo"
    labels = unisafe("label", "export", run, "--out", tmp_path / "labels", "--per-cell", "1")
    assert labels.code == 0
    report = unisafe("report", run, "--out", tmp_path / "report")
    assert (report.code, "has no prompts" in report.err) == (0, False)


def test_outputs_for_benign_requests_are_judged_on_their_set_without_a_word_on_it(
    unisafe: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = str(predictions_path("demo", Arm.BENIGN))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for setting in ("demo", None):
        if setting is None:
            monkeypatch.delenv("UNISAFE_DATA")
        out = tmp_path / str(setting)
        assert unisafe("judge", outputs, "--panel", "labels", "--out", out).code == 0
        assert info_of(out)["data_setting"] == "benign"
    done = unisafe("judge", outputs, "--data", "demo", "--out", tmp_path / "other")
    assert done.code == 1
    assert "but the benign set has it: name the data 'benign'" in done.err


def test_what_is_given_and_what_is_set_come_before_what_runs_say(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data_of([run], "mine.jsonl") == "mine.jsonl"
    monkeypatch.setenv("UNISAFE_DATA", "other.jsonl")
    assert data_of([run]) == "other.jsonl"


@pytest.mark.parametrize(
    ("info", "setting"),
    [
        ({"data_setting": "/cases"}, "/cases"),
        ({"data": {"source": "demo", "revision": None}}, "demo"),
        ({"data": {"source": HUB_ID, "revision": "abc"}}, f"{HUB_ID}@abc"),
        ({"data": {"source": "ann/cases", "revision": "abc"}}, None),
        ({"data_setting": "ann/cases"}, None),
        ({"data": {"source": "local:cases"}}, None),
        ({"data": [], "data_setting": 3}, None),
        ([], None),
    ],
)
def test_earlier_runs_say_it_by_the_name_of_their_data(
    tmp_path: Path, info: object, setting: str | None
) -> None:
    (tmp_path / "run.json").write_text(json.dumps(info))
    assert data_of([tmp_path]) == setting


def test_runs_on_different_data_say_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(json.dumps({"data_setting": f"/{name}"}))
    assert data_of([tmp_path / "a"]) == "/a"
    assert data_of([tmp_path / "a", tmp_path / "b"]) is None
