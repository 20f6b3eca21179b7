"""Runners with the code of their models' repositories, at their commits, and random weights.

`make test-runners` runs these; UNISAFE_RUNNERS_REPOSITORIES names a folder with the repositories,
as OWNER+NAME (a checkout) or OWNER+NAME-COMMIT (its files).
"""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.runners.conftest import Served, Start, picture, size_of
from unisafe_tasks.models import shipped_runners
from unisafe_tasks.models.questions import Message, Question
from unisafe_tasks.tasks import TASKS

pytestmark = pytest.mark.runners

HERE = Path(__file__).parent
REPOSITORIES = os.environ.get("UNISAFE_RUNNERS_REPOSITORIES")
PYTHON = os.environ.get("UNISAFE_RUNNERS_PYTHON")
# Versions of packages that the code of some needs beside the others', by the Makefile.
ENVIRONMENT = Path(PYTHON or sys.executable).parents[1]
OLDER, NEWER, OTHERS = (str(ENVIRONMENT / name) for name in ("older", "newer", "others"))
# What a model's environment has on a GPU, and this one has not.
PATHS = {
    "bagel": ["modules", "cpu"],
    "hunyuan_image_3": ["no_gpu", NEWER],
    "internvl_u": ["modules"],
    "lumina_dimoo": ["modules"],
    "mmada": ["modules", OLDER, OTHERS],
    "nextstep_1": ["no_cuda", OLDER, OTHERS],
    "omnigen2": ["modules"],
    "show_o2": ["modules", OLDER, OTHERS],
    "uniworld_v1": ["modules", OLDER],
}
SHORTER: Mapping[str, Mapping[str, object]] = {
    "hunyuan_image_3": {"diff_infer_steps": 2},
    "lumina_dimoo": {
        "draw.timesteps": 2,
        "edit.timesteps": 2,
        "text.side": 256,
        "text.gen_length": 8,
        "text.steps": 4,
        "text.block_length": 4,
    },
    "mmada": {
        "draw.timesteps": 3,
        "text.max_new_tokens": 8,
        "text.steps": 4,
        "text.block_length": 4,
    },
    "nextstep_1": {"num_sampling_steps": 2},
    "show_o2": {"draw.num_inference_steps": 2, "text.max_new_tokens": 3},
    # The other attention is of a package for CUDA.
    "uniworld_v1": {
        "attn_implementation": "eager",
        "draw.num_inference_steps": 2,
        "text.max_new_tokens": 8,
    },
}
# Its autoencoder counts on CUDA's autocast in all others.
DTYPES = {"show_o2": "float32"}
DRAWN = {"mmada": (512, 512), "nextstep_1": (512, 512), "show_o2": (432, 432)}


def repository_of(name: str) -> Path:
    if not REPOSITORIES or not PYTHON:
        pytest.skip("UNISAFE_RUNNERS_REPOSITORIES names no folder: run `make test-runners`")
    runner = shipped_runners.named(name)
    owner, project = runner.repository.split("/")[-2:]
    checkout = Path(REPOSITORIES).absolute() / f"{owner}+{project}"
    files = checkout.with_name(f"{checkout.name}-{runner.commit}")
    for folder in (files, checkout):
        if folder.is_dir():
            return folder
    pytest.skip(f"neither {checkout} nor {files} is there")


def python_for(name: str) -> str:
    """The command that runs a runner's script."""
    assert PYTHON is not None
    words = [PYTHON]
    if name in SHORTER:
        words += [str(HERE / "shorter.py"), json.dumps(SHORTER[name])]
    return shlex.join(words)


@pytest.fixture(scope="module")
def real(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Served]:
    """Start a runner with its real repository and random weights, once."""
    started: dict[str, Served] = {}

    def begin(name: str) -> Served:
        if name in started:
            return started[name]
        repository = repository_of(name)
        assert PYTHON is not None
        weights = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            folders = [HERE, *(HERE / each for each in PATHS[name])]
            patch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))
            made = subprocess.run(
                [PYTHON, str(HERE / f"tiny_{name}.py"), str(repository), str(weights)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert made.returncode == 0, made.stderr
            started[name] = start(
                name,
                weights,
                repository=repository,
                python=python_for(name),
                dtype=DTYPES.get(name),
                timeout_s=1800,
            )
        return started[name]

    return begin


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize("code", ["TT", "IT", "MU"])
def test_texts(real: Callable[[str], Served], name: str, code: str) -> None:
    served = real(name)
    if code not in served.model.tasks:
        return
    images = [] if code == "TT" else [picture(128, 96)]
    answer = served.ask(code, "What is it?", *images)
    # Random weights say anything, perhaps nothing that is a letter.
    assert answer.error is None
    assert answer.images == ()


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize(("code", "images"), [("TI", 0), ("IE", 1), ("IC", 2)])
def test_images(real: Callable[[str], Served], name: str, code: str, images: int) -> None:
    served = real(name)
    if code not in served.model.tasks:
        return
    answer = served.ask(code, "Draw a kite.", *[picture(128, 96)] * images)
    assert answer.error is None
    width, height = size_of(answer)
    assert (width, height) == DRAWN.get(name, (1024, 1024)) if code == "TI" else width >= 128


def test_a_conversation_is_read_with_its_images(real: Callable[[str], Served]) -> None:
    served = real("uniworld_v1")
    said = (
        Message("user", "Draw it larger.", (picture(128, 96),)),
        Message("assistant", "", (picture(96, 128),)),
        Message("user", "Make it blue."),
    )
    asked = served.model.ask(Question("a/MT", TASKS["MT"], said))
    answer = served.model._runner.run(asked)
    assert answer.error is None
    assert size_of(answer) == (1024, 1024)


def test_a_batch_draws_what_each_prompt_alone_does(real: Callable[[str], Served]) -> None:
    served = real("internvl_u")
    prompts = ["Draw a kite.", "Draw two boats on a lake."]
    together = served.ask_all("TI", [(prompt,) for prompt in prompts])
    for prompt, answer in zip(prompts, together, strict=True):
        alone = served.ask("TI", prompt)
        both = [Image.open(io.BytesIO(each.images[0].data)) for each in (answer, alone)]
        # Two prompts of one seed differ by 0.7 here, and two seeds of one prompt by 25.
        assert max(ImageStat.Stat(ImageChops.difference(*both)).mean) < 0.3
