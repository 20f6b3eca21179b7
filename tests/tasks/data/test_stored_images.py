"""Images of converted data: each kept once, no file copied, and none given for another."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.tasks import samples
from tests.tasks.conftest import Use
from unisafe_tasks import TASKS, Case, CaseSet, DataError, load_cases
from unisafe_tasks.data import datasheet, export, stored_images, validation
from unisafe_tasks.data.cache_layout import ENTRIES
from unisafe_tasks.data.official_form import write_splits
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.data.subsets import write_subset
from unisafe_tasks.errors import NoCasesError
from unisafe_tasks.outputs.earlier_run import inputs_row

Row = dict[str, Any]

FIRST, SECOND = samples.IMAGES.values()


def rows() -> list[Row]:
    """Twelve references to two images, which a third file repeats."""
    cases = [samples.row("IC", f"c{number}") for number in range(5)]
    return [*cases, samples.row("IE", "e"), samples.row("IT", "t", input_image="images/again.png")]


IMAGES = {**samples.IMAGES, "images/again.png": FIRST}


def in_base64(folder: Path) -> Path:
    def text(value: Row | None) -> str | None:
        return value and base64.b64encode(value["bytes"]).decode()

    held = samples.with_bytes(rows(), IMAGES)
    texts = [row | {name: text(row[name]) for name in samples.IMAGE_NAMES} for row in held]
    return samples.write_rows(folder / "cases.jsonl", texts)


def in_one_file(folder: Path) -> Path:
    folder.mkdir()
    table = pa.Table.from_pylist(samples.with_bytes(rows(), IMAGES))
    pq.write_table(table, folder / "cases.parquet")
    return folder / "cases.parquet"


def saved(folder: Path) -> Path:
    held = samples.with_bytes(rows(), IMAGES)
    datasets.Dataset.from_list(held, features=samples.features()).save_to_disk(folder)
    return folder


def exported(folder: Path) -> Path:
    return samples.export(folder, rows(), images=IMAGES)


def published(folder: Path) -> Path:
    return samples.parquet_folder(folder, rows(), images=IMAGES)


def with_paths(folder: Path) -> Path:
    samples.export(folder, [], images=IMAGES)
    (folder / "cases.jsonl").unlink()
    pq.write_table(pa.Table.from_pylist(rows()), folder / "cases.parquet")
    return folder


FORMS: dict[str, tuple[Callable[[Path], Path], bool]] = {
    "a JSONL export": (exported, True),
    "a parquet file of paths": (with_paths, True),
    "base64": (in_base64, False),
    "one parquet file": (in_one_file, False),
    "a saved data set": (saved, False),
    "the published form": (published, False),
}


def all_cases(source: Any) -> list[Case]:
    found: list[Case] = []
    for task in TASKS.values():
        try:
            found += load_cases(source, task)
        except NoCasesError:
            continue
    return found


def entries(folder: Path) -> list[Path]:
    return sorted((folder / ENTRIES).iterdir())


@pytest.mark.parametrize("form", FORMS)
def test_equal_images_are_kept_once_and_files_are_not_copied(
    form: str, use: Use, cache: Path, tmp_path: Path
) -> None:
    write, are_files = FORMS[form]
    source = use(write(tmp_path / "set"))
    kept = entries(source.folder)
    assert sorted(path.read_bytes() for path in kept) == sorted([FIRST, SECOND])
    assert [path.is_symlink() for path in kept] == [are_files] * 2
    shown = [image.read() for case in all_cases(source) for image in case.images]
    assert shown == [FIRST, FIRST, SECOND] + [FIRST, SECOND] * 4 + [FIRST]


@pytest.mark.parametrize("form", FORMS)
def test_whoever_loads_the_folder_with_datasets_sees_the_pictures(
    form: str, use: Use, tmp_path: Path
) -> None:
    source = use(FORMS[form][0](tmp_path / "set"))
    for split in datasets.load_dataset(str(source.folder)).values():
        for row in split:
            for name, data in zip(samples.IMAGE_NAMES, (FIRST, SECOND), strict=True):
                if row[name] is not None:
                    expected = Image.open(BytesIO(data)).convert("RGB")
                    assert row[name].convert("RGB").tobytes() == expected.tobytes()


def test_neither_converted_data_nor_the_copy_of_datasets_holds_images(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    images = {name: samples.noise(300, seed) for seed, name in enumerate(samples.IMAGES)}
    size = len(images["images/first.png"])
    cases = [samples.row("IC", f"c{number}") for number in range(30)]
    source = use(samples.export(tmp_path / "set", cases, images=images))
    assert len(list(load_cases(source, TASKS["IC"]))) == 30
    files = [*cache.rglob("*"), *(tmp_path / "datasets").rglob("*")]
    assert any(file.suffix == ".arrow" for file in files)
    assert sum(file.lstat().st_size for file in files if file.is_file()) < size


def test_an_image_counts_only_as_the_data_hold_it(use: Use, cache: Path, tmp_path: Path) -> None:
    # The same content, first as a file, then in base64: it no longer depends on the file.
    held = base64.b64encode(FIRST).decode()
    cases = [samples.row("IE", "file"), samples.row("IE", "held", input_image=held)]
    source = use(samples.export(tmp_path / "set", cases))
    shutil.rmtree(tmp_path / "set")
    assert [case.images[0].read() for case in load_cases(source, TASKS["IE"])] == [FIRST, FIRST]


def test_where_there_are_no_links_images_are_copied(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    source = use(exported(tmp_path / "set"))
    assert [path.is_symlink() for path in entries(source.folder)] == [False] * 2
    shutil.rmtree(tmp_path / "set")
    assert all_cases(source)[0].images[0].read() == FIRST


def test_a_copied_export_does_not_need_the_first(use: Use, cache: Path, tmp_path: Path) -> None:
    shutil.copytree(exported(tmp_path / "one").parent, tmp_path / "two")
    first = use(tmp_path / "one" / "cases.jsonl")
    second = use(tmp_path / "two" / "cases.jsonl")
    shutil.rmtree(tmp_path / "one")
    assert second.folder != first.folder
    assert all_cases(second)[0].images[0].read() == FIRST


def test_a_cache_that_was_moved_is_not_read_by_its_old_paths(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = in_base64(tmp_path / "set")
    before = use(data)
    cache.rename(tmp_path / "moved")
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / "moved"))
    after = use(data)
    assert after.folder.name != before.folder.name
    assert all_cases(after)[0].images[0].read() == FIRST


# --- images that are not what they were ---


def rewritten(file: Path) -> None:
    file.write_bytes(samples.picture("navy"))


def rewritten_with_the_same_size_and_time(file: Path) -> None:
    stat = file.stat()
    file.write_bytes(FIRST[:-1] + b"?")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def replaced(file: Path) -> None:
    rewritten_with_the_same_size_and_time(file)
    shutil.copy2(file, file.with_name("new.png"))
    file.with_name("new.png").replace(file)


def linked_elsewhere(file: Path) -> None:
    secret = file.parents[2] / "secret.txt"
    secret.write_text("secret")
    file.unlink()
    file.symlink_to(secret)


@pytest.mark.parametrize("was_read", [False, True])
@pytest.mark.parametrize(
    "change", [rewritten, rewritten_with_the_same_size_and_time, replaced, linked_elsewhere]
)
def test_no_other_image_is_given_than_was_converted(
    change: Callable[[Path], None], was_read: bool, use: Use, cache: Path, tmp_path: Path
) -> None:
    source = use(samples.export(tmp_path / "set", [samples.row("IC")]))
    ((first, second),) = (case.images for case in load_cases(source, TASKS["IC"]))
    if was_read:
        assert first.read() == FIRST
    file = tmp_path / "set" / "images" / "first.png"
    change(file)
    with pytest.raises(DataError) as caught:
        first.read()
    assert str(caught.value) == (
        f"c1: input_image: {file.resolve()} has changed after the data were converted: put the old "
        f"file back, or remove {source.folder} to convert the data again"
    )
    assert second.read() == SECOND
    file.unlink()
    file.write_bytes(FIRST)
    assert first.read() == FIRST


def deleted(folder: Path) -> None:
    (folder / "images" / "first.png").unlink()


def moved(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize("change", [deleted, moved])
def test_an_image_that_is_gone_is_told_in_one_sentence(
    change: Callable[[Path], None], use: Use, cache: Path, tmp_path: Path
) -> None:
    source = use(samples.export(tmp_path / "set", [samples.row("IE")]))
    ((image,),) = (case.images for case in load_cases(source, TASKS["IE"]))
    change(tmp_path / "set")
    with pytest.raises(DataError) as caught:
        image.read()
    assert str(caught.value) == (
        f"c1: input_image: {tmp_path / 'set' / 'images' / 'first.png'} was moved or deleted after "
        f"the data were converted: put it back, or remove {source.folder} to convert the data again"
    )


def test_an_image_that_grew_over_the_cap_is_not_read(use: Use, cache: Path, tmp_path: Path) -> None:
    source = use(samples.export(tmp_path / "set", [samples.row("IE")]))
    ((image,),) = (case.images for case in load_cases(source, TASKS["IE"]))
    os.truncate(tmp_path / "set" / "images" / "first.png", 1 << 40)
    with pytest.raises(DataError, match=r"^c1: input_image: .* more than the .* allowed"):
        image.read()


def test_an_image_over_the_cap_that_the_data_hold_stops_no_other_case(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unisafe_judges.images.MAX_BYTES", 10_000)
    huge = samples.noise(80)
    assert len(huge) > 10_000
    cases = [samples.row("IE", "small"), samples.row("IE", "huge", input_image="huge.png")]
    images = samples.IMAGES | {"huge.png": huge}
    source = use(samples.parquet_folder(tmp_path / "set", cases, images=images))
    sheet = datasheet.datasheet(source)
    assert (sheet["cases"], sheet["images"]["count"], sheet["images"]["unreadable"]) == (2, 2, 1)
    (problem,) = validation.validate(source).problems
    assert problem == (
        f"local:set: huge/IE: input_image: the image has {len(huge):,} bytes, more than the 10,000 "
        "allowed"
    )
    write_subset(source, tmp_path / "part", 5)
    shown = {case.id: case.images[0].read() for case in all_cases(use(tmp_path / "part"))}
    assert shown == {"small": FIRST, "huge": huge}


def test_a_changed_image_is_a_problem_of_its_case_alone(
    use: Use, cache: Path, tmp_path: Path
) -> None:
    source = use(samples.export(tmp_path / "set", [samples.row("IC"), samples.row("IE", "e")]))
    (tmp_path / "set" / "images" / "second.png").unlink()
    (problem,) = validation.validate(source).problems
    assert problem.startswith("local:cases.jsonl: c1/IC: input_image_b: ")
    assert "second.png was moved or deleted" in problem


# --- paths that are not ours ---


def case_set(path: str) -> CaseSet:
    row = samples.with_bytes([samples.row("IE")])[0]
    held = [row | {"input_image": {"bytes": None, "path": path}}]
    loaded = datasets.Dataset.from_list(held, features=samples.features())
    return CaseSet(TASKS["IE"], loaded, "here")


def test_rows_name_no_file_but_an_entry_of_our_cache(use: Use, cache: Path, tmp_path: Path) -> None:
    source = use(samples.export(tmp_path / "set", [samples.row("IE")]))
    (entry,) = entries(source.folder)
    assert next(iter(case_set(str(entry)))).images[0].read() == FIRST
    forged = tmp_path / "cases" / source.folder.name / ENTRIES
    forged.mkdir(parents=True)
    shutil.copy(entry, forged / entry.name)
    for path in (
        "/etc/hostname",
        str(tmp_path / "set" / "images" / "first.png"),
        str(forged / entry.name),
        f"{source.folder}/{ENTRIES}/../{ENTRIES}/{entry.name}",
        f"{source.folder}/../../{ENTRIES}/{entry.name}",
        f"{entry}\n",
        f"{entry}\0",
        entry.name,
    ):
        with pytest.raises(DataError, match="row 1: input_image names an image outside the cache"):
            case_set(path)
    with pytest.raises(DataError, match="row 1: input_image is missing"):
        case_set("")


def test_statistics_that_hide_a_path_open_no_file(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unisafe_tasks.data.parquet.names_images", lambda _: False)
    monkeypatch.setattr("unisafe_tasks.data.sources.names_images", lambda _: False)
    row = samples.with_bytes([samples.row("IE")])[0]
    table = datasets.Dataset.from_list(
        [row | {"input_image": {"bytes": None, "path": "/etc/hostname"}}],
        features=samples.features(),
    )
    (tmp_path / "set" / "data").mkdir(parents=True)
    table.to_parquet(tmp_path / "set" / "data" / "image-00000-of-00001.parquet")
    with pytest.raises(DataError, match="row 1: input_image names '/etc/hostname', which is outs"):
        use(tmp_path / "set")


def test_a_link_inside_the_folder_is_followed(use: Use, cache: Path, tmp_path: Path) -> None:
    data = samples.export(tmp_path / "set", [samples.row("IE")])
    image = tmp_path / "set" / "images" / "first.png"
    image.rename(tmp_path / "set" / "blob")
    image.symlink_to("../blob")
    ((shown,),) = (case.images for case in load_cases(use(data), TASKS["IE"]))
    assert shown.read() == FIRST


# --- nothing is read that need not be ---


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[object]:
    calls: list[object] = []
    real = getattr(module, name)

    def count(*args: Any) -> Any:
        calls.append(args[0])
        return real(*args)

    monkeypatch.setattr(module, name, count)
    return calls


def test_each_file_is_read_once_to_convert_the_data_and_never_to_load_them(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = counted(monkeypatch, stored_images, "read_image_file")
    data = exported(tmp_path / "set")
    source = use(data)
    assert sorted(map(str, read)) == sorted(str(tmp_path / "set" / name) for name in IMAGES)
    read.clear()
    again = use(data)
    cases = all_cases(again)
    assert again.folder == source.folder
    fingerprint(again)
    digests = [inputs_row(case)["sha256"]["input_image"] for case in cases]
    assert len(set(digests)) == 1
    assert read == []


def test_the_digest_of_an_image_that_a_row_holds_is_computed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = samples.with_bytes(rows(), IMAGES)
    loaded = datasets.Dataset.from_list(held[:5], features=samples.features())
    cases = CaseSet(TASKS["IC"], loaded, "here")
    read = counted(monkeypatch, stored_images.ImageColumn, "read")
    for _ in range(2):
        digests = [image.sha256 for case in cases for image in case.images]
        assert digests == [hashlib.sha256(data).hexdigest() for data in (FIRST, SECOND)] * 5
    assert len(read) == 10


@pytest.mark.parametrize("form", FORMS)
def test_a_digest_is_that_of_the_bytes(form: str, use: Use, tmp_path: Path) -> None:
    for case in all_cases(use(FORMS[form][0](tmp_path / "set"))):
        for image in case.images:
            assert image.sha256 == hashlib.sha256(image.read()).hexdigest()


def write_export(source: Any, folder: Path) -> None:
    export.export_cases(source, folder)


def describe(source: Any, folder: Path) -> None:
    sheet = datasheet.datasheet(source)
    assert sheet["images"]["count"] == 12
    assert sheet["images"]["distinct"] == 2


def validate(source: Any, folder: Path) -> None:
    done = validation.validate(source)
    assert (done.cases, done.images, done.problems) == (7, 12, ())


@pytest.mark.parametrize(
    ("module", "command"),
    [(export, write_export), (datasheet, describe), (validation, validate)],
)
def test_each_distinct_image_is_decoded_once(
    module: Any,
    command: Callable[[Any, Path], None],
    use: Use,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = use(exported(tmp_path / "set"))
    decoded = counted(monkeypatch, module, "check_image")
    command(source, tmp_path / "out")
    assert sorted(map(bytes, decoded)) == sorted([FIRST, SECOND])  # type: ignore[arg-type]


# --- what is written ---


def test_a_subset_needs_neither_its_source_nor_the_cache(
    use: Use, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_subset(use(exported(tmp_path / "set")), tmp_path / "part", 20)
    shutil.rmtree(tmp_path / "set")
    shutil.rmtree(cache)
    (tmp_path / "part").rename(tmp_path / "moved")
    cases = all_cases(use(tmp_path / "moved"))
    assert [image.read() for image in cases[-1].images] == [FIRST]
    assert [image.read() for image in cases[1].images] == [FIRST, SECOND]


def test_row_groups_are_bounded_by_bytes(tmp_path: Path) -> None:
    size = 1024 * 1024
    held = {"bytes": b"x" * size, "path": None}
    cases = [samples.row("IE", f"c{number}") | {"input_image": held} for number in range(40)]
    write_splits(tmp_path, (("image", case) for case in cases))
    file = pq.ParquetFile(tmp_path / "data" / "image-00000-of-00001.parquet")
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    assert sum(group.num_rows for group in groups) == 40
    assert max(group.num_rows for group in groups) * size <= 17 * size
    assert len(groups) == 3


def test_a_fingerprint_is_what_it_always_was(use: Use, cache: Path, tmp_path: Path) -> None:
    images = {"images/first.png": b"first", "images/second.png": b"second"}
    known = "ee6cba9d2e8a7b3ff46dc5370c0e913268a172e6932c4f580af40f3ebbfa0838"
    assert fingerprint(use(samples.export(tmp_path / "export", images=images))) == known
    assert fingerprint(use(samples.parquet_folder(tmp_path / "set", images=images))) == known
