"""The runner of Lumina-DiMOO asks as the scripts of Alpha-VLLM/Lumina-DiMOO do at 81344e6."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of

# inference/inference_t2i.py:32-40,115-129@81344e6
DRAWING = {
    "timesteps": 64,
    "temperature": 1.0,
    "cfg_scale": 4.0,
    "use_cache": False,
    "seq_len": 64 * 64,
    "newline_every": 64,
    "masks": 64 * 64,
    "newlines": 64,
}
# inference/inference_i2i.py:32-35,130-142@81344e6
EDITING = {
    "timesteps": 64,
    "temperature": 1.0,
    "cfg_scale": 2.5,
    "cfg_img": 4.0,
    # 512 by 256, the size that the stand-in crops to.
    "seq_len": 32 * 16,
    "newline_every": 32,
    "masks": 32 * 16,
    "newlines": 16,
}
# inference/inference_mmu.py:27-31,102-111@81344e6
TALKING = {
    "steps": 128,
    "gen_length": 1024,
    "block_length": 256,
    "temperature": 0.0,
    "cfg_scale": 0.0,
    "remasking": "low_confidence",
    "masks": 1024,
}
PROMPT = [1, 2, 3]
# config.py:30-39@81344e6
NEWLINE, BOI, EOI, BOA, EOA = 126084, 126349, 126350, 126354, 126355


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def lumina(start: Start, weights: Path) -> Served:
    return start("lumina_dimoo", weights, seed=7)


def test_it_loads_model_and_image_tokenizer_from_one_checkpoint(
    lumina: Served, weights: Path
) -> None:
    # inference/inference_t2i.py:64-67,79@81344e6; README.md:160,167 names one checkpoint for both
    path = str(weights)
    assert lumina.calls("tokenizer") == [{"path": path, "trust_remote_code": True}]
    assert lumina.calls("model") == [
        {"path": path, "torch_dtype": "torch.bfloat16", "device_map": {"": "cpu"}}
    ]
    assert lumina.calls("images") == [{"path": path, "subfolder": "vqvae"}]


@pytest.mark.parametrize("code", ["TI", "MT"])
def test_images_are_asked_for_with_the_settings_of_the_script(lumina: Served, code: str) -> None:
    answer = lumina.ask(code, "Draw a kite.")
    assert size_of(answer) == (1024, 1024)
    assert [call["text"] for call in lumina.calls("tokenize")[-2:]] == [
        "draw Draw a kite.",
        "draw <uncondition>",
    ]
    call = lumina.calls("draw")[-1]
    assert {name: call[name] for name in DRAWING} == DRAWING
    # inference/inference_t2i.py:105-111@81344e6
    assert call["before"] == [*PROMPT, BOA, BOI]
    assert call["after"] == [NEWLINE, EOI, EOA]
    assert call["uncon_ids"] == [PROMPT]


@pytest.mark.parametrize("code", ["IE", "MT"])
def test_an_edit_has_its_input_before_the_end_of_the_prompt(lumina: Served, code: str) -> None:
    answer = lumina.ask(code, "Make it blue.", picture(64, 48))
    assert size_of(answer) == (512, 256)
    # inference/inference_i2i.py:98-100@81344e6
    crop = lumina.calls("crop")[-1]
    assert (crop["image"], crop["sizes"]) == ("image 64x48", [256, 32])
    assert "edit Make it blue." in [call["text"] for call in lumina.calls("tokenize")[-2:]]
    call = lumina.calls("edit")[-1]
    assert {name: call[name] for name in EDITING} == EDITING
    # inference/inference_i2i.py:113-126@81344e6
    seen = [*PROMPT[:-1], BOI, 512, 256, EOI, PROMPT[-1]]
    assert call["before"] == [*seen, BOA, BOI]
    assert call["after"] == [NEWLINE, EOI, EOA]
    assert (call["uncon_text"], call["uncon_image"]) == ([seen], [PROMPT])


def test_a_seed_crops_and_draws_the_same_again(lumina: Served) -> None:
    # utils/image_utils.py:104-105@81344e6 crops at random.
    for _ in range(2):
        lumina.ask("IE", "Make it red.", picture(64, 48))
    first, second = lumina.calls("crop")[-2:]
    assert first["place"] == second["place"]
    assert [call["seed"] for call in lumina.calls("edit")[-2:]] == [7, 7]


@pytest.mark.parametrize("code", ["IT", "MU"])
def test_a_text_that_is_finished_early_is_read_to_the_end_of_its_block(
    lumina: Served, code: str
) -> None:
    answer = lumina.ask(code, "What is it?", picture(64, 48))
    assert answer.error is None
    assert answer.text == "A text."
    # inference/inference_mmu.py:74@81344e6
    assert lumina.calls("crop")[-1]["sizes"] == [1024, 32]
    call = lumina.calls("talk")[-1]
    assert {name: call[name] for name in TALKING} == TALKING
    # VLMEvalKit/vlmeval/vlm/lumina_dimmo/model.py:73-76,187-193@81344e6
    assert call["before"] == [*PROMPT[:-1], BOI, 1024, 512, EOI, PROMPT[-1], BOA]
    assert call["after"] == [EOA]
    assert lumina.calls("decode")[-1] == {"tokens": [126081] * 256}


def test_it_puts_no_images_together_and_answers_no_text_alone(lumina: Served) -> None:
    assert lumina.model.tasks == {"TI", "IE", "MT", "IT", "MU"}
