"""Where caches are, for users who have no home or one that cannot be written."""

from __future__ import annotations

import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.commands import Done
from unisafe_tasks.errors import UnisafeError, in_words
from unisafe_tasks.settings import answers_folder, cache_folder, rank, store_path, writable_cache


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of a container: no HOME, and no entry among the users."""

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "UNISAFE_CACHE", "UNISAFE_STORE", "UNISAFE_ANSWERS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize("folder", [cache_folder, store_path, answers_folder])
def test_without_a_home_the_folder_is_asked_for(folder: Callable[[], Path]) -> None:
    with pytest.raises(UnisafeError, match="this user has none: set UNISAFE_CACHE to a folder"):
        folder()


def test_without_a_home_a_command_that_needs_a_folder_says_so_and_others_work(
    unisafe: Callable[..., Done], tmp_path: Path, homeless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    needing = unisafe("verdicts", "list")
    assert (needing.code, needing.err.count("\n")) == (1, 1)
    assert "set UNISAFE_CACHE" in needing.err
    assert unisafe("tasks-dir").code == 0


def test_a_librarys_cache_is_moved_only_where_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path))
    usable = tmp_path / "hub" / "datasets"
    assert writable_cache(usable) == usable
    assert writable_cache(Path("~/.cache/huggingface/datasets")) == tmp_path / "datasets"
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert writable_cache(usable) == tmp_path / "datasets"


def test_what_the_system_says_names_the_file_and_the_setting_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / "cache"))
    hint = ": set UNISAFE_CACHE to a folder that can be written"
    for name in (tmp_path, tmp_path / "cache" / "cases"):
        error = PermissionError(13, "Permission denied", str(name))
        assert in_words(error) == f"{name} cannot be used: Permission denied{hint}"
    other = OSError(28, "No space left on device", "/elsewhere/x")
    assert in_words(other) == "/elsewhere/x cannot be used: No space left on device"
    assert in_words(OSError(28, "No space left on device")).endswith("No space left on device")


@pytest.mark.parametrize("left", ["3", ""])
def test_a_rank_that_a_cluster_left_is_not_believed_of_one_process(
    monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.setenv("RANK", left)
    assert rank() == 0


@pytest.mark.parametrize(
    "words",
    [
        ("cases", "export", "OUT"),
        ("label", "export", "RUN", "--per-cell", "1", "--out", "OUT"),
        ("data", "subset", "--per-subcategory", "1", "--out", "OUT"),
        ("report", "RUN", "--out", "OUT"),
        ("judge", "demo", "--task", "TT", "--out", "OUT"),
        ("judge", "demo", "--task", "TT", "--panel", "single-openai"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_folder_that_cannot_be_written_is_one_sentence(
    unisafe: Callable[..., Done],
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / "run"
    assert unisafe("judge", "demo", "--task", "TT", "--out", run).code == 0
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("UNISAFE_STORE", str(file / "store"))
    given = {"OUT": file / "out", "RUN": run}
    done = unisafe(*(given.get(word, word) for word in words))
    assert done.code == 1
    last = done.err.rstrip().splitlines()[-1]
    assert last.startswith("unisafe: ")
    assert str(file) in last
    assert "Traceback" not in done.err
