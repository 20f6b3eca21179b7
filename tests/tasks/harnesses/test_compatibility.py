"""The compatibility table is the one that is installed, tested and told."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from unisafe_tasks.harnesses.compatibility import COMPATIBILITY, HarnessVersion, known_version_of

ROOT = Path(__file__).parents[3]
RELEASES = [row for row in COMPATIBILITY if row.commit is None]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("row", RELEASES, ids=lambda row: row.name)
def test_the_extra_installs_the_release_that_was_tested(row: HarnessVersion) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = project["optional-dependencies"][row.extra]
    assert normal(row.requirement) in map(normal, requirements)


@pytest.mark.parametrize("row", RELEASES, ids=lambda row: row.name)
def test_the_constraints_name_the_same_release(row: HarnessVersion) -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert normal(row.requirement) in map(normal, lines)


@pytest.mark.parametrize("row", RELEASES, ids=lambda row: row.name)
def test_what_the_suite_runs_on_is_a_row(row: HarnessVersion) -> None:
    try:
        known = known_version_of(row.distribution)
    except PackageNotFoundError:
        pytest.skip(f"the extra {row.extra} is not installed")
    assert known == row


@pytest.mark.parametrize("row", COMPATIBILITY, ids=lambda row: row.name)
def test_the_documentation_has_every_row(row: HarnessVersion) -> None:
    table = (ROOT / "docs" / "compatibility.md").read_text("utf-8")
    assert f"| {row.name} | `{row.version}` | `[{row.extra}]` |" in table


def test_a_main_branch_is_named_by_its_commit() -> None:
    row = HarnessVersion(
        "x-eval", "x_eval", "1.0", "x", commit="0123456789abcdef", repository="https://h/x"
    )
    assert row.name == "x-eval main at 01234567"
    assert row.requirement == "git+https://h/x@0123456789abcdef"
