"""The runner of UniWorld-V1 asks as `univa/serve/cli.py` of its repository does at 8403e86."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of
from unisafe_tasks.models.questions import Message, Question
from unisafe_tasks.tasks import TASKS

# univa/serve/cli.py:275-278,238-246@8403e86
DRAWING = {
    "num_inference_steps": 28,
    "guidance_scale": 3.5,
    "generator": "seed 7",
    "pooled_prompt_embeds": "the pooled embeddings",
    # :236, T5's before the model's
    "prompt_embeds": [1.0, 2.0, 2.0],
}
LIMITS = {"min_pixels": 448 * 448, "max_pixels": 448 * 448}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def uniworld(start: Start, weights: Path) -> Served:
    return start("uniworld_v1", weights, seed=7)


def test_it_loads_its_parts_as_the_script_does(uniworld: Served, weights: Path) -> None:
    # univa/serve/cli.py:29-90@8403e86; README.md:122-124 names the two other checkpoints
    path, dtype = str(weights), "torch.bfloat16"
    assert uniworld.calls("model") == [
        {"path": path, "torch_dtype": dtype, "attn_implementation": "flash_attention_2"}
    ]
    assert uniworld.calls("processor") == [{"path": path, **LIMITS}]
    flux, siglip = "black-forest-labs/FLUX.1-dev", "google/siglip2-so400m-patch16-512"
    assert uniworld.calls("pipeline") == [
        {"path": flux, "transformer": "the denoiser", "torch_dtype": dtype}
    ]
    assert uniworld.calls("eyes") == [{"path": siglip, "torch_dtype": dtype}]
    assert uniworld.calls("prepares") == [{"path": siglip}]


def test_its_other_weights_may_lie_beside_its_own(start: Start, tmp_path: Path) -> None:
    for name in ("FLUX.1-dev", "siglip2-so400m-patch16-512"):
        (tmp_path / name).mkdir()
    served = start("uniworld_v1", tmp_path)
    assert served.calls("pipeline")[0]["path"] == str(tmp_path / "FLUX.1-dev")
    assert served.calls("eyes")[0]["path"] == str(tmp_path / "siglip2-so400m-patch16-512")


def test_a_prompt_is_drawn_without_the_system_prompt(uniworld: Served) -> None:
    answer = uniworld.ask("TI", "Draw a kite.")
    assert size_of(answer) == (1024, 1024)
    # :191, the system prompt goes
    assert uniworld.calls("process")[-1] == {
        "text": ["Draw a kite.<|im_end|>\nassistant:"],
        "images": None,
        "videos": None,
        "padding": True,
    }
    assert uniworld.calls("embed")[-1] == {
        "images": 0,
        "has_pixels": False,
        "siglip": None,
        "output_type": "denoise_embeds",
    }
    # :227-234
    encoded = uniworld.calls("encode")[-1]
    assert (encoded["prompt"], encoded["max_sequence_length"]) == ("Draw a kite.", 256)
    assert encoded["text_encoders"] == ["clip", "t5"]
    call = uniworld.calls("draw")[-1]
    assert {name: call[name] for name in DRAWING} == DRAWING


@pytest.mark.parametrize(
    ("code", "given", "mean"),
    [("IE", [(64, 48)], (48, 64)), ("IC", [(64, 48), (32, 80)], (64, 48))],
)
def test_input_images_are_read_twice_and_give_the_size(
    uniworld: Served, code: str, given: list[tuple[int, int]], mean: tuple[int, int]
) -> None:
    answer = uniworld.ask(code, "Make it blue.", *(picture(*each) for each in given))
    assert size_of(answer) == (1152, 768)
    images = [f"image {width}x{height}" for width, height in given]
    # :156-176, the text first, then the images in their order
    (turn,) = uniworld.calls("conversation")[-1]["conversation"]
    assert turn == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Make it blue."},
            *({"type": "image", "image": image, **LIMITS} for image in images),
        ],
    }
    # :92-103
    assert uniworld.calls("prepare")[-1] == {
        "images": images,
        "do_resize": True,
        "do_convert_rgb": True,
    }
    call = uniworld.calls("embed")[-1]
    assert (call["images"], call["siglip"], call["has_pixels"]) == (*[len(given)] * 2, True)
    # :106-121, the mean of two inputs' heights and widths
    assert uniworld.calls("resize")[-1] == {
        "h": mean[0],
        "w": mean[1],
        "anyres": "any_11ratio",
        "anchor_pixels": 1024 * 1024,
        "stride": 32,
    }


def test_a_later_turn_is_a_conversation_with_all_images(uniworld: Served) -> None:
    said = (
        Message("user", "Draw it larger.", (picture(64, 48),)),
        Message("assistant", "", (picture(32, 80),)),
        Message("user", "Make it blue."),
    )
    answer = uniworld.model._runner.run(uniworld.model.ask(Question("a/MT", TASKS["MT"], said)))
    # :171, a turn without images of its own is drawn in the usual size.
    assert size_of(answer) == (1024, 1024)
    # :140-184,250-251
    conversation = uniworld.calls("conversation")[-1]["conversation"]
    assert [turn["role"] for turn in conversation] == ["user", "assistant", "user"]
    assert conversation[1]["content"] == [{"type": "image", "image": "image 32x80"}]
    assert uniworld.calls("prepare")[-1]["images"] == ["image 64x48", "image 32x80"]
    assert uniworld.calls("encode")[-1]["prompt"] == "Make it blue."
    assert uniworld.model.history == "full"


@pytest.mark.parametrize(("code", "images"), [("TT", 0), ("IT", 1), ("MU", 1)])
def test_texts_are_short_and_greedy(uniworld: Served, code: str, images: int) -> None:
    answer = uniworld.ask(code, "What is it?", *[picture(64, 48)] * images)
    assert answer.text == "A text."
    # :256
    assert uniworld.calls("talk")[-1] == {
        "max_new_tokens": 128,
        "do_sample": False,
        "images": images > 0,
    }
