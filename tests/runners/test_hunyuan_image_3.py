"""The runner of HunyuanImage-3.0 asks as `run_image_gen.py` of its repository does at 1d011c8."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, size_of
from unisafe_tasks.models import shipped_runners

DRAWING = {
    # run_image_gen.py:31,120-130@1d011c8
    "diff_infer_steps": 50,
    "stream": False,
    # hunyuan_image_3/hunyuan.py:2623-2625,2641@1d011c8: arguments that are not given are read from
    # the checkpoint's generation_config, and `auto` samples a size before it draws.
    "use_system_prompt": "None",
    "system_prompt": None,
    "bot_task": "image",
    "image_size": "1024x1024",
    # ...:1780,2583@1d011c8
    "diff_guidance_scale": 5.0,
    "flow_shift": 3.0,
    "seed": 7,
    "torch_seed": 7,
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def hunyuan(start: Start, weights: Path) -> Served:
    return start("hunyuan_image_3", weights, seed=7)


def test_it_loads_the_model_as_the_script_does(hunyuan: Served, weights: Path) -> None:
    # run_image_gen.py:26-29,90-97@1d011c8
    assert hunyuan.calls("model") == [
        {
            "path": str(weights),
            "attn_implementation": "sdpa",
            "torch_dtype": "torch.bfloat16",
            "device_map": {"": "cpu"},
            "moe_impl": "eager",
        }
    ]
    assert hunyuan.calls("tokenizer") == [{"tokenizer": str(weights)}]


def test_the_prompt_is_drawn_as_it_is_with_nothing_left_to_the_checkpoint(hunyuan: Served) -> None:
    answer = hunyuan.ask("TI", "Draw a kite.")
    assert answer.error is None
    assert size_of(answer) == (1024, 1024)
    # run_image_gen.py:50,100-118@1d011c8 would have DeepSeek rewrite it.
    call = hunyuan.calls("draw")[-1]
    assert call == {"prompt": "Draw a kite.", **DRAWING}


def test_it_only_draws_and_takes_all_gpus(hunyuan: Served) -> None:
    # hunyuan_image_3/hunyuan.py:2214@1d011c8 says that input images are still to be done there.
    assert hunyuan.model.tasks == {"TI"}
    assert shipped_runners.named("hunyuan_image_3").spread
