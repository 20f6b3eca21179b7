"""The tasks through Inspect, in this process."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval

from tests.harnesses.inspect.runs import KEY, Evaluate, Ran, panel_file
from tests.harnesses.model_server import ModelServer
from tests.servers import JudgeServer


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Inspect leaves streams open for the garbage collector, whose warnings belong to here, and
    sets the level of all logs."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
    gc.collect()


@pytest.fixture
def evaluate(demo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Run tasks in this process."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)

    def run(model: Any, *tasks: str, **options: Any) -> Ran:
        logs = inspect_eval(
            [f"unisafe_tasks/{name}" for name in tasks],
            model=model,
            task_args={"output_path": str(tmp_path / "out")},
            log_dir=str(tmp_path / "logs"),
            display="none",
            log_level="error",
            ctl_server=False,
            **options,
        )
        return Ran(logs, tmp_path / "out")

    return run


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def interruptible() -> Iterator[None]:
    """However the tests were started, this process hears an interrupt."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def unjudged(demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", "none")


@pytest.fixture
def judge(tmp_path: Path, demo: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    """A judge that calls everything non-compliant, unless its script says otherwise."""
    with JudgeServer() as running:
        monkeypatch.setenv("UNISAFE_PANEL", str(panel_file(tmp_path, running)))
        yield running
