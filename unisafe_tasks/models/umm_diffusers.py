"""`--model umm_diffusers`: text-to-image and instruction editing pipelines of diffusers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

import torch
from pydantic import Field

from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.models.local import LocalArguments, LocalModel, seed_of
from unisafe_tasks.models.questions import Answer, Picture, Question

try:
    from diffusers import DiffusionPipeline
except ImportError as error:
    # lmms-eval imports this module to build the model; its own report would be a traceback.
    exit_with(
        f"--model umm_diffusers needs diffusers: pip install 'unisafe-tasks[diffusers]' ({error})"
    )

__all__ = ["UmmDiffusers"]

_DRAWS = frozenset(("TI",))
_EDITS = frozenset(("IE",))
_COMPOSES = frozenset(("IC",))
_ALL = _DRAWS | _EDITS | _COMPOSES
# A signature does not say it: every editing pipeline has `image=None`, also where it must be given,
# and whether a list of images is one composition or a batch.
_KNOWN = {
    "Flux2Pipeline": _ALL,
    "Flux2KleinPipeline": _ALL,
    "Flux2KleinKVPipeline": _ALL,
    "GlmImagePipeline": _ALL,
    "OmniGenPipeline": _ALL,
    "QwenImage21Pipeline": _ALL,
    "ZImageOmniPipeline": _ALL,
    "QwenImageEditPlusPipeline": _EDITS | _COMPOSES,
    "JoyImageEditPlusPipeline": _EDITS | _COMPOSES,
    "DreamLitePipeline": _DRAWS | _EDITS,
    "DreamLiteMobilePipeline": _DRAWS | _EDITS,
    "QwenImageEditPipeline": _EDITS,
    "FluxKontextPipeline": _DRAWS | _EDITS,
    "StableDiffusionInstructPix2PixPipeline": _EDITS,
    "StableDiffusionXLInstructPix2PixPipeline": _EDITS,
    "CogView4Pipeline": _DRAWS,
    # A video's first image; an input image conditions longer videos only, and is dropped here.
    "Cosmos3OmniPipeline": _DRAWS,
}
_ONE_FRAME = frozenset(("Cosmos3OmniPipeline",))
_ONE_PROMPT = frozenset(("Cosmos3OmniPipeline", "DreamLitePipeline", "DreamLiteMobilePipeline"))
"""Those that take no list of prompts."""
_SHOWN_AS = ("input_images", "images", "image")
"""What pipelines call the images that they edit."""
_SNAPSHOT = re.compile(r"models--[^/]+/snapshots/([0-9a-f]{40})(?:/|$)")
_OPTIONS = {
    "steps": "num_inference_steps",
    "guidance_scale": "guidance_scale",
    "true_cfg_scale": "true_cfg_scale",
    "negative_prompt": "negative_prompt",
    "height": "height",
    "width": "width",
}
"""Our arguments -> the pipelines'."""


class DiffusersArguments(LocalArguments):
    """What is not given is the pipeline's own default; sizes are in pixels."""

    decides: ClassVar[tuple[str, ...]] = tuple(_OPTIONS)

    steps: int | None = Field(default=None, ge=1)
    guidance_scale: float | None = Field(default=None, ge=0)
    true_cfg_scale: float | None = Field(default=None, ge=0)
    negative_prompt: str | None = None
    height: int | None = Field(default=None, ge=8)
    width: int | None = Field(default=None, ge=8)


class UmmDiffusers(LocalModel):
    """Prompts without images are drawn in batches, edits one by one; each has a seed of its own.

    A pipeline that edits is shown its last image alone in a four-turn case.
    """

    name = "umm_diffusers"
    arguments = DiffusersArguments
    spec: DiffusersArguments
    history = "last"

    def load(self) -> None:
        dtype = "auto" if self.spec.dtype == "auto" else getattr(torch, self.spec.dtype)
        options = {} if dtype == "auto" else {"torch_dtype": dtype}
        try:
            # Pickled weights could run code.
            pipeline: Any = DiffusionPipeline.from_pretrained(
                self.spec.pretrained, revision=self.spec.revision, use_safetensors=True, **options
            )
        except Exception as error:
            raise self.cannot_load(error) from None
        pipeline.set_progress_bar_config(disable=True)
        self._commit = _commit_of(pipeline)
        self._pipeline = pipeline.to(self.device)
        self._takes = inspect.signature(type(pipeline).__call__).parameters
        for name, argument in _OPTIONS.items():
            if getattr(self.spec, name) is not None and argument not in self._takes:
                raise UnisafeError(
                    f"--model {self.name}, argument {name}: {type(pipeline).__name__} has none"
                )

    @property
    def tasks(self) -> frozenset[str]:
        able = _KNOWN.get(type(self._pipeline).__name__) or self._by_signature()
        if able >= _DRAWS | _EDITS:
            able |= {"MT"}
        return able if self.spec.tasks is None else able & self.spec.tasks

    def identity(self) -> dict[str, Any]:
        commit = {"commit": self._commit} if self._commit else {}
        return {"pipeline": type(self._pipeline).__name__, **commit, **super().identity()}

    def group(self, question: Question) -> Hashable:
        # Of several prompts with images no pipeline can tell which belong to which.
        alone = question.images or type(self._pipeline).__name__ in _ONE_PROMPT
        return (question.case, question.turn) if alone else None

    def answer(self, batch: Sequence[Question]) -> Sequence[Answer]:
        options = {
            argument: value
            for name, argument in _OPTIONS.items()
            if (value := getattr(self.spec, name)) is not None
        }
        generators = [
            torch.Generator("cpu").manual_seed(seed_of(self.spec.seed, question))
            for question in batch
        ]
        prompts = [self._prompt(question) for question in batch]
        if type(self._pipeline).__name__ in _ONE_FRAME:
            options["num_frames"] = 1
        with torch.inference_mode():
            output = self._pipeline(
                prompt=prompts if len(batch) > 1 else prompts[0],
                generator=generators if len(batch) > 1 else generators[0],
                **options,
                **self._images(batch[0]),
            )
        images = output.video[:1] if "num_frames" in options else output.images
        flags = safety_flags(output, len(batch))
        return [_answer(image, flag) for image, flag in zip(images, flags, strict=True)]

    def _prompt(self, question: Question) -> str:
        if "input_images" not in self._takes:
            return question.text
        # OmniGen's prompts say where each image goes.
        placeholders = [
            f"<img><|image_{number + 1}|></img>" for number in range(len(question.images))
        ]
        return " ".join([*placeholders, question.text])

    def _images(self, question: Question) -> dict[str, Any]:
        pictures = [image.open() for image in question.images]
        if not pictures:
            return {}
        name = next(name for name in _SHOWN_AS if name in self._takes)
        # A list is one composition for all of them; some take nothing else.
        takes_one = name == "image" and type(self._pipeline).__name__ != "GlmImagePipeline"
        return {name: pictures[0] if takes_one and len(pictures) == 1 else pictures}

    def _by_signature(self) -> frozenset[str]:
        return _EDITS if any(name in self._takes for name in _SHOWN_AS) else _DRAWS


def _commit_of(pipeline: Any) -> str | None:
    """The revision of a pipeline from the hub, which its parts' folders in the cache are named by.

    None for a folder of one's own, whose files are looked at instead.
    """
    for part in pipeline.components.values():
        where = getattr(getattr(part, "config", None), "_name_or_path", None)
        if isinstance(where, str) and (found := _SNAPSHOT.search(where)):
            return found[1]
    return None


def safety_flags(output: Any, count: int) -> list[bool]:
    """Which of the images a pipeline's safety checker did not let through.

    Pipelines call it `nsfw_content_detected`, `nsfw_detected` and otherwise; it is a flag, a list
    of them or None.
    """
    flags = [False] * count
    for name, value in (vars(output) or {}).items():
        if "nsfw" not in name.lower() and "unsafe" not in name.lower():
            continue
        value = value.tolist() if hasattr(value, "tolist") else value
        values = value if isinstance(value, list | tuple) else [value] * count
        for number, flag in enumerate(values[:count]):
            flags[number] |= bool(any(flag) if isinstance(flag, list | tuple) else flag)
    return flags


def _answer(image: Any, is_blocked: bool) -> Answer:
    if is_blocked:
        return Answer(refusal="provider", error="blocked by the pipeline's safety checker")
    picture = Picture.of(image)
    if image.convert("RGB").getbbox() is None:
        # A checker puts it in the place of what it holds back, and so does a decoder's overflow.
        return Answer(error="the pipeline returned an image that is black all over")
    return Answer(images=(picture,))
