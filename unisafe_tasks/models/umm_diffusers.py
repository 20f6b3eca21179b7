"""`--model umm_diffusers`: text-to-image and instruction editing pipelines of diffusers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

import torch
from pydantic import Field

from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.models.checkers import SafetyChecker, safety_flags
from unisafe_tasks.models.local import LocalArguments, LocalModel, seed_of
from unisafe_tasks.models.questions import Answer, Question
from unisafe_tasks.models.stack import NONE

try:
    from diffusers import DiffusionPipeline

    from unisafe_tasks.models.pipelines import pipeline_defaults, read_pipeline
except ImportError as error:
    # lmms-eval imports this module to build the model; its own report would be a traceback.
    exit_with(
        f"--model umm_diffusers needs diffusers: pip install 'unisafe-tasks[diffusers]' ({error})"
    )

__all__ = ["UmmDiffusers"]

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
    """A pipeline of diffusers. What is not given is the pipeline's own default."""

    decides: ClassVar[tuple[str, ...]] = tuple(_OPTIONS)

    steps: int | None = Field(default=None, ge=1)
    """The number of steps of an image."""
    guidance_scale: float | None = Field(default=None, ge=0)
    """How closely an image keeps to the prompt."""
    true_cfg_scale: float | None = Field(default=None, ge=0)
    """The same, of pipelines that compare the prompt with the negative prompt."""
    negative_prompt: str | None = None
    """What an image is not to show. Without it none is given."""
    height: int | None = Field(default=None, ge=8)
    """The height of images in pixels."""
    width: int | None = Field(default=None, ge=8)
    """The width of images in pixels."""


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
        self._facts = read_pipeline(type(pipeline))
        if not self._facts.tasks:
            raise UnisafeError(
                f"--model {self.name}: {type(pipeline).__name__} makes no image from a prompt "
                "alone, or from a prompt with images: it can do none of the tasks"
            )
        self._checker = SafetyChecker(self._pipeline)
        for name, argument in _OPTIONS.items():
            if getattr(self.spec, name) is not None and argument not in self._takes:
                raise UnisafeError(
                    f"--model {self.name}, argument {name}: {type(pipeline).__name__} has none"
                )

    @property
    def tasks(self) -> frozenset[str]:
        able = self._facts.tasks
        if able >= {"TI", "IE"}:
            able |= {"MT"}
        return able if self.spec.tasks is None else able & self.spec.tasks

    def identity(self) -> dict[str, Any]:
        commit = {"commit": self._commit} if self._commit else {}
        own = {"pipeline": type(self._pipeline).__name__, **commit}
        return {**own, **super().identity(), "stack": self.stack()}

    def stack(self) -> dict[str, Any]:
        """What the pipeline is called with, its defaults as they are here, and its checker."""
        return {
            **pipeline_defaults(self._pipeline),
            **self._options(),
            "safety_checker": self._checker.name or NONE,
            "seed": self.spec.seed,
        }

    def group(self, question: Question) -> Hashable:
        # Of several prompts with images no pipeline can tell which belong to which.
        alone = question.images or not self._facts.in_batches
        return (question.case, question.turn) if alone else None

    def answer(self, batch: Sequence[Question]) -> Sequence[Answer]:
        generators = [
            torch.Generator("cpu").manual_seed(seed_of(self.spec.seed, question))
            for question in batch
        ]
        prompts = [self._prompt(question) for question in batch]
        alone = len(batch) == 1
        self._checker.forget()
        try:
            with torch.inference_mode():
                output = self._pipeline(
                    prompt=prompts[0] if alone else prompts,
                    generator=generators[0] if alone else generators,
                    **self._options(),
                    **self._images(batch[0]),
                )
        except Exception:
            # Of several prompts it is not known which one the checker objects to.
            if alone and self._checker.has_objected:
                return [self._checker.refusal()]
            raise
        flags = safety_flags(output, len(batch))
        return [
            self._checker.answer(image, flag)
            for image, flag in zip(images_in(output), flags, strict=True)
        ]

    def _options(self) -> dict[str, Any]:
        given = {
            argument: value
            for name, argument in _OPTIONS.items()
            if (value := getattr(self.spec, name)) is not None
        }
        return {**given, **self._facts.always}

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
        if not pictures or self._facts.shown_as is None:
            return {}
        return {self._facts.shown_as: pictures if self._facts.as_list else pictures[0]}


def images_in(output: Any) -> Sequence[Any]:
    """The images of a pipeline's output; of a video its first."""
    for name in ("images", "image"):
        if (images := getattr(output, name, None)) is not None:
            return list(images)
    return list(output.video[:1])


def _commit_of(pipeline: Any) -> str | None:
    """The revision of a pipeline from the hub, which its parts' folders in the cache are named by.

    None for a folder of one's own, whose files are looked at instead.
    """
    for part in pipeline.components.values():
        where = getattr(getattr(part, "config", None), "_name_or_path", None)
        if isinstance(where, str) and (found := _SNAPSHOT.search(where)):
            return found[1]
    return None
