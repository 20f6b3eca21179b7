"""Runs and the reports of them, made once; and Chromium, where there is one, to open them."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import datasets
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.tasks.commands import DEMO
from tests.tasks.fifteen_models import fifteen_runs
from tests.tasks.report.folders import run_folder
from tests.tasks.report.hostile import NAME, TEXTS
from tests.tasks.report.visits import Quiet, Visit
from unisafe_tasks import cli
from unisafe_tasks.data import sources
from unisafe_tasks.data.sources import Source, resolve_source
from unisafe_tasks.report import build_report
from unisafe_tasks.results.scored_run import read_scored_runs

MODELS = ("demo", "demo-cautious")


@pytest.fixture(scope="session")
def demo_runs(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> tuple[Path, ...]:
    """Run folders of the two scripted models, made by `unisafe judge`."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
        patch.setenv("UNISAFE_STORE", str(root / "replies.sqlite"))
        patch.setenv("UNISAFE_DATA", "demo")
        patch.setenv("UNISAFE_PANEL", "labels")
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", shared_cache / "datasets")
        sources._resolve.cache_clear()
        for model in MODELS:
            predictions = str(DEMO / "predictions" / f"{model}.jsonl")
            out = str(root / model)
            patch.setattr(sys, "argv", ["unisafe", "judge", predictions, "--out", out])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert not ended.value.code
        sources._resolve.cache_clear()
    return tuple(root / model for model in MODELS)


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which every name and text tries to be something else."""
    return run_folder(
        tmp_path_factory.mktemp("hostile") / "run",
        model=NAME,
        judges=(f"{NAME} 1", f"{NAME} 2"),
        places=((NAME, "V1"), (NAME, f"V2{NAME}"), ("__proto__", "constructor")),
        texts=TEXTS,
        cases=len(TEXTS),
        info={"data": {"source": NAME, "fingerprint": "e" * 64}},
        panel="c" * 64,
        ids=f"{NAME} ",
    )


@pytest.fixture(scope="session")
def fifteen_folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The run folders of fifteen models."""
    return fifteen_runs(tmp_path_factory.mktemp("fifteen"))


@pytest.fixture(scope="session")
def fifteen_report(fifteen_folders: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their report."""
    out = tmp_path_factory.mktemp("fifteen-report") / "out"
    return build_report(read_scored_runs(fifteen_folders), out).page


def chromium() -> str | None:
    """Where a browser is."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, started once. Not for longer: while it runs, no event loop can."""
    path = chromium()
    if path is None:
        pytest.skip("there is no chromium, chromium-browser or google-chrome on PATH")
    # Chromium's sandbox does not start for root.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


BENIGN = {"data": {"source": "unisafe-benign", "fingerprint": "9" * 64}}


@pytest.fixture
def demo_source(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The demo's cases."""
    monkeypatch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", shared_cache / "datasets")
    return resolve_source("demo")


@pytest.fixture(scope="session")
def report(
    demo_runs: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory, shared_cache: Path
) -> Path:
    """A report of the demo's runs with their prompts, and of three runs of another panel."""
    root = tmp_path_factory.mktemp("report")
    others = [
        run_folder(root / "garden", "teapot-1"),
        run_folder(root / "shed", "samovar-xl", unsafe_every=3, cases=120, codes=("TT",)),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", shared_cache / "datasets")
        source = resolve_source("demo")
        return build_report(
            read_scored_runs([*demo_runs, *others]), root / "out", source=source
        ).page


@pytest.fixture(scope="session")
def small_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with all that a report can have, of a few cases: axe looks at every element."""
    root = tmp_path_factory.mktemp("small")
    runs = [
        run_folder(root / "garden", "teapot-1", cases=6, codes=("MT", "TT")),
        run_folder(root / "shed", "samovar-xl", cases=6, codes=("MT", "TT")),
        run_folder(root / "cellar", "kettle-mini", cases=2, codes=("IE",), panel="d" * 64),
        run_folder(root / "benign", "teapot-1", cases=6, codes=("MT", "TT"), info=BENIGN),
    ]
    return build_report(read_scored_runs(runs, takes_benign=True), root / "out").page


@pytest.fixture(scope="session")
def hostile_report(hostile_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of the hostile run."""
    return build_report(
        read_scored_runs([hostile_run]), tmp_path_factory.mktemp("bad") / "out"
    ).page


@pytest.fixture
def address() -> Iterator[Callable[[Path, str], str]]:
    """The address of a page on disk, or behind a server on loopback."""
    servers: list[ThreadingHTTPServer] = []

    def find(page: Path, how: str) -> str:
        if how == "file":
            return page.as_uri()
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(page.parent)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/{page.name}"

    yield find
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens pages, which are closed with the test."""
    yield partial(Visit, browser)
    for context in browser.contexts:
        context.close()
