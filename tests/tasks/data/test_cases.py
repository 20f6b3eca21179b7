"""Cases: the official schema, checked row by row, with images that stay where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

from tests.memory import peak_of
from tests.tasks import samples
from tests.tasks.conftest import Use
from unisafe_tasks import TASKS, CaseSet, DataError, load_cases
from unisafe_tasks.data.cache_layout import conversions_folder
from unisafe_tasks.data.cases import COLUMNS, check_row, register, registered
from unisafe_tasks.tasks import ARM_TASKS, Arm


def split(*rows: dict[str, Any]) -> datasets.Dataset:
    return datasets.Dataset.from_list(samples.with_bytes(rows), features=samples.features())


def case_set(code: str, *rows: dict[str, Any]) -> CaseSet:
    return CaseSet(TASKS[code], split(*rows), "here, split image")


def test_a_case_holds_its_rows_texts_and_the_bytes_of_its_images_in_order() -> None:
    row = samples.row("IC", "c7")
    (case,) = case_set("IC", row)
    assert (case.id, case.key, case.task) == ("c7", "c7/IC", TASKS["IC"])
    assert case.instruction == row["instruction"]
    assert (case.category, case.subcategory) == ("Violence", "V1")
    assert (case.unsafe_trigger, case.target) == (row["unsafe_trigger"], row["target"])
    assert case.turns == ()
    assert [image.column for image in case.images] == ["input_image", "input_image_b"]
    assert [image.read() for image in case.images] == list(samples.IMAGES.values())


def test_a_four_turn_case_holds_its_turns_and_no_image() -> None:
    (case,) = case_set("MT", samples.row("MT"))
    assert case.turns == ("Turn 1 of c1", "Turn 2 of c1", "Turn 3 of c1", "Turn 4 of c1")
    assert case.images == ()


def test_an_image_in_a_column_that_is_no_input_of_the_task_is_not_given() -> None:
    extra = samples.row("IE") | {"input_image_b": "images/second.png"}
    (case,) = case_set("IE", extra)
    assert [image.column for image in case.images] == ["input_image"]


def test_only_the_rows_of_the_task_are_kept_in_their_order() -> None:
    rows = [samples.row("TI", "z"), samples.row("IE", "a"), samples.row("TI", "b")]
    cases = case_set("TI", *rows)
    assert [case.id for case in cases] == ["z", "b"]
    assert len(cases) == 2
    assert "b" in cases
    assert "a" not in cases
    with pytest.raises(KeyError):
        cases["a"]


def test_trigger_and_target_may_be_absent() -> None:
    (case,) = case_set("TI", samples.row("TI", unsafe_trigger=None, target=None))
    assert (case.unsafe_trigger, case.target) == ("", "")


def test_a_task_without_a_row_is_an_error() -> None:
    with pytest.raises(DataError, match=r"^here, split image has no case with scenario_type TI"):
        case_set("TI", samples.row("IE"))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(column: str) -> None:
    rows = split(samples.row("TI")).remove_columns(column)
    with pytest.raises(DataError, match=f"here: the column '{column}' is missing"):
        CaseSet(TASKS["TI"], rows, "here")


def test_a_key_that_appears_twice_is_named_with_both_rows() -> None:
    rows = [samples.row("TI", "x"), samples.row("IE", "x"), samples.row("TI", "x")]
    expected = r"row 3: id 'x' with scenario_type TI appears twice, first in row 1"
    with pytest.raises(DataError, match=expected):
        case_set("TI", *rows)


@pytest.mark.parametrize(
    ("code", "column"),
    [("IE", "input_image"), ("IC", "input_image"), ("IC", "input_image_b")],
)
def test_a_missing_input_image_is_named(code: str, column: str) -> None:
    rows = [samples.row(code, "x"), samples.row(code, "y", **{column: None})]
    with pytest.raises(DataError, match=rf"row 2: {column} is missing, which .* {code} needs"):
        case_set(code, *rows)


def test_an_image_that_is_only_a_path_is_told_from_one_that_is_missing() -> None:
    rows = samples.with_bytes([samples.row("IE")])
    rows[0]["input_image"] = {"bytes": None, "path": "/somewhere/else.png"}
    stored = datasets.Dataset.from_list(rows, features=samples.features())
    with pytest.raises(DataError) as caught:
        CaseSet(TASKS["IE"], stored, "here")
    assert str(caught.value) == (
        f"here, row 1: input_image names an image outside the cache {conversions_folder()}: "
        "'/somewhere/else.png'"
    )


def test_an_image_column_of_numbers_is_an_error() -> None:
    rows = split(samples.row("TI")).remove_columns("input_image").add_column("input_image", [3])
    with pytest.raises(DataError, match="the column 'input_image' holds no images"):
        CaseSet(TASKS["TI"], rows, "here")


def test_a_row_of_no_task_is_not_left_out_in_silence() -> None:
    with pytest.raises(DataError, match=r"row 2: scenario_type is 'XX', expected one of TI, IE"):
        case_set("TI", samples.row("TI"), samples.row("TI", "b", scenario_type="XX"))


def test_a_row_in_the_wrong_split_is_not_left_out_in_silence() -> None:
    with pytest.raises(DataError, match=r"row 2: scenario_type TT is in the wrong split"):
        case_set("TI", samples.row("TI"), samples.row("TT"))


@pytest.mark.parametrize("code", TASKS)
def test_a_good_row_says_which_task_it_belongs_to(code: str) -> None:
    assert check_row(samples.row(code), "here") is TASKS[code]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id": 7}, "id must be a text, found int"),
        ({"id": None}, "id must be a text, found NoneType"),
        ({"id": "  "}, "id is empty"),
        ({"category": ""}, "category is empty"),
        ({"subcategory": "\n"}, "subcategory is empty"),
        ({"instruction": ""}, "instruction is empty"),
        ({"instruction": ["a"]}, "instruction must be a text, found list"),
        ({"instruction": "\ud83d"}, "instruction holds half of a surrogate pair"),
        ({"target": 1.5}, "target must be a text, found float"),
        ({"unsafe_trigger": True}, "unsafe_trigger must be a text, found bool"),
        ({"scenario_type": None}, "scenario_type must be a text, found NoneType"),
        ({"scenario_type": "XX"}, "scenario_type is 'XX', expected one of TI, IE, IC, MT, TT"),
        ({"scenario_type": "ti"}, "scenario_type is 'ti', expected one of"),
        ({"turns": "one"}, "turns must be a list of texts"),
        ({"turns": {}}, "turns must be a list of texts"),
        ({"turns": 0}, "turns must be a list of texts"),
        ({"turns": ["a", None]}, "turns must be a list of texts"),
        ({"turns": ["\udc00"]}, "turns holds half of a surrogate pair"),
    ],
)
def test_a_wrong_row_is_refused_with_row_and_field(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        check_row(samples.row("TI", **changes), "file.jsonl, line 3")
    assert str(caught.value).startswith(f"file.jsonl, line 3: {sentence}")


@pytest.mark.parametrize("turns", [None, [], ["a", "b", "c"], ["a"] * 5, ["a", "b", " ", "d"]])
def test_a_four_turn_case_needs_four_turns_with_words(turns: list[str] | None) -> None:
    with pytest.raises(DataError, match="turns must hold 4 instructions for scenario_type MT"):
        check_row(samples.row("MT", turns=turns), "here")


def test_the_cases_last_registered_are_found_by_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisafe_tasks.data.cases._REGISTERED", {})
    first, second = case_set("TI", samples.row("TI")), case_set("TI", samples.row("TI", "b"))
    register(first)
    register(second)
    assert registered(TASKS["TI"]) is second
    with pytest.raises(KeyError):
        registered(ARM_TASKS[Arm.BENIGN]["TI"])


def test_reading_all_texts_reads_no_image(use: Use, tmp_path: Path) -> None:
    images = dict.fromkeys(samples.IMAGES, samples.noise(400))
    size = len(images["images/first.png"])
    rows = [samples.row("IC", f"c{number}") for number in range(12)]
    cases = load_cases(use(samples.parquet_folder(tmp_path, rows, images=images)), TASKS["IC"])
    next(iter(cases))
    arrow_before = pa.total_allocated_bytes()

    def read_texts() -> list[tuple[Any, ...]]:
        return [(case.id, case.instruction, case.turns, case.images) for case in cases]

    assert peak_of(read_texts) < size / 2
    texts = read_texts()
    assert len(texts) == 12
    image = texts[5][3][0]
    assert image.read() == images["images/first.png"]
    assert peak_of(image.read) > size
    assert pa.total_allocated_bytes() - arrow_before < size / 2
