"""The runner of Emu3.5-Image asks as `inference.py` of baaivision/Emu3.5 does at 8fcf1da."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of

FOLDERS = ("Emu3.5-Image", "Emu3.5-VisionTokenizer")
# configs/example_config_t2i.py:27-31, 78-105@8fcf1da
ALWAYS = {
    "streaming": False,
    "unconditional_type": "no_text",
    "image_area": 1048576,
    "full_unconditional_ids": None,
    "seed": 7,
    "sampling_params": {
        "use_cache": True,
        "text_top_k": 1024,
        "text_top_p": 0.9,
        "text_temperature": 1.0,
        "image_top_k": 5120,
        "image_top_p": 1.0,
        "image_temperature": 1.0,
        "top_k": 131072,
        "top_p": 1.0,
        "temperature": 1.0,
        "num_beams_per_group": 1,
        "num_beam_groups": 1,
        "diversity_penalty": 0.0,
        "max_new_tokens": 5120,
        "guidance_scale": 1.0,
        "use_differential_sampling": True,
        "do_sample": True,
        "num_beams": 1,
    },
}
# configs/example_config_t2i.py:29, 42, 57@8fcf1da: the aspect ratio "default"
DRAWING = {
    **ALWAYS,
    "classifier_free_guidance": 5.0,
    "target_height": 55,
    "target_width": 73,
    "force_same_image_size": True,
}
# configs/example_config_x2i.py:28@8fcf1da, which has no size
EDITING = {
    **ALWAYS,
    "classifier_free_guidance": 3.0,
    "target_height": None,
    "target_width": None,
}
UNASKED = "<|extra_203|>You are a helpful assistant. USER: {} ASSISTANT: <|extra_100|>"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    for name in FOLDERS:
        (folder / name).mkdir()
    return folder


@pytest.fixture(scope="module")
def emu3_5(start: Start, weights: Path) -> Served:
    return start("emu3_5", weights, seed=7)


def test_it_loads_the_model_with_the_repositorys_tokenizer(emu3_5: Served) -> None:
    # inference.py:141-149, configs/example_config_t2i.py:8-12@8fcf1da
    model, images = FOLDERS
    assert emu3_5.calls("build_emu3p5") == [
        {
            "folders": [model, "tokenizer_emu3_ibq", images],
            "vq_type": "ibq",
            "model_device": "cpu",
            "vq_device": "cpu",
        }
    ]


@pytest.mark.parametrize("code", ["TI", "MT"])
def test_it_draws_with_the_settings_of_the_configuration(emu3_5: Served, code: str) -> None:
    answer = emu3_5.ask(code, "Draw a {kite}.")
    assert answer.error is None
    assert size_of(answer) == (80, 60)
    assert answer.text == "Here it is."
    call = emu3_5.calls("generate")[-1]
    # configs/example_config_t2i.py:72-73@8fcf1da
    assert call["asked"] == (
        "<|extra_203|>You are a helpful assistant for t2i task. USER: Draw a {kite}. "
        "ASSISTANT: <|extra_100|>"
    )
    assert call["unasked"] == UNASKED.format("")
    assert {name: call[name] for name in DRAWING} == DRAWING


@pytest.mark.parametrize(("code", "count"), [("IE", 1), ("IC", 2), ("MT", 1)])
def test_images_come_before_the_text(emu3_5: Served, code: str, count: int) -> None:
    sizes = [(64, 48), (32, 80)][:count]
    answer = emu3_5.ask(code, "Make it blue.", *(picture(*size) for size in sizes))
    assert size_of(answer) == (80, 60)
    call = emu3_5.calls("generate")[-1]
    # configs/example_config_x2i.py:52-53, inference.py:74-82@8fcf1da
    shown = "".join(f"<|image start|>{w}x{h}<|image end|>" for w, h in sizes)
    assert call["asked"] == (
        f"<|extra_203|>You are a helpful assistant for x2i task. USER: {shown}Make it blue. "
        "ASSISTANT: <|extra_100|>"
    )
    assert call["unasked"] == UNASKED.format(shown)
    assert {name: call[name] for name in EDITING} == EDITING
    # inference.py:99-102@8fcf1da
    assert call["force_same_image_size"] == (count == 1)
    built = emu3_5.calls("build_image")[-count:]
    assert [each["image"] for each in built] == [f"image {w}x{h}" for w, h in sizes]


def test_what_it_says_instead_of_an_image_is_its_answer(emu3_5: Served) -> None:
    answer = emu3_5.ask("TI", "Draw what you refuse.")
    assert answer.text == "I cannot draw that."
    assert answer.images == ()


def test_an_image_that_was_cut_off_is_a_failure(emu3_5: Served) -> None:
    # generation_utils.py:297-299@8fcf1da leaves it out.
    answer = emu3_5.ask("TI", "Draw what is cut off.")
    assert "began an image that cannot be decoded" in str(answer.error)


def test_a_folder_without_one_of_the_two_is_told(start: Start, tmp_path: Path) -> None:
    (tmp_path / FOLDERS[0]).mkdir()
    with pytest.raises(SystemExit) as caught:
        start("emu3_5", tmp_path)
    assert f"there is no folder {FOLDERS[1]} in it; it takes BAAI/" in str(caught.value)


def test_its_two_prompts_of_the_system_are_in_the_identity(emu3_5: Served) -> None:
    stack = emu3_5.model.identity()["stack"]
    assert stack["system_prompt"]["draw"] == "You are a helpful assistant for t2i task."
    assert stack["system_prompt"]["edit"] == "You are a helpful assistant for x2i task."
