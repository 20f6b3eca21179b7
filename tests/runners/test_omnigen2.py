"""The runner of OmniGen2 asks as the scripts of VectorSpaceLab/OmniGen2 do at 0f72fa9."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of

# inference.py:21-171, 250-274@0f72fa9: the options' defaults, and the call in run().
ALWAYS = {
    "num_inference_steps": 50,
    "max_sequence_length": 1024,
    "image_guidance_scale": 2.0,
    "cfg_range": [0.0, 1.0],
    "width": 1024,
    "height": 1024,
    "num_images_per_prompt": 1,
    "output_type": "pil",
    "generator": "seed 7",
    # pipeline_omnigen2.py:481-482@0f72fa9
    "max_pixels": 1024 * 1024,
    "max_input_image_side_length": 1024,
}
# inference.py:119@0f72fa9; its end is about covering up, so that another one gives another ASR.
NEGATIVE_PROMPT_ENDS = "broken legs censor, censored, censor_bar"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def omnigen2(start: Start, weights: Path) -> Served:
    return start("omnigen2", weights, seed=7, dtype="float32")


def test_it_loads_the_pipeline_with_the_repositorys_transformer(
    omnigen2: Served, weights: Path
) -> None:
    # inference.py:174-193@0f72fa9
    path = str(weights)
    assert omnigen2.calls("transformer") == [
        {"path": path, "subfolder": "transformer", "torch_dtype": "torch.float32"}
    ]
    assert omnigen2.calls("pipeline") == [
        {
            "path": path,
            "transformer": "the transformer",
            "torch_dtype": "torch.float32",
            "trust_remote_code": True,
        }
    ]


@pytest.mark.parametrize(
    ("code", "images", "size", "guidance"),
    [
        # example_t2i.sh, example_edit.sh and example_in_context_generation.sh @0f72fa9
        ("TI", [], (1024, 1024), 4.0),
        ("IE", [(64, 48)], (64, 48), 5.0),
        ("IC", [(64, 48), (32, 80)], (1024, 1024), 5.0),
        ("MT", [], (1024, 1024), 4.0),
        ("MT", [(64, 48)], (64, 48), 5.0),
    ],
)
def test_images_are_asked_for_with_the_settings_of_the_scripts(
    omnigen2: Served,
    code: str,
    images: list[tuple[int, int]],
    size: tuple[int, int],
    guidance: float,
) -> None:
    answer = omnigen2.ask(code, "Draw a kite.", *(picture(*each) for each in images))
    assert answer.error is None
    assert size_of(answer) == size
    call = omnigen2.calls("draw")[-1]
    assert call["prompt"] == "Draw a kite."
    assert call["input_images"] == ([f"image {w}x{h}" for w, h in images] or None)
    assert call["text_guidance_scale"] == guidance
    assert call["negative_prompt"].endswith(NEGATIVE_PROMPT_ENDS)
    assert {name: call[name] for name in ALWAYS} == ALWAYS


@pytest.mark.parametrize(("code", "images"), [("TT", 0), ("IT", 1), ("MU", 1)])
def test_texts_are_the_chat_pipelines_and_greedy(omnigen2: Served, code: str, images: int) -> None:
    answer = omnigen2.ask(code, "What is it?", *[picture(64, 48)] * images)
    assert answer.text == "A text."
    assert omnigen2.calls("talk")[-1] == {
        "prompt": "1 images, What is it?" if images else "What is it?",
        "input_images": ["image 64x48"] if images else None,
        "do_sample": False,
    }


def test_a_wish_to_draw_is_no_text(omnigen2: Served) -> None:
    answer = omnigen2.ask("TT", "Draw it.")
    assert answer.is_empty
    assert answer.error is None


def test_the_negative_prompt_is_in_the_identity(omnigen2: Served) -> None:
    stack = omnigen2.model.identity()["stack"]
    assert stack["negative_prompt"].endswith(NEGATIVE_PROMPT_ENDS)
    assert stack["dtype"] == "float32"
