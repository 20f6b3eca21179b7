"""`umm_diffusers` through the harness, with a tiny pipeline of random weights."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.harnesses.conftest import Finished
from tests.harnesses.tiny_models import save_tiny_flux
from unisafe_tasks.models.umm_diffusers import UmmDiffusers

Evaluate = Callable[..., Finished]
IMAGE_TASKS = ("unisafe_t2i", "unisafe_i2i", "unisafe_mmi2i", "unisafe_mt2i")


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_flux(tmp_path_factory.mktemp("flux"))


@pytest.fixture
def build(flux: Path) -> Callable[..., UmmDiffusers]:
    # Conversations show the pipeline its own image, which must be 64 pixels wide.
    sizes = {"steps": 1, "height": 64, "width": 64}
    return lambda **given: UmmDiffusers(pretrained=str(flux), **sizes | given)


def pixels(finished: Finished) -> dict[str, Any]:
    """Each case's image, as whole numbers that can be subtracted."""
    return {
        row["id"]: np.asarray(Image.open(finished.folder / row["output_image"]), dtype=int)
        for row in finished.rows("predictions")
    }


def test_it_draws_edits_composes_and_edits_its_own_images(
    evaluate: Evaluate, build: Callable[..., UmmDiffusers]
) -> None:
    finished = evaluate(build(batch_size=2), *IMAGE_TASKS, "unisafe_t2t", limit=2)
    rows = finished.rows("predictions")
    assert {row["scenario_type"] for row in rows if row["status"] == "ok"} == {
        "TI",
        "IE",
        "IC",
        "MT",
    }
    assert {row["status"] for row in rows if row["scenario_type"] == "TT"} == {"unsupported"}
    for row in rows:
        if row["scenario_type"] == "MT":
            assert row["history"] == "last"
            assert len(set(row["image_sha256"])) == 4
            with Image.open(finished.folder / row["output_images"][3]) as image:
                assert (image.format, image.size) == ("PNG", (64, 64))


def test_what_is_drawn_depends_on_the_seed_and_not_on_the_batch(
    evaluate: Evaluate,
    build: Callable[..., UmmDiffusers],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    drawn = []
    for number, given in enumerate(({}, {"batch_size": 3}, {"seed": 5})):
        monkeypatch.setenv("UNISAFE_ANSWERS", str(tmp_path / f"answers-{number}"))
        drawn.append(pixels(evaluate(build(**given), "unisafe_t2i", limit=3)))
    alone, together, otherwise = drawn
    for case, values in alone.items():
        # The last bit of a float depends on the batch all the same.
        assert np.abs(values - together[case]).max() <= 2
        assert np.abs(values - otherwise[case]).max() > 20


def test_the_order_of_two_images_matters(build: Callable[..., UmmDiffusers]) -> None:
    model = build()
    red, blue = (Image.new("RGB", (64, 64), color) for color in ("red", "blue"))
    question = SimpleNamespace(content="case", case="c", turn=1, text="Both in one picture.")

    def drawn(*pictures: Image.Image) -> bytes:
        images = [SimpleNamespace(open=lambda picture=picture: picture) for picture in pictures]
        request: Any = SimpleNamespace(**vars(question), images=images)
        (answer,) = model.answer([request])
        return answer.images[0].data

    assert drawn(red, blue) == drawn(red, blue) != drawn(blue, red)


def test_a_safety_checkers_block_is_the_providers_refusal(
    evaluate: Evaluate, build: Callable[..., UmmDiffusers], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build()
    black = Image.new("RGB", (64, 64))
    output = SimpleNamespace(images=[black], nsfw_content_detected=[True])
    monkeypatch.setattr(model, "_pipeline", lambda **_: output)
    monkeypatch.setattr(type(model), "tasks", frozenset(("TI",)))
    finished = evaluate(model, "unisafe_t2i", limit=1)
    (row,) = finished.rows("predictions")
    assert (row["status"], row["refusal_source"]) == ("refused", "provider")
    assert not row["image_sha256"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"true_cfg_scale": 4}, "argument true_cfg_scale: Flux2KleinPipeline has none"),
        ({"steps": 0}, "argument steps: Input should be greater than or equal to 1"),
        ({"pretrained": "/nowhere"}, "--model umm_diffusers: /nowhere cannot be loaded"),
    ],
)
def test_wrong_arguments_are_one_sentence(flux: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SystemExit) as caught:
        UmmDiffusers(**{"pretrained": str(flux), **given})
    assert sentence in str(caught.value)


def test_without_diffusers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "unisafe_tasks.models.umm_diffusers")
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(SystemExit, match=r"pip install 'unisafe-tasks\[diffusers\]'"):
        importlib.import_module("unisafe_tasks.models.umm_diffusers")
