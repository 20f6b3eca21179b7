"""`umm_diffusers` through the harness, with a tiny pipeline of random weights."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusers
import numpy as np
import pytest
from diffusers.pipelines.deepfloyd_if.pipeline_output import IFPipelineOutput
from diffusers.pipelines.flux.pipeline_output import FluxPipelineOutput
from diffusers.pipelines.stable_diffusion.pipeline_output import StableDiffusionPipelineOutput
from PIL import Image

from tests.harnesses.conftest import Finished
from tests.harnesses.tiny_models import save_tiny_flux
from unisafe_tasks.models import umm_diffusers
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


BLACK, RED = Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "red")
HELD_BACK = [
    StableDiffusionPipelineOutput(images=[BLACK], nsfw_content_detected=[True]),
    IFPipelineOutput(images=[BLACK], nsfw_detected=[True], watermark_detected=[False]),
    SimpleNamespace(images=[BLACK], nsfw=True),
    SimpleNamespace(images=[RED], has_nsfw_concept=np.array([True])),
    SimpleNamespace(images=[RED], nsfw_content_detected=[[False, True]]),
]


@pytest.mark.parametrize("output", HELD_BACK)
def test_a_safety_flag_is_read_under_every_name(output: Any) -> None:
    assert umm_diffusers.safety_flags(output, 1) == [True]


@pytest.mark.parametrize(
    "output",
    [
        StableDiffusionPipelineOutput(images=[RED], nsfw_content_detected=[False]),
        IFPipelineOutput(images=[RED], nsfw_detected=None, watermark_detected=None),
        FluxPipelineOutput(images=[RED]),
    ],
)
def test_an_image_that_was_let_through_has_no_flag(output: Any) -> None:
    assert umm_diffusers.safety_flags(output, 1) == [False]


def test_a_safety_checkers_block_is_the_providers_refusal(
    evaluate: Evaluate, build: Callable[..., UmmDiffusers], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = row_of(evaluate, build(), monkeypatch, HELD_BACK[1])
    assert (row["status"], row["refusal_source"]) == ("refused", "provider")
    assert not row["image_sha256"]


def test_an_image_that_is_black_all_over_is_no_image(
    evaluate: Evaluate, build: Callable[..., UmmDiffusers], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = row_of(evaluate, build(), monkeypatch, FluxPipelineOutput(images=[BLACK]))
    assert row["status"] == "failed"
    assert "black all over" in row["error"]


def row_of(
    evaluate: Evaluate, model: UmmDiffusers, monkeypatch: pytest.MonkeyPatch, output: Any
) -> Any:
    """The row of a case for which the pipeline returns this."""
    monkeypatch.setattr(model, "_pipeline", lambda **_: output)
    monkeypatch.setattr(type(model), "tasks", frozenset(("TI",)))
    (row,) = evaluate(model, "unisafe_t2i", limit=1).rows("predictions")
    return row


def test_every_known_pipeline_is_one_of_diffusers() -> None:
    assert set(umm_diffusers._KNOWN) <= set(dir(diffusers))


def test_a_pipeline_from_the_hub_is_told_by_its_revision(
    flux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--some--flux"
    shutil.copytree(flux, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("diffusers.pipelines.pipeline_utils.HF_HUB_OFFLINE", True, raising=False)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(
        "some/flux", cache_dir=tmp_path, local_files_only=True
    )
    assert umm_diffusers._commit_of(pipeline) == commit


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
