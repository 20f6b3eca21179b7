"""Runs of lmms-eval that are parts of one: shards, and one run for each task."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harnesses.conftest import Command, Finished
from tests.tasks.commands import CASES_OF
from unisafe_tasks import GROUPS

PREDICTIONS = {"model_args": "predictions=demo"}


def test_the_shards_of_a_run_are_together_the_run(
    evaluate: Callable[..., Finished],
    unisafe: Callable[..., Command],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    whole = evaluate("predictions", "unisafe", **PREDICTIONS)
    folders = []
    for shard in ("1/3", "2/3", "3/3"):
        monkeypatch.setenv("UNISAFE_SHARD", shard)
        done = evaluate("predictions", "unisafe", **PREDICTIONS)
        folders.append(str(done.folder))
        assert f"Only shard {shard[0]} of 3 was run" in " ".join(done.metrics["notes"])
        assert not any(task["complete"] for task in done.metrics["tasks"].values())
    out = tmp_path / "merged"
    env = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "labels"}
    merged = unisafe("judge", *folders, "--out", str(out), cwd=tmp_path, env=env)
    assert merged.code == 0, merged.output
    assert json.loads((out / "metrics.json").read_text("utf-8")) == whole.metrics


def test_seven_runs_of_a_task_each_are_together_the_run(
    evaluate: Callable[..., Finished], unisafe: Callable[..., Command], tmp_path: Path
) -> None:
    whole = evaluate("predictions", "unisafe", **PREDICTIONS)
    folders = [
        str(evaluate("predictions", task, **PREDICTIONS).folder) for task in GROUPS["unisafe"]
    ]
    out = tmp_path / "merged"
    env = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "labels"}
    merged = unisafe("judge", *folders, "--out", str(out), cwd=tmp_path, env=env)
    assert merged.code == 0, merged.output
    assert json.loads((out / "metrics.json").read_text("utf-8")) == whole.metrics


@pytest.mark.parametrize(
    ("setting", "words"),
    [("9/8", "expected NUMBER/COUNT"), ("1/99", f"unisafe_t2i has {CASES_OF['TI']} cases")],
)
def test_a_shard_that_there_is_not_is_refused_before_the_model_is_built(
    evaluate: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch, setting: str, words: str
) -> None:
    monkeypatch.setenv("UNISAFE_SHARD", setting)
    with pytest.raises(SystemExit, match=words):
        evaluate("no_such_model", "unisafe_t2i")


def test_self_awareness_has_no_shards(
    evaluate: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_SHARD", "1/2")
    with pytest.raises(SystemExit, match="UNISAFE_SHARD makes no part of self-awareness tasks"):
        evaluate("no_such_model", "unisafe_self_t2t")
