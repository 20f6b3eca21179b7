"""The cache of converted data: wherever it is, it gives what the data hold now."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tasks import samples
from tests.tasks.conftest import Use
from unisafe_tasks import TASKS, DataError, load_cases
from unisafe_tasks.data.cache_layout import ENTRIES
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.settings import cache_folder

FIRST = samples.IMAGES["images/first.png"]


def asked(use: Use, data: Path) -> str:
    """What the data's one case asks, read as a new command does."""
    (case,) = load_cases(use(data), TASKS["IE"])
    assert [image.read() for image in case.images] == [FIRST]
    return case.instruction


# --- data that have changed ---


def as_export(folder: Path, row: samples.Row) -> Path:
    samples.export(folder, [row])
    return folder


def as_parquet_file(folder: Path, row: samples.Row) -> Path:
    folder.mkdir(exist_ok=True)
    # A file of the same size for every instruction of the same length.
    table = pa.Table.from_pylist(samples.with_bytes([row]))
    pq.write_table(table, folder / "cases.parquet", compression="none", write_statistics=False)
    return folder


def as_published(folder: Path, row: samples.Row) -> Path:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(samples.with_bytes([row]), schema=samples.features().arrow_schema)
    pq.write_table(table, folder / "data" / "image-00000-of-00001.parquet", compression="none")
    return folder


def as_saved_set(folder: Path, row: samples.Row) -> Path:
    rows = samples.with_bytes([row])
    datasets.Dataset.from_list(rows, features=samples.features()).save_to_disk(folder)
    return folder


FORMS = [as_export, as_parquet_file, as_published, as_saved_set]


@pytest.mark.parametrize("write", FORMS)
def test_changed_data_are_seen_whatever_their_size_and_time(
    write: Callable[[Path, samples.Row], Path], use: Use, cache: Path, tmp_path: Path
) -> None:
    sizes = []
    for instruction in ("do A", "do B"):
        data = write(tmp_path / "set", samples.row("IE", instruction=instruction))
        files = sorted(path for path in data.rglob("*") if path.is_file())
        for file in files:
            os.utime(file, (1_700_000_000, 1_700_000_000))
        sizes.append([file.stat().st_size for file in files])
        assert asked(use, data) == instruction
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("place", ["set/cache", "set"])
@pytest.mark.parametrize("write", FORMS)
def test_a_cache_inside_the_data_is_not_part_of_them(
    write: Callable[[Path, samples.Row], Path],
    place: str,
    use: Use,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / place))
    for instruction in ("do A", "do B", "do C"):
        data = write(tmp_path / "set", samples.row("IE", instruction=instruction))
        assert asked(use, data) == instruction
    # Nor does it make the data others.
    folder = use(data).folder
    assert use(data).folder == folder
    assert len(list(folder.parent.iterdir())) == 3


def test_files_of_the_cache_are_not_named_as_those_of_the_data(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / "set" / "cache"))
    use("demo")
    (tmp_path / "set" / "cases.csv").write_text("")
    with pytest.raises(DataError, match=r"; there are: 1 \.csv$"):
        use(tmp_path / "set")


# --- how the cache is called ---


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a[1]", "has '[', which harnesses do not take literally"),
        ("a]", "has ']', which harnesses do not take literally"),
        ("a*", "has '*', which harnesses do not take literally"),
        ("a?", "has '?', which harnesses do not take literally"),
        ("$HOME", "has '$', which harnesses do not take literally"),
        ("a::b", "has '::', which harnesses do not take literally"),
        ("a\nb", "has '\\n', which harnesses do not take literally"),
        (os.fsdecode(b"a\xff"), "is not UTF-8"),
    ],
)
def test_a_cache_that_harnesses_cannot_load_from_is_refused(
    name: str, problem: str, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / name / "cache"
    monkeypatch.setenv("UNISAFE_CACHE", str(cache))
    with pytest.raises(DataError) as caught:
        use("demo")
    assert str(caught.value) == (
        f"the cache {str(cache)!r} cannot be used, since its path {problem}: set UNISAFE_CACHE to "
        "another folder"
    )
    assert not cache.exists()


@pytest.mark.parametrize("name", ["a b", "{a,b}", "ünï", "100%25", "a#b!c", "~", "a:b", "back\\n"])
def test_a_cache_of_another_unusual_name_works(
    name: str, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / name))
    data = as_export(tmp_path / "set", samples.row("IE", instruction="do A"))
    assert asked(use, data) == "do A"
    assert use(data).folder.is_relative_to(tmp_path / name)


def test_a_relative_cache_stays_where_it_was_when_the_process_changes_its_folder(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_export(tmp_path / "set", samples.row("IE"))
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "one")
    monkeypatch.setenv("UNISAFE_CACHE", "a-relative-cache")
    source = use(data)
    monkeypatch.chdir(tmp_path / "two")
    (case,) = load_cases(source, TASKS["IE"])
    assert case.images[0].read() == FIRST
    assert cache_folder() == tmp_path / "one" / "a-relative-cache"
    assert list((tmp_path / "two").iterdir()) == []


def test_two_names_of_one_cache_are_one(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_export(tmp_path / "set", samples.row("IE"))
    source = use(data)
    (tmp_path / "link").symlink_to(cache)
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / "link"))
    # As a harness does that has loaded the rows already, and as a new command does.
    for seen in (source, use(data)):
        assert seen.folder == source.folder
        (case,) = load_cases(seen, TASKS["IE"])
        assert case.images[0].read() == FIRST


# --- what somebody has removed from the cache ---


def an_entry(folder: Path) -> None:
    next((folder / ENTRIES).iterdir()).unlink()


def all_entries(folder: Path) -> None:
    shutil.rmtree(folder / ENTRIES)


def the_rows(folder: Path) -> None:
    next((folder / "data").iterdir()).unlink()


def the_notes(folder: Path) -> None:
    (folder / ".notes.json").unlink()


def half_of_the_notes(folder: Path) -> None:
    (folder / ".notes.json").write_text('{"not')


@pytest.mark.parametrize("remove", [an_entry, all_entries, the_rows, the_notes, half_of_the_notes])
@pytest.mark.parametrize("write", FORMS)
def test_what_is_gone_from_the_cache_is_converted_again(
    write: Callable[[Path, samples.Row], Path],
    remove: Callable[[Path], None],
    use: Use,
    cache: Path,
    tmp_path: Path,
) -> None:
    data = write(tmp_path / "set", samples.row("IE", instruction="do A"))
    source = use(data)
    known = fingerprint(source)
    remove(source.folder)
    again = use(data)
    assert (again.folder, again.notes) == (source.folder, source.notes)
    assert asked(use, data) == "do A"
    assert fingerprint(again) == known
    assert list((cache / "cases").iterdir()) == [source.folder]


def test_what_is_still_in_the_cache_stays_as_it_is(use: Use, cache: Path, tmp_path: Path) -> None:
    source = use(samples.parquet_folder(tmp_path / "set", [samples.row("IC")]))
    lost, kept = sorted((source.folder / ENTRIES).iterdir())
    rows = next((source.folder / "data").iterdir())
    before = [path.stat() for path in (kept, rows)]
    lost.unlink()
    assert use(tmp_path / "set").folder == source.folder
    assert lost.is_file()
    assert [path.stat().st_ino for path in (kept, rows)] == [stat.st_ino for stat in before]


def test_an_entry_that_is_deleted_meanwhile_is_told_in_one_sentence(
    use: Use, cache: Path, tmp_path: Path
) -> None:
    source = use(as_export(tmp_path / "set", samples.row("IE")))
    (case,) = load_cases(source, TASKS["IE"])
    (entry,) = (source.folder / ENTRIES).iterdir()
    entry.unlink()
    with pytest.raises(DataError) as caught:
        case.images[0].read()
    assert str(caught.value) == (
        f"c1: input_image: {entry} was deleted: the next command converts the data again"
    )
