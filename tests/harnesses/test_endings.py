"""How a command of lmms-eval ends, and what is in the run folder then."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.commands import Command, Forked
from tests.harnesses.conftest import Finished
from tests.harnesses.model_server import Asked, ModelServer
from tests.harnesses.models import Model
from tests.servers import Answer
from tests.waiting import LIMIT_S
from unisafe_tasks import resolve_source
from unisafe_tasks.harnesses.common import begin_planned
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.runs.folder import RunFolder

DEMO = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "labels"}
SECRET = "swordfish-SENTINEL"


def status_of(folder: Path) -> str:
    status: str = json.loads((folder / "run.json").read_text("utf-8"))["status"]
    return status


def test_a_model_that_cannot_be_built_fails_the_command(
    lmms_eval: Callable[..., Command], tmp_path: Path
) -> None:
    words = "--model bagel --model_args pretrained=none --tasks unisafe_t2t --output_path out"
    done = lmms_eval(*words.split(), cwd=tmp_path, env=DEMO)
    assert done.code == 1
    last = done.output.rstrip().splitlines()[-1]
    assert last.startswith("unisafe: the evaluation failed: ImportError: Failed to import Bagel")
    assert not list((tmp_path / "out").glob("unisafe-*"))


def test_a_run_without_any_verdict_fails_the_command_after_the_harness_has_written_its_files(
    lmms_eval: Callable[..., Command], tmp_path: Path
) -> None:
    """And no credential among the arguments is in a line or a file."""
    words = f"--model dummy --model_args response=Hello,api_key={SECRET} --tasks unisafe_t2t "
    words += f"--gen_kwargs temperature=0,auth_token={SECRET} --output_path out --log_samples"
    done = lmms_eval(*words.split(), "--limit", "2", cwd=tmp_path, env=DEMO)
    assert done.code == 1
    problem = "nothing was scored: no judge gave a verdict on any output"
    assert done.output.rstrip().splitlines()[-1] == f"unisafe: {problem}"
    assert list((tmp_path / "out").rglob("*_results.json"))
    assert list((tmp_path / "out").rglob("*_samples_unisafe_t2t.jsonl"))
    assert SECRET not in done.output
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_an_interrupted_command_names_the_run_folder(
    start_lmms_eval: Callable[..., Forked], tmp_path: Path
) -> None:
    asked, go_on = threading.Event(), threading.Event()
    answered: list[Asked] = []

    def hold(question: Asked) -> Answer | None:
        if not answered:
            answered.append(question)
            return None
        asked.set()
        go_on.wait(LIMIT_S)
        return None

    with ModelServer(hold) as server:
        words = ["--model", "umm_openai", "--tasks", "unisafe_t2t", "--output_path", "out"]
        words += ["--model_args", f"model=m,base_url={server.root}/v1,api=chat"]
        env = {**DEMO, "UNISAFE_ANSWERS": str(tmp_path / "answers")}
        process = start_lmms_eval(*words, cwd=tmp_path, env=env)
        try:
            assert asked.wait(LIMIT_S)
            os.kill(process.pid, signal.SIGINT)
            done = process.wait()
        finally:
            go_on.set()
    assert done.code == 130, done.output
    assert "Traceback" not in done.output
    (folder,) = (tmp_path / "out").glob("unisafe-*")
    assert done.output.rstrip().splitlines()[-1].endswith(f"Run folder: {folder}")
    assert status_of(folder) == "stopped"
    # Another model answered until then, and the run says so.
    assert json.loads((folder / "run.json").read_text())["substituted"] == {"unified-2026-01": 1}


def raising(prompt: str, images: list[Any], doc: int) -> str:
    raise RuntimeError("out of memory")


def test_a_model_that_fails_while_it_generates_leaves_a_run_that_says_so(
    evaluate: Callable[..., Finished], tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        evaluate(Model(raising), "unisafe_t2t", limit=1)
    (folder,) = (tmp_path / "out").glob("unisafe-*")
    assert status_of(folder) == "stopped"
    assert not (folder / "metrics.json").exists()


def test_a_task_that_was_not_come_to_leaves_a_run_that_says_so(demo: None, tmp_path: Path) -> None:
    details = {"asked": {"unisafe_t2t": 1, "unisafe_mt2i": 1, "unisafe_i2t": 0}}
    session = Session(RunSettings(tmp_path / "run", details=details), resolve_source(), None)
    begin_planned(session)
    session.finish_task("unisafe_t2t", [])
    session.close()
    assert status_of(tmp_path / "run") == "stopped"


def test_a_full_disk_leaves_a_run_that_does_not_look_complete(
    evaluate: Callable[..., Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "append", full)
    done = evaluate(Model(lambda *asked: "Hello"), "unisafe_t2t", limit=2)
    assert not done.results["results"]["unisafe_t2t"]["coverage,none"]
    (folder,) = (tmp_path / "out").glob("unisafe-*")
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["tasks"]["unisafe_t2t"]["scored"] == 0
