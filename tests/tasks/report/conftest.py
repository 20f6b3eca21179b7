"""The demo's two runs, judged once; a hostile run; and Chromium, where there is one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.tasks.commands import DEMO
from tests.tasks.report.folders import run_folder
from tests.tasks.report.hostile import NAME, TEXTS
from unisafe_tasks import cli
from unisafe_tasks.data import sources

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
