"""`umm_diffusers` through the harness, with a tiny pipeline of random weights."""

from __future__ import annotations

import importlib
import inspect
import json
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
from diffusers.pipelines.kandinsky5.pipeline_output import KandinskyImagePipelineOutput
from diffusers.pipelines.stable_diffusion.pipeline_output import StableDiffusionPipelineOutput
from PIL import Image

from tests.harnesses.conftest import Finished
from tests.harnesses.tiny_models import (
    save_tiny_diffusion,
    save_tiny_flux,
    save_tiny_z_image,
)
from unisafe_tasks.models import checkers, pipelines, umm_diffusers
from unisafe_tasks.models.checkers import SafetyChecker
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
    assert checkers.safety_flags(output, 1) == [True]


@pytest.mark.parametrize(
    ("output", "flag"),
    [
        (StableDiffusionPipelineOutput(images=[RED], nsfw_content_detected=[False]), False),
        (IFPipelineOutput(images=[RED], nsfw_detected=None, watermark_detected=None), None),
        (FluxPipelineOutput(images=[RED]), None),
    ],
)
def test_an_image_that_was_let_through_has_no_flag(output: Any, flag: bool | None) -> None:
    assert checkers.safety_flags(output, 1) == [flag]


@pytest.mark.parametrize(
    ("task", "limit", "checkers"),
    [("unisafe_t2i", 2, (True, False, None)), ("unisafe_i2i", 1, (True,))],
)
def test_what_a_real_safety_checker_holds_back_is_its_refusal_and_no_drawing(
    evaluate: Evaluate, tmp_path: Path, task: str, limit: int, checkers: tuple[bool | None, ...]
) -> None:
    edits = task == "unisafe_i2i"
    sizes = {} if edits else {"height": 32, "width": 32}
    found = {}
    for objects in checkers:
        folder = save_tiny_diffusion(tmp_path / str(objects), edits=edits, objects=objects)
        model = UmmDiffusers(pretrained=str(folder), steps=1, **sizes)
        found[objects] = evaluate(model, task, limit=limit)
    for objects, finished in found.items():
        rows = finished.rows("predictions")
        info = json.loads((finished.folder / "run.json").read_text("utf-8"))
        checker = "none" if objects is None else "StableDiffusionSafetyChecker"
        assert info["stack"]["safety_checker"] == info["adapter"]["stack"]["safety_checker"]
        assert info["stack"]["safety_checker"] == checker
        if objects:
            assert {(row["status"], row["refusal_source"]) for row in rows} == {
                ("refused", "safety_checker")
            }
            assert all(not row["image_sha256"] and checker in row["error"] for row in rows)
            assert finished.task(task)["held_back"] == limit
            assert f"a safety checker refused all {limit}" in " ".join(finished.metrics["notes"])
        else:
            assert {row["status"] for row in rows} == {"ok"}
            assert "held_back" not in finished.task(task)


class Guard:
    """A checker that is asked before and after, as Cosmos's is."""

    def __init__(self, objects: bool) -> None:
        self.objects = objects

    def check_text_safety(self, prompt: str) -> bool:
        return not self.objects


def guarded(model: UmmDiffusers, *, objects: bool, error: Exception | None = None) -> UmmDiffusers:
    """The model with a pipeline that asks a guard, and then draws black or fails."""
    guard: Any = Guard(objects)
    model._checker = SafetyChecker(SimpleNamespace(safety_checker=guard))

    def draw(prompt: Any, **_: Any) -> Any:
        for one in [prompt] if isinstance(prompt, str) else prompt:
            if not guard.check_text_safety(one):
                raise ValueError("unsafe")
        if error is not None:
            raise error
        return FluxPipelineOutput(images=[BLACK])

    model._pipeline = draw
    return model


def test_an_error_is_a_checkers_refusal_only_if_it_objected(
    build: Callable[..., UmmDiffusers],
) -> None:
    one: Any = SimpleNamespace(content="case", case="c", turn=1, text="A kite.", images=[])
    model = guarded(build(), objects=True)
    (answer,) = model.answer([one])
    assert (answer.refusal, answer.images) == ("safety_checker", ())
    # Of several prompts it is not known which one it is about: they are asked one by one.
    with pytest.raises(ValueError, match="unsafe"):
        model.answer([one, one])
    failing = guarded(build(), objects=False, error=ValueError("out of paint"))
    with pytest.raises(ValueError, match="out of paint"):
        failing.answer([one])


@pytest.mark.parametrize(
    ("flag", "checker", "refused"),
    [
        pytest.param(None, True, True, id="a checker that says nothing put it there"),
        pytest.param(False, True, False, id="its checker let it through: a decoder's overflow"),
        pytest.param(None, False, False, id="without a checker nobody held it back"),
    ],
)
def test_a_black_image_is_a_refusal_only_beside_a_checker_that_does_not_deny_it(
    flag: bool | None, checker: bool, refused: bool
) -> None:
    pipeline = SimpleNamespace(safety_checker=object() if checker else None)
    answer = SafetyChecker(pipeline).answer(BLACK, flag)
    assert not answer.images
    assert answer.refusal == ("safety_checker" if refused else None)
    assert refused or "black all over" in str(answer.error)
    assert SafetyChecker(pipeline).answer(RED, flag).images


def test_an_image_that_is_black_all_over_is_no_image(
    evaluate: Evaluate, build: Callable[..., UmmDiffusers], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = row_of(evaluate, build(), monkeypatch, FluxPipelineOutput(images=[BLACK]))
    assert row["status"] == "failed"
    assert "black all over" in row["error"]


@pytest.mark.parametrize(
    ("output", "images"),
    [
        (FluxPipelineOutput(images=[RED, BLACK]), [RED, BLACK]),
        (KandinskyImagePipelineOutput(image=[RED]), [RED]),
        (SimpleNamespace(video=[RED, BLACK]), [RED]),
    ],
)
def test_images_are_read_from_every_kind_of_output(output: Any, images: list[Any]) -> None:
    assert umm_diffusers.images_in(output) == images


def row_of(
    evaluate: Evaluate, model: UmmDiffusers, monkeypatch: pytest.MonkeyPatch, output: Any
) -> Any:
    """The row of a case for which the pipeline returns this."""
    monkeypatch.setattr(model, "_pipeline", lambda **_: output)
    monkeypatch.setattr(type(model), "tasks", frozenset(("TI",)))
    (row,) = evaluate(model, "unisafe_t2i", limit=1).rows("predictions")
    return row


# --- what a pipeline can be asked ---

DRAWS, EDITS, ALL, SHOWN = "TI", "IE", "IC IE TI", "IC IE"
ASKED = {
    "BriaFibo2Pipeline": ALL,
    "CogView4Pipeline": DRAWS,
    "Cosmos3OmniPipeline": DRAWS,
    "DreamLitePipeline": "IE TI",
    "Flux2KleinKVPipeline": ALL,
    "Flux2KleinPipeline": ALL,
    "Flux2Pipeline": ALL,
    "FluxKontextPipeline": "IE TI",
    "GlmImagePipeline": ALL,
    "HunyuanImagePipeline": DRAWS,
    "JoyImageEditPipeline": EDITS,
    "JoyImageEditPlusPipeline": SHOWN,
    "Kandinsky5I2IPipeline": EDITS,
    "Kandinsky5T2IPipeline": DRAWS,
    "LongCatImageEditPipeline": EDITS,
    "OmniGenPipeline": ALL,
    "OvisImagePipeline": DRAWS,
    "QwenImage21Pipeline": ALL,
    "QwenImageEditPipeline": EDITS,
    "QwenImageEditPlusPipeline": SHOWN,
    "QwenImagePipeline": DRAWS,
    "StableDiffusionInstructPix2PixPipeline": EDITS,
    "StableDiffusionXLPipeline": DRAWS,
    "ZImageOmniPipeline": ALL,
    "ZImagePipeline": DRAWS,
    # What needs a mask or a sketch, enlarges, makes films or sounds, or takes no prompt.
    "DDPMPipeline": "",
    "FluxControlPipeline": "",
    "FluxFillPipeline": "",
    "QwenImageLayeredPipeline": "",
    "StableDiffusionControlNetPipeline": "",
    "StableDiffusionUpscalePipeline": "",
    "StableAudioPipeline": "",
    "WanPipeline": "",
}
"""Read in the sources of diffusers 0.42.1, pipeline by pipeline."""


def installed() -> dict[str, type]:
    names = [name for name in dir(diffusers) if name.endswith("Pipeline")]
    kinds = {name: getattr(diffusers, name) for name in names}
    own = {name: kind for name, kind in kinds.items() if kind is not diffusers.DiffusionPipeline}
    return {name: kind for name, kind in own.items() if hasattr(kind, "__call__")}  # noqa: B004


def test_every_installed_pipeline_is_asked_for_what_it_does() -> None:
    found = {name: pipelines.read_pipeline(kind) for name, kind in installed().items()}
    assert {name: " ".join(sorted(found[name].tasks)) for name in ASKED} == ASKED
    assert pipelines._UNTOLD.keys() <= found.keys()
    for name, facts in found.items():
        takes = inspect.signature(getattr(diffusers, name).__call__).parameters
        if not facts.tasks:
            continue
        assert "prompt" in takes, name
        assert facts.tasks == {"TI"} or facts.shown_as in takes, name
        # A list is one composition, or a batch: never a guess of both.
        assert facts.as_list == ("IC" in facts.tasks) or facts.tasks == {"TI"}, name
        assert not any(word in name for word in ("Video", "Inpaint", "ControlNet")) or (
            "TextToVideoZero" in name
        ), name


class Tomorrow(diffusers.DiffusionPipeline):
    """A pipeline that nobody knows yet."""

    def __call__(
        self,
        prompt: str | list[str] | None = None,
        image: Image.Image | list[Image.Image] | None = None,
        negative_prompt: str = "blurry, censored",
        num_inference_steps: int = 12,
        enable_prompt_rewrite: bool = True,
    ) -> None: ...


def test_the_next_pipeline_is_found_and_its_stack_is_named() -> None:
    facts = pipelines.read_pipeline(Tomorrow)
    assert (facts.tasks, facts.shown_as, facts.as_list) == ({"TI", "IE", "IC"}, "image", True)
    assert facts.in_batches
    stack = pipelines.pipeline_defaults(Tomorrow())
    assert stack == {
        "system_prompt": "none",
        "negative_prompt": "blurry, censored",
        "prompt_rewriter": "enable_prompt_rewrite",
        "num_inference_steps": 12,
        "enable_prompt_rewrite": True,
    }


def test_a_pipeline_for_something_else_is_refused_with_a_sentence(
    flux: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = pipelines.PipelineFacts(frozenset())
    monkeypatch.setattr(umm_diffusers, "read_pipeline", lambda _: nothing)
    with pytest.raises(SystemExit, match="Flux2KleinPipeline makes no image from a prompt alone"):
        UmmDiffusers(pretrained=str(flux))


@pytest.mark.parametrize("kind", ["Flux2KleinKVPipeline", "ZImageOmniPipeline"])
def test_pipelines_that_no_table_names_draw_edit_and_compose(
    evaluate: Evaluate, tmp_path: Path, kind: str
) -> None:
    assert kind not in pipelines._UNTOLD
    if kind == "ZImageOmniPipeline":
        folder, dtype = save_tiny_z_image(tmp_path / "tiny"), "bfloat16"
    else:
        folder, dtype = save_tiny_flux(tmp_path / "tiny", kind), "auto"
    model = UmmDiffusers(pretrained=str(folder), steps=1, height=64, width=64, dtype=dtype)
    rows = evaluate(model, *IMAGE_TASKS, limit=1).rows("predictions")
    assert {row["scenario_type"]: row["status"] for row in rows} == dict.fromkeys(
        ("TI", "IE", "IC", "MT"), "ok"
    )


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
