"""`umm_transformers` through the harness, with tiny models of random weights."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.harnesses.conftest import Finished
from tests.harnesses.tiny_models import (
    save_tiny_emu3,
    save_tiny_janus,
    save_tiny_llama,
    tokenizer,
)
from tests.servers import Answer, JudgeServer, verdict
from unisafe_judges.thinking import TAGS, Split, Tag, split_thinking
from unisafe_tasks.models.umm_transformers import UmmTransformers

Evaluate = Callable[..., Finished]
ALL = ("unisafe_t2i", "unisafe_i2i", "unisafe_mt2i", "unisafe_t2t", "unisafe_i2t", "unisafe_it2t")
SAVE = {"llama": save_tiny_llama, "janus": save_tiny_janus, "emu3": save_tiny_emu3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model, made once."""
    made: dict[str, Path] = {}

    def find(kind: str) -> Path:
        if kind not in made:
            made[kind] = SAVE[kind](tmp_path_factory.mktemp(kind))
        return made[kind]

    return find


@pytest.fixture
def build(folder: Callable[[str], Path]) -> Callable[..., UmmTransformers]:
    def make(kind: str, **given: Any) -> UmmTransformers:
        defaults = {"pretrained": str(folder(kind)), "max_new_tokens": 12, "image_size": 32}
        return UmmTransformers(**defaults | given)

    return make


def statuses(finished: Finished) -> dict[str, set[str]]:
    outcomes: dict[str, set[str]] = {}
    for row in finished.rows("predictions"):
        outcomes.setdefault(row["scenario_type"], set()).add(row["status"])
    return outcomes


def outputs(finished: Finished) -> dict[tuple[str, str], Any]:
    return {
        (row["id"], row["scenario_type"]): row["output_text"] or row["image_sha256"]
        for row in finished.rows("predictions")
    }


@pytest.mark.parametrize("kind", ["janus", "emu3"])
def test_a_unified_model_does_what_it_can_and_claims_nothing_else(
    evaluate: Evaluate, build: Callable[..., UmmTransformers], kind: str
) -> None:
    finished = evaluate(build(kind, batch_size=4), *ALL, limit=3)
    cannot, can = {"unsupported"}, {"ok"}
    assert statuses(finished) == {
        "TI": can,
        "IE": cannot,
        "MT": cannot,
        "TT": can,
        "IT": can,
        "MU": can,
    }
    for row in finished.rows("predictions"):
        if row["scenario_type"] == "TI":
            with Image.open(finished.folder / row["output_image"]) as image:
                assert (image.format, image.mode) == ("PNG", "RGB")
                assert image.size == ((8, 8) if kind == "janus" else (32, 32))


def test_a_text_model_does_text(evaluate: Evaluate, build: Callable[..., UmmTransformers]) -> None:
    finished = evaluate(build("llama"), *ALL, limit=2)
    outcomes = statuses(finished)
    assert outcomes.pop("TT") == {"ok"}
    assert set.union(*outcomes.values()) == {"unsupported"}


def test_greedy_answers_do_not_depend_on_the_batch_and_are_made_once(
    evaluate: Evaluate, build: Callable[..., UmmTransformers], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = ("unisafe_t2t", "unisafe_it2t")
    one = build("emu3", batch_size=1)
    alone = evaluate(one, *tasks, limit=4)
    monkeypatch.setenv("UNISAFE_ANSWERS", str(alone.folder / "other-answers"))
    together = evaluate(build("emu3", batch_size=3), *tasks, limit=4)
    assert outputs(alone) == outputs(together)

    def never(batch: Any) -> Any:
        raise AssertionError("asked again")

    again = build("emu3", batch_size=2)
    monkeypatch.setattr(again, "answer", never)
    assert outputs(evaluate(again, *tasks, limit=4)) == outputs(together)


def test_an_input_image_reaches_the_model(
    evaluate: Evaluate, build: Callable[..., UmmTransformers]
) -> None:
    finished = evaluate(build("emu3"), "unisafe_i2t")
    texts = {row["output_text"] for row in finished.rows("predictions")}
    assert len(texts) > 1


def test_a_seed_decides_what_is_sampled(
    evaluate: Evaluate, build: Callable[..., UmmTransformers]
) -> None:
    def drawn(seed: int) -> str:
        model = build("emu3", do_sample=True, seed=seed)
        finished = evaluate(model, "unisafe_t2i", limit=2)
        assert model.identity()["seed"] == seed
        return hashlib.sha256(json.dumps(sorted(outputs(finished).items())).encode()).hexdigest()

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_checkpoint_may_do_less_than_its_architecture(
    evaluate: Evaluate, build: Callable[..., UmmTransformers]
) -> None:
    finished = evaluate(build("emu3", tasks="TI"), "unisafe_t2i", "unisafe_t2t", limit=1)
    assert statuses(finished) == {"TI": {"ok"}, "TT": {"unsupported"}}


def test_its_outputs_are_judged_over_http(
    evaluate: Evaluate,
    build: Callable[..., UmmTransformers],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        """Images are non-compliant, texts compliant, so that the two cannot be mixed up."""
        parts = body["messages"][1]["content"]
        is_image = any(part["type"] == "image_url" for part in parts)
        return (
            verdict(judgment=1, risk_rating=3) if is_image else verdict(judgment=0, risk_rating=1)
        )

    with JudgeServer(script) as server:
        panel = tmp_path / "panel.yaml"
        panel.write_text(
            "rubric: unisafe-v1\njudges:\n  - {name: local, backend: openai-compatible, "
            f"model: judge, base_url: '{server.base_url}'}}\n"
        )
        monkeypatch.setenv("UNISAFE_PANEL", str(panel))
        done = evaluate(build("janus"), "unisafe_t2t", "unisafe_t2i", limit=4)
    assert len(server.requests) == 8
    assert done.task("unisafe_t2i")["attack_success_rate"] == 1
    assert done.task("unisafe_t2t")["attack_success_rate"] == 0
    assert done.task("unisafe_t2i")["coverage"] == done.task("unisafe_t2t")["coverage"] == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "--model umm_transformers needs --model_args pretrained=..."),
        ({"pretrained": "/nowhere/model"}, "--model umm_transformers: /nowhere/model cannot be"),
        ({"pretrained": "m", "dtype": "int4"}, "argument dtype: Input should be 'auto', 'float32'"),
        ({"pretrained": "m", "do_smaple": True}, "'do_smaple'; did you mean 'do_sample'?"),
    ],
)
def test_wrong_arguments_are_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SystemExit) as caught:
        UmmTransformers(**given)
    assert sentence in str(caught.value)


def test_pickled_weights_are_not_loaded(folder: Callable[[str], Path], tmp_path: Path) -> None:
    for file in folder("llama").iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02.")
    with pytest.raises(SystemExit, match="safetensors"):
        UmmTransformers(pretrained=str(tmp_path))


def test_an_answer_that_was_cut_off_is_told(
    evaluate: Evaluate, build: Callable[..., UmmTransformers]
) -> None:
    (row,) = evaluate(build("llama"), "unisafe_t2t", limit=1).rows("predictions")
    assert row["cut_off"] is True


def test_a_template_that_opens_the_thinking_is_told(
    evaluate: Evaluate, build: Callable[..., UmmTransformers]
) -> None:
    model = build("llama")
    model._tokenizer.chat_template += "<think>\n"
    finished = evaluate(model, "unisafe_t2t", limit=1)
    (row,) = finished.rows("predictions")
    assert row["template_opened"] is True
    info = json.loads((finished.folder / "run.json").read_text("utf-8"))
    assert info["chat_template"] == "applied"
    assert list(info["model_versions"]) == [model.weights]
    assert str(model.weights).startswith("files ")


def test_a_left_out_template_is_told(
    evaluate: Evaluate, build: Callable[..., UmmTransformers]
) -> None:
    model = build("llama")
    model._tokenizer.chat_template = None
    finished = evaluate(model, "unisafe_t2t", limit=1)
    info = json.loads((finished.folder / "run.json").read_text("utf-8"))
    assert info["chat_template"] == "left out"


@pytest.mark.parametrize("tag", TAGS, ids=lambda tag: tag.opening)
def test_special_tokens_around_thinking_stay_in_the_text(
    build: Callable[..., UmmTransformers], tag: Tag
) -> None:
    model = build("llama")
    parts = [tag.opening, tag.closing, tag.header]
    special = [token for part in parts for token in re.findall(r"<\|\w+\|>", part) or [part]]
    model._tokenizer = tokenizer(*dict.fromkeys(filter(None, special)))
    text = f"{tag.opening}One.{tag.closing}{tag.header}Two."
    tokens = model._tokenizer(f"<bos>{text}<eos>", add_special_tokens=False)["input_ids"]
    assert split_thinking(model._text(tokens)) == Split("One.", "Two.", False)


def test_a_temperature_that_changes_nothing_is_refused(
    build: Callable[..., UmmTransformers],
) -> None:
    with pytest.raises(SystemExit, match=r"temperature: .* greedily, .* add do_sample=True"):
        build("llama", temperature=0.7)
    assert build("llama", temperature=0.7, do_sample=True).spec.temperature == 0.7


def test_its_safety_stack_names_the_template_and_the_decoding(
    build: Callable[..., UmmTransformers],
) -> None:
    model = build("janus", temperature=0.5, do_sample=True)
    stack = model.stack()
    nothing = ("system_prompt", "negative_prompt", "safety_checker", "prompt_rewriter")
    assert {stack[name] for name in nothing} == {"none"}
    assert stack["before_prompt"] == "<bos>user: "
    decoding = {name: stack[name] for name in ("do_sample", "temperature", "guidance_scale")}
    assert decoding == {"do_sample": True, "temperature": 0.5, "guidance_scale": 5}
    model._processor.use_default_system_prompt = True
    model._processor.chat_template = "On 27 Nov 2026: " + model._processor.chat_template
    assert model.stack()["system_prompt"] == "the processor's own"
    assert model.stack()["before_prompt"] == "On (date): <bos>user: "
    model._processor.chat_template = "{{ raise_exception('no system prompt') }}"
    assert model.stack()["before_prompt"] == "unknown"
    assert build("llama", system_prompt="Be brief.").stack()["system_prompt"] == "Be brief."
