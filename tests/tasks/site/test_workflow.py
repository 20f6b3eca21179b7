"""docs/leaderboard-ci.yml: the step that checks a pull request, run as a CI runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tasks.commands import DEMO, metrics_of
from unisafe_tasks.files import encode_json

WORKFLOW = DEMO.parents[1] / "docs" / "leaderboard-ci.yml"


def workflow() -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    return value


@pytest.fixture
def repository(tmp_path: Path, accepted: Path) -> Path:
    """A leaderboard's repository with one accepted submission, on its main branch."""
    folder = tmp_path / "repository"
    shutil.copytree(accepted, folder / "submissions" / "reference")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    git(folder, "switch", "--quiet", "--create", "proposed")
    return folder


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")


def checked(repository: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """The step on the branch, as a CI runs it."""
    [step] = [
        one for one in workflow()["jobs"]["check"]["steps"] if "Check each" in one.get("name", "")
    ]
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=repository,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "REFERENCE": workflow()["env"]["REFERENCE"],
            "BASE": "main",
            "RUNNER_TEMP": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_sound_submission_passes_and_no_other_is_looked_at(
    repository: Path, submission: Path, tmp_path: Path
) -> None:
    shutil.copytree(submission, repository / "submissions" / "it is new; rm *")
    commit(repository)
    done = checked(repository, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("can be accepted") == 1


def test_a_submission_that_changes_the_reference_too_is_refused(
    repository: Path, submission: Path, tmp_path: Path
) -> None:
    """The reference of the main branch counts."""
    metrics = metrics_of(submission)
    metrics["tasks"]["unisafe_t2t"]["attack_success_rate"] = 0.0
    (submission / "metrics.json").write_bytes(encode_json(metrics))
    shutil.rmtree(repository / "submissions" / "reference")
    shutil.copytree(submission, repository / "submissions" / "reference")
    shutil.copytree(submission, repository / "submissions" / "new")
    commit(repository)
    done = checked(repository, tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("is refused.") == 2


def test_a_submission_that_was_removed_is_refused(repository: Path, tmp_path: Path) -> None:
    shutil.rmtree(repository / "submissions" / "reference")
    (repository / "README.md").write_text("x")
    commit(repository)
    done = checked(repository, tmp_path)
    assert done.returncode == 1
    assert "submissions/reference: no such folder" in done.stderr


def test_a_pull_request_without_a_submission_passes(repository: Path, tmp_path: Path) -> None:
    (repository / "README.md").write_text("x")
    commit(repository)
    assert checked(repository, tmp_path).returncode == 0


def test_only_the_publishing_job_may_write() -> None:
    jobs = workflow()["jobs"]
    assert workflow()["permissions"] == {"contents": "read"}
    assert "permissions" not in jobs["check"]
    assert "secrets" not in WORKFLOW.read_text("utf-8").replace("without secrets", "")
