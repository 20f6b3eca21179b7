"""What a pipeline of diffusers can be asked: read from its arguments, hints and documents.

So a pipeline of tomorrow is found by the same rules. A small table holds what none says of itself.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import takewhile
from types import NoneType
from typing import Any, get_args, get_origin

from diffusers.utils import BaseOutput
from PIL.Image import Image

from unisafe_tasks.models.stack import NONE, NOT_SENT

__all__ = ["PipelineFacts", "pipeline_defaults", "read_pipeline"]

_DRAWS, _EDITS, _COMPOSES = (frozenset((code,)) for code in ("TI", "IE", "IC"))
_CALLED = ("input_images", "reference_images", "images", "image")
"""What pipelines call the images that an instruction is about."""
_NEEDS_MORE = re.compile(r"mask_image$|control_image$|control_mask$|conditioning_scale$")
"""Arguments without which such a pipeline cannot work, whatever their defaults are."""
_SEVERAL = re.compile(
    r"one or more|(?:condition|reference|input) images|image\(s\) for conditioning|images to edit",
    re.I,
)
_NO_SETTING = re.compile(
    r"callback|latents|embeds|attention_mask|num_images_per_prompt|^(?:output_type|return_dict)$"
)
_WORDS = re.compile(r"template|system_(?:prompt|message)")
_REWRITES = re.compile(
    r"^use_pe$|prompt_rewrite|prompt_enhance|upsampling$|^complex_human_instruction$"
)
"""Switches of what has a model write the prompt anew; `use_pe` is about the part `pe`."""
_NO_EDITOR = re.compile(r"\bto be (?:upscaled|refined|enlarged)", re.I)


@dataclass(frozen=True)
class PipelineFacts:
    """What a kind of pipeline can be asked.

    `shown_as` is the argument for input images; `as_list` says that a single one goes in a list
    too. `in_batches`: several prompts can be asked at once. `always` goes with each call.
    """

    tasks: frozenset[str]
    shown_as: str | None = None
    as_list: bool = False
    in_batches: bool = True
    always: Mapping[str, Any] = field(default_factory=dict)


_UNTOLD: Mapping[str, Mapping[str, Any]] = {
    # Its hints and documents are those of QwenImageEditPipeline, which takes one image.
    "QwenImageEditPlusPipeline": {"tasks": _EDITS | _COMPOSES, "as_list": True},
    # It cuts its image into layers, and changes nothing.
    "QwenImageLayeredPipeline": {"tasks": frozenset()},
    # Of an image it makes a caption.
    "UniDiffuserPipeline": {"tasks": _DRAWS},
    # Its hint is that of a list, and it writes the list into one prompt.
    "DreamLiteMobilePipeline": {"in_batches": False},
    # A video's first image. An input image conditions longer videos only, and is dropped here; of
    # several prompts the first is drawn.
    "Cosmos3OmniPipeline": {"tasks": _DRAWS, "in_batches": False, "always": {"num_frames": 1}},
}


def read_pipeline(kind: type) -> PipelineFacts:
    """What a pipeline's class says of what it can be asked; no task if it is for something else."""
    call = _Call(kind)
    facts = PipelineFacts(call.tasks, call.shown_as, call.composes, call.takes_prompts)
    return replace(facts, **_UNTOLD.get(kind.__name__, {}))


def pipeline_defaults(pipeline: Any) -> dict[str, Any]:
    """The settings that a pipeline is called with where none is given, and its own words around a
    prompt: the part of its safety stack that stands in its code."""
    takes = inspect.signature(type(pipeline).__call__).parameters
    defaults = {
        name: parameter.default
        for name, parameter in takes.items()
        if isinstance(parameter.default, str | int | float | list | tuple)
        and not _NO_SETTING.search(name)
    }
    words = {
        name: value
        for name, value in vars(pipeline).items()
        if isinstance(value, str) and _WORDS.search(name)
    }
    rewriters = [
        name
        for name, value in defaults.items()
        # A part that is not loaded rewrites nothing.
        if _REWRITES.search(name) and value and getattr(pipeline, name[4:], True) is not None
    ]
    return {
        "system_prompt": NONE,
        # Where none is given, some take one of their own.
        "negative_prompt": NOT_SENT if "negative_prompt" in takes else NONE,
        "prompt_rewriter": ", ".join(rewriters) or NONE,
        **words,
        **defaults,
    }


class _Call:
    """How a class is called."""

    def __init__(self, kind: type) -> None:
        self._name = kind.__name__
        self._call = inspect.unwrap(kind.__call__)
        try:
            self._takes = inspect.signature(self._call, eval_str=True).parameters
        except (NameError, TypeError):
            # A hint names what is imported for type checkers alone, or is no type.
            self._takes = inspect.signature(self._call).parameters
        self._lines = (inspect.getdoc(self._call) or "").splitlines()

    @cached_property
    def shown_as(self) -> str | None:
        return next((name for name in _CALLED if name in self._takes), None)

    @property
    def takes_prompts(self) -> bool:
        return _has_list_of(str, self._hints("prompt"))

    @property
    def composes(self) -> bool:
        """Whether a list of images is for one prompt; for most it is a batch, one for each."""
        if (name := self.shown_as) is None:
            return False
        hints = self._hints(name)
        # A pipeline that takes tensors too takes a list of either as a batch.
        for_images = _has_list_of(Image, hints) and not any("Tensor" in str(one) for one in hints)
        return name.endswith("s") or for_images or bool(_SEVERAL.search(self._about(name)))

    @property
    def tasks(self) -> frozenset[str]:
        if "prompt" not in self._takes or not self._makes_images or self._needs_more:
            return frozenset()
        if (name := self.shown_as) is None:
            return _DRAWS
        if _NO_EDITOR.search(self._about(name)):
            return frozenset()
        edits = _EDITS | _COMPOSES if self.composes else _EDITS
        return edits if self._needs_an_image(name) else edits | _DRAWS

    @property
    def _needs_more(self) -> bool:
        named = [
            one
            for one in self._takes.values()
            if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        ]
        needed = {one.name for one in named if one.default is one.empty}
        needed |= {one.name for one in named if _NEEDS_MORE.search(one.name)}
        return bool(needed - {"self", "prompt", self.shown_as})

    def _needs_an_image(self, name: str) -> bool:
        """Those for editing alone have a default for the image that they need."""
        optional = NoneType in self._hints(name) or "*optional*" in self._about(name)
        return "Edit" in self._name or not optional

    @property
    def _makes_images(self) -> bool:
        """By the kinds of output that its module knows; without one, the first call tells."""
        known = vars(sys.modules[self._call.__module__]).values()
        outputs = [one for one in known if isinstance(one, type) and issubclass(one, BaseOutput)]
        fields = {name for one in outputs for name in inspect.get_annotations(one)}
        return not fields or not fields.isdisjoint(("images", "image"))

    def _hints(self, name: str) -> tuple[Any, ...]:
        if (parameter := self._takes.get(name)) is None:
            return ()
        return get_args(parameter.annotation) or (parameter.annotation,)

    def _about(self, name: str) -> str:
        """What the documents say of an argument."""
        start = re.compile(rf"\s*{name}(?: \(|:)")
        for number, line in enumerate(self._lines):
            if start.match(line):
                deeper = " " * (len(line) - len(line.lstrip()) + 1)
                after = takewhile(partial(_begins_with, deeper), self._lines[number + 1 :])
                return " ".join(text.strip() for text in (line, *after))
        return ""


def _begins_with(start: str, text: str) -> bool:
    return text.startswith(start)


def _has_list_of(kind: type, hints: tuple[Any, ...]) -> bool:
    return any(get_origin(hint) is list and kind in get_args(hint) for hint in hints)
