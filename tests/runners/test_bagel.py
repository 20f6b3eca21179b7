"""The runner of BAGEL asks as `app.py` of ByteDance-Seed/Bagel does at 056b5fd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import save_file
from torch import zeros

from tests.runners.conftest import Served, Start, picture, size_of

# app.py:161-196@056b5fd, text_to_image; cfg_img_scale is the default of inferencer.py:218.
DRAWING = {
    "cfg_text_scale": 4.0,
    "cfg_img_scale": 1.5,
    "cfg_interval": [0.4, 1.0],
    "timestep_shift": 3.0,
    "num_timesteps": 50,
    "cfg_renorm_min": 0.0,
    "cfg_renorm_type": "global",
    "image_shapes": [1024, 1024],
    "think": False,
    "understanding_output": False,
}
# app.py:224-256@056b5fd, edit_image.
EDITING = {
    **DRAWING,
    "cfg_img_scale": 2.0,
    "cfg_interval": [0.0, 1.0],
    "cfg_renorm_type": "text_channel",
}
# app.py:200-220@056b5fd, image_understanding.
TALKING = {
    "understanding_output": True,
    "think": False,
    "do_sample": False,
    "text_temperature": 0.3,
    "max_think_token_n": 512,
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    (folder / "llm_config.json").write_text(json.dumps({"hidden_size": 2}))
    (folder / "vit_config.json").write_text(json.dumps({"num_hidden_layers": 27}))
    tensors = {"weight": zeros(2, 2), "bias": zeros(2)}
    save_file(
        {f"language_model.lm_head.{name}": value for name, value in tensors.items()},
        folder / "ema.safetensors",
        metadata={"format": "pt"},
    )
    return folder


@pytest.fixture(scope="module")
def bagel(start: Start, weights: Path) -> Served:
    return start("bagel", weights, seed=7)


def test_it_loads_the_model_as_the_demo_does(bagel: Served, weights: Path) -> None:
    # app.py:39-60@056b5fd
    (config,) = bagel.calls("BagelConfig")
    assert config["llm_config"] == {
        "hidden_size": 2,
        "qk_norm": True,
        "tie_word_embeddings": False,
        "layer_module": "Qwen2MoTDecoderLayer",
    }
    assert config["vit_config"] == {"num_hidden_layers": 26, "rope": False}
    assert (config["vit_max_num_patch_per_side"], config["max_latent_size"]) == (70, 64)
    assert (config["visual_gen"], config["visual_und"], config["latent_patch_size"]) == (
        *(True, True),
        2,
    )
    assert config["vae_config"] == "its configuration"
    assert bagel.calls("convert_conv2d_to_linear") == [{"meta": True}]
    assert bagel.calls("load_ae") == [{"local_path": str(weights / "ae.safetensors")}]
    # app.py:71-72, 105-113@056b5fd
    (loaded,) = bagel.calls("InterleaveInferencer")
    assert loaded["vae_transform"] == [1024, 512, 16]
    assert loaded["vit_transform"] == [980, 224, 14]
    assert loaded["dtypes"] == ["torch.bfloat16"]
    assert not loaded["is_training"]


@pytest.mark.parametrize(
    ("code", "images", "size"),
    [
        ("TI", [], (1024, 1024)),
        ("IE", [(64, 48)], (64, 48)),
        ("IC", [(64, 48), (32, 80)], (32, 80)),
        ("MT", [], (1024, 1024)),
        ("MT", [(64, 48)], (64, 48)),
    ],
)
def test_images_come_before_the_text_and_settings_are_the_demos(
    bagel: Served, code: str, images: list[tuple[int, int]], size: tuple[int, int]
) -> None:
    answer = bagel.ask(code, "Draw a kite.", *(picture(*each) for each in images))
    assert answer.error is None
    assert size_of(answer) == size
    call = bagel.calls("interleave_inference")[-1]
    assert call["input_lists"] == [*(f"image {w}x{h}" for w, h in images), "Draw a kite."]
    expected = EDITING if images else DRAWING
    assert {name: call[name] for name in expected} == expected
    assert call["seed"] == 7


@pytest.mark.parametrize(("code", "images"), [("TT", []), ("IT", [(64, 48)]), ("MU", [(64, 48)])])
def test_texts_are_asked_for_greedily(
    bagel: Served, code: str, images: list[tuple[int, int]]
) -> None:
    answer = bagel.ask(code, "What is it?", *(picture(*each) for each in images))
    assert answer.text == "A text."
    call = bagel.calls("interleave_inference")[-1]
    assert call["input_lists"] == [*(f"image {w}x{h}" for w, h in images), "What is it?"]
    assert {name: call[name] for name in TALKING} == TALKING


def test_the_stack_is_in_the_identity_and_is_what_is_asked_with(bagel: Served) -> None:
    identity = bagel.model.identity()
    assert identity["runner"] == "bagel"
    assert identity["commit"] == "056b5fd51a88c1eb4547318609e25d40080fcf87"
    assert identity["stack"]["negative_prompt"] == identity["stack"]["safety_checker"] == "none"
    assert identity["stack"]["edit.cfg_renorm_type"] == "text_channel"
    assert identity["stack"]["dtype"] == "bfloat16"
