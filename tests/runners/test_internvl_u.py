"""The runner of InternVL-U asks as the README of OpenGVLab/InternVL-U does at 018a59c."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of

# internvlu/pipeline_internvlu.py:441-455@018a59c: the defaults of _generate_image.
DRAWING = {
    "generation_mode": "image",
    "num_inference_steps": 20,
    "all_cfg_scale": 4.5,
    "part_cfg_scale": 2.0,
}
# README.md:75-80@018a59c, Generate Text; greedy.
TALKING = {
    "generation_mode": "text",
    "max_new_tokens": 1024,
    "do_sample": False,
    "num_beams": 1,
}


@pytest.fixture(scope="module")
def internvl_u(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Served:
    weights: Path = tmp_path_factory.mktemp("weights")
    return start("internvl_u", weights, seed=7)


def test_prompts_are_drawn_in_batches_each_from_its_own_seed(internvl_u: Served) -> None:
    prompts = [f"Draw {number} kites." for number in range(4)]
    answers = internvl_u.ask_all("TI", [(prompt,) for prompt in prompts])
    assert [size_of(answer) for answer in answers] == [(1024, 1024)] * 4
    call = internvl_u.calls("call")[-1]
    assert call["prompt"] == prompts
    assert call["image"] is None
    # README.md:288@018a59c, a generator with a seed
    assert call["generator"] == ["seed 7"] * 4
    assert {name: call[name] for name in DRAWING} == DRAWING


@pytest.mark.parametrize(
    ("given", "size"), [((64, 48), (64, 48)), ((2048, 1024), (1448, 724)), ((1024, 1024),) * 2]
)
@pytest.mark.parametrize("code", ["IE", "MT"])
def test_an_edit_has_the_size_of_its_input_within_bounds(
    internvl_u: Served, code: str, given: tuple[int, int], size: tuple[int, int]
) -> None:
    # README.md:205-213@018a59c, Edit Image
    answer = internvl_u.ask(code, "Make it blue.", picture(*given))
    assert size_of(answer) == size
    call = internvl_u.calls("call")[-1]
    assert call["prompt"] == ["Make it blue."]
    assert call["image"] == [f"image {given[0]}x{given[1]}"]
    assert {name: call[name] for name in DRAWING} == DRAWING


@pytest.mark.parametrize(("code", "images"), [("TT", 0), ("IT", 1), ("MU", 1)])
def test_texts_are_asked_for_in_batches(internvl_u: Served, code: str, images: int) -> None:
    given = [(text, *[picture(64, 48)] * images) for text in ("One?", "Twice?")]
    answers = internvl_u.ask_all(code, given)
    assert [answer.text for answer in answers] == [
        "A text about 4 letters.",
        "A text about 6 letters.",
    ]
    call = internvl_u.calls("call")[-1]
    assert call["prompt"] == ["One?", "Twice?"]
    # README.md:97-117@018a59c: a list of images for each prompt
    assert call["image"] == ([["image 64x48"]] * 2 if images else None)
    assert {name: call[name] for name in TALKING} == TALKING


def test_a_batch_that_does_not_fit_is_halved(internvl_u: Served) -> None:
    before = len(internvl_u.calls("call"))
    answers = internvl_u.ask_all("TT", [("out of memory",), ("b",), ("c",)])
    assert [answer.error for answer in answers] == [None] * 3
    sizes = [len(call["prompt"]) for call in internvl_u.calls("call")[before:]]
    assert sizes == [3, 1, 2]


def test_it_does_not_compose_two_images(internvl_u: Served) -> None:
    assert "IC" not in internvl_u.model.tasks
