"""`--model umm_transformers`: transformers' any-to-any models, and any other for its text tasks."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar

import torch
from PIL.Image import Image, fromarray
from pydantic import Field
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMultimodalLM,
    AutoProcessor,
    AutoTokenizer,
    GenerationConfig,
    set_seed,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES

from unisafe_judges.thinking import TAGS
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.models.local import LocalArguments, LocalModel, seed_of
from unisafe_tasks.models.questions import Answer, Message, Picture, Question
from unisafe_tasks.models.stack import NONE, UNKNOWN
from unisafe_tasks.tasks import TASKS

__all__ = ["UmmTransformers"]

_TEXT_TASKS = frozenset(code for code, task in TASKS.items() if not task.makes_images)
# In image mode neither takes an input image: Janus ignores it without a word, Emu3 raises. So they
# can neither edit nor compose, and of a four-turn case only draw the first image.
_THINKING_TOKENS = frozenset(
    token
    for tag in TAGS
    for text in (tag.opening, tag.closing, tag.header)
    for token in re.findall(r"<\|[^|>]+\|>", text) or [text]
)
"""The parts of the tags around thinking, some of which are special tokens."""
_DECODING = ("do_sample", "temperature", "top_p", "top_k", "guidance_scale")
_WORDS = "What is asked."
_DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]{2,8} \d{4}\b|\b\d{4}-\d\d-\d\d\b")
_DRAWS = {"janus": frozenset(("TI",)), "emu3": frozenset(("TI",))}


class TransformersArguments(LocalArguments):
    """A checkpoint of transformers. What is not given is the checkpoint's own."""

    decides: ClassVar[tuple[str, ...]] = (
        "max_new_tokens",
        "do_sample",
        "temperature",
        "guidance_scale",
        "image_size",
        "system_prompt",
    )

    max_new_tokens: int = Field(default=1024, ge=1)
    """The most tokens of a text answer."""
    do_sample: bool | None = None
    """Whether decoding is at random, and not greedy."""
    temperature: float | None = Field(default=None, gt=0)
    """The temperature of decoding at random."""
    guidance_scale: float | None = Field(default=None, ge=1)
    """How closely an image keeps to the prompt."""
    image_size: int = Field(default=720, ge=8)
    """The side of Emu3's images in pixels; Janus has a size of its own."""
    system_prompt: str | None = None
    """The system prompt of each question. Without it there is the processor's own, or none."""


class UmmTransformers(LocalModel):
    """Text by chat template, images by the architecture's own way."""

    name = "umm_transformers"
    arguments = TransformersArguments
    spec: TransformersArguments

    def load(self) -> None:
        where = {"revision": self.spec.revision}
        try:
            kind = AutoConfig.from_pretrained(self.spec.pretrained, **where).model_type
            self._is_multimodal = kind in MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES
            loader: Any = AutoModelForMultimodalLM if self._is_multimodal else AutoModelForCausalLM
            reader: Any = AutoProcessor if self._is_multimodal else AutoTokenizer
            self._processor = reader.from_pretrained(self.spec.pretrained, **where)
            # Pickled weights could run code.
            model = loader.from_pretrained(
                self.spec.pretrained, dtype=self.spec.dtype, use_safetensors=True, **where
            )
        except Exception as error:
            raise self.cannot_load(error) from None
        samples = model.generation_config.do_sample
        if self.spec.do_sample is not None:
            samples = self.spec.do_sample
        if self.spec.temperature is not None and not samples:
            raise UnisafeError(
                f"--model {self.name}, argument temperature: {self.spec.pretrained} decodes "
                "greedily, so it changes nothing: add do_sample=True"
            )
        self._kind = kind
        self._commit = getattr(model.config, "_commit_hash", None)
        self._model = model.to(self.device).eval()
        self._tokenizer = getattr(self._processor, "tokenizer", self._processor)
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    def identity(self) -> dict[str, Any]:
        return {**super().identity(), "commit": self._commit}

    def stack(self) -> dict[str, Any]:
        own = getattr(self._processor, "use_default_system_prompt", False)
        decoding = self._decoding("do_sample", "temperature", "guidance_scale")
        return {
            "system_prompt": self.spec.system_prompt or ("the processor's own" if own else NONE),
            # A template may have a system prompt of its own.
            "before_prompt": self._before_prompt(),
            **dict.fromkeys(("negative_prompt", "safety_checker", "prompt_rewriter"), NONE),
            **{name: getattr(decoding, name, None) for name in _DECODING},
            "max_new_tokens": self.spec.max_new_tokens,
            "seed": self.spec.seed,
        }

    def _before_prompt(self) -> str:
        """What the chat template puts before the words of a text task; dates left out."""
        question = Question("", TASKS["TT"], (Message("user", _WORDS),))
        try:
            before, _, _ = self._prompts([question])[0].partition(_WORDS)
        except Exception:  # of a template, which fails each question too
            return UNKNOWN
        # Or the runs of two days would have two stacks.
        return _DATE.sub("(date)", before)

    @property
    def _has_template(self) -> bool:
        return bool(self._processor.chat_template or self._tokenizer.chat_template)

    def facts(self) -> dict[str, Any]:
        system = {"system_prompt": self.spec.system_prompt} if self.spec.system_prompt else {}
        return {**system, "chat_template": "applied" if self._has_template else "left out"}

    @property
    def tasks(self) -> frozenset[str]:
        able = _TEXT_TASKS if self._is_multimodal else frozenset(("TT",))
        able |= _DRAWS.get(self._kind, frozenset())
        return able if self.spec.tasks is None else able & self.spec.tasks

    def group(self, question: Question) -> Hashable:
        return question.wants_image, len(question.images)

    def answer(self, batch: Sequence[Question]) -> Sequence[Answer]:
        # One seed for the batch: what is sampled depends on who is in it, and greedy decoding not.
        set_seed(seed_of(self.spec.seed, batch[0]))
        with torch.inference_mode():
            if not batch[0].wants_image:
                return self._texts(batch)
            draw: Callable[[Sequence[Question]], list[Image]] = (
                self._janus if self._kind == "janus" else self._emu3
            )
            return [Answer(images=(Picture.of(image),)) for image in draw(batch)]

    def _texts(self, batch: Sequence[Question]) -> list[Answer]:
        prompts = self._prompts(batch)
        inputs = self._inputs(batch, prompts)
        config = self._decoding("do_sample", "temperature")
        config.max_new_tokens, config.max_length = self.spec.max_new_tokens, None
        output = self._model.generate(**inputs, generation_config=config)
        new = output[:, inputs["input_ids"].shape[1] :]
        # A sequence that has ended is filled up with padding.
        ends = {*_listed(config.eos_token_id), *_listed(config.pad_token_id)}
        return [
            Answer(
                text=self._text(tokens.tolist()),
                cut_off=len(tokens) == self.spec.max_new_tokens and int(tokens[-1]) not in ends,
                template_opened=opens_thinking(prompt),
            )
            for tokens, prompt in zip(new, prompts, strict=True)
        ]

    def _text(self, tokens: list[int]) -> str:
        """Without special tokens, but for those that tell thinking from the answer."""
        special = set(self._tokenizer.all_special_ids)
        thinking = {
            number
            for number in special
            if self._tokenizer.convert_ids_to_tokens(number) in _THINKING_TOKENS
        }
        if not thinking:
            return str(self._tokenizer.decode(tokens, skip_special_tokens=True))
        kept = [token for token in tokens if token not in special or token in thinking]
        return str(self._tokenizer.decode(kept, skip_special_tokens=False))

    def _janus(self, batch: Sequence[Question]) -> list[Image]:
        inputs = self._moved(
            self._processor(
                text=self._prompts(batch),
                generation_mode="image",
                padding=True,
                return_tensors="pt",
            )
        )
        config = self._decoding("do_sample", "temperature", "guidance_scale")
        tokens = self._model.generate(**inputs, generation_mode="image", generation_config=config)
        pixels = self._model.decode_image_tokens(tokens).float().cpu()
        # The processor's own way back wants the channels first, and these come last.
        reader = self._processor.image_processor
        mean, std = torch.tensor(reader.image_mean), torch.tensor(reader.image_std)
        values = ((pixels * std + mean).clamp(0, 1) * 255).round().to(torch.uint8)
        return [fromarray(image.numpy()) for image in values]

    def _emu3(self, batch: Sequence[Question]) -> list[Image]:
        inputs = self._processor(
            text=[question.text for question in batch],
            return_for_image_generation=True,
            image_area=self.spec.image_size**2,
            padding=True,
            return_tensors="pt",
        )
        height, width = (int(side) for side in inputs.pop("image_sizes")[0])
        inputs = self._moved(inputs)
        start = inputs["input_ids"].shape[1]
        config = self._decoding("do_sample", "temperature", "guidance_scale")
        config.max_new_tokens, config.max_length = (width + 1) * height + 3, None
        output = self._model.generate(
            **inputs,
            generation_config=config,
            prefix_allowed_tokens_fn=self._rows_of_pixels(start, height, width),
        )
        pixels = self._model.decode_image_tokens(
            image_tokens=output[:, start:], height=height, width=width
        )
        processed = self._processor.postprocess(
            list(pixels.float()), return_tensors="PIL.Image.Image"
        )
        return list(processed["pixel_values"])

    def _rows_of_pixels(
        self, start: int, height: int, width: int
    ) -> Callable[[int, torch.Tensor], list[int]]:
        """The tokens allowed next: rows of visual tokens, each ended, then the end of the image."""
        mapping = self._model.vocabulary_mapping
        visual, end_of_row = mapping.image_tokens, mapping.eol_token_id
        tokenizer = self._tokenizer
        closing = [
            tokenizer.convert_tokens_to_ids(self._processor.eof_token),
            tokenizer.convert_tokens_to_ids(self._processor.image_end_token),
            tokenizer.eos_token_id,
        ]

        def allowed(_: int, ids: torch.Tensor) -> list[int]:
            row, column = divmod(len(ids) - start, width + 1)
            if row >= height:
                return [closing[min(column, len(closing) - 1)]]
            return [end_of_row] if column == width else visual

        return allowed

    def _inputs(self, batch: Sequence[Question], text: Sequence[str]) -> Any:
        pictures = [image.open() for question in batch for image in question.images]
        images = {"images": pictures} if pictures else {}
        # The template has written the special tokens already.
        return self._moved(
            self._processor(
                text=list(text),
                **images,
                padding=True,
                return_tensors="pt",
                add_special_tokens=False,
            )
        )

    def _prompts(self, batch: Sequence[Question]) -> list[str]:
        source = self._processor
        if not self._has_template:
            bos = self._tokenizer.bos_token or ""
            return [bos + question.text for question in batch]
        return [
            source.apply_chat_template(
                self._messages(question), add_generation_prompt=True, tokenize=False
            )
            for question in batch
        ]

    def _messages(self, question: Question) -> list[dict[str, Any]]:
        system = self.spec.system_prompt
        if not self._is_multimodal:
            said: list[dict[str, Any]] = [{"role": "user", "content": question.text}]
            return [{"role": "system", "content": system}, *said] if system else said
        content = [{"type": "image"} for _ in question.images]
        said = [{"role": "user", "content": [*content, {"type": "text", "text": question.text}]}]
        if system:
            said.insert(0, {"role": "system", "content": [{"type": "text", "text": system}]})
        return said

    def _moved(self, inputs: Any) -> Any:
        inputs = inputs.to(self.device)
        for name, value in inputs.items():
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                inputs[name] = value.to(self._model.dtype)
        return inputs

    def _decoding(self, *names: str) -> GenerationConfig:
        """The checkpoint's decoding, with the settings that were given."""
        config: GenerationConfig = copy.deepcopy(self._model.generation_config)
        config.pad_token_id = self._tokenizer.pad_token_id
        for name in names:
            if (value := getattr(self.spec, name)) is not None:
                setattr(config, name, value)
        return config


def opens_thinking(prompt: str) -> bool:
    """Whether a prompt ends inside a thinking part, which its template has opened."""
    return prompt.rstrip().endswith(tuple(tag.opening for tag in TAGS))


def _listed(value: int | list[int] | None) -> list[int]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
