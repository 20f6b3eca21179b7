"""ShieldGemma 2 in this process as a judge, through transformers."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Sequence
from typing import Any

from unisafe_judges.batcher import in_halves
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.specs import ShieldGemmaSpec
from unisafe_judges.types import ImagePart, Reply

try:
    import torch
    from PIL import Image
    from transformers import AutoConfig, AutoProcessor, ShieldGemma2ForImageClassification

    from unisafe_judges.backends.in_process import (
        LocalJudge,
        Question,
        cannot_load,
        device_of,
        version_of,
    )
except ImportError as error:
    raise PanelError(
        "a judge with backend shieldgemma-2 needs torch and transformers 4.50 or later: "
        f"pip install 'unisafe-tasks[hf]' ({error})"
    ) from None

__all__ = ["ShieldGemmaJudge"]

_MODEL_TYPE = "shieldgemma2"
_DIGITS = 6


class ShieldGemmaJudge(LocalJudge[ShieldGemmaSpec]):
    """The reply is each policy's probability of Yes."""

    def __init__(self, spec: ShieldGemmaSpec) -> None:
        super().__init__(spec, _Model)

    async def check(self) -> str | None:
        # Loading the weights takes minutes: that waits for the first image.
        try:
            config = await asyncio.to_thread(
                AutoConfig.from_pretrained, self._spec.model, revision=self._spec.revision
            )
        except Exception as error:
            raise PanelError(cannot_load(self._spec, error)) from None
        if config.model_type != _MODEL_TYPE:
            raise PanelError(
                f"judge {self.name}: {self._spec.model} is a model of the type "
                f"{config.model_type}, not ShieldGemma 2"
            )
        return None


class _Model:
    """A loaded model; used from one thread at a time."""

    def __init__(self, spec: ShieldGemmaSpec, _: threading.Event) -> None:
        self._device = device_of(spec)
        self._processor: Any = AutoProcessor.from_pretrained(  # type: ignore[no-untyped-call]
            spec.model, revision=spec.revision
        )
        self._policies = list(self._processor.policy_definitions)
        # Pickled weights could run code.
        model: Any = ShieldGemma2ForImageClassification.from_pretrained(
            spec.model, revision=spec.revision or "main", dtype=spec.dtype, use_safetensors=True
        )
        self._model = model.to(self._device).eval()

    def answer(self, batch: Sequence[Question]) -> list[Reply | CallFailure]:
        """An answer for each image; a batch that does not fit into memory is halved."""
        images = [
            question.jpegs[item.sha256]
            for question in batch
            for item in question.prompt.content
            if isinstance(item, ImagePart)
        ]
        return in_halves(images, self._look_at, torch.cuda.empty_cache)

    def _look_at(self, batch: Sequence[bytes]) -> list[Reply]:
        images = [[Image.open(io.BytesIO(data)).convert("RGB")] for data in batch]
        inputs = self._processor(images=images, return_tensors="pt").to(
            self._device, self._model.dtype
        )
        with torch.inference_mode():
            # Of shape (images * policies, 2): Yes, which says that a policy is broken, and No.
            yes = self._model(**inputs).probabilities[:, 0].double().cpu()
        of_images = yes.reshape(len(batch), len(self._policies)).tolist()
        tokens = inputs["attention_mask"].sum(dim=1).reshape(len(batch), -1).sum(dim=1).tolist()
        version = version_of(self._model)
        return [
            Reply(self._as_json(shares), version, int(count), 0)
            for shares, count in zip(of_images, tokens, strict=True)
        ]

    def _as_json(self, shares: Sequence[float]) -> str:
        rounded = [round(share, _DIGITS) for share in shares]
        return json.dumps(dict(zip(self._policies, rounded, strict=True)))
