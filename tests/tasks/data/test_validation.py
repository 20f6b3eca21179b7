"""`unisafe data validate`: everything that is wrong is told, and nothing stops it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tasks import samples
from tests.tasks.commands import CASE_COUNT, Command
from tests.tasks.conftest import Use
from unisafe_tasks.data.subsets import write_subset
from unisafe_tasks.data.validation import validate

Row = dict[str, Any]


def problems(err: str) -> list[str]:
    """The lines that a person sees, without bars of progress."""
    return [line for line in err.splitlines() if line.startswith(("local:", "and ", "unisafe:"))]


def test_every_image_of_the_demo_set_is_sound(unisafe: Command) -> None:
    done = unisafe("data", "validate", "demo")
    assert (done.code, done.out) == (0, f"demo: {CASE_COUNT} cases and 70 images are valid\n")


@pytest.mark.parametrize("data", [samples.picture()[:-20], b"<svg/>", b""])
def test_every_image_that_is_none_is_named_with_its_case(
    unisafe: Command, tmp_path: Path, data: bytes
) -> None:
    export = samples.export(tmp_path, images={**samples.IMAGES, "images/first.png": data})
    done = unisafe("data", "validate", export)
    assert done.code == 1
    cases = ["c1/IE", "c-IE/IE", "c1/IC", "c-IC/IC", "c1/IT", "c-IT/IT", "c1/MU", "c-MU/MU"]
    *named, last = problems(done.err)
    assert [line.split(": ")[:3] for line in named] == [
        ["local:cases.jsonl", case, "input_image"] for case in cases
    ]
    assert last == ("unisafe: local:cases.jsonl: 8 problems; 14 cases and 10 images were looked at")
    assert "are valid" not in done.out


def test_a_wrong_row_of_an_export_is_named_by_its_line(unisafe: Command, tmp_path: Path) -> None:
    export = samples.export(tmp_path, [samples.row(), samples.row("TT", "b", id=" ")])
    done = unisafe("data", "validate", export)
    assert (done.code, done.err) == (1, f"unisafe: {export}, line 2: id is empty\n")


def test_a_wrong_row_keeps_no_other_task_from_being_checked(use: Use, tmp_path: Path) -> None:
    broken = {**samples.IMAGES, "images/second.png": b"<svg/>"}
    rows = [
        *(samples.row("TT", target=target) for target in ("A carrot naps.", "A turnip naps.")),
        samples.row("IT", input_image=None),
        samples.row("MU", input_image="images/second.png"),
        samples.row("MT", turns=["one"]),
        samples.row("IC"),
    ]
    validation = validate(use(samples.parquet_folder(tmp_path / "set", rows, images=broken)))
    beginnings = [
        "local:set: c1/IC: input_image_b: ",
        "local:set, split image, row 1: turns must hold 4 instructions",
        "local:set, split text, row 2: id 'c1' with scenario_type TT appears twice",
        "local:set, split text, row 3: input_image is missing",
        "local:set: c1/MU: input_image: ",
    ]
    assert len(validation.problems) == len(beginnings)
    for sentence, beginning in zip(validation.problems, beginnings, strict=True):
        assert sentence.startswith(beginning)
    assert (validation.cases, validation.images) == (2, 3)


def test_no_more_than_twenty_problems_are_shown(unisafe: Command, tmp_path: Path) -> None:
    rows = [samples.row("IT", f"c{number}") for number in range(23)]
    export = samples.export(tmp_path, rows, images={"images/first.png": b"<svg/>"})
    done = unisafe("data", "validate", export)
    *named, more, last = problems(done.err)
    assert (len(named), more) == (20, "and 3 more")
    assert "23 problems; 23 cases and 23 images were looked at" in last


def test_tasks_that_are_not_there_are_noted(unisafe: Command, tmp_path: Path) -> None:
    done = unisafe("data", "validate", samples.export(tmp_path, [samples.row("TT")]))
    assert (done.code, done.out) == (0, "local:cases.jsonl: 1 cases and 0 images are valid\n")
    assert "note: local:cases.jsonl has no split 'image', which unisafe_t2i needs" in done.err
    assert "has no case with scenario_type MU" in done.err


def test_a_target_that_changes_its_subcategory_is_noted(use: Use, tmp_path: Path) -> None:
    rows = [
        samples.row("TT"),
        samples.row("IT", subcategory="H2"),
        # Another taxonomy, in which it is in another place by right.
        samples.row("TI", subcategory="V2", category="Violence"),
    ]
    validation = validate(use(samples.export(tmp_path, rows)))
    assert validation.problems == ()
    assert [note for note in validation.notes if "c1" in note] == [
        "local:cases.jsonl: c1 is in Hate/H1 in TT and in Hate/H2 in IT: subcategory should be the "
        "same in all tasks with one taxonomy"
    ]


def test_names_from_the_data_do_not_steer_the_terminal(unisafe: Command, tmp_path: Path) -> None:
    rows = [samples.row("IT", "\x1b[31mred[bold]")]
    export = samples.export(tmp_path, rows, images={"images/first.png": b"<svg/>"})
    done = unisafe("data", "validate", export)
    assert "\x1b[31m" not in done.err
    assert "\ufffd[31mred[bold]/IT: input_image: " in done.err


@pytest.fixture
def part(use: Use, tmp_path: Path) -> Path:
    """The folder of a subset."""
    rows = [samples.row("TT", f"c{number}") for number in range(6)]
    write_subset(use(samples.export(tmp_path / "set", rows)), tmp_path / "part", 3)
    return tmp_path / "part"


def changed(part: Path, **facts: Any) -> None:
    path = part / "subset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_a_subset_is_the_one_that_its_file_tells_of(part: Path, use: Use) -> None:
    assert validate(use(part)).problems == ()


def test_a_subset_of_which_more_is_said_to_be_unseen_is_a_problem(part: Path, use: Use) -> None:
    population = json.loads((part / "subset.json").read_text())["population"]
    cells = next(iter(population["unisafe_t2t"].values()))
    cells[next(iter(cells))] += 1
    changed(part, population=population)
    (problem,) = validate(use(part)).problems
    assert "its name is not that of its targets, size, seed and population" in problem


def test_a_subset_of_other_targets_is_a_problem(part: Path, use: Use) -> None:
    changed(part, seed=1)
    (problem,) = validate(use(part)).problems
    assert "its name is not that of its targets, size, seed and population" in problem


def test_a_subset_of_another_size_is_a_problem(part: Path, use: Use) -> None:
    changed(part, cases=4, targets=4)
    (problem,) = validate(use(part)).problems
    assert "subset.json says 4 targets with 4 cases, and there are 3 with 3" in problem
