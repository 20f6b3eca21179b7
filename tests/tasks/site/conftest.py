"""The demo's runs and their submissions, made once by the commands that a user types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tasks.commands import DEMO, Command

MODELS = ("demo", "demo-cautious")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs lie that tests only read or copy."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def demo_runs(made: Path, unisafe: Command) -> list[Path]:
    """Runs of two scripted models on the demo set. They are only read."""
    folders = [made / f"unisafe-{model}" for model in MODELS]
    for model, folder in zip(MODELS, folders, strict=True):
        if not folder.exists():
            done = unisafe("judge", DEMO / "predictions" / f"{model}.jsonl", "--out", folder)
            assert done.code == 0, done.err
    return folders


@pytest.fixture
def submissions(made: Path, demo_runs: list[Path], unisafe: Command) -> dict[str, Path]:
    """The submissions of those runs, by the model's name. They are only read."""
    out = made / "submissions"
    if not out.exists():
        done = unisafe("export", *demo_runs, "--format", "submission", "--out", out)
        assert done.code == 0, done.err
    by_length = sorted(out.iterdir(), key=lambda folder: len(folder.name))
    return dict(zip(MODELS, by_length, strict=True))


@pytest.fixture
def accepted(submissions: dict[str, Path]) -> Path:
    """The submission that a leaderboard has already."""
    return submissions["demo"]


@pytest.fixture
def submission(submissions: dict[str, Path], tmp_path: Path) -> Path:
    """A sound submission, to be changed."""
    return shutil.copytree(submissions["demo-cautious"], tmp_path / "submission")
