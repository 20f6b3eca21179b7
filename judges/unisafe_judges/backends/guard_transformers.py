"""A guard in this process, through transformers: its own chat template, free greedy decoding."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Sequence
from typing import Any

from unisafe_judges.backends.chat_template import ChatTemplate
from unisafe_judges.batcher import in_halves
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import LocalGuardSpec
from unisafe_judges.types import FailureKind, ImagePart, Reply

try:
    import torch
    from PIL import Image
    from transformers import (
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForImageTextToText,
        AutoProcessor,
        AutoTokenizer,
        GenerationConfig,
    )

    from unisafe_judges.backends.in_process import (
        Ended,
        LocalJudge,
        Question,
        SpecialTokens,
        cannot_load,
        device_of,
        require_room,
        version_of,
    )
except ImportError as error:
    raise PanelError(
        "a judge with backend guard-transformers needs torch and transformers: "
        f"pip install 'unisafe-tasks[hf]' ({error})"
    ) from None

__all__ = ["LocalGuardJudge"]

_SEEING = ("llama-guard-4", "llava-guard")
_OF_ITS_TEMPLATE = {
    "llama-guard-3": "<BEGIN UNSAFE CONTENT CATEGORIES>",
    "llama-guard-4": "<BEGIN UNSAFE CONTENT CATEGORIES>",
    "qwen3guard": "Safety: Controversial",
}
"""Words that a guard's own chat template puts around the conversation, and no other does."""
_SAMPLE = Prompt("", ("How do I store a tent?", "Dry it first."), {}, turns=(1, 1))
_SAMPLES = {
    "gpt-oss-safeguard": Prompt("Rules.", ("Dry it first.",), {}),
    "llava-guard": Prompt("", (ImagePart("image", "", bytes, judged=True), "Rules."), {}),
}
"""What stands for a case where a template is looked at before a run; others have `_SAMPLE`."""


class LocalGuardJudge(LocalJudge[LocalGuardSpec]):
    """Greedy replies to the guard's own chat template."""

    def __init__(self, spec: LocalGuardSpec) -> None:
        super().__init__(spec, _Model)

    async def check(self) -> str | None:
        # Loading the weights takes minutes: that waits for the first question.
        await asyncio.to_thread(self._look)
        return None

    def _look(self) -> None:
        try:
            AutoConfig.from_pretrained(self._spec.model, revision=self._spec.revision)
            reader = _Reader(self._spec)
        except PanelError:
            raise
        except Exception as error:
            raise PanelError(cannot_load(self._spec, error)) from None
        model, guard = self._spec.model, self._spec.guard
        try:
            written = reader.write(_SAMPLES.get(guard, _SAMPLE))
        except CallFailure as failure:
            raise PanelError(f"judge {self.name}: {model}: {failure}") from None
        if _OF_ITS_TEMPLATE.get(guard, "") not in written:
            raise PanelError(
                f"judge {self.name}: the chat template of {model} is not that of {guard}; see that "
                "guard and model in the panel file belong together"
            )


class _Reader:
    """What makes a guard's tokens of a prompt."""

    def __init__(self, spec: LocalGuardSpec) -> None:
        # A guard of texts may have no processor, and a processor no tokenizer's padding.
        auto: Any = AutoProcessor if spec.guard in _SEEING else AutoTokenizer
        self._encode: Any = auto.from_pretrained(spec.model, revision=spec.revision)
        self.tokenizer: Any = getattr(self._encode, "tokenizer", self._encode)
        if not self._encode.chat_template and not self.tokenizer.chat_template:
            raise PanelError(
                f"judge {spec.name}: {spec.model} has no chat template, which a guard's prompt is "
                "made with"
            )
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self._specials = SpecialTokens(self.tokenizer)
        self._template = ChatTemplate(self._apply, getattr(self._encode, "image_token", None))

    def tokens(self, batch: Sequence[tuple[str, Question]]) -> dict[str, Any]:
        """The tensors of prompts that the template has written."""
        images = [
            Image.open(io.BytesIO(question.jpegs[item.sha256])).convert("RGB")
            for _, question in batch
            for item in question.prompt.content
            if isinstance(item, ImagePart)
        ]
        encoded = self._encode(
            text=[written for written, _ in batch],
            # The template has written the first token too.
            add_special_tokens=False,
            padding=True,
            return_tensors="pt",
            **({"images": images} if images else {}),
        )
        # These guards are decoders, and their tokens of one type.
        return {name: part for name, part in encoded.items() if name != "token_type_ids"}

    def write(self, prompt: Prompt) -> str:
        """The prompt as the guard reads it, whose texts hold no special token.

        Raises:
            CallFailure: UNSUPPORTED; the template leaves out a part of it.
        """
        content = tuple(
            self._specials.taken_apart(item) if isinstance(item, str) else item
            for item in prompt.content
        )
        return self._template.write(Prompt(prompt.instructions, content, {}, turns=prompt.turns))

    def _apply(self, conversation: list[dict[str, Any]]) -> str:
        written: str = self._encode.apply_chat_template(
            conversation, add_generation_prompt=True, tokenize=False
        )
        return written


class _Model:
    """A loaded guard; used from one thread at a time."""

    def __init__(self, spec: LocalGuardSpec, ending: threading.Event) -> None:
        self._spec = spec
        self._device = device_of(spec)
        self._reader = _Reader(spec)
        auto: Any = AutoModelForImageTextToText if spec.guard in _SEEING else AutoModelForCausalLM
        # Pickled weights could run code.
        model = auto.from_pretrained(
            spec.model, revision=spec.revision, dtype=spec.dtype, use_safetensors=True
        )
        _let_attend(model.config.get_text_config())
        self._model: Any = model.to(self._device).eval()
        self._ends = _ends(model, self._reader.tokenizer)
        if not self._ends:
            raise PanelError(
                f"judge {spec.name}: {spec.model} has no end-of-text token, so its replies would "
                "not end"
            )
        self._ended = Ended(ending)
        self._generation = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False,
            max_new_tokens=spec.max_tokens,
            eos_token_id=sorted(self._ends),
            pad_token_id=self._reader.tokenizer.pad_token_id,
        )

    def answer(self, batch: Sequence[Question]) -> list[Reply | CallFailure]:
        """An answer for each question; one that the guard cannot take fails alone."""
        answers: dict[int, Reply | CallFailure] = {}
        written: list[tuple[int, tuple[str, Question]]] = []
        for number, question in enumerate(batch):
            try:
                written.append((number, (self._reader.write(question.prompt), question)))
            except CallFailure as failure:
                answers[number] = failure
        if written:
            asked = [each for _, each in written]
            replies = in_halves(asked, self._generate, torch.cuda.empty_cache)
            answers |= {number: reply for (number, _), reply in zip(written, replies, strict=True)}
        return [answers[number] for number in range(len(batch))]

    def _generate(self, batch: Sequence[tuple[str, Question]]) -> list[Reply | CallFailure]:
        inputs = {
            name: part.to(self._device, self._model.dtype if part.is_floating_point() else None)
            for name, part in self._reader.tokens(batch).items()
        }
        length = inputs["input_ids"].shape[1]
        require_room(self._model, length, self._spec.max_tokens)
        with torch.inference_mode():
            output = self._model.generate(
                **inputs, generation_config=self._generation, stopping_criteria=[self._ended]
            )
        prompts = inputs["attention_mask"].sum(dim=1).tolist()
        return [
            self._reply(new, int(prompt))
            for new, prompt in zip(output[:, length:].tolist(), prompts, strict=True)
        ]

    def _reply(self, tokens: list[int], prompt_tokens: int) -> Reply | CallFailure:
        end = next((n for n, token in enumerate(tokens) if token in self._ends), None)
        kept = tokens[:end]
        # With its special tokens, of which a reply in the guard's form has none but around what a
        # model thought; and with its spaces as they are.
        text = self._reader.tokenizer.decode(kept, clean_up_tokenization_spaces=False)
        reply = Reply(text, version_of(self._model), prompt_tokens, len(kept))
        if end is None:
            detail = "the reply was cut off at max_tokens"
            return CallFailure(FailureKind.TRUNCATED, detail, reply=reply)
        return reply


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a reply: the tokenizer's and those of the model's own settings."""
    of_model = getattr(model.generation_config, "eos_token_id", None)
    several = of_model if isinstance(of_model, list) else [of_model]
    return frozenset(
        token for token in (*several, tokenizer.eos_token_id) if isinstance(token, int)
    )


def _let_attend(config: Any) -> None:
    """Let a Llama 4 whose attention has no chunks attend to everything.

    Llama Guard 4 says so with a null, which transformers cannot compute with.
    """
    if getattr(config, "attention_chunk_size", 0) is None:
        config.attention_chunk_size = config.max_position_embeddings
