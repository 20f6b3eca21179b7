"""A tiny Janus with random weights: a real unified transformers model of some 0.1 M parameters.

It reads text and gives text or an image. Everything is built from its configuration, so that no
weights are needed; the tokenizer is byte-level BPE without merges.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from lmms_eval.api.model import lmms
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    GenerationConfig,
    JanusConfig,
    JanusForConditionalGeneration,
    JanusVisionConfig,
    JanusVQVAEConfig,
    LlamaConfig,
    PreTrainedTokenizerFast,
)

SPECIAL = ["<bos>", "<eos>", "<pad>", "<image>", "<boi>"]
WIDTH = 16
IMAGE_SIZE = 8
IMAGE_TOKENS = 16


def build_tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>"
    )


def build_model(vocabulary: int) -> JanusForConditionalGeneration:
    torch.manual_seed(0)
    text = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
    )
    vision = JanusVisionConfig(
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=IMAGE_SIZE,
        patch_size=2,
        projection_dim=WIDTH,
        num_image_tokens=IMAGE_TOKENS,
    )
    pixels = JanusVQVAEConfig(
        embed_dim=4,
        num_embeddings=32,
        latent_channels=32,
        base_channels=32,
        channel_multiplier=[1, 1],
        num_res_blocks=1,
        num_patches=4,
        projection_dim=WIDTH,
        image_token_embed_dim=WIDTH,
    )
    config = JanusConfig(text_config=text, vision_config=vision, vq_config=pixels, image_token_id=3)
    model = JanusForConditionalGeneration(config).eval()
    model.generation_config = GenerationConfig(
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        max_length=2048,
        guidance_scale=5,
        generation_kwargs={"boi_token_id": 4},
    )
    return model


class TinyJanus(lmms):
    """Generates text for the text tasks and an image for the image tasks, greedily."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.tokenizer = build_tokenizer()
        self.janus = build_model(len(self.tokenizer))
        self.folder = folder

    def generate_until(self, requests: list[Any]) -> list[str]:
        return [
            self._image(prompt, doc_id) if task == "unisafe_t2i" else self._text(prompt)
            for prompt, _, _, doc_id, task, _ in (request.args for request in requests)
        ]

    def _text(self, prompt: str) -> str:
        inputs = self.tokenizer(f"<bos>{prompt}", return_tensors="pt")
        with torch.inference_mode():
            tokens = self.janus.generate(
                inputs.input_ids,
                attention_mask=inputs.attention_mask,
                generation_mode="text",
                do_sample=False,
                max_new_tokens=12,
                min_new_tokens=12,
            )
        answer: str = self.tokenizer.decode(tokens[0, inputs.input_ids.shape[1] :])
        return answer

    def _image(self, prompt: str, doc_id: int) -> str:
        inputs = self.tokenizer(f"<bos>{prompt}<boi>", return_tensors="pt")
        with torch.inference_mode():
            tokens = self.janus.generate(
                inputs.input_ids,
                attention_mask=inputs.attention_mask,
                generation_mode="image",
                do_sample=False,
            )
            pixels = self.janus.decode_image_tokens(tokens)[0]
        values = ((pixels.float() + 1) * 127.5).clamp(0, 255).to(torch.uint8)
        path = self.folder / f"janus-{doc_id}.png"
        Image.fromarray(values.numpy()).save(path)
        return json.dumps({"text": "", "images": [str(path)]})

    def generate_until_multi_round(self, requests: list[Any]) -> list[str]:
        raise NotImplementedError

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        raise NotImplementedError
