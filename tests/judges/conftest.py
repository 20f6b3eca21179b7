"""Panels, sessions and judge servers for the tests of the judge panel."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers import JudgeServer, Script
from unisafe_judges import Panel, PanelSession, load_panel, rate_limited_caller

Serve = Callable[..., JudgeServer]
WritePanel = Callable[..., Path]
OpenSession = Callable[..., PanelSession]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the tests' short waits, a busy machine would look like a server that is down."""
    monkeypatch.setattr(rate_limited_caller, "_PATIENCE", 30_000)
    monkeypatch.setattr(rate_limited_caller, "_OUTAGE", 30_000)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts judge servers, which end with the test."""
    with ExitStack() as servers:

        def start(script: Script | None = None, models_status: int = 200) -> JudgeServer:
            return servers.enter_context(JudgeServer(script, models_status))

        yield start


@pytest.fixture
def refusing_url() -> Iterator[str]:
    """The address of a port that is taken, so that no other server gets it, and never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@pytest.fixture
def write_panel(tmp_path: Path) -> WritePanel:
    """Writes a panel file of judges, each given as its lines of YAML."""

    def write(*judges: str, rubric: str = "unisafe-v1") -> Path:
        entries = "".join(
            "  - " + "\n    ".join(line.strip() for line in judge.strip().splitlines()) + "\n"
            for judge in judges
        )
        path = tmp_path / "panel.yaml"
        path.write_text(f"rubric: {rubric}\njudges:\n{entries}")
        return path

    return write


@pytest.fixture
def panel_of(write_panel: WritePanel) -> Callable[..., Panel]:
    """Makes a panel of the judges at these addresses, named first, second and third."""

    def make(*urls: str, settings: str = "") -> Panel:
        names = ("first", "second", "third")
        judges = [
            f"name: {name}\nbackend: openai-compatible\nmodel: {name}\nbase_url: {url}\n{settings}"
            for name, url in zip(names, urls, strict=False)
        ]
        return load_panel(write_panel(*judges))

    return make


@pytest.fixture
def open_session(serve: Serve, panel_of: Callable[..., Panel]) -> Iterator[OpenSession]:
    """Opens panel sessions with short waits, which are closed before the servers end."""
    with ExitStack() as sessions:

        def start(*judges: JudgeServer | str, settings: str = "") -> PanelSession:
            urls = [judge if isinstance(judge, str) else judge.base_url for judge in judges]
            session = PanelSession(panel_of(*urls, settings=settings), first_wait_s=0.01)
            return sessions.enter_context(session)

        yield start
