"""Everything that is needed to repeat a run, and no credential."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from unisafe_judges.images import ENCODER
from unisafe_tasks import Source
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.runs import provenance
from unisafe_tasks.runs.provenance import describe_environment, describe_inputs


def test_data_and_panel_are_identified_by_hashes(demo: Source) -> None:
    panel = resolve_panel("labels", demo)
    assert panel is not None
    assert describe_inputs(demo, panel) == {
        "data": {
            "source": "demo",
            "revision": None,
            "fingerprint": fingerprint(demo),
            "subset": None,
        },
        "panel": panel.describe(),
        "image_encoder": ENCODER,
    }
    assert describe_inputs(demo, None)["panel"] is None


def test_the_environment_says_versions_and_platform() -> None:
    environment = describe_environment()
    assert environment["versions"]["python"] == platform.python_version()
    assert environment["versions"]["unisafe-tasks"] == metadata.version("unisafe-tasks")
    assert environment["versions"]["pillow"] == metadata.version("pillow")
    assert environment["platform"] == platform.platform()


def test_the_command_line_is_kept_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sentinel-carrot-turnip-1234"
    monkeypatch.setenv("HF_TOKEN", secret)
    monkeypatch.setattr(sys, "argv", ["lmms-eval", "--model_args", f"model=x,api_key=b,y={secret}"])
    assert describe_environment()["command"] == [
        "lmms-eval",
        "--model_args",
        "model=x,api_key=[redacted],y=[redacted]",
    ]


def test_the_commit_of_a_checkout_is_kept_with_whether_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "unisafe_tasks"
    package.mkdir()
    file = package / "provenance.py"
    file.write_text("carrots = 1\n")
    monkeypatch.setattr(provenance, "PACKAGE", package)
    assert provenance.describe_environment()["git_commit"] is None

    def git(*words: str) -> str:
        identity = ("-c", "user.name=T. Turnip", "-c", "user.email=turnip@example.org")
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *words],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    git("init", "--quiet")
    assert provenance.describe_environment()["git_commit"] is None
    git("add", ".")
    git("commit", "--quiet", "--message", "Carrots")
    commit = git("rev-parse", "HEAD")
    assert provenance.describe_environment()["git_commit"] == commit
    file.write_text("carrots = 2\n")
    assert provenance.describe_environment()["git_commit"] == f"{commit}-dirty"
