"""`unisafe data describe`: what is there is counted, and compared only with what it may be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.tasks import samples
from tests.tasks.commands import CASE_COUNT, Command
from tests.tasks.conftest import Use
from unisafe_tasks import DataError, Source
from unisafe_tasks.data.datasheet import PUBLISHED, datasheet
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.data.subsets import write_subset

Row = dict[str, Any]


@pytest.fixture
def sheet_of(use: Use, tmp_path: Path) -> Callable[..., Row]:
    """The datasheet of an export of these rows."""

    def build(rows: list[Row], **more: Any) -> Row:
        return datasheet(use(samples.export(tmp_path / "set", rows, **more)))

    return build


def test_describe_counts_what_the_demo_set_has(unisafe: Command, demo: Source) -> None:
    done = unisafe("data", "describe")
    assert done.code == 0
    assert "task code cases categories subcategories shared targets" in done.lines
    assert "unisafe_t2i TI 10 5 5 10" in done.lines
    assert "unisafe_it2t MU 18 7 9 16" in done.lines
    assert done.lines.index("image tasks") < done.lines.index("text tasks")
    assert "V1 Interpersonal harm 2 2 2 2" in done.lines
    assert "V1 Threats/intimidation 2 2 2" in done.lines
    assert "Hate 2 2 2 2" in done.lines
    assert "risk targets by number of tasks: 20 in 1, 20 in 2, 2 in 6, 4 in 7" in done.lines
    assert "note: Demo data are not compared with the published totals." in done.lines
    assert done.lines[-3:] == [
        f"{CASE_COUNT} cases, 46 risk targets, 4 of them in every task shown",
        "source demo, revision -",
        f"fingerprint {fingerprint(demo)}",
    ]


def test_describe_takes_a_source_and_says_what_it_lacks(unisafe: Command, tmp_path: Path) -> None:
    export = samples.export(
        tmp_path, [samples.row("TT"), samples.row("TT", "b"), samples.row("IT")], name="[x].jsonl"
    )
    done = unisafe("data", "describe", export)
    assert done.code == 0
    assert "unisafe_t2t TT 2 1 1 1" in done.lines
    assert "unisafe_i2t IT 1 1 1 1" in done.lines
    assert "3 cases, 2 risk targets, 1 of them in every task shown" in done.lines
    assert "source local:[x].jsonl, revision -" in done.lines
    assert any("has no split 'image', which unisafe_t2i needs" in line for line in done.lines)
    assert any("has no case with scenario_type MU (unisafe_it2t)" in line for line in done.lines)


def test_describe_of_a_source_without_a_case_is_an_error(unisafe: Command, tmp_path: Path) -> None:
    folder = samples.parquet_folder(tmp_path / "set", [samples.row("TT")])
    file = folder / "data" / "text-00000-of-00001.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    done = unisafe("data", "describe", folder)
    assert done.code == 1
    assert done.err.endswith(f"unisafe: {file} holds no cases\n")


def test_json_is_everything(unisafe: Command, demo: Source) -> None:
    done = unisafe("data", "describe", "demo", "--json")
    assert done.code == 0
    assert json.loads(done.out) == json.loads(json.dumps(datasheet(demo)))


def test_shared_targets_are_told_by_where_they_are_shared(
    sheet_of: Callable[..., Row],
) -> None:
    sheet = sheet_of(
        [
            *(samples.row(code, "all") for code in ("TI", "IE", "IC", "MT", "TT", "IT", "MU")),
            *(samples.row(code, "images") for code in ("TI", "IE")),
            *(samples.row(code, "texts") for code in ("TT", "IT", "MU")),
            *(samples.row(code, "both") for code in ("TI", "TT")),
            samples.row("TI", "one"),
        ]
    )
    assert sheet["shared"] == {
        "targets_by_tasks": {1: 1, 2: 2, 3: 1, 7: 1},
        "in_every_task_shown": 1,
        "within_image": 1,
        "within_text": 1,
        "across_both": 2,
    }
    tasks = sheet["tasks"]
    assert tasks["unisafe_t2i"]["missing_targets"] == []
    assert tasks["unisafe_mt2i"]["missing_targets"] == ["both", "images", "one"]
    # A target that is in no text task at all is missing in none.
    assert tasks["unisafe_i2t"]["missing_targets"] == ["both"]
    assert tasks["unisafe_t2i"]["shared_targets"] == 3
    assert sheet["modalities"]["image"]["in_every_task"] == 1


def test_sizes_are_those_of_the_files_and_the_texts(sheet_of: Callable[..., Row]) -> None:
    images = {
        "images/first.png": samples.picture(size=(8, 6)),
        "images/second.png": samples.picture(size=(20, 30)),
    }
    tasks = sheet_of(
        [
            samples.row("IC", instruction="four"),
            samples.row("IE", "b", instruction="sixsix"),
            samples.row("IE", "c", instruction="eight888"),
            samples.row("MT", "d", instruction="one", turns=["1", "22", "333", "4444"]),
        ],
        images=images,
    )["tasks"]
    assert tasks["unisafe_mmi2i"]["input_images"] == {
        "count": 2,
        "unreadable": 0,
        "bytes": {
            "min": min(map(len, images.values())),
            "median": sum(map(len, images.values())) / 2,
            "max": max(map(len, images.values())),
        },
        "width": {"min": 8, "median": 14, "max": 20},
        "height": {"min": 6, "median": 18, "max": 30},
    }
    assert tasks["unisafe_i2i"]["instruction_characters"] == {"min": 6, "median": 7, "max": 8}
    assert tasks["unisafe_mt2i"]["instruction_characters"]["max"] == 3 + 10
    assert tasks["unisafe_mt2i"]["input_images"] == {
        "count": 0,
        "unreadable": 0,
        "bytes": None,
        "width": None,
        "height": None,
    }


def test_the_same_instruction_and_images_under_two_ids_are_duplicates(
    sheet_of: Callable[..., Row],
) -> None:
    same = {"instruction": "Greet the turnip."}
    sheet = sheet_of(
        [
            *(samples.row("TT", case_id, **same) for case_id in ("a", "b")),
            samples.row("TT", "c", instruction="Greet the carrot."),
            # The same words with another image, and in another task.
            samples.row("IT", "a", **same),
            samples.row("IT", "b", **same, input_image="images/second.png"),
            samples.row("MT", "a", **same),
            samples.row("MT", "b", **same),
        ]
    )
    assert sheet["tasks"]["unisafe_t2t"]["duplicates"] == [["a", "b"]]
    assert sheet["tasks"]["unisafe_i2t"]["duplicates"] == []
    assert sheet["tasks"]["unisafe_mt2i"]["duplicates"] == []


def test_images_that_several_targets_have_are_found_by_content(
    sheet_of: Callable[..., Row],
) -> None:
    images = sheet_of(
        [
            samples.row("IE", "a"),
            samples.row("IT", "a"),
            samples.row("IT", "b"),
            samples.row("IT", "c", input_image="images/second.png"),
        ]
    )["images"]
    assert (images["count"], images["distinct"], images["unreadable"]) == (4, 2, 0)
    assert list(images["in_several_targets"].values()) == [["a/IE", "a/IT", "b/IT"]]


def test_an_image_that_cannot_be_read_is_counted_and_noted(
    unisafe: Command, tmp_path: Path
) -> None:
    export = samples.export(tmp_path, images={**samples.IMAGES, "images/first.png": b"<svg/>"})
    done = unisafe("data", "describe", export)
    assert done.code == 0
    assert (
        "note: Input images that cannot be read: 8; unisafe data validate names them." in done.lines
    )


def test_codes_that_the_judges_do_not_know_are_noted(
    unisafe: Command, sheet_of: Callable[..., Row], tmp_path: Path
) -> None:
    rows = [
        samples.row("TT"),
        samples.row("TT", "b", subcategory="V4", category="Violence"),
        # V4 is a code of the text taxonomy only.
        samples.row("TI", "c", subcategory="V4", category="Violence"),
        samples.row("TI", "d", subcategory="\x1b[31m[bold]", category="[red]\n"),
    ]
    sheet = sheet_of(rows)
    assert sheet["modalities"]["text"]["unknown_subcategories"] == []
    assert sheet["modalities"]["image"]["unknown_subcategories"] == ["\x1b[31m[bold]", "V4"]
    assert sheet["modalities"]["text"]["names"] == {
        "H1": "Harassment/insults",
        "V4": "Self-harm/suicide",
    }
    done = unisafe("data", "describe", tmp_path / "set" / "cases.jsonl")
    assert "note: Not in the image taxonomy of the judges: \ufffd[31m[bold], V4." in done.lines
    assert "\x1b[31m" not in done.out


def test_other_data_are_compared_with_the_published_totals(
    unisafe: Command, sheet_of: Callable[..., Row], tmp_path: Path
) -> None:
    sheet = sheet_of([samples.row("TI"), samples.row("TT"), samples.row("TT", "b")])
    assert sheet["published"] == {
        name: {"published": PUBLISHED[name], "here": here}
        for name, here in {
            "cases": 3,
            "image-output cases": 1,
            "text-output cases": 2,
            "image categories": 1,
            "image subcategories": 1,
            "text subcategories": 1,
        }.items()
    }
    done = unisafe("data", "describe", tmp_path / "set" / "cases.jsonl")
    assert "cases 6,802 3 differs" in done.lines
    assert "text-output cases 3,678 2 differs" in done.lines


def test_subsets_are_not_compared_and_say_of_what_they_are(
    unisafe: Command, use: Use, tmp_path: Path
) -> None:
    rows = [samples.row("TT", f"c{number}") for number in range(4)]
    whole = use(samples.export(tmp_path / "set", rows))
    write_subset(whole, tmp_path / "part", 2)
    part = use(tmp_path / "part")
    sheet = datasheet(part)
    assert sheet["published"] is None
    assert sheet["subset"]["of"]["source"] == "local:cases.jsonl"
    assert "population" not in sheet["subset"]
    done = unisafe("data", "describe", tmp_path / "part")
    assert "note: A subset is not compared with the published totals." in done.lines
    assert "a subset of local:cases.jsonl: 2 targets a subcategory, seed 0" in done.lines
    assert f"source {part.name}, revision -" in done.lines


def test_a_wrong_row_is_an_error_of_describe(use: Use, tmp_path: Path) -> None:
    rows = [samples.row("TT"), samples.row("TT", target="A turnip naps.")]
    with pytest.raises(DataError, match=r"row 2: id 'c1' .* appears twice"):
        datasheet(use(samples.parquet_folder(tmp_path / "set", rows)))
