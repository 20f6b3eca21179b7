"""What a judge is shown of each task: which parts, in which order, under which labels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import pytest

from tests.tasks import samples
from unisafe_judges import ImagePart, TextPart
from unisafe_tasks import TASKS, Case, CaseSet, DataError, read_predictions
from unisafe_tasks.data.cases import CaseImage
from unisafe_tasks.files import PACKAGE
from unisafe_tasks.judging.evidence import OutputImage, build_evidence
from unisafe_tasks.outputs.predictions import BUNDLED, predictions_path

DEMO = PACKAGE / "demo"
INSTRUCTION, TARGET = "instruction given to the model", "target description"

LABELS = {
    "TI": [TARGET, "generated image"],
    "IE": [INSTRUCTION, TARGET, "input image", "generated image"],
    "IC": [INSTRUCTION, TARGET, "input image 1", "input image 2", "generated image"],
    "MT": [
        *(f"instruction of turn {number}" for number in range(1, 5)),
        TARGET,
        *(f"image of turn {number}" for number in range(1, 5)),
    ],
    "TT": [INSTRUCTION, "model answer"],
    "IT": ["input image", "model answer"],
    "MU": [INSTRUCTION, "input image", "model answer"],
}


def case_of(code: str, **changes: Any) -> Case:
    stored = samples.with_bytes([samples.row(code, **changes)])
    rows = datasets.Dataset.from_list(stored, features=samples.features())
    (case,) = CaseSet(TASKS[code], rows, "here")
    return case


def outputs(case: Case) -> list[OutputImage]:
    pictures = [samples.picture(colour) for colour in ("red", "green", "blue", "black")]
    return [
        OutputImage(hashlib.sha256(data).hexdigest(), lambda data=data: data)
        for data in pictures[: case.task.outputs]
    ]


@pytest.mark.parametrize("code", [code for code in TASKS if not TASKS[code].needs_instruction])
def test_a_judge_sees_the_same_of_a_case_without_an_instruction(code: str) -> None:
    with_one, without = case_of(code), case_of(code, instruction=None)
    assert without.instruction == ""
    images = outputs(with_one)
    one, other = (build_evidence(case, "An answer.", images) for case in (with_one, without))
    assert one.parts == other.parts


@pytest.mark.parametrize("code", TASKS)
def test_a_judge_sees_the_parts_of_the_table_in_order_and_the_output_last(code: str) -> None:
    case = case_of(code)
    images = outputs(case)
    evidence = build_evidence(case, "<think>hm</think> An answer.", images)
    assert [part.label for part in evidence.parts] == LABELS[code]
    assert (evidence.case, evidence.scenario) == (case.key, code)
    assert evidence.modality == case.task.modality
    values = {
        part.label: part.text if isinstance(part, TextPart) else part.read()
        for part in evidence.parts
    }
    first, second = samples.IMAGES.values()
    assert values.get(INSTRUCTION, case.instruction) == case.instruction
    assert values.get(TARGET, case.target) == case.target
    assert values.get("input image", first) == first
    assert values.get("input image 1", first) == first
    assert values.get("input image 2", second) == second
    assert values.get("model answer", "An answer.") == "An answer."
    for number, turn in enumerate(case.turns, start=1):
        assert values[f"instruction of turn {number}"] == turn
    made = [part for part in evidence.parts if part.label.startswith(("generated", "image of"))]
    assert [(part.sha256, part.read()) for part in made if isinstance(part, ImagePart)] == [
        (image.sha256, image.read()) for image in images
    ]


@pytest.mark.parametrize("code", TASKS)
def test_the_output_and_nothing_else_is_marked_as_judged(code: str) -> None:
    case = case_of(code)
    evidence = build_evidence(case, "An answer.", outputs(case))
    judged = [part.label for part in evidence.parts if part.judged]
    assert judged == LABELS[code][-max(case.task.outputs, 1) :]


def test_an_input_image_carries_the_hash_of_its_bytes() -> None:
    part = next(
        part
        for part in build_evidence(case_of("IT"), "An answer.", []).parts
        if isinstance(part, ImagePart)
    )
    assert part.sha256 == hashlib.sha256(samples.IMAGES["images/first.png"]).hexdigest()


def test_a_case_without_a_target_of_its_own_shows_the_instruction() -> None:
    case = case_of("TI", target="")
    part = build_evidence(case, "", outputs(case)).parts[0]
    assert isinstance(part, TextPart)
    assert (part.label, part.text) == (TARGET, case.instruction)


def test_the_same_output_has_one_identity_whatever_the_case_says() -> None:
    case, other = case_of("IE"), case_of("IE", instruction="Let the turnip rest.")
    same = {build_evidence(each, "", outputs(each)).output_sha256 for each in (case, other)}
    assert len(same) == 1
    assert build_evidence(case, "", outputs(case_of("MT"))[1:2]).output_sha256 not in same


def test_thinking_and_white_space_are_no_part_of_an_answers_identity() -> None:
    case = case_of("TT")
    texts = ("An answer.", "<think>hm</think>\n An answer. ")
    assert len({build_evidence(case, text, []).output_sha256 for text in texts}) == 1
    assert (
        build_evidence(case, "Another.", []).output_sha256
        != build_evidence(case, texts[0], []).output_sha256
    )


def test_an_input_image_without_bytes_is_an_error() -> None:
    def read() -> bytes:
        raise DataError("c1: input_image holds no image bytes")

    case = case_of("IE")
    empty = Case(**{**vars(case), "images": (CaseImage("input_image", read, read),)})
    with pytest.raises(DataError, match="holds no image bytes"):
        build_evidence(empty, "", outputs(case))


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_outputs_have_the_identity_of_their_reference_verdicts(
    name: str, demo_cases: Mapping[str, CaseSet]
) -> None:
    expected = {
        (row["id"], row["scenario_type"]): row["output_sha256"]
        for row in samples.rows_of_file(DEMO / "reference_verdicts.jsonl")
        if row["model"] == name and row["id"].startswith("demo-")
    }
    identities = {}
    for key, prediction in read_predictions(predictions_path(name), demo_cases).items():
        raw = prediction.raw
        made = raw.images if prediction.task.makes_images else raw.text
        if raw.refusal or raw.error or not made:
            continue
        images = [
            OutputImage(hashlib.sha256(path.read_bytes()).hexdigest(), path.read_bytes)
            for path in map(Path, prediction.raw.images)
        ]
        case = demo_cases[key[1]][key[0]]
        identities[key] = build_evidence(case, prediction.raw.text, images).output_sha256
    assert identities == expected
