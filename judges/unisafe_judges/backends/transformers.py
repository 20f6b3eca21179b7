"""A vision-language model in this process as a judge, through transformers."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Sequence
from typing import Any

from unisafe_judges.batcher import in_halves
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.specs import TransformersSpec
from unisafe_judges.types import FailureKind, Reply

try:
    import torch
    from PIL import Image
    from transformers import (
        AutoConfig,
        AutoModelForImageTextToText,
        AutoProcessor,
        GenerationConfig,
    )

    from unisafe_judges.backends.constrained import Grammar, HeldToSchema
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
        "a judge with backend transformers needs transformers, torch and llguidance: "
        f"pip install 'unisafe-tasks[hf]' ({error})"
    ) from None

__all__ = ["TransformersJudge"]


class TransformersJudge(LocalJudge[TransformersSpec]):
    """Greedy replies in the schema of their prompt."""

    def __init__(self, spec: TransformersSpec) -> None:
        super().__init__(spec, _Model)

    async def check(self) -> str | None:
        # Loading the weights takes minutes: that waits for the first question.
        try:
            await asyncio.to_thread(
                AutoConfig.from_pretrained, self._spec.model, revision=self._spec.revision
            )
        except Exception as error:
            raise PanelError(cannot_load(self._spec, error)) from None
        return None


class _Model:
    """A loaded model; used from one thread at a time."""

    def __init__(self, spec: TransformersSpec, ending: threading.Event) -> None:
        self._device = device_of(spec)
        self._spec = spec
        self._processor: Any = AutoProcessor.from_pretrained(  # type: ignore[no-untyped-call]
            spec.model, revision=spec.revision
        )
        tokenizer = self._processor.tokenizer
        if not self._processor.chat_template and not tokenizer.chat_template:
            raise self._stopped("has no chat template, which a judge's prompt needs")
        if tokenizer.eos_token_id is None:
            raise self._stopped("has no end-of-text token, so its replies would not end")
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        # Pickled weights could run code.
        model: Any = AutoModelForImageTextToText.from_pretrained(
            spec.model, revision=spec.revision, dtype=spec.dtype, use_safetensors=True
        )
        self._model = model.to(self._device).eval()
        self._grammar = Grammar(tokenizer)
        self._specials = SpecialTokens(tokenizer)
        self._ended = Ended(ending)
        self._generation = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False,
            max_new_tokens=spec.max_tokens,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )

    def answer(self, batch: Sequence[Question]) -> list[Reply | CallFailure]:
        """An answer for each question.

        A question that the model cannot take fails alone, and a batch that does not fit into
        memory is halved.
        """
        return in_halves(batch, self._generate, torch.cuda.empty_cache)

    def _generate(self, batch: Sequence[Question]) -> list[Reply]:
        schema = batch[0].prompt.schema
        least = self._grammar.least_tokens(schema)
        if self._spec.max_tokens < least:
            raise self._stopped(
                f"needs {least} tokens for the shortest reply: max_tokens is too small"
            )
        inputs = self._processor.apply_chat_template(
            [self._messages(question) for question in batch],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            processor_kwargs={"return_tensors": "pt", "padding": True},
        ).to(self._device, self._model.dtype)
        length = inputs["input_ids"].shape[1]
        require_room(self._model, length, self._spec.max_tokens)
        with torch.inference_mode():
            output = self._model.generate(
                **inputs,
                generation_config=self._generation,
                logits_processor=[HeldToSchema(self._grammar, schema, self._spec.max_tokens)],
                stopping_criteria=[self._ended],
            )
        version = version_of(self._model)
        prompts = inputs["attention_mask"].sum(dim=1).tolist()
        return [
            self._reply(new, int(prompt), version)
            for new, prompt in zip(output[:, length:].tolist(), prompts, strict=True)
        ]

    def _reply(self, tokens: list[int], prompt_tokens: int, version: str | None) -> Reply:
        if self._grammar.eos in tokens:
            tokens = tokens[: tokens.index(self._grammar.eos)]
        text = self._processor.tokenizer.decode(tokens, skip_special_tokens=True)
        return Reply(text, version, prompt_tokens, len(tokens))

    def _messages(self, question: Question) -> list[dict[str, Any]]:
        prompt = question.prompt
        content = [
            {"type": "text", "text": self._specials.taken_apart(item)}
            if isinstance(item, str)
            else {"type": "image", "image": Image.open(io.BytesIO(question.jpegs[item.sha256]))}
            for item in prompt.content
        ]
        instructions = {"type": "text", "text": self._specials.taken_apart(prompt.instructions)}
        system = [{"role": "system", "content": [instructions]}] if prompt.instructions else []
        return [*system, {"role": "user", "content": content}]

    def _stopped(self, what: str) -> CallFailure:
        return CallFailure(
            FailureKind.STOPPED, f"judge {self._spec.name}: {self._spec.model} {what}"
        )
