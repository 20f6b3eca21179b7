"""Every form that an export may have is loaded by a harness as the official one is, and told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tasks import samples
from tests.tasks.commands import Command
from tests.tasks.conftest import Use
from unisafe_tasks import TASKS, DataError, Source, load_cases
from unisafe_tasks.data.cases import COLUMNS
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.data.validation import validate
from unisafe_tasks.errors import NoCasesError

Row = dict[str, Any]


def given() -> list[Row]:
    """A case of each task that has an input of its own, as the published set has them."""
    return samples.with_bytes(samples.row(code, "7") for code in ("TI", "IC", "MT", "TT", "IT"))


def cases_of(source: Source) -> list[tuple[Any, ...]]:
    """All that the cases hold, loaded by `datasets` from the folder that a harness is given."""
    held = []
    for task in TASKS.values():
        with suppress(NoCasesError):
            held += [
                (
                    case.key,
                    case.category,
                    case.target,
                    case.instruction,
                    case.turns,
                    [image.read() for image in case.images],
                )
                for case in load_cases(source, task)
            ]
    return held


def expected(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    return [
        (
            f"{row['id']}/{row['scenario_type']}",
            row["category"],
            row["target"] or "",
            row["instruction"] or "",
            tuple(row["turns"]),
            [row[name]["bytes"] for name in TASKS[row["scenario_type"]].inputs],
        )
        for row in rows
    ]


def parquet(folder: Path, rows: Sequence[Row], schema: pa.Schema | None = None) -> Path:
    """One file a split, written by pyarrow, so that nothing of `datasets` is in its metadata."""
    (folder / "data").mkdir(parents=True)
    for split in ("image", "text"):
        there = [row for row in rows if TASKS[official(row["scenario_type"])].split == split]
        table = pa.Table.from_pylist(there, schema=schema)
        pq.write_table(table, folder / "data" / f"{split}-00000-of-00001.parquet")
    return folder


LONG = {
    "text-to-image": "TI",
    "Image Composition": "IC",
    "multi-turn editing": "MT",
    "Text-to-Text": "TT",
    "Image-to-Text": "IT",
}


def official(code: str) -> str:
    return LONG.get(code, code.upper())


def with_files(folder: Path) -> None:
    for name, data in samples.IMAGES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def images_as(row: Row, form: Callable[[Row | None], Any]) -> Row:
    return row | {name: form(row[name]) for name in samples.IMAGE_NAMES}


def a_path(value: Row | None) -> str | None:
    return value and f"images/{value['path']}"


def in_base64(value: Row | None, head: str = "") -> str | None:
    return value and head + base64.b64encode(value["bytes"]).decode()


def both_in_a_list(row: Row) -> Row:
    images = [row[name] for name in samples.IMAGE_NAMES if row[name]]
    return row | {"input_image": images, "input_image_b": None}


Change = Callable[[Row], Row]
FORMS: dict[str, tuple[Change, str]] = {
    "extra columns": (
        lambda row: row | {"source": "web", "preview": {"bytes": b"no image"}},
        "other columns are left out: preview, source",
    ),
    "ids are numbers": (lambda row: row | {"id": 7}, "id is a number, and read as text"),
    "ids are fractions": (lambda row: row | {"id": 7.0}, "id is a number, and read as text"),
    "small codes": (
        lambda row: row | {"scenario_type": row["scenario_type"].lower()},
        "scenario_type is written 'tt', and read as TT",
    ),
    "long codes": (
        lambda row: row | {"scenario_type": {v: k for k, v in LONG.items()}[row["scenario_type"]]},
        "scenario_type is written 'Image-to-Text', and read as IT",
    ),
    "turns are JSON": (lambda row: row | {"turns": json.dumps(row["turns"])}, "turns is a JSON"),
    "turns are padded": (
        lambda row: row | {"turns": [*row["turns"], *[""] * (6 - len(row["turns"]))]},
        "turns has empty entries, which are left out",
    ),
    "turns are objects": (
        lambda row: row | {"turns": [{"role": "user", "content": t} for t in row["turns"]]},
        "turns is a list of objects",
    ),
    "an instruction holds the turns": (
        lambda row: row | {"turns": None, "instruction": row["turns"] or [row["instruction"]]},
        "instruction holds the turns",
    ),
    "images are plain bytes": (
        lambda row: images_as(row, lambda value: value and value["bytes"]),
        "input_image is plain bytes",
    ),
    "images are lists": (
        lambda row: images_as(row, lambda value: [value] if value else []),
        "input_image_b is a list",
    ),
    "both images are in one list": (both_in_a_list, "input_image holds both images"),
    "images are paths": (lambda row: images_as(row, a_path), "input_image is a path, whose file"),
    "images are paths in objects": (
        lambda row: images_as(row, lambda value: value and {"path": a_path(value)}),
        "input_image_b is a path, whose file",
    ),
    "some images are paths in objects": (
        lambda row: (
            row
            | {"input_image": row["input_image"] and {"bytes": None, "path": "images/first.png"}}
        ),
        "input_image is a path, whose file",
    ),
    "images are base64": (lambda row: images_as(row, in_base64), "input_image is base64"),
    "images are data URLs": (
        lambda row: images_as(row, lambda value: in_base64(value, "data:image/png;base64,")),
        "input_image is base64",
    ),
}


IN_JSONL = ("images are data URLs", "turns are objects", "ids are fractions")
"""The forms that are tried in JSONL, the others in parquet: one reader reads both."""


def changed(name: str) -> tuple[list[Row], list[tuple[Any, ...]], str]:
    change, note = FORMS[name]
    rows = given()
    wanted = rows
    if name == "an instruction holds the turns":
        wanted = [row | {"instruction": None} if row["turns"] else row for row in rows]
    return [change(row) for row in rows], expected(wanted), note


@pytest.mark.parametrize("name", [name for name in FORMS if name not in IN_JSONL])
def test_a_form_in_parquet_is_read_and_told(name: str, use: Use, tmp_path: Path) -> None:
    rows, wanted, note = changed(name)
    with_files(tmp_path / "set")
    source = use(parquet(tmp_path / "set", rows))
    assert cases_of(source) == wanted
    assert any(line.startswith(note) for line in source.notes), source.notes


def in_json(value: Any) -> Any:
    """A value of JSON, which has no bytes."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [in_json(item) for item in value]
    return {key: in_json(item) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("name", IN_JSONL)
def test_a_form_in_jsonl_is_read_and_told(name: str, use: Use, tmp_path: Path) -> None:
    rows, wanted, note = changed(name)
    source = use(samples.write_rows(tmp_path / "cases.jsonl", map(in_json, rows)))
    assert cases_of(source) == wanted
    assert any(line.startswith(note) for line in source.notes), source.notes


def test_a_path_is_the_official_form_of_jsonl(use: Use, tmp_path: Path) -> None:
    source = use(samples.export(tmp_path))
    assert source.notes == ()


@pytest.mark.parametrize("name", ["images are plain bytes", "images are paths", "turns are JSON"])
def test_a_form_in_a_saved_data_set_without_splits_is_read_and_told(
    name: str, use: Use, tmp_path: Path
) -> None:
    rows, wanted, note = changed(name)
    with_files(tmp_path / "set")
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path / "set")
    source = use(tmp_path / "set")
    assert cases_of(source) == wanted
    assert any(line.startswith(note) for line in source.notes), source.notes


# --- instructions, and other fields that may be empty ---


@pytest.mark.parametrize("empty", [None, "", " "])
def test_an_instruction_may_be_empty_where_none_is_needed(
    empty: str | None, use: Use, tmp_path: Path
) -> None:
    rows = [
        row | {"instruction": empty} if row["scenario_type"] in ("IT", "MT") else row
        for row in given()
    ]
    source = use(samples.parquet_folder(tmp_path / "set", as_samples(rows)))
    assert cases_of(source) == expected(rows)
    assert source.notes == (
        "instruction is empty (unisafe_mt2i): 1 row",
        "instruction is empty (unisafe_i2t): 1 row",
    )
    assert validate(source).problems == ()


def as_samples(rows: Sequence[Row]) -> list[Row]:
    """The rows as `samples` writes them, which puts in the images' bytes."""
    names = samples.IMAGE_NAMES
    return [row | {name: row[name] and names[name] for name in names} for row in rows]


@pytest.mark.parametrize("code", ["TI", "IE", "IC", "TT", "MU"])
def test_an_instruction_that_is_needed_may_not_be_empty(
    code: str, use: Use, tmp_path: Path
) -> None:
    export = samples.export(tmp_path, [samples.row(code, instruction=None)])
    sentence = f"line 1: instruction is empty, and scenario_type {code} needs one"
    with pytest.raises(DataError, match=sentence):
        use(export)


def test_optional_fields_may_be_null_or_absent(use: Use, tmp_path: Path) -> None:
    rows = [
        samples.row("TT", target=None, unsafe_trigger=None, turns=None),
        samples.row("TT", "c2", target=float("nan"), turns=float("nan")),
        {key: value for key, value in samples.row("TT", "c3").items() if value},
    ]
    source = use(samples.write_rows(tmp_path / "cases.jsonl", rows))
    cases = list(load_cases(source, TASKS["TT"]))
    assert [(case.target, case.turns) for case in cases] == [
        ("", ()),
        ("", ()),
        (rows[2]["target"], ()),
    ]
    assert "the column turns is missing, and read as empty: 1 row" in source.notes


def test_turns_that_cannot_be_read_stop_no_task_without_turns(use: Use, tmp_path: Path) -> None:
    rows = [samples.row("TT", turns="none"), samples.row("TT", "c2", turns=[5])]
    source = use(samples.write_rows(tmp_path / "cases.jsonl", rows))
    assert [case.turns for case in load_cases(source, TASKS["TT"])] == [(), ()]
    assert source.notes == ("turns cannot be read, and the task has none: 2 rows",)


@pytest.mark.parametrize(
    ("turns", "sentence"),
    [
        (["a", "b", "c", ""], "turns must hold 4 instructions for scenario_type MT, found 3"),
        ("not a list", "turns must be a list of texts, found a text"),
        ("{}", "turns must be a list of texts, found an object with the keys none"),
        ({"one": "a"}, "turns must be a list of texts, found an object with the keys 'one'"),
        ([{"say": "a"}] * 4, "turns must be a list of texts, or of objects with one of instructi"),
        (4, "turns must be a list of texts, found int"),
    ],
)
def test_turns_that_a_case_needs_are_asked_for(
    turns: Any, sentence: str, use: Use, tmp_path: Path
) -> None:
    export = samples.export(tmp_path, [samples.row("MT", turns=turns)])
    with pytest.raises(DataError) as caught:
        use(export)
    assert str(caught.value).startswith(f"{export}, line 1: {sentence}")


@pytest.mark.parametrize(
    "turns",
    [
        {"instruction": list("abcd")},
        [{"role": role, "content": text} for text in "abcd" for role in ("user", "assistant")],
        ["a", None, "b", "", "c", "d", None],
        '["a", "b", "c", "d", ""]',
    ],
)
def test_turns_may_be_written_in_other_ways(turns: Any, use: Use, tmp_path: Path) -> None:
    source = use(samples.export(tmp_path, [samples.row("MT", turns=turns)]))
    (case,) = load_cases(source, TASKS["MT"])
    assert case.turns == ("a", "b", "c", "d")


# --- splits, schemas and labels ---


def test_the_published_form_is_read_as_it_stands(use: Use, tmp_path: Path) -> None:
    rows = samples.rows()
    rows[1]["unsafe_trigger"] = None
    folder = samples.parquet_folder(tmp_path / "set", rows)
    source = use(folder)
    assert source.notes == ()
    texts = [name for name in COLUMNS if name not in samples.IMAGE_NAMES]
    for file in sorted((folder / "data").iterdir()):
        read = pq.read_table(source.folder / "data" / file.name, columns=texts)
        assert read.to_pylist() == pq.read_table(file, columns=texts).to_pylist()


def test_a_column_that_nobody_knows_reaches_no_harness(use: Use, tmp_path: Path) -> None:
    folder = samples.parquet_folder(tmp_path / "set", [samples.row("TT")])
    file = folder / "data" / "text-00000-of-00001.parquet"
    table = datasets.Dataset.from_parquet(str(file)).add_column("photo", [samples.picture()])
    table.cast_column("photo", datasets.Image()).to_parquet(file)
    source = use(folder)
    assert source.notes == ("other columns are left out: photo: 1 row",)
    assert datasets.load_dataset(str(source.folder), split="text").column_names == list(COLUMNS)


def test_rows_of_one_split_are_read_into_those_of_their_tasks(use: Use, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    rows = given()
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, tmp_path / "data" / "train-00000-of-00001.parquet")
    assert cases_of(use(tmp_path)) == expected(rows)


def test_a_case_that_both_splits_hold_is_read_once(use: Use, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    rows = given()
    for split in ("image", "text"):
        path = tmp_path / "data" / f"{split}-00000-of-00001.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
    source = use(tmp_path)
    assert cases_of(source) == expected(rows)
    assert "a case is there twice with the same contents, and read once: 5 rows" in source.notes
    assert "a case of unisafe_t2t is in split 'image', and read into 'text': 1 row" in source.notes


def test_splits_whose_columns_differ_in_type_are_read(use: Use, tmp_path: Path) -> None:
    # Without a turn in the whole split its type is unknown, and `datasets` loads neither split.
    rows = given()
    folder = parquet(tmp_path / "set", rows)
    kind = pq.read_schema(folder / "data" / "text-00000-of-00001.parquet").field("turns").type
    assert pa.types.is_null(kind.value_type)
    assert cases_of(use(folder)) == expected(rows)


def test_labels_that_are_stored_as_numbers_are_read_by_their_names(
    use: Use, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    rows = given()
    features = samples.features()
    for name in ("category", "scenario_type"):
        features[name] = datasets.ClassLabel(names=sorted({row[name] for row in rows}))
    table = datasets.Dataset.from_list(rows).cast(features)
    table.to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    assert cases_of(use(tmp_path)) == expected(rows)


def test_a_label_that_is_none_is_missing(use: Use, tmp_path: Path) -> None:
    features = samples.features()
    features["category"] = datasets.ClassLabel(names=["Hate"])
    rows = [samples.row("TT", category=-1)]
    datasets.Dataset.from_list(rows, features=features).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="row 1: category must be a text, found NoneType"):
        use(tmp_path)


def test_a_set_with_a_configuration_for_each_split_is_read(use: Use, tmp_path: Path) -> None:
    rows = given()
    folder = parquet(tmp_path / "set", rows)
    (folder / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: image\n  data_files: data/image-*\n"
        "- config_name: text\n  data_files: data/text-*\n---\n"
    )
    assert cases_of(use(folder)) == expected(rows)


def test_an_image_that_changed_is_converted_anew(use: Use, tmp_path: Path) -> None:
    rows, _, _ = changed("images are paths")
    folder = parquet(tmp_path / "set", rows)
    with_files(folder)
    first = use(folder)
    (folder / "images" / "first.png").write_bytes(samples.picture("navy", size=(30, 30)))
    second = use(folder)
    assert fingerprint(second) != fingerprint(first)


@pytest.mark.parametrize("name", ["data/image-00000-of-00001.parquet", "cases.parquet"])
def test_as_many_images_may_be_named_as_are_held_without_a_name(
    name: str, use: Use, tmp_path: Path
) -> None:
    # The statistics of such a file are those of one whose images all have bytes and a name.
    held = samples.with_bytes([samples.row("IE", "held"), samples.row("IE", "named")])
    held[0]["input_image"]["path"] = None
    held[1]["input_image"] = {"bytes": None, "path": "images/second.png"}
    file = tmp_path / "set" / name
    file.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(held, schema=samples.features().arrow_schema), file)
    image = tmp_path / "set" / "images" / "second.png"
    image.parent.mkdir()
    for colour in ("teal", "navy"):
        image.write_bytes(samples.picture(colour))
        source = use(tmp_path / "set")
        assert source.notes == ("input_image is a path, whose file is read: 1 row",)
        shown = {case.id: case.images[0].read() for case in load_cases(source, TASKS["IE"])}
        assert shown == {
            "held": samples.IMAGES["images/first.png"],
            "named": samples.picture(colour),
        }


def test_every_form_has_the_fingerprint_of_the_official_one(use: Use, tmp_path: Path) -> None:
    form = use(parquet(tmp_path / "form", changed("turns are JSON")[0]))
    published = samples.parquet_folder(tmp_path / "set", as_samples(given()))
    assert fingerprint(form) == fingerprint(use(published))


# --- what is told ---


def test_what_is_there_is_told_where_nothing_can_be_read(use: Use, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "picture.png", "LICENSE"):
        (tmp_path / name).write_text("")
    with pytest.raises(DataError) as caught:
        use(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds no parquet files, no .jsonl export and no saved data set; there are: "
        "2 .csv, 1 .png, 1 LICENSE"
    )


def test_an_image_that_is_not_there_is_told_with_what_is(use: Use, tmp_path: Path) -> None:
    rows, _, _ = changed("images are paths")
    folder = parquet(tmp_path / "set", rows)
    with pytest.raises(DataError) as caught:
        use(folder)
    assert str(caught.value) == (
        f"{folder / 'data' / 'image-00000-of-00001.parquet'}, row 2: input_image names "
        f"'images/first.png', which is not in {folder}; there are: 2 .parquet"
    )


@pytest.mark.parametrize("command", ["validate", "describe"])
def test_the_commands_tell_each_form_in_a_line(
    command: str, unisafe: Command, tmp_path: Path
) -> None:
    rows = [samples.row("TT", 7, subcategory="X9", mood="calm")]
    export = samples.write_rows(tmp_path / "cases.jsonl", rows)
    done = unisafe("data", command, export)
    assert done.code == 0, done.err
    said = done.out + done.err
    for sentence in (
        "id is a number, and read as text: 1 row",
        "other columns are left out: mood: 1 row",
        "Not in the text taxonomy of the judges: X9",
    ):
        assert len([line for line in said.splitlines() if sentence in line]) == 1
    again = unisafe("data", command, export)
    assert sentence in again.out + again.err
