"""The runner of Ovis-U1 asks as the scripts of AIDC-AI/Ovis-U1 do at dccf5eb."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import save_file
from torch import zeros

from tests.runners.conftest import Served, Start, picture, size_of

# test_txt_to_img.py:17-34@dccf5eb: the options' defaults; README.md:78-85 has the same.
DRAWING = {"height": 1024, "width": 1024, "steps": 50, "cfg": 5, "seed": 7}
# test_img_edit.py:18-25@dccf5eb
EDITING = {"steps": 50, "txt_cfg": 6, "img_cfg": 1.5, "seed": 7}
# The weights bring the model's code, which transformers imports.
CODE = """
import torch
from transformers import PretrainedConfig, PreTrainedModel

class Config(PretrainedConfig):
    model_type = "a_stand_in"

class Model(PreTrainedModel):
    config_class = Config

    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(2, 2)
        self.post_init()
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    (folder / "code.py").write_text(CODE, "utf-8")
    classes = {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.Model"}
    config = {"model_type": "a_stand_in", "auto_map": classes}
    (folder / "config.json").write_text(json.dumps(config))
    save_file(
        {"layer.weight": zeros(2, 2), "layer.bias": zeros(2)},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    return folder


@pytest.fixture(scope="module")
def ovis_u1(start: Start, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
        return start("ovis_u1", weights, seed=7)


@pytest.mark.parametrize("code", ["TI", "MT"])
def test_it_draws_with_the_settings_of_the_script(ovis_u1: Served, code: str) -> None:
    answer = ovis_u1.ask(code, "Draw a kite.")
    assert answer.error is None
    assert size_of(answer) == (1024, 1024)
    assert ovis_u1.calls("pipe_t2i")[-1] == {"prompt": "Draw a kite.", **DRAWING}
    # test_txt_to_img.py:117-125@dccf5eb
    assert ovis_u1.calls("model")[-1] == {"dtype": "torch.bfloat16", "is_training": False}


@pytest.mark.parametrize("code", ["IE", "MT"])
def test_it_edits_the_one_image_with_the_settings_of_the_script(ovis_u1: Served, code: str) -> None:
    answer = ovis_u1.ask(code, "Make it blue.", picture(64, 48))
    assert size_of(answer) == (64, 48)
    assert ovis_u1.calls("pipe_img_edit")[-1] == {
        "input_img": "image 64x48",
        "prompt": "Make it blue.",
        **EDITING,
    }


@pytest.mark.parametrize("code", ["IT", "MU"])
def test_it_is_asked_about_the_image(ovis_u1: Served, code: str) -> None:
    answer = ovis_u1.ask(code, "What is it?", picture(64, 48))
    assert answer.text == "A text."
    assert ovis_u1.calls("pipe_txt_gen")[-1] == {
        "pil_image": "image 64x48",
        "prompt": "What is it?",
        "white": False,
    }


def test_a_question_without_an_image_comes_with_a_white_one(ovis_u1: Served) -> None:
    # test_img_to_txt.py:18-57@dccf5eb: each prompt has an image.
    answer = ovis_u1.ask("TT", "What is a kite?")
    assert answer.text == "A text."
    assert ovis_u1.calls("pipe_txt_gen")[-1] == {
        "pil_image": "image 448x448",
        "prompt": "What is a kite?",
        "white": True,
    }


def test_it_does_not_compose_two_images(ovis_u1: Served) -> None:
    assert "IC" not in ovis_u1.model.tasks


def test_what_its_scripts_put_around_a_prompt_is_in_the_identity(ovis_u1: Served) -> None:
    # test_txt_to_img.py:101-105, test_img_edit.py:94@dccf5eb
    stack = ovis_u1.model.identity()["stack"]
    assert stack["draw.unconditional_prompt"] == "<image>\nGenerate an image."
    assert stack["edit.unconditional_prompt"] == stack["draw.unconditional_prompt"]
    assert stack["draw.prompt_prefix"].startswith("<image>\nDescribe the image by detailing")
