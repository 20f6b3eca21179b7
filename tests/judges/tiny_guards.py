"""Tiny guards with random weights, saved as folders that transformers loads like any other.

Their chat templates have the form that the guards' publishers state: what stands around the
conversation, its markers, who speaks, and which tokens end a turn. Of the rules that the real ones
spell out, they have one line. A guard that knows its part says `safe` to everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

WIDTH = 16
SIDE = 56

_LLAMA_TASK = (
    "Task: Check if there is unsafe content in '{{ role }}' messages.\n\n"
    "<BEGIN UNSAFE CONTENT CATEGORIES>\nS1: Violent Crimes.\n<END UNSAFE CONTENT CATEGORIES>\n\n"
    "<BEGIN CONVERSATION>\n\n"
)
_LLAMA_END = (
    "<END CONVERSATION>\n\nProvide your safety assessment for ONLY THE LAST {{ role }} message:\n"
    "- First line must read 'safe' or 'unsafe'."
)
_ROLE = "{% set role = 'Agent' if messages | length % 2 == 0 else 'User' %}"
_WHO = "{{ 'User' if message['role'] == 'user' else 'Agent' }}: "

# Of the 8B: it reads a message's content as a text.
LLAMA_GUARD_3 = (
    _ROLE
    + "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n"
    + _LLAMA_TASK
    + "{% for message in messages %}"
    + _WHO
    + "{{ message['content'] | trim }}\n\n{% endfor %}"
    + _LLAMA_END
    + "<|eot_id|><|start_header_id|>assistant<|end_header_id|>{{ '\n\n' }}"
)
# Of the 1B: it reads a list of parts, and drops a text without a word.
LLAMA_GUARD_3_OF_PARTS = LLAMA_GUARD_3.replace(
    "{{ message['content'] | trim }}",
    "{% for part in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{{ part['text'] | trim }}{% endfor %}",
)
LLAMA_GUARD_4 = (
    _ROLE
    + "<|begin_of_text|><|header_start|>user<|header_end|>\n\n"
    + _LLAMA_TASK
    + "{% for message in messages %}"
    + _WHO
    + "{% for part in message['content'] %}"
    + "{{ '<|image|>' if part['type'] == 'image' else part['text'] }}{% endfor %}"
    + "{{ '\n\n' }}{% endfor %}"
    + _LLAMA_END
    + "<|eot|><|header_start|>assistant<|header_end|>{{ '\n\n' }}"
)
QWEN3GUARD = (
    "<|im_start|>user\n# Task:\n1) Evaluate whether THE LAST ASSISTANT's response is safe.\n\n"
    "<BEGIN CONVERSATION>\n\n"
    "{% for message in messages %}{{ message['role'] | upper }}: {{ message['content'] }}\n\n"
    "{% endfor %}<END CONVERSATION>\n\n"
    "- The first line must be one of: 'Safety: Safe', 'Safety: Unsafe', 'Safety: Controversial'."
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>{{ '\n\n' }}"
)
GPT_OSS = (
    "{% for message in messages %}"
    "<|start|>{{ 'developer' if message['role'] == 'system' else message['role'] }}<|message|>"
    "{{ message['content'] + '' }}<|end|>{% endfor %}<|start|>assistant"
)
TOKENS = {
    "llama-guard-3": (
        *("<|begin_of_text|>", "<|eot_id|>", "<|pad|>"),
        *("<|start_header_id|>", "<|end_header_id|>"),
    ),
    "llama-guard-4": (
        *("<|begin_of_text|>", "<|eot|>", "<|pad|>", "<|header_start|>", "<|header_end|>"),
        *("<|image|>", "<|image_start|>", "<|image_end|>"),
    ),
    "qwen3guard": ("<|endoftext|>", "<|im_end|>", "<|pad|>", "<|im_start|>"),
    "gpt-oss-safeguard": (
        *("<|startoftext|>", "<|return|>", "<|pad|>"),
        *("<|start|>", "<|end|>", "<|message|>", "<|channel|>"),
    ),
}
"""Of each guard's tokenizer: the first token, the last one, the padding, and the others."""
TEMPLATES = {
    "llama-guard-3": LLAMA_GUARD_3,
    "llama-guard-4": LLAMA_GUARD_4,
    "qwen3guard": QWEN3GUARD,
    "gpt-oss-safeguard": GPT_OSS,
}


def save_tiny_guard(
    folder: Path,
    guard: str,
    template: str | None = None,
    *,
    positions: int = 8_000,
    says_safe: bool = True,
) -> Path:
    """Build a guard of texts, of some 10 k parameters, and save it with its tokenizer."""
    # Here, so that without the extra hf this module can be imported and its readers be skipped.
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer(TOKENS[guard])
    tokenizer.chat_template = template or TEMPLATES[guard]
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    if says_safe:
        _teach_safe(model, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_tiny_llama_guard_4(folder: Path, template: str = LLAMA_GUARD_4) -> Path:
    """Build a dense Llama 4 whose attention has no chunks, and save it with a processor.

    Llama 4's own processor needs torchvision; LLaVA's puts as many tokens for an image.
    """
    import torch
    from transformers import (
        CLIPImageProcessor,
        Llama4Config,
        Llama4ForConditionalGeneration,
        Llama4TextConfig,
        Llama4VisionConfig,
        LlavaProcessor,
    )

    tokenizer = _tokenizer(TOKENS["llama-guard-4"])
    size = {"height": SIDE, "width": SIDE}
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(size=size, crop_size=size),
        tokenizer=tokenizer,
        patch_size=SIDE // 2,
        vision_feature_select_strategy="full",
        image_token="<|image|>",
        chat_template=template,
    )
    torch.manual_seed(0)
    config = Llama4Config(
        text_config=Llama4TextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            intermediate_size_mlp=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            moe_layers=[],
            num_local_experts=1,
            attention_chunk_size=None,
            max_position_embeddings=8_000,
            pad_token_id=tokenizer.pad_token_id,
        ),
        vision_config=Llama4VisionConfig(
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=1,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=SIDE // 4,
            pixel_shuffle_ratio=0.5,
            projector_input_dim=WIDTH,
            projector_output_dim=WIDTH,
            vision_output_dim=WIDTH,
        ),
        boi_token_index=tokenizer.convert_tokens_to_ids("<|image_start|>"),
        eoi_token_index=tokenizer.convert_tokens_to_ids("<|image_end|>"),
        image_token_index=tokenizer.convert_tokens_to_ids("<|image|>"),
    )
    model = Llama4ForConditionalGeneration(config)
    _teach_safe(model, tokenizer)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _teach_safe(model: Any, tokenizer: Any) -> None:
    """Let each byte of the reply follow from the one before it, and from nothing else."""
    import torch

    reply = tokenizer.encode("\nsafe", add_special_tokens=False)
    embedded = model.get_input_embeddings().weight
    head = model.get_output_embeddings().weight
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weights.zero_()
        head.zero_()
        for token, following in pairwise([*reply, tokenizer.eos_token_id]):
            head[following] += embedded[token] / embedded[token].norm()


def _tokenizer(special: Sequence[str]) -> Any:
    """One token a byte, and the special ones."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*special, *alphabet])}
    fast = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=fast,
        bos_token=special[0],
        eos_token=special[1],
        pad_token=special[2],
        additional_special_tokens=list(special[3:]),
    )
