"""Runs to publish: real ones on the demo data, and synthetic ones on the published data."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.commands import DEMO, Command
from tests.tasks.publishing.synthetic import synthetic_run


@pytest.fixture(autouse=True)
def no_secrets_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of the machine's own must not decide a test, nor reach a server of ours."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs lie that tests copy: each is made once, since that takes a while."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def demo_run(made: Path, unisafe: Command, tmp_path: Path) -> Callable[[str], Path]:
    """A run of a scripted model on the demo set, judged by the public command."""

    def copy(model: str = "demo") -> Path:
        folder = made / f"unisafe-{model}"
        if not folder.exists():
            done = unisafe("judge", DEMO / "predictions" / f"{model}.jsonl", "--out", folder)
            assert done.code == 0, done.err
        return shutil.copytree(folder, tmp_path / folder.name)

    return copy


@pytest.fixture
def full_run(made: Path, tmp_path: Path) -> Path:
    """A whole run of all seven tasks on the published data."""
    if not (made / "all").exists():
        synthetic_run(made / "all" / "unisafe-carrot")
    return shutil.copytree(made / "all" / "unisafe-carrot", tmp_path / "unisafe-carrot")


@pytest.fixture
def two_tasks(made: Path, tmp_path: Path) -> Path:
    """A whole run of two tasks on the published data."""
    if not (made / "two").exists():
        synthetic_run(made / "two" / "unisafe-carrot", ["TI", "TT"])
    return shutil.copytree(made / "two" / "unisafe-carrot", tmp_path / "unisafe-carrot")
