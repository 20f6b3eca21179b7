"""The runner of BLIP3o-NEXT asks as `inference.py` of JiuhaiChen/BLIP3o does at 6ced364."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from tests.runners.conftest import Served, Start, size_of

# inference.py:15-18, 50-56@6ced364. Without a temperature, transformers samples as with 1.
DRAWING = {
    "max_new_tokens": 729,
    "do_sample": True,
    "temperature": 1.0,
    "top_p": 0.95,
    "top_k": 1200,
    # blip3o_qwen_inference.py:133-136@6ced364, the defaults
    "guidance_scale": 2.0,
    "num_inference_steps": 30,
    "num_images_per_prompt": 1,
    "seed": 7,
}
TEMPLATE = (
    "{% for message in messages %}[{{ message['role'] }}]{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("weights")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(
        models.BPE(vocab={letter: number for number, letter in enumerate(alphabet)}, merges=[])
    )
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytewise, pad_token="<pad>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def blip3o(start: Start, weights: Path) -> Served:
    return start("blip3o", weights, seed=7)


def test_it_loads_the_model_as_the_script_does(blip3o: Served, weights: Path) -> None:
    # inference.py:27@6ced364
    assert blip3o.calls("model") == [{"path": str(weights), "torch_dtype": "torch.bfloat16"}]


def test_it_draws_with_the_prompt_and_the_settings_of_the_script(
    blip3o: Served, weights: Path
) -> None:
    answer = blip3o.ask("TI", "Draw a kite.")
    assert answer.error is None
    assert size_of(answer) == (1024, 1024)
    call = blip3o.calls("generate_images")[-1]
    assert {name: call[name] for name in DRAWING} == DRAWING
    # inference.py:35-43@6ced364
    (tokens,) = call["inputs"]
    assert AutoTokenizer.from_pretrained(weights).decode(tokens) == (
        "[system]You are a helpful assistant."
        "[user]Please generate image based on the following caption: Draw a kite."
        "[assistant]<im_start><S0>"
    )
    assert call["attention_mask"] == [[1] * len(tokens)]


def test_it_does_nothing_but_draw_from_text(blip3o: Served) -> None:
    assert blip3o.model.tasks == {"TI"}


def test_the_words_around_a_prompt_are_in_the_identity(blip3o: Served) -> None:
    stack = blip3o.model.identity()["stack"]
    assert stack["system_prompt"] == "You are a helpful assistant."
    assert stack["prompt_prefix"].startswith("Please generate image based on")
