"""The runner of MMaDA asks as the scripts of Gen-Verse/MMaDA do at 3cdb870."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.runners.conftest import Served, Start, picture

# README.md:142@3cdb870, its command for images; inference_t2i.py:105-118 and
# configs/mmada_demo.yaml:22,103 @3cdb870 for the rest.
DRAWING = {
    "guidance_scale": 3.5,
    "timesteps": 15,
    "temperature": 1.0,
    "noise_schedule": "the schedule cosine",
    "seq_len": 1024,
    # models/modeling_mmada.py:132,153@3cdb870: in truth the length of the prompt's part.
    "resolution": 512,
    "codebook_size": 8192,
    "generator": "seed 7",
}
# inference_mmu.py:111-116@3cdb870 with max_seq_length 512 of configs/mmada_demo.yaml:67; the rest
# are defaults of models/modeling_mmada.py:377@3cdb870.
TALKING = {
    "max_new_tokens": 512,
    "steps": 256,
    "block_length": 128,
    "temperature": 0.0,
    "cfg_scale": 0.0,
    "remasking": "low_confidence",
}
# generate.py:120@3cdb870, what its template makes of one message.
ASKED = (
    "<bos><|start_header_id|>user<|end_header_id|>\nWhat is it?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n"
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def mmada(start: Start, weights: Path) -> Served:
    return start("mmada", weights, seed=7)


def test_it_loads_model_and_image_tokenizer_as_the_scripts_do(mmada: Served, weights: Path) -> None:
    # inference_t2i.py:62-73@3cdb870
    assert mmada.calls("tokenizer") == [{"path": str(weights), "padding_side": "left"}]
    assert mmada.calls("prompting") == [
        {"max_text_len": 512, "use_reserved_token": True, "cond_dropout_prob": 0.1}
    ]
    assert mmada.calls("image tokenizer") == [{"path": "showlab/magvitv2"}]
    assert mmada.calls("model") == [
        {"path": str(weights), "trust_remote_code": True, "torch_dtype": "torch.bfloat16"}
    ]


def test_the_image_tokenizer_may_lie_beside_the_weights(start: Start, tmp_path: Path) -> None:
    beside = tmp_path / "magvitv2"
    beside.mkdir()
    served = start("mmada", tmp_path)
    assert served.calls("image tokenizer") == [{"path": str(beside)}]


def test_images_are_asked_for_with_the_settings_of_the_readme(mmada: Served) -> None:
    answer = mmada.ask("TI", "Draw a kite.")
    assert answer.error is None
    asked, unconditional = mmada.calls("prompt")[-2:]
    assert asked == {"texts": ["Draw a kite."], "images": [1, 1024]}
    assert unconditional == {"texts": [""], "images": [1, 1024]}
    call = mmada.calls("draw")[-1]
    assert {name: call[name] for name in DRAWING} == DRAWING
    assert (call["input_ids"], call["uncond_input_ids"]) == ([12] * 3, [0] * 3)
    # inference_t2i.py:120-126@3cdb870: codes out of range are clamped, and colors from -1 to 1.
    assert mmada.calls("decode_code")[-1] == {"codes": [[8191, 0, 7]]}
    (image,) = answer.images
    drawn = Image.open(io.BytesIO(image.data))
    assert (drawn.size, drawn.getpixel((0, 0))) == ((512, 512), (0, 127, 255))


def test_a_text_is_asked_for_with_the_template_and_greedily(mmada: Served) -> None:
    answer = mmada.ask("TT", " What is it? ")
    assert answer.text == "A text."
    assert mmada.calls("tokenize")[-1] == {"text": ASKED}
    call = mmada.calls("talk")[-1]
    assert call["idx"] == [[len(ASKED)] * 3]
    assert {name: call[name] for name in TALKING} == TALKING


@pytest.mark.parametrize("code", ["IT", "MU"])
def test_an_image_stands_before_the_question(mmada: Served, code: str) -> None:
    answer = mmada.ask(code, "What is it?", picture(64, 48))
    assert answer.text == "A text."
    # inference_mmu.py:92-108@3cdb870
    assert mmada.calls("image_transform")[-1] == {
        "image": "image 64x48",
        "resolution": 512,
        "normalize": True,
    }
    assert mmada.calls("get_code")[-1] == {"shape": [1, 3, 512, 512]}
    image = [126089, 126084, 126349 + 5, 126349 + 6, 126085]
    assert mmada.calls("talk")[-1]["idx"] == [[*image, *[len(ASKED)] * 3]]


def test_it_edits_nothing(mmada: Served) -> None:
    assert mmada.model.tasks == {"TI", "TT", "IT", "MU"}
