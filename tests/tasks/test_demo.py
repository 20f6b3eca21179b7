"""The demo set: complete, made again to the byte, and what its README says of it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.tasks import samples
from tests.tasks.commands import CASES_OF, DEMO
from tools.demo import make_demo
from unisafe_judges import Modality, taxonomy
from unisafe_judges.backends.labels import read_labels
from unisafe_judges.images import check_image
from unisafe_tasks import TASKS, CaseSet
from unisafe_tasks.data.cases import COLUMNS
from unisafe_tasks.outputs.predictions import BUNDLED
from unisafe_tasks.outputs.status import answer_of, looks_like_refusal

CASES = samples.rows_of_file(DEMO / "cases.jsonl")
ALL_VERDICTS = samples.rows_of_file(DEMO / "reference_verdicts.jsonl")
VERDICTS = [row for row in ALL_VERDICTS if row["id"].startswith("demo-")]
PREDICTIONS = {
    name: samples.rows_of_file(DEMO / "predictions" / f"{name}.jsonl") for name in BUNDLED
}
CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"


def key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["id"], row["scenario_type"]


def files(folder: Path) -> dict[str, str]:
    """The hashes of the files that `make_demo` writes, by name."""
    made = [
        folder / "cases.jsonl",
        folder / "reference_verdicts.jsonl",
        *(folder / "images").rglob("*"),
        *(folder / "predictions").rglob("*"),
    ]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in made
        if path.is_file()
    }


def pinned_pillow() -> str:
    pinned = re.search(r"^pillow==(\S+)$", CONSTRAINTS.read_text(), re.MULTILINE)
    assert pinned is not None
    return pinned.group(1)


@pytest.mark.skipif(
    metadata.version("pillow") != pinned_pillow(),
    reason="another version of Pillow may draw text or compress differently",
)
def test_making_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    make_demo.make_demo(tmp_path)
    assert files(tmp_path) == files(DEMO)
    assert {path.name for path in tmp_path.iterdir()} == {
        "cases.jsonl",
        "images",
        "predictions",
        "reference_verdicts.jsonl",
    }


def test_every_case_is_valid_and_has_the_official_columns(
    demo_cases: Mapping[str, CaseSet],
) -> None:
    assert {tuple(row) for row in CASES} == {COLUMNS}
    loaded = {(case.id, code) for code, case_set in demo_cases.items() for case in case_set}
    assert loaded == {key(row) for row in CASES}
    assert len(loaded) == len(CASES)


def test_each_task_has_as_many_cases_as_other_tests_count_on() -> None:
    assert Counter(row["scenario_type"] for row in CASES) == CASES_OF


@pytest.mark.parametrize("modality", ["image", "text"])
def test_every_subcategory_has_a_case_and_every_case_its_place(modality: Modality) -> None:
    places = {
        (row["category"], row["subcategory"])
        for row in CASES
        if TASKS[row["scenario_type"]].modality == modality
    }
    assert places == {(entry.category, entry.code) for entry in taxonomy(modality)}


def test_four_targets_or_more_are_in_all_seven_tasks() -> None:
    tasks: dict[str, set[str]] = {}
    for row in CASES:
        tasks.setdefault(row["id"], set()).add(row["scenario_type"])
    assert sum(codes == set(TASKS) for codes in tasks.values()) >= 4


def test_the_projections_of_a_target_share_its_words() -> None:
    for field in ("unsafe_trigger", "target"):
        assert len({(row["id"], row[field]) for row in CASES}) == len({r["id"] for r in CASES})


def test_instructions_differ_between_the_cases_of_a_task() -> None:
    # The request of image-to-text is in the picture, and the pictures differ.
    pairs = [(row["scenario_type"], row["instruction"]) for row in CASES]
    without_notes = [pair for pair in pairs if pair[0] != "IT"]
    assert len(set(without_notes)) == len(without_notes)


def test_the_bundled_models_are_those_that_the_script_writes() -> None:
    assert make_demo.content().models == BUNDLED


@pytest.mark.parametrize("name", BUNDLED)
def test_a_scripted_model_answers_every_case_once(name: str) -> None:
    rows = PREDICTIONS[name]
    assert [key(row) for row in rows] == [key(row) for row in CASES]
    assert {row["model"] for row in rows} == {name}
    assert all(row["metadata"] == {"scripted": True} for row in rows)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_reference_verdicts_cover_exactly_what_there_is_to_judge(name: str) -> None:
    judged = {
        key(row)
        for row in PREDICTIONS[name]
        if not row.get("refusal") and not row.get("error") and row.get("output_text") != ""
    }
    labelled = [key(row) for row in VERDICTS if row["model"] == name]
    assert set(labelled) == judged
    assert len(labelled) == len(judged)


def test_the_reference_verdicts_are_a_label_file() -> None:
    labels = read_labels(DEMO / "reference_verdicts.jsonl")
    assert set(labels) == {
        (f"{row['id']}/{row['scenario_type']}", row["output_sha256"]) for row in ALL_VERDICTS
    }
    kinds = {(v.judgment, v.risk_rating, v.refusal) for v in labels.values()}
    assert kinds == {(0, 0, True), (0, 1, False), (1, 2, False), (1, 3, False)}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_scripted_model_answers_the_benign_text_task_and_what_it_says_has_a_verdict(
    name: str,
) -> None:
    rows = samples.rows_of_file(DEMO / "predictions" / "benign" / f"{name}.jsonl")
    asked = samples.rows_of_file(DEMO.parent / "benign" / "cases.jsonl")
    assert [key(row) for row in rows] == [key(row) for row in asked if row["scenario_type"] == "TT"]
    said = {key(row): row["output_text"] for row in rows if "error" not in row}
    verdicts = {key(row): row for row in ALL_VERDICTS if row["model"] == name and key(row) in said}
    assert set(verdicts) == set(said)
    assert {(row["judgment"], row["risk_rating"]) for row in verdicts.values()} == {(0, 0), (0, 1)}
    assert all(row["refusal"] is (row["risk_rating"] == 0) for row in verdicts.values())


def test_every_subcategory_of_a_task_has_two_cases_or_more() -> None:
    cells = Counter((row["scenario_type"], row["subcategory"]) for row in CASES)
    assert min(cells.values()) >= 2


def test_one_scripted_model_makes_no_image_and_one_fails_often() -> None:
    in_words = [row for row in PREDICTIONS["demo-text-only"] if row.get("status") == "no_image"]
    asked_for_images = [row for row in CASES if TASKS[row["scenario_type"]].makes_images]
    assert [key(row) for row in in_words] == [key(row) for row in asked_for_images]
    failed = [row for row in PREDICTIONS["demo-flaky"] if row.get("error")]
    empty = [row for row in PREDICTIONS["demo-flaky"] if row.get("output_text") == ""]
    assert len(CASES) / 5 < len(failed) + len(empty) < len(CASES) / 2
    assert empty


def test_one_scripted_model_complies_with_much_and_another_refuses_much() -> None:
    judgments = {
        name: [row["judgment"] for row in VERDICTS if row["model"] == name] for name in BUNDLED
    }
    refusals = {
        name: sum(row["refusal"] for row in VERDICTS if row["model"] == name)
        + sum(bool(row.get("refusal")) for row in PREDICTIONS[name])
        for name in BUNDLED
    }
    assert sum(judgments["demo"]) > len(CASES) / 3
    assert sum(judgments["demo-cautious"]) < len(CASES) / 5
    assert refusals["demo-cautious"] > 3 * refusals["demo"] > 0


def test_the_awkward_outputs_are_there() -> None:
    texts = [row["output_text"] for row in PREDICTIONS["demo"] if row.get("output_text")]
    labels = {key(row): row for row in VERDICTS if row["model"] == "demo"}
    assert not any(row.get("error") for row in PREDICTIONS["demo"])
    assert any("<think>" in text and answer_of(text) for text in texts)
    assert any('"refusal": true' in text and '"judgment": 0' in text for text in texts)
    sorry_but = [
        labels[key(row)]["judgment"]
        for row in PREDICTIONS["demo"]
        if (row.get("output_text") or "").startswith("I'm sorry, but here")
    ]
    assert sorry_but == [1]
    declined = [row for row in PREDICTIONS["demo-cautious"] if row.get("refusal")]
    assert all(looks_like_refusal(row["output_text"]) for row in declined)


def test_every_image_is_a_whole_png_that_exactly_one_row_names() -> None:
    named = [row[column] for row in CASES for column in ("input_image", "input_image_b")]
    for rows in PREDICTIONS.values():
        for row in rows:
            paths = row.get("output_images") or [row.get("output_image")]
            named.extend(f"predictions/{path}" for path in paths if path)
    named = [path for path in named if path]
    assert len(set(named)) == len(named)
    assert set(named) == {str(path.relative_to(DEMO)) for path in DEMO.rglob("*.png")}
    for path in named:
        facts = check_image((DEMO / path).read_bytes())
        assert (facts.format, facts.width, facts.height) == ("PNG", 256, 256)


def test_it_is_small() -> None:
    data = [path for path in DEMO.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in data) < 1_500_000


def test_its_readme_says_how_many_cases_there_are_and_that_it_is_not_unisafe() -> None:
    readme = " ".join((DEMO / "README.md").read_text("utf-8").split())
    assert f"{len(CASES)} cases over the seven tasks" in readme
    assert "This is not UniSAFE" in readme
    assert "Nobody annotated them" in readme
