"""Options of the command itself, and how it is started."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.tasks.commands import UNISAFE, Done


def ended(*words: str, **env: str) -> Done:
    done = subprocess.run(
        words,
        env={**os.environ, **env},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", [[UNISAFE], [sys.executable, "-m", "unisafe_tasks"]])
def test_it_prints_its_version_however_it_is_started(command: list[str]) -> None:
    assert ended(*command, "--version").out == f"unisafe-tasks {version('unisafe-tasks')}\n"


def test_a_shell_completes_commands_and_options() -> None:
    def completed(line: str) -> set[str]:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
        return set(ended(UNISAFE, _UNISAFE_COMPLETE="complete_bash", **words).out.split())

    assert completed("unisafe lead") == {"leaderboard"}
    assert {"--max", "--max-increase"} <= completed("unisafe gate --m")


def watched(out: Path, *words: str) -> tuple[int, str]:
    """Judge outputs while a terminal shows standard error: the exit code, and what is shown."""
    rest = ("judge", "demo", "--data", "demo", "--task", "TT", "--panel", "labels")
    folders = {name: str(out / name) for name in ("UNISAFE_CACHE", "HF_DATASETS_CACHE")}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    done = subprocess.run(
        [UNISAFE, *words, *rest, "--out", str(out / "run")],
        env={**os.environ, **folders},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        timeout=60,
        check=False,
    )
    os.write(theirs, b"END")
    shown = b""
    while not shown.endswith(b"END"):
        shown += os.read(ours, 65536)
    os.close(theirs)
    os.close(ours)
    return done.returncode, shown.decode().removesuffix("END")


def test_quiet_shows_no_bars(tmp_path: Path) -> None:
    code, shown = watched(tmp_path / "loud")
    # The data are converted, and then judged; labels are quicker than a bar.
    assert (code, "examples/s" in shown) == (0, True)
    assert watched(tmp_path / "quiet", "--quiet") == (0, "")


def test_quiet_still_says_what_went_wrong(tmp_path: Path) -> None:
    wrong = ended(UNISAFE, "--quiet", "score", str(tmp_path / "nothing"))
    assert (wrong.code, str(tmp_path / "nothing") in wrong.err) == (1, True)
