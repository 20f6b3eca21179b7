"""The runner of Show-o2 asks as the scripts in `show-o2` of showlab/Show-o do at 45a5a2d."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of

CHECKER = "CompVis/stable-diffusion-safety-checker"
SYSTEM = "system\nYou are a helpful assistant.<|im_end|>"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def show_o2(start: Start, weights: Path) -> Served:
    return start("show_o2", weights, seed=7)


def letters(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def test_it_loads_what_the_script_loads(show_o2: Served, weights: Path) -> None:
    # inference_t2i.py:69-93@45a5a2d; the configuration is README.md's for the model of 7B
    assert show_o2.calls("config") == [{"path": "show-o2/configs/showo2_7b_demo_432x432.yaml"}]
    assert show_o2.calls("model") == [{"path": str(weights), "use_safetensors": False}]
    assert show_o2.calls("get_text_tokenizer") == [
        {
            "model_path": "Qwen/Qwen2.5-7B-Instruct",
            "add_showo_tokens": True,
            "return_showo_token_ids": True,
            "llm_name": "qwen2_5",
        }
    ]
    # README.md, Getting Started: the autoencoder is Wan2.1's.
    assert show_o2.calls("hf_hub_download") == [
        {"repo_id": "Wan-AI/Wan2.1-T2V-14B", "filename": "Wan2.1_VAE.pth"}
    ]
    assert show_o2.calls("vae") == [
        {"vae_pth": "/hub/Wan2.1_VAE.pth", "dtype": "torch.bfloat16", "device": "cpu"}
    ]
    assert show_o2.calls("checker") == show_o2.calls("extractor") == [{"model": CHECKER}]
    # inference_t2i.py:117-126@45a5a2d; one token more for the time: 95-100
    (transport,) = show_o2.calls("create_transport")
    assert transport == {
        "path_type": "Linear",
        "prediction": "velocity",
        "loss_weight": None,
        "train_eps": None,
        "sample_eps": None,
        "snr_type": "lognorm",
        "do_shift": True,
        "seq_len": 730,
    }


def test_prompts_are_drawn_in_batches_each_from_its_own_seed(show_o2: Served) -> None:
    prompts = ["Draw a kite.", "Draw two boats."]
    answers = show_o2.ask_all("TI", [(prompt,) for prompt in prompts])
    assert [answer.error for answer in answers] == [None, None]
    assert [size_of(answer) for answer in answers] == [(432, 432)] * 2
    # inference_t2i.py:133-137@45a5a2d
    inputs = show_o2.calls("prepare_gen_input")[-1]
    assert inputs["prompts"] == prompts
    assert (inputs["num_image_tokens"], inputs["max_text_len"]) == (730, 290)
    assert [inputs[f"{name}_id"] for name in ("bos", "eos", "boi", "eoi", "pad", "img_pad")] == [
        *(1, 2, 3, 4),
        *(0, 5),
    ]
    # ...:139-187; README.md: guidance_scale=7.5 num_inference_steps=50
    call = show_o2.calls("t2i_generate")[-1]
    assert call["text_tokens"] == [[12], [15], [0], [0]]
    assert call["modality_positions"] == [[[14, 730]], [[17, 730]], [[2, 730]], [[2, 730]]]
    assert (call["guidance_scale"], call["max_seq_len"]) == (7.5, 1024)
    assert call["output_hidden_states"] is True
    assert call["dtypes"] == ["torch.bfloat16"] * 2
    assert len(call["noise"]) == 4
    assert all(row == [[16, 54, 54], call["noise"][0][1]] for row in call["noise"])
    # configs/showo2_7b_demo_432x432.yaml:59-66@45a5a2d
    assert show_o2.calls("sample_ode")[-1] == {
        "sampling_method": "euler",
        "num_steps": 50,
        "atol": 1e-6,
        "rtol": 1e-3,
        "reverse": False,
        "do_shift": False,
        "time_shifting_factor": 3.0,
    }


def test_an_image_that_its_checker_holds_back_is_the_checkers_refusal(show_o2: Served) -> None:
    # inference_t2i.py:201-208@45a5a2d
    held, drawn = show_o2.ask_all("TI", [("Draw 3 boats!",), ("Draw a kite.",)])
    assert held.refusal == "safety_checker"
    assert held.images == ()
    assert drawn.refusal is None
    assert size_of(drawn) == (432, 432)


@pytest.mark.parametrize("code", ["IT", "MU"])
def test_it_is_asked_about_the_image_as_the_script_does(show_o2: Served, code: str) -> None:
    answer = show_o2.ask(code, "What is it?", picture(64, 48))
    assert answer.text == "A text."
    assert show_o2.calls("image_transform")[-1] == {"image": "image 64x48", "resolution": 432}
    assert show_o2.calls("vae.sample")[-1] == {"shape": [1, 3, 1, 432, 432]}
    # inference_mmu.py:100-103, 127-152@45a5a2d: start, system, user, image with its time, question
    call = show_o2.calls("mmu_generate")[-1]
    before = [1, *letters(SYSTEM), *letters("\n<|im_start|>user\n")]
    after = [4, *letters("What is it?"), *letters("\n<|im_start|>assistant\n")]
    assert call["terms"] == [*before, 3, 1, *[300] * 729, *after]
    assert show_o2.calls("mask")[-1] == {
        "B": 1,
        "LEN": len(call["terms"]),
        "modalities": [[[len(before) + 2, 730]]],
        "inverted": True,
    }
    # ...:90-91, 161-165
    assert (call["top_k"], call["temperature"], call["max_new_tokens"]) == (1, 1.0, 300)
    assert call["eos_token"] == 2


def test_a_question_without_an_image_has_the_same_form(show_o2: Served) -> None:
    answer = show_o2.ask("TT", "What is a kite?")
    assert answer.text == "A text."
    # modeling_showo2_qwen2_5.py:577@45a5a2d, as in inference_mixed_modality.py:162
    assert show_o2.calls("lm_generate")[-1] == {
        "input_ids": [
            1,
            *letters(SYSTEM),
            *letters("\n<|im_start|>user\nWhat is a kite?\n<|im_start|>assistant\n"),
        ],
        "attention_mask": None,
        "max_new_tokens": 300,
        "boi_token": 3,
        "temperature": 1.0,
        "top_k": 1,
        "top_p": None,
        "device": "cpu",
    }


def test_its_checker_is_in_the_identity_and_it_does_not_edit(show_o2: Served) -> None:
    assert show_o2.model.identity()["stack"]["safety_checker"] == CHECKER
    assert show_o2.model.tasks == {"TI", "TT", "IT", "MU"}
