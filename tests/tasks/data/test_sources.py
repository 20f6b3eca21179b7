"""Every form of UNISAFE_DATA gives the same cases under the same fingerprint, or one sentence."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tasks import samples
from tests.tasks.conftest import Use
from tests.tasks.hub import COMMIT, HubServer
from unisafe_tasks import TASKS, DataError, Source, load_cases, resolve_source
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.files import PACKAGE
from unisafe_tasks.settings import HUB_ID, data_setting

DEMO = PACKAGE / "demo"


def export_file(folder: Path) -> Path:
    return samples.export(folder)


def export_of_two_files(folder: Path) -> Path:
    rows = samples.rows()
    samples.export(folder, rows[::2], name="a.jsonl")
    samples.export(folder, rows[1::2], name="b.jsonl")
    return folder


def one_parquet_file(folder: Path) -> Path:
    folder.mkdir()
    return samples.parquet_file(folder / "cases.parquet")


FORMS: dict[str, Callable[[Path], Path]] = {
    "a JSONL export": export_file,
    "a folder with an export of two files": export_of_two_files,
    "a folder of parquet files": samples.parquet_folder,
    "one parquet file": one_parquet_file,
    "a save_to_disk folder": samples.saved,
}


def everything(source: Source) -> list[tuple[Any, ...]]:
    """All that the cases hold, images included, whatever their order."""
    return sorted(
        (
            case.key,
            case.category,
            case.subcategory,
            case.unsafe_trigger,
            case.target,
            case.instruction,
            case.turns,
            [(image.column, image.read()) for image in case.images],
        )
        for task in TASKS.values()
        for case in load_cases(source, task)
    )


def expected() -> list[tuple[Any, ...]]:
    return sorted(
        (
            f"{row['id']}/{row['scenario_type']}",
            row["category"],
            row["subcategory"],
            row["unsafe_trigger"],
            row["target"],
            row["instruction"],
            tuple(row["turns"]),
            [
                (column, samples.IMAGES[row[column]])
                for column in samples.IMAGE_NAMES
                if row[column] is not None
            ],
        )
        for row in samples.rows()
    )


@pytest.fixture(scope="module")
def fingerprint_of_the_export(
    tmp_path_factory: pytest.TempPathFactory, shared_cache: Path
) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
        export = samples.export(tmp_path_factory.mktemp("reference"))
        yield fingerprint(resolve_source(str(export)))


@pytest.mark.parametrize("form", FORMS)
def test_every_local_form_gives_the_same_cases_and_the_same_fingerprint(
    form: str, use: Use, tmp_path: Path, fingerprint_of_the_export: str
) -> None:
    path = FORMS[form](tmp_path / "set")
    source = use(path)
    assert everything(source) == expected()
    assert fingerprint(source) == fingerprint_of_the_export
    assert source.name == f"local:{path.name}"
    assert source.revision is None
    assert not source.is_demo


def test_the_demo_set_is_what_its_export_says(demo: Source, use: Use, tmp_path: Path) -> None:
    assert (demo.name, demo.is_demo) == ("demo", True)
    shutil.copytree(DEMO / "images", tmp_path / "images")
    rows = samples.rows_of_file(DEMO / "cases.jsonl")
    samples.write_rows(tmp_path / "later.jsonl", rows[40:])
    samples.write_rows(tmp_path / "first.jsonl", rows[:40])
    copy = use(tmp_path)
    assert not copy.is_demo
    assert everything(copy) == everything(demo)
    assert len(everything(demo)) == len(rows)
    assert fingerprint(copy) == fingerprint(demo)


def test_the_order_of_the_rows_is_no_part_of_the_fingerprint(
    use: Use, tmp_path: Path, fingerprint_of_the_export: str
) -> None:
    source = use(samples.export(tmp_path, samples.rows()[::-1]))
    assert fingerprint(source) == fingerprint_of_the_export


CHANGES: dict[str, Callable[[list[dict[str, Any]], dict[str, bytes]], object]] = {
    "an image": lambda rows, images: images.update({"images/first.png": samples.picture("red")}),
    "which image is which": lambda rows, images: rows[4].update(
        input_image="images/second.png", input_image_b="images/first.png"
    ),
    "a word": lambda rows, images: rows[0].update(instruction="Let the carrot rest."),
    "a turn": lambda rows, images: rows[6]["turns"].reverse(),
    "one case less": lambda rows, images: rows.pop(1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_changes_the_fingerprint(
    change: str, use: Use, tmp_path: Path, fingerprint_of_the_export: str
) -> None:
    rows, images = samples.rows(), dict(samples.IMAGES)
    CHANGES[change](rows, images)
    source = use(samples.export(tmp_path, rows, images=images))
    assert fingerprint(source) != fingerprint_of_the_export


def test_a_fingerprint_is_kept_until_a_file_changes(use: Use, cache: Path, tmp_path: Path) -> None:
    source = use(samples.parquet_folder(tmp_path / "set"))
    value = fingerprint(source)
    (kept,) = (cache / "fingerprints").iterdir()
    assert kept.read_text() == value
    kept.write_text("kept")
    assert fingerprint(source) == "kept"
    changed = [row | {"target": "A turnip naps."} for row in samples.rows()]
    changed_source = use(samples.parquet_folder(tmp_path / "set", changed))
    assert fingerprint(changed_source) not in ("kept", value)


def test_without_a_setting_the_hub_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_setting() == HUB_ID == "segyulee/UniSAFE"
    monkeypatch.setenv("UNISAFE_DATA", " ")
    assert data_setting() == HUB_ID
    monkeypatch.setenv("UNISAFE_DATA", " demo ")
    assert data_setting() == "demo"


def test_a_source_is_resolved_once(use: Use, tmp_path: Path) -> None:
    export = samples.export(tmp_path)
    first = use(export)
    export.unlink()
    assert resolve_source() is first


@pytest.mark.parametrize("setting", ["no-such-thing", "a/b/c", "~nobody-at-all/cases", "x y/z"])
def test_an_unknown_setting_is_named_with_what_can_be_set(use: Use, setting: str) -> None:
    with pytest.raises(DataError) as caught:
        use(setting)
    assert f"there is no data set {setting!r}: no file or folder here" in str(caught.value)
    assert "'demo'" in str(caught.value)


@pytest.mark.parametrize("setting", ["exports/cases.jsonl", "exports/cases.parquet"])
def test_a_misspelt_file_is_not_looked_for_on_the_hub(use: Use, setting: str) -> None:
    with pytest.raises(DataError, match="no file or folder here has this name"):
        use(setting)


def test_a_file_of_another_kind_is_refused(use: Use, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("id\n")
    with pytest.raises(DataError, match=r"cases\.csv is neither a \.parquet nor a \.jsonl file"):
        use(file)


def test_a_folder_without_data_is_refused(use: Use, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no parquet files"):
        use(tmp_path)


def test_a_missing_split_is_named_with_those_that_are_there(use: Use, tmp_path: Path) -> None:
    source = use(samples.export(tmp_path, [samples.row("TT")]))
    with pytest.raises(DataError) as caught:
        load_cases(source, TASKS["TI"])
    assert str(caught.value) == (
        "local:cases.jsonl has no split 'image', which unisafe_t2i needs; it has: text"
    )


def test_errors_in_a_split_begin_with_source_split_and_row(use: Use, tmp_path: Path) -> None:
    rows = [samples.row("TT"), samples.row("IT"), samples.row("IT", target="A turnip naps.")]
    source = use(samples.parquet_folder(tmp_path / "set", rows))
    expected = r"^local:set, split text, row 3: id 'c1' .* appears twice, first in row 2$"
    with pytest.raises(DataError, match=expected):
        load_cases(source, TASKS["IT"])


def test_a_damaged_parquet_file_is_an_error(use: Use, tmp_path: Path) -> None:
    folder = samples.parquet_folder(tmp_path / "set")
    file = folder / "data" / "text-00000-of-00001.parquet"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(DataError, match=f"^{re.escape(str(file))} is not a parquet file"):
        load_cases(use(folder), TASKS["TT"])


@pytest.fixture
def on_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[HubServer], None]:
    """Have the hub's client talk to a server of ours."""

    def point(server: HubServer) -> None:
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.url)
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    return point


def test_a_hub_data_set_is_downloaded_at_its_revision(
    use: Use,
    on_hub: Callable[[HubServer], None],
    tmp_path: Path,
    fingerprint_of_the_export: str,
) -> None:
    folder = samples.parquet_folder(tmp_path / "set")
    files = {f"data/{path.name}": path.read_bytes() for path in (folder / "data").iterdir()}
    with HubServer({**files, "README.md": b"# A set\n", "paper.pdf": b"%PDF"}) as server:
        on_hub(server)
        source = use("teaville/carrots@v1.0")
        assert any(
            path.startswith("/api/datasets/teaville/carrots/revision/v1.0")
            for path in (server.paths)
        )
    assert source == Source("teaville/carrots", source.folder, COMMIT)
    assert everything(source) == expected()
    assert fingerprint(source) == fingerprint_of_the_export
    assert not list(source.folder.rglob("*.pdf"))


@pytest.mark.parametrize("form", ["an export", "parquet files that name images"])
def test_a_hub_data_set_in_another_form_is_downloaded_whole_and_converted(
    form: str,
    use: Use,
    on_hub: Callable[[HubServer], None],
    tmp_path: Path,
    fingerprint_of_the_export: str,
) -> None:
    samples.export(tmp_path / "set")
    if form != "an export":
        table = pa.Table.from_pylist(samples.rows())
        (tmp_path / "set" / "cases.jsonl").unlink()
        pq.write_table(table, tmp_path / "set" / "train.parquet")
    there = [path for path in (tmp_path / "set").rglob("*") if path.is_file()]
    files = {str(path.relative_to(tmp_path / "set")): path.read_bytes() for path in there}
    with HubServer(files) as server:
        on_hub(server)
        source = use("teaville/carrots")
    assert (source.name, source.revision) == ("teaville/carrots", COMMIT)
    assert everything(source) == expected()
    assert fingerprint(source) == fingerprint_of_the_export


@pytest.mark.parametrize("fault", ["gated", "unknown"])
def test_a_hub_data_set_without_access_says_how_to_get_it(
    use: Use, on_hub: Callable[[HubServer], None], fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HubServer(fault=fault) as server:
        on_hub(server)
        with pytest.raises(DataError) as caught:
            use("teaville/carrots")
        assert str(caught.value).startswith(
            "the data set teaville/carrots is gated and an unknown account has no access: "
            "request access"
        )
        monkeypatch.setenv("HF_TOKEN", "hf_notarealtokennotarealtoken")
        with pytest.raises(DataError, match="gated and the account of HF_TOKEN has no access"):
            use("teaville/carrots")


@pytest.mark.parametrize("fault", ["broken", "silent"])
def test_a_hub_that_fails_is_an_error_that_names_the_ways_out(
    use: Use, on_hub: Callable[[HubServer], None], fault: Any
) -> None:
    with HubServer(fault=fault) as server:
        on_hub(server)
        with pytest.raises(DataError) as caught:
            use("teaville/carrots")
    assert str(caught.value).startswith("the data set teaville/carrots cannot be downloaded (")
    assert "UNISAFE_DATA to a local copy, or to 'demo'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_network_the_hub_is_an_error(
    use: Use, on_hub: Callable[[HubServer], None]
) -> None:
    with HubServer() as server:
        on_hub(server)
    with pytest.raises(DataError, match=r"teaville/carrots cannot be downloaded \(.*refused"):
        use("teaville/carrots")


def test_a_name_that_the_hub_does_not_allow_is_an_error(use: Use) -> None:
    with pytest.raises(DataError, match="the data set teaville/rüben cannot be downloaded"):
        use("teaville/rüben")


def test_a_name_that_no_file_can_have_is_one_sentence(use: Use) -> None:
    with pytest.raises(DataError, match="cannot be used: File name too long"):
        use(Path("x" * 5000))


@pytest.mark.parametrize("looked", ["when it is named", "when it is read"])
def test_a_folder_that_may_not_be_looked_through_is_one_sentence(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked: str
) -> None:
    folder = samples.parquet_folder(tmp_path / "set")
    source = use(folder)

    def refused(path: Path, _: str) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "rglob", refused)
    looks = {
        "when it is named": (folder, lambda: use(folder)),
        "when it is read": (source.folder, lambda: load_cases(source, TASKS["TT"])),
    }
    refusing, look = looks[looked]
    with pytest.raises(DataError) as caught:
        look()
    assert str(caught.value) == f"{refusing} cannot be used: Permission denied"
