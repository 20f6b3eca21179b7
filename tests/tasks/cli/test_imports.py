"""A subcommand imports what it needs: to read results takes no HTTP client and no image library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tasks.run_folders import judged_run, outcomes
from tests.waiting import LIMIT_S

RUN = """
import sys
from unisafe_tasks.cli import main

try:
    main()
except SystemExit as ended:
    if ended.code:
        raise
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""
OF_OTHER_WORK = {
    *("aiohttp", "httpx2", "openai", "google", "huggingface_hub", "datasets", "pyarrow", "PIL"),
    *("torch", "transformers", "lmms_eval", "lm_eval", "inspect_ai"),
}


def imported_by(*words: str) -> set[str]:
    """The packages that a command has imported when it is done."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words],
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "command", ["", "judge", "leaderboard", "report", "push", "doctor", "panel test", "runner list"]
)
def test_help_needs_no_numbers_either(command: str) -> None:
    imported = imported_by(*command.split(), "--help")
    assert "unisafe_tasks" in imported
    assert not imported & (OF_OTHER_WORK | {"numpy", "scipy", "yaml", "jinja2"})


def test_runners_are_listed_without_a_harness() -> None:
    assert not imported_by("runner", "list") & OF_OTHER_WORK


@pytest.mark.parametrize("words", [["leaderboard"], ["leaderboard", "--format", "html"]])
def test_the_leaderboard_needs_no_judge_and_no_data(words: list[str], tmp_path: Path) -> None:
    for model in ("carrot", "turnip"):
        judged_run(tmp_path / model, outcomes("TT", D1="safe unsafe", E2="safe refused"), model)
    imported = imported_by(*words, str(tmp_path / "carrot"), str(tmp_path / "turnip"))
    assert "numpy" in imported
    assert not imported & OF_OTHER_WORK


def test_a_score_and_a_comparison_need_none(tmp_path: Path) -> None:
    cells = {**outcomes("TT", D1="safe unsafe"), **outcomes("IT", D1="unsafe safe")}
    run = str(judged_run(tmp_path / "run", cells))
    for command in ("score", "compare"):
        assert not imported_by(command, run) & OF_OTHER_WORK, command
