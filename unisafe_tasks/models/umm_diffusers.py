"""`--model umm_diffusers`: text-to-image and instruction editing pipelines of diffusers."""

from __future__ import annotations

import inspect
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
    "OmniGenPipeline": _ALL,
    "QwenImageEditPlusPipeline": _EDITS | _COMPOSES,
    "QwenImageEditPipeline": _EDITS,
    "FluxKontextPipeline": _DRAWS | _EDITS,
    "StableDiffusionInstructPix2PixPipeline": _EDITS,
    "StableDiffusionXLInstructPix2PixPipeline": _EDITS,
    "CogView4Pipeline": _DRAWS,
}
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
        return {"pipeline": type(self._pipeline).__name__, **super().identity()}

    def group(self, question: Question) -> Hashable:
        # Of several prompts with images no pipeline can tell which belong to which.
        return (question.case, question.turn) if question.images else None

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
        with torch.inference_mode():
            output = self._pipeline(
                prompt=prompts if len(batch) > 1 else prompts[0],
                generator=generators if len(batch) > 1 else generators[0],
                **options,
                **self._images(batch[0]),
            )
        blocked = getattr(output, "nsfw_content_detected", None) or [False] * len(batch)
        return [
            Answer(refusal="provider", error="blocked by the pipeline's safety checker")
            if is_blocked
            else Answer(images=(Picture.of(image),))
            for image, is_blocked in zip(output.images, blocked, strict=True)
        ]

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
        if "input_images" in self._takes:
            return {"input_images": pictures}
        return {"image": pictures if len(pictures) > 1 else pictures[0]}

    def _by_signature(self) -> frozenset[str]:
        if "image" not in self._takes and "input_images" not in self._takes:
            return _DRAWS
        return _EDITS
