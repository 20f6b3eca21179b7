"""The runner of NextStep-1 asks as `example.py` of stepfun-ai/NextStep-1 does at 6e49bae."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of

FOLDERS = ("NextStep-1-Large", "NextStep-1-Large-Edit", "NextStep-1-f8ch16-Tokenizer")
# example.py:54-74@6e49bae; cfg_img is the default of pipeline_nextstep.py:338.
DRAWING = {
    "checkpoint": "NextStep-1-Large",
    "images": None,
    "num_images_per_caption": 1,
    "positive_prompt": "masterpiece, film grained, best quality.",
    "hw": [512, 512],
    "use_norm": True,
    "cfg": 7.5,
    "cfg_img": 1.0,
    "cfg_schedule": "constant",
    "timesteps_shift": 1.0,
    "num_sampling_steps": 50,
    "seed": 7,
}
# example.py:19-46@6e49bae
EDITING = {
    **DRAWING,
    "checkpoint": "NextStep-1-Large-Edit",
    "images": ["image 512x512"],
    "positive_prompt": None,
    "negative_prompt": "Copy original image.",
    "cfg_img": 2.0,
    "timesteps_shift": 3.2,
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    for name in FOLDERS:
        (folder / name).mkdir()
    return folder


@pytest.fixture(scope="module")
def nextstep_1(start: Start, weights: Path) -> Served:
    return start("nextstep_1", weights, seed=7)


def test_it_loads_both_checkpoints_with_the_tokenizer_of_images(nextstep_1: Served) -> None:
    # example.py:15-17, 51-52@6e49bae; README.md:89@6e49bae, do not compile
    draws, edits, tokenizer = FOLDERS
    given = {"device": "cpu", "dtype": "torch.bfloat16", "compiles": False}
    assert nextstep_1.calls("pipeline") == [
        {"folders": [draws, tokenizer], **given},
        {"folders": [edits, tokenizer], **given},
    ]


@pytest.mark.parametrize("code", ["TI", "MT"])
def test_it_draws_with_the_settings_of_the_example(nextstep_1: Served, code: str) -> None:
    answer = nextstep_1.ask(code, "Draw a kite.")
    assert answer.error is None
    assert size_of(answer) == (512, 512)
    call = nextstep_1.calls("generate_image")[-1]
    assert call["captions"] == "Draw a kite."
    assert call["negative_prompt"].startswith("lowres, bad anatomy, bad hands, error, missing")
    assert {name: call[name] for name in DRAWING} == DRAWING


@pytest.mark.parametrize("code", ["IE", "MT"])
def test_it_edits_with_the_settings_of_the_example(nextstep_1: Served, code: str) -> None:
    answer = nextstep_1.ask(code, "Make it blue.", picture(64, 48))
    assert size_of(answer) == (512, 512)
    call = nextstep_1.calls("generate_image")[-1]
    assert call["captions"] == "<image>Make it blue."
    assert {name: call[name] for name in EDITING} == EDITING


def test_a_prompt_that_its_code_cannot_take_fails_alone(nextstep_1: Served) -> None:
    # pipeline_nextstep.py:157-166@6e49bae
    answer = nextstep_1.ask("IE", "What does <image> mean?", picture(64, 48))
    assert "has not 1 image token" in str(answer.error)
    assert nextstep_1.ask("IE", "Make it blue.", picture(64, 48)).error is None


def test_a_folder_without_one_of_the_three_is_told(start: Start, tmp_path: Path) -> None:
    (tmp_path / FOLDERS[0]).mkdir()
    with pytest.raises(SystemExit) as caught:
        start("nextstep_1", tmp_path)
    assert f"there is no folder {FOLDERS[2]} in it; it takes stepfun-ai/" in str(caught.value)


def test_what_it_adds_to_prompts_is_in_the_identity(nextstep_1: Served) -> None:
    stack = nextstep_1.model.identity()["stack"]
    assert stack["negative_prompt"]["edit"] == "Copy original image."
    assert stack["positive_prompt"]["draw"] == "masterpiece, film grained, best quality."
