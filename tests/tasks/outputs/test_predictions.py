"""Official predictions files: a good one is read whole, a doubtful one not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tasks import samples
from unisafe_tasks import (
    TASKS,
    Case,
    CaseSet,
    Prediction,
    PredictionsError,
    Status,
    encode_output,
    parse_output,
    read_predictions,
)
from unisafe_tasks.judging.classification import classify
from unisafe_tasks.outputs.predictions import BUNDLED, predictions_path
from unisafe_tasks.outputs.status import status_of
from unisafe_tasks.runs.rows import prediction_row
from unisafe_tasks.types import RawOutput


def prediction(code: str = "TT", case_id: str = "c1", **changes: Any) -> dict[str, Any]:
    """A row of the official format for a task of that code."""
    task = TASKS[code]
    output: dict[str, Any] = {"output_text": "A carrot."}
    if task.makes_images:
        output = {"output_image": f"{case_id}.png"}
    if task.outputs > 1:
        output = {"output_images": [f"{case_id}-{turn}.png" for turn in range(task.outputs)]}
    row = {"id": case_id, "scenario_type": code, "model": "carrot-1", **output, **changes}
    return {name: value for name, value in row.items() if value is not ...}


def read(folder: Path, *rows: object, **ids: tuple[str, ...]) -> dict[tuple[str, str], Prediction]:
    path = folder / "predictions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_predictions(path, ids)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_files_have_a_row_for_every_demo_case(
    name: str, demo_cases: Mapping[str, CaseSet]
) -> None:
    predictions = read_predictions(predictions_path(name), demo_cases)
    assert set(predictions) == {
        (case.id, code) for code, case_set in demo_cases.items() for case in case_set
    }
    assert {row.raw.model for row in predictions.values()} == {name}
    for row in predictions.values():
        excused = row.raw.refusal or row.raw.error is not None or name == "demo-text-only"
        assert len(row.raw.images) == (0 if excused else row.task.outputs)
        assert all(Path(name).is_file() and Path(name).is_absolute() for name in row.raw.images)
        assert row.raw.text or row.task.makes_images or name == "demo-flaky"


def test_of_the_bundled_models_one_alone_fails(
    demo_cases: Mapping[str, CaseSet],
) -> None:
    errors = {
        name: [
            row.raw.error
            for row in read_predictions(predictions_path(name), demo_cases).values()
            if row.raw.error
        ]
        for name in BUNDLED
    }
    failing = errors.pop("demo-flaky")
    assert len(failing) > 10
    assert all(error.startswith("scripted failure: ") for error in failing)
    assert not any(errors.values())


@pytest.mark.parametrize("code", TASKS)
def test_a_row_becomes_a_sealed_output_of_its_task(tmp_path: Path, code: str) -> None:
    record = read(tmp_path, prediction(code))["c1", code]
    raw = parse_output(record.as_output(), record.task)
    assert raw.sealed
    assert raw.model == "carrot-1"
    assert raw == record.raw
    assert raw.text == ("" if record.task.makes_images else "A carrot.")
    assert raw.history == ("replayed" if code == "MT" else None)
    assert status_of(raw, record.task, len(raw.images)) is Status.OK


@pytest.mark.parametrize("code", TASKS)
@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"refusal": True}, Status.REFUSED), ({"error": "no memory"}, Status.FAILED)],
)
def test_a_refusal_or_an_error_needs_no_output(
    tmp_path: Path, code: str, flags: dict[str, Any], expected: Status
) -> None:
    row = {"id": "c1", "scenario_type": code, "model": "carrot-1", **flags}
    record = read(tmp_path, row)["c1", code]
    assert record.raw.images == ()
    assert status_of(parse_output(record.as_output(), record.task), record.task, 0) is expected


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    row = prediction("TI", output_image="images/./a.png")
    assert read(tmp_path, row)["c1", "TI"].raw.images == (
        str(tmp_path.resolve() / "images" / "a.png"),
    )


def test_an_image_that_is_not_there_is_no_reason_to_doubt_the_file(tmp_path: Path) -> None:
    predictions = read(tmp_path, prediction("TI"), prediction("TT"))
    assert len(predictions) == 2
    assert not Path(predictions["c1", "TI"].raw.images[0]).exists()


def test_white_space_and_case_of_keys_do_not_matter(tmp_path: Path) -> None:
    row = prediction("TT", " c1 ", scenario_type=" tt ", model="carrot-1 ")
    predictions = read(tmp_path, row, prediction("TI", "c2"))
    assert set(predictions) == {("c1", "TT"), ("c2", "TI")}


def test_rows_of_tasks_that_are_not_asked_about_are_not_checked_against_the_data(
    tmp_path: Path,
) -> None:
    rows = [prediction("TT", "c1"), prediction("TI", "unheard-of")]
    assert len(read(tmp_path, *rows, TT=("c1",))) == 2


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (prediction(id=...), "id is missing or is not a text"),
        (prediction(id=7), "id is missing or is not a text"),
        (prediction(id=" "), "id is missing or is not a text"),
        (prediction(scenario_type=...), "scenario_type is missing or is not a text"),
        (prediction(scenario_type="XX"), "scenario_type is 'XX', expected one of TI, IE, IC"),
        (prediction(model=...), "model is missing or is not a text"),
        (prediction(model=None), "model is missing or is not a text"),
        (prediction(output_text=["a"]), "output_text must be a text"),
        (prediction(refusal="yes"), "refusal must be true or false"),
        (prediction("TI", output_image=...), "c1/TI needs 1 image(s) in output_image, found 0"),
        (
            prediction("TI", output_image=["a.png", "b.png"]),
            "c1/TI needs 1 image(s) in output_image, found 2",
        ),
        (
            prediction("MT", output_images=["a.png"] * 3),
            "c1/MT needs 4 image(s) in output_images, found 3",
        ),
        (
            prediction("MT", output_images=..., output_image="a.png"),
            "c1/MT needs 4 image(s) in output_images, found 0",
        ),
        (prediction("TI", output_image=5), "output_image must hold paths"),
        (prediction("MT", output_images=["a.png", None]), "output_images must hold paths"),
        (
            prediction("TI", output_image="../a.png"),
            "output_image names '../a.png', which is outside",
        ),
        (
            prediction("TI", output_image="/etc/hostname"),
            "output_image names '/etc/hostname', which is outside",
        ),
        (
            prediction("TI", output_image="a\0.png"),
            "output_image names 'a\\x00.png', which is no path",
        ),
        (prediction("TT", "c9"), "the data set has no case c9/TT"),
        (prediction("TT", "c0"), "a second prediction for c0/TT, first in line 1"),
        (["a"], "expected a JSON object, found list"),
    ],
)
def test_a_doubtful_row_stops_the_file_and_is_named(
    tmp_path: Path, row: object, sentence: str
) -> None:
    with pytest.raises(PredictionsError) as caught:
        read(tmp_path, prediction("TT", "c0"), row, TT=("c0", "c1"))
    file = tmp_path / "predictions.jsonl"
    assert str(caught.value).startswith(f"{file}, line 2: {sentence}")


def test_a_name_that_is_too_long_for_a_file_costs_its_case_alone(tmp_path: Path) -> None:
    long = prediction("TI", "c1", output_image=f"{'x' * 300}.png")
    predictions = read(
        tmp_path, long, prediction("TI", "c2", output_image="a.png"), TI=("c1", "c2")
    )
    assert set(predictions) == {("c1", "TI"), ("c2", "TI")}


def test_a_link_out_of_the_files_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(samples.picture())
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "c1.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(PredictionsError, match="which is outside"):
        read(folder, prediction("TI"))


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    file = tmp_path / "predictions.jsonl"
    file.write_text(json.dumps(prediction()) + "\n{'id': 1}\n")
    with pytest.raises(PredictionsError, match=r"predictions\.jsonl, line 2: not valid JSON"):
        read_predictions(file, {})


def test_a_file_of_two_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match="mixes the models beet-2, carrot-1: use one file"):
        read(tmp_path, prediction(), prediction("TT", "c2", model="beet-2"))


def test_a_file_without_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError, match=r"predictions\.jsonl holds no predictions"):
        read(tmp_path)


def test_a_file_that_is_not_there_is_named_with_the_bundled_ones(tmp_path: Path) -> None:
    with pytest.raises(PredictionsError) as caught:
        predictions_path("demmo")
    assert str(caught.value).startswith("there is no predictions file 'demmo'")
    assert str(caught.value).endswith(": " + ", ".join(BUNDLED))
    file = samples.write_rows(tmp_path / "own.jsonl", [prediction()])
    assert predictions_path(str(file)) == file


# --- what a row says besides the official format ---

KEPT = {
    "thinking": "A carrot is orange.",
    "template_opened": True,
    "cut_off": True,
    "revised_prompt": "Draw one carrot.",
    "version": "carrot-1-2026-01",
}


def test_what_an_adapter_says_of_an_output_goes_into_its_row_and_comes_back(
    tmp_path: Path, demo_cases: Mapping[str, CaseSet]
) -> None:
    case = next(iter(demo_cases["TT"]))
    raw = parse_output(encode_output("A carrot.", **KEPT), case.task)
    assert {name: getattr(raw, name) for name in KEPT} == KEPT
    written = written_row(case, raw)
    assert KEPT.items() <= written.items()
    assert read(tmp_path, written)[case.id, "TT"].raw == replace(raw, model="carrot-1")


def test_what_an_adapter_does_not_say_is_left_out_of_the_row(
    demo_cases: Mapping[str, CaseSet],
) -> None:
    case = next(iter(demo_cases["TT"]))
    written = written_row(case, parse_output(encode_output("A carrot."), case.task))
    assert not {*KEPT, "refusal_flag"} & written.keys()


@pytest.mark.parametrize("name", [*KEPT, "refusal", "refusal_flag", "error", "output_text"])
def test_null_is_absent(tmp_path: Path, name: str) -> None:
    row = prediction("TI")
    assert read(tmp_path, {**row, name: None}) == read(tmp_path, row)


@pytest.mark.parametrize(
    ("name", "value"), [("thinking", 5), ("cut_off", "yes"), ("version", []), ("refusal_flag", "x")]
)
def test_a_field_of_another_type_is_named(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(PredictionsError, match=f"line 1: {name} must be"):
        read(tmp_path, prediction(**{name: value}))


def test_only_an_adapter_says_more_than_its_answer() -> None:
    raw = parse_output(json.dumps({"text": "", "images": [], **KEPT}), TASKS["TI"])
    assert raw == RawOutput()


def written_row(case: Case, raw: RawOutput) -> dict[str, Any]:
    """The row that a run stores of an output without images."""
    classified = classify(case, raw, [], None)
    return prediction_row(
        case,
        raw,
        "carrot-1",
        images=(),
        problem=None,
        status=classified.status,
        refusal_source=classified.refusal_source,
        output_sha256=classified.output_sha256,
    )
