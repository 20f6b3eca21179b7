"""What --gen_kwargs becomes for an adapter: an argument of it, or a sentence."""

from __future__ import annotations

import pytest
from lmms_eval.utils import simple_parse_args_string

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.models.harness_options import with_generation_options
from unisafe_tasks.models.umm_openai import UmmOpenAI


@pytest.mark.parametrize(
    ("model", "model_args", "gen_kwargs", "expected"),
    [
        (
            "umm_openai",
            "model=m,api=chat",
            "max_new_tokens=10,temperature=0.5",
            "model=m,api=chat,max_tokens=10,temperature=0.5",
        ),
        ("umm_openai", "model=m", "do_sample=False", "model=m,temperature=0"),
        ("umm_openai", "model=m", "", "model=m"),
        ("umm_openai", "model=m,temperature=0.5", "temperature=0.5", "model=m,temperature=0.5"),
        ("umm_gemini", "model=m", "seed=3", "model=m,seed=3"),
        (
            "umm_transformers",
            "pretrained=m",
            "max_gen_toks=10,temperature=0",
            "pretrained=m,max_new_tokens=10,do_sample=False",
        ),
        ("qwen2_5_omni", "pretrained=m", "top_k=3", "pretrained=m"),
    ],
)
def test_it_becomes_an_argument(
    model: str, model_args: str, gen_kwargs: str, expected: str
) -> None:
    assert with_generation_options(model, model_args, gen_kwargs) == expected


@pytest.mark.parametrize(
    ("model", "model_args", "gen_kwargs", "sentence"),
    [
        ("umm_openai", "model=m", "top_k=3", "umm_openai has no use for --gen_kwargs top_k"),
        ("umm_worker", "command=x", "temperature=1", "it takes seed"),
        ("predictions", "predictions=demo", "seed=1", "it takes none"),
        (
            "umm_openai",
            "model=m,temperature=1",
            "temperature=0.5",
            "--gen_kwargs temperature=0.5 and --model_args temperature=1 differ",
        ),
    ],
)
def test_what_has_no_use_is_refused(
    model: str, model_args: str, gen_kwargs: str, sentence: str
) -> None:
    with pytest.raises(UnisafeError) as caught:
        with_generation_options(model, model_args, gen_kwargs)
    assert sentence in str(caught.value)


def test_json_comes_through_the_command_line() -> None:
    words = 'model=m,base_url=http://x/v1,extra_body={"a": {"b": [1, 2]}, "c": "d,e"},api=chat'
    model = UmmOpenAI(**simple_parse_args_string(words))
    assert model.spec.extra_body == {"a": {"b": [1, 2]}, "c": "d,e"}
    assert model.spec.api == "chat"


def test_a_model_that_is_built_already_cannot_be_told() -> None:
    model = UmmOpenAI(model="m", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(UnisafeError, match="--gen_kwargs seed: the model is built already"):
        with_generation_options(model, "", "seed=1")


def test_a_chat_template_is_not_the_harnesses() -> None:
    model = UmmOpenAI(model="m", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(SystemExit, match="run without --apply_chat_template"):
        _ = model.chat_template
