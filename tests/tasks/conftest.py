"""An environment of its own for every test, and the demo set read once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import datasets
import pytest
from hypothesis import settings

from tests.servers import JudgeServer
from tests.tasks.commands import Command, Done
from unisafe_tasks import TASKS, CaseSet, Source, cli, load_cases, resolve_source
from unisafe_tasks.data import sources

Use = Callable[[Path | str], Source]

# The same examples each time, however slow the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where converted data is kept by all tests that do not look at the cache."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, shared_cache: Path) -> Iterator[None]:
    """Nothing of the person's own settings and caches is read or written."""
    for name in ("UNISAFE_DATA", "UNISAFE_PANEL", "HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(shared_cache / "datasets"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", shared_cache / "datasets")
    for known in (sources._resolve, sources._benign):
        known.cache_clear()
    yield
    for known in (sources._resolve, sources._benign):
        known.cache_clear()


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache for this test alone."""
    folder = tmp_path / "own-cache"
    monkeypatch.setenv("UNISAFE_CACHE", str(folder))
    return folder


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Set UNISAFE_DATA and resolve it afresh."""

    def resolve(setting: Path | str) -> Source:
        monkeypatch.setenv("UNISAFE_DATA", str(setting))
        sources._resolve.cache_clear()
        return resolve_source()

    return resolve


@pytest.fixture
def demo(use: Use) -> Source:
    """The bundled demo set, chosen as a user does."""
    return use("demo")


@pytest.fixture(scope="session")
def demo_cases(shared_cache: Path) -> Mapping[str, CaseSet]:
    """The cases of the demo set by task code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", shared_cache / "datasets")
        # Another test's source may have been read into another cache.
        sources._resolve.cache_clear()
        source = resolve_source("demo")
        return {code: load_cases(source, task) for code, task in TASKS.items()}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty reply store for this test alone."""
    path = tmp_path / "store" / "replies.sqlite"
    monkeypatch.setenv("UNISAFE_STORE", str(path))
    return path


@pytest.fixture
def unisafe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store: Path
) -> Command:
    """Run the command's entry point in this process, on the demo data unless told otherwise."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("UNISAFE_DATA", "demo")

    def run(*words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["unisafe", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, out, err)

    return run


@pytest.fixture
def serve() -> Iterator[Callable[..., JudgeServer]]:
    """Starts judge servers, which end with the test."""
    with ExitStack() as servers:
        yield lambda script=None: servers.enter_context(JudgeServer(script))


@pytest.fixture
def panel_of(tmp_path: Path) -> Callable[..., Path]:
    """Writes a panel of one judge at this server."""

    def write(server: JudgeServer, settings: str = "", **top: Any) -> Path:
        path = tmp_path / "panel.yaml"
        lines = [f"{key}: {value}\n" for key, value in top.items()]
        path.write_text(
            "rubric: unisafe-v1\n" + "".join(lines) + "judges:\n  - name: local\n"
            "    backend: openai-compatible\n    model: judge\n"
            f"    base_url: {server.base_url}\n    {settings}\n"
        )
        return path

    return write
