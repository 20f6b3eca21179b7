"""Every command can write to a terminal whose encoding lacks some of our signs."""

from __future__ import annotations

import codecs
import io
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tasks.commands import Done
from tests.tasks.run_folders import judged_run, outcomes
from unisafe_tasks import cli
from unisafe_tasks.streams import log_from, show_all


def on(encoding: str, monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> tuple[int, str]:
    """The exit code of a command, and what it writes to a terminal of this encoding."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding=encoding))
    monkeypatch.setattr(sys, "argv", ["unisafe", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    sys.stdout.flush()
    is_utf8 = {"json", "html"} & set(words)
    code = ended.value.code
    written = buffer.getvalue().decode("utf-8" if is_utf8 else encoding)
    return code if isinstance(code, int) else 0, written


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize(
    "words",
    [
        ("score", "RUN"),
        ("leaderboard", "RUN"),
        *(("leaderboard", "RUN", "--format", form) for form in ("csv", "markdown", "latex")),
        *(("leaderboard", "RUN", "--format", form) for form in ("json", "html")),
        ("compare", "RUN"),
        ("data", "describe", "demo"),
        ("judge", "--help"),
    ],
    ids=" ".join,
)
def test_a_command_shows_plain_signs_where_a_terminal_lacks_ours(
    unisafe: Callable[..., Done],
    judged_once: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    words: tuple[str, ...],
) -> None:
    given = [judged_once if word == "RUN" else word for word in words]
    code, out = on(encoding, monkeypatch, *given)
    assert (code, bool(out)) == (0, True)
    if words == ("score", "RUN"):
        assert "ASR v" in out
        assert "\\u6a21" in out


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a model whose name no small encoding has."""
    cases = {**outcomes("TT", A1="safe unsafe"), **outcomes("TI", A1="unsafe failed")}
    return judged_run(tmp_path_factory.mktemp("run"), cases, model="模型")


def test_what_has_no_plain_sign_is_escaped() -> None:
    show_all()
    assert "5 – 6 → 模型".encode("ascii", "unisafe-plain") == b"5 - 6 > \\u6a21\\u578b"
    assert codecs.lookup_error("unisafe-plain")


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """Our log, which is afterwards what it was."""
    ours = logging.getLogger("unisafe")
    level, handlers = ours.level, list(ours.handlers)
    yield ours
    ours.setLevel(level)
    ours.handlers[:] = handlers


@pytest.mark.parametrize(("word", "level"), [("DEBUG", 10), ("error", 40), ("None", 30)])
def test_the_log_follows_a_harness(log: logging.Logger, word: str, level: int) -> None:
    log.setLevel(logging.WARNING)
    log_from(word)
    assert log.level == level
