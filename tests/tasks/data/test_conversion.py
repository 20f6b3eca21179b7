"""Local forms become parquet once, row by row, and whatever is wrong is named where it is."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.memory import peak_of
from tests.tasks import samples
from tests.tasks.conftest import Use
from unisafe_tasks import TASKS, DataError, load_cases
from unisafe_tasks.data import conversion
from unisafe_tasks.data.conversion import from_jsonl
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.files import write_atomically
from unisafe_tasks.settings import cache_folder


def converted(cache: Path) -> list[Path]:
    return sorted((cache / "cases").glob("*"))


def test_an_export_is_converted_once_into_one_file_a_split(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = samples.export(tmp_path)
    folder = from_jsonl([export]).folder
    names = sorted(path.name for path in (folder / "data").iterdir())
    assert names == ["image-00000-of-00001.parquet", "text-00000-of-00001.parquet"]
    monkeypatch.setattr(conversion, "write_splits", None)
    assert from_jsonl([export]).folder == folder
    assert converted(cache) == [folder]


def test_a_split_without_rows_gets_no_file(cache: Path, tmp_path: Path) -> None:
    folder = from_jsonl([samples.export(tmp_path, [samples.row("TT")])]).folder
    assert [path.name for path in (folder / "data").iterdir()] == ["text-00000-of-00001.parquet"]


def test_images_keep_their_bytes_and_rows_their_order(cache: Path, tmp_path: Path) -> None:
    rows = [samples.row("IE", f"c{number}") for number in reversed(range(150))]
    folder = from_jsonl([samples.export(tmp_path, rows)]).folder
    table = pq.read_table(folder / "data" / "image-00000-of-00001.parquet").to_pylist()
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    (entry,) = {row["input_image"]["path"] for row in table}
    assert Path(entry).read_bytes() == samples.IMAGES["images/first.png"]
    assert {row["input_image"]["bytes"] for row in table} == {None}


def test_a_changed_image_is_converted_anew(cache: Path, tmp_path: Path) -> None:
    export = samples.export(tmp_path)
    first = from_jsonl([export])
    (tmp_path / "images" / "first.png").write_bytes(samples.picture("navy", size=(30, 30)))
    assert from_jsonl([export]) != first


def test_a_conversion_that_fails_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    rows = [*samples.rows(), samples.row("TT", "last", instruction="")]
    with pytest.raises(DataError, match="line 15: instruction is empty"):
        from_jsonl([samples.export(tmp_path, rows)])
    assert converted(cache) == []


def test_two_conversions_at_once_give_one_folder(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = samples.export(tmp_path)
    rename = Path.rename

    def beaten(self: Path, target: Path) -> Path:
        # Another process has just put the same data there.
        shutil.copytree(self, target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", beaten)
    folder = from_jsonl([export]).folder
    assert converted(cache) == [folder]


def test_what_a_killed_process_left_half_made_is_removed_after_a_day(
    cache: Path, tmp_path: Path
) -> None:
    old, young = (cache / "cases" / f".building-{name}" / "data" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old.parent, (1_700_000_000, 1_700_000_000))
    folder = from_jsonl([samples.export(tmp_path)]).folder
    assert sorted((cache / "cases").iterdir()) == sorted([folder, young.parent])


def test_an_interrupted_conversion_leaves_nothing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(conversion, "write_splits", interrupted)
    with pytest.raises(KeyboardInterrupt):
        from_jsonl([samples.export(tmp_path)])
    assert list((cache / "cases").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_one_sentence(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    cache = tmp_path / "file" / "cache"
    official = samples.parquet_folder(tmp_path / "set")
    monkeypatch.setenv("UNISAFE_CACHE", str(cache))
    expected = (
        f"the cache {cache} cannot be used (Not a directory): set UNISAFE_CACHE to a folder that "
        "can be written"
    )
    for do in (
        lambda: use(samples.export(tmp_path / "export")),
        lambda: use("demo"),
        lambda: fingerprint(use(official)),
    ):
        with pytest.raises(DataError) as caught:
            do()
        assert str(caught.value) == expected


def paths_in_an_export(folder: Path, count: int) -> Path:
    images = {f"images/{number}.png": large(number) for number in range(count)}
    return samples.export(folder, numbered(count), images=images)


def base64_in_an_export(folder: Path, count: int) -> Path:
    rows = numbered(count)
    for number, row in enumerate(rows):
        row["input_image"] = base64.b64encode(large(number)).decode()
    return samples.write_rows(folder / "cases.jsonl", rows)


def bytes_in_parquet(folder: Path, count: int) -> Path:
    folder.mkdir()
    rows = samples.with_bytes(
        numbered(count), {f"images/{number}.png": large(number) for number in range(count)}
    )
    pq.write_table(pa.Table.from_pylist(rows), folder / "cases.parquet", row_group_size=10)
    return folder / "cases.parquet"


def the_published_form(folder: Path, count: int) -> Path:
    (folder / "data").mkdir(parents=True)
    rows = samples.with_bytes(
        numbered(count), {f"images/{number}.png": large(number) for number in range(count)}
    )
    table = pa.Table.from_pylist(rows, schema=samples.features().arrow_schema)
    pq.write_table(table, folder / "data" / "image-00000-of-00001.parquet", row_group_size=10)
    return folder


def a_saved_set(folder: Path, count: int) -> Path:
    rows = samples.with_bytes(
        numbered(count), {f"images/{number}.png": large(number) for number in range(count)}
    )
    datasets.Dataset.from_list(rows, features=samples.features()).save_to_disk(folder)
    return folder


def numbered(count: int) -> list[dict[str, Any]]:
    names = [f"images/{number}.png" for number in range(count)]
    return [samples.row("IE", name, input_image=name) for name in names]


def large(number: int) -> bytes:
    # Nobody decodes it, and no two are equal.
    return samples.picture() + number.to_bytes(4) + bytes(1_000_000)


@pytest.mark.parametrize(
    "form",
    [
        paths_in_an_export,
        base64_in_an_export,
        bytes_in_parquet,
        the_published_form,
        a_saved_set,
    ],
)
def test_conversion_streams(
    form: Callable[[Path, int], Path], use: Use, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def peak(count: int) -> int:
        data = form(tmp_path / str(count), count)
        caches = (tmp_path / f"cache-{count}-{number}" for number in itertools.count())

        def convert() -> None:
            monkeypatch.setenv("UNISAFE_CACHE", str(next(caches)))
            use(data)

        return peak_of(convert)

    # At most 16 MiB of rows are in memory at once.
    small, large = peak(20), peak(40)
    assert small > 1_000_000
    assert large < 1.2 * small


_LOADED = """
import pyarrow as pa
from unisafe_tasks import TASKS, load_cases, resolve_source
from unisafe_tasks.data.sources import fingerprint

source = resolve_source()
fingerprint(source)
sizes = [len(image.read()) for case in load_cases(source, TASKS["IE"]) for image in case.images]
print(len(sizes), pa.default_memory_pool().max_memory())
"""


def test_arrow_takes_no_more_memory_for_more_cases(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        settings = {
            "UNISAFE_DATA": str(the_published_form(tmp_path / str(count), count)),
            "UNISAFE_CACHE": str(tmp_path / "cache"),
            "HF_DATASETS_CACHE": str(tmp_path / "datasets"),
        }
        done = subprocess.run(
            [sys.executable, "-c", _LOADED],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=True,
        )
        read, taken = done.stdout.split()
        assert int(read) == count
        return int(taken)

    # Each image has one megabyte, and a row group ten of them.
    small, large = peak(40), peak(120)
    assert 10_000_000 < large < 60_000_000
    assert large < 1.05 * small


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id": True}, "id must be a text, found bool"),
        ({"instruction": "  "}, "instruction is empty, and scenario_type TT needs one"),
        ({"instruction": "\ud800"}, "instruction holds half of a surrogate pair"),
        ({"scenario_type": "XX"}, "scenario_type is 'XX', expected one of TI"),
        ({"scenario_type": "MT"}, "turns must hold 4 instructions for scenario_type MT, found 0"),
        ({"input_image": 5}, "input_image must be the bytes of an image or a path"),
        ({"input_image": False}, "input_image must be the bytes of an image or a path"),
        ({"input_image": {"bytes": "x"}}, "input_image is not base64"),
        ({"input_image": {"path": "../secret.png"}}, "input_image names '../secret.png', which i"),
        ({"input_image": ["images/first.png"] * 2}, "input_image holds 2 images, expected one"),
        ({"input_image": "https://here/a.png"}, "input_image names 'https://here/a.png', which is"),
        ({"input_image": "images/none.png"}, "input_image names 'images/none.png', which is not"),
        ({"input_image": "images"}, "input_image names 'images', which is not in"),
        ({"input_image": "../secret.png"}, "input_image names '../secret.png', which is outside"),
        ({"input_image_b": "/etc/hostname"}, "input_image_b names '/etc/hostname', which is outs"),
        ({"input_image": "a\0.png"}, "input_image names 'a\\x00.png', which is no path"),
        ({"input_image": "a" * 5000}, "input_image names 'aaaa"),
    ],
)
def test_a_wrong_row_of_an_export_is_named_by_file_line_and_field(
    cache: Path, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    (tmp_path / "secret.png").write_bytes(samples.picture())
    folder = tmp_path / "export"
    wrong = samples.row("TT", "c2", **changes)
    export = samples.export(folder)
    export.write_text(json.dumps(samples.row("TT")) + "\n\n" + json.dumps(wrong) + "\n")
    with pytest.raises(DataError) as caught:
        from_jsonl([export])
    # The blank line counts, so that an editor shows the same number.
    assert str(caught.value).startswith(f"{export}, line 3: {sentence}")


def test_a_link_out_of_the_exports_folder_is_refused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(samples.picture())
    export = samples.export(tmp_path / "export", [samples.row("IE")])
    image = tmp_path / "export" / "images" / "first.png"
    image.unlink()
    image.symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match=r"line 1: input_image names .* which is outside"):
        from_jsonl([export])


def test_an_empty_path_is_no_image(cache: Path, tmp_path: Path) -> None:
    folder = from_jsonl([samples.export(tmp_path, [samples.row("TT", input_image="")])]).folder
    (row,) = pq.read_table(folder).to_pylist()
    assert row["input_image"] is None


@pytest.mark.parametrize("field", ["id", "category", "subcategory", "scenario_type"])
def test_a_missing_field_of_an_export_is_named(cache: Path, tmp_path: Path, field: str) -> None:
    row = samples.row()
    del row[field]
    export = samples.export(tmp_path, [row])
    with pytest.raises(DataError) as caught:
        from_jsonl([export])
    assert str(caught.value) == (
        f"{export}, line 1: the column {field!r} is missing; there are: {', '.join(row)}"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"id": "c1", ', "line 2: not valid JSON"),
        ("[1, 2]", "line 2: expected a JSON object, found list"),
        ("[" * 100_000, "line 2: not valid JSON"),
        ('{"id": "\\x"}', "line 2: not valid JSON"),
    ],
)
def test_a_broken_line_of_an_export_is_named(
    cache: Path, tmp_path: Path, line: str, sentence: str
) -> None:
    export = samples.export(tmp_path, [samples.row()])
    with export.open("a") as file:
        file.write(line)
    with pytest.raises(DataError) as caught:
        from_jsonl([export])
    assert str(caught.value).startswith(f"{export}, {sentence}")


def test_a_line_that_is_no_utf_8_is_named(cache: Path, tmp_path: Path) -> None:
    export = tmp_path / "cases.jsonl"
    export.write_bytes(b'{"id": "\xff"}\n')
    with pytest.raises(DataError, match=r"cases\.jsonl, line 1: not valid JSON"):
        from_jsonl([export])


def test_an_export_that_cannot_be_read_is_an_error(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl cannot be read: .*No such file"):
        from_jsonl([tmp_path / "none.jsonl"])


def test_an_export_without_a_row_is_an_error(cache: Path, tmp_path: Path) -> None:
    export = samples.export(tmp_path, [])
    with pytest.raises(DataError) as caught:
        from_jsonl([export])
    assert str(caught.value) == f"{export} holds no cases"


def test_rows_of_two_files_with_other_contents_may_not_share_a_key(
    use: Use, tmp_path: Path
) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        samples.export(tmp_path, [samples.row("TT", "c1", target=name)], name=name)
    sentence = (
        r"b\.jsonl, line 1: a second case c1/TT with other contents, first in .*a\.jsonl, line 1"
    )
    with pytest.raises(DataError, match=sentence):
        load_cases(use(tmp_path), TASKS["TT"])


def test_a_path_in_a_parquet_file_may_not_lead_out_of_its_folder(use: Use, tmp_path: Path) -> None:
    file = samples.parquet_file(tmp_path / "cases.parquet", [samples.row("IE")])
    table = pq.read_table(file).drop_columns("input_image")
    pq.write_table(table.append_column("input_image", pa.array(["/etc/hostname"])), file)
    with pytest.raises(DataError, match="row 1: input_image names '/etc/hostname', which is outs"):
        use(file)


def test_a_wrong_row_of_a_parquet_file_is_named(use: Use, tmp_path: Path) -> None:
    rows = [samples.row("TT"), samples.row("TT", "b", category=" ")]
    file = samples.parquet_file(tmp_path / "cases.parquet", rows)
    with pytest.raises(DataError, match=r"cases\.parquet, row 2: category is empty"):
        use(file)


def test_a_file_that_is_no_parquet_is_an_error(use: Use, tmp_path: Path) -> None:
    file = tmp_path / "cases.parquet"
    file.write_text("id,category\n")
    with pytest.raises(DataError, match=r"cases\.parquet is not a parquet file"):
        use(file)


def test_a_parquet_file_that_is_cut_short_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    # In a process of its own, which the system would end if the file were mapped.
    held = [os.urandom(4000) for _ in range(4000)]
    for where in (0, 1_000_000, 10_000_000, 15_900_000):
        file = tmp_path / f"{where}.parquet"
        pq.write_table(
            pa.table({"id": [*map(str, range(4000))], "b": held}), file, row_group_size=500
        )
    done = subprocess.run(
        [sys.executable, "-c", _CUT_SHORT, *map(str, tmp_path.glob("*.parquet"))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["DataError"] * 4


_CUT_SHORT = """
import os, sys
from pathlib import Path
from unisafe_tasks import DataError
from unisafe_tasks.data.parquet import parquet_rows

for file in map(Path, sys.argv[1:]):
    rows = parquet_rows(file)
    next(rows)
    os.truncate(file, int(file.stem))
    try:
        print(len(list(rows)))
    except DataError:
        print("DataError")
"""


def test_a_wrong_row_of_a_saved_data_set_is_named_with_its_split(use: Use, tmp_path: Path) -> None:
    rows = [samples.row("TI"), samples.row("TT"), samples.row("TT", "b", instruction="")]
    with pytest.raises(DataError, match="set, split text, row 2: instruction is empty"):
        use(samples.saved(tmp_path / "set", rows))


def test_a_saved_data_set_without_a_column_is_an_error(use: Use, tmp_path: Path) -> None:
    split = datasets.Dataset.from_list([{"id": "a"}])
    datasets.DatasetDict(text=split).save_to_disk(tmp_path / "set")
    with pytest.raises(DataError, match="text, row 1: the column 'category' is missing; there are"):
        use(tmp_path / "set")


def test_a_damaged_saved_data_set_is_an_error(use: Use, tmp_path: Path) -> None:
    folder = samples.saved(tmp_path / "set")
    (folder / "text" / "state.json").unlink()
    with pytest.raises(DataError, match="cannot be loaded as a saved data set"):
        use(folder)


def test_the_cache_is_where_the_variables_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cache_folder() == Path(os.environ["UNISAFE_CACHE"])
    monkeypatch.delenv("UNISAFE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "unisafe"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "unisafe"


def test_a_file_is_written_whole_over_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomically(path, b"first and longer")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]
