"""A tiny ShieldGemma 2 with random weights, saved as a folder that transformers loads like any."""

from __future__ import annotations

from pathlib import Path

SPECIAL = ["<bos>", "<eos>", "<pad>", "<image_soft_token>", "<start_of_image>", "<end_of_image>"]
WIDTH = 16
IMAGE_SIZE = 16
IMAGE_TOKENS = 4
TEMPLATE = (
    "<bos>{% for message in messages %}{% for item in message.content %}"
    "{% if item.type == 'image' %}<start_of_image>{% else %}{{ item.text }}{% endif %}"
    "{% endfor %}{% endfor %}"
)


def save_tiny_shieldgemma(folder: Path) -> Path:
    """Build the model, of some thousand parameters, and save it with its processor."""
    # Here, so that without the extra hf this module can be imported and its readers be skipped.
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        Gemma3ImageProcessor,
        Gemma3TextConfig,
        PreTrainedTokenizerFast,
        ShieldGemma2Config,
        ShieldGemma2ForImageClassification,
        ShieldGemma2Processor,
        SiglipVisionConfig,
    )

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *alphabet])}
    fast = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=fast,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        extra_special_tokens={
            "image_token": "<image_soft_token>",
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
        },
    )
    processor = ShieldGemma2Processor(
        image_processor=Gemma3ImageProcessor(size={"height": IMAGE_SIZE, "width": IMAGE_SIZE}),
        tokenizer=tokenizer,
        chat_template=TEMPLATE,
        image_seq_length=IMAGE_TOKENS,
    )
    torch.manual_seed(0)
    config = ShieldGemma2Config(
        text_config=Gemma3TextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            pad_token_id=vocabulary["<pad>"],
        ),
        vision_config=SiglipVisionConfig(
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_hidden_layers=1,
            num_attention_heads=2,
            image_size=IMAGE_SIZE,
            patch_size=4,
        ),
        mm_tokens_per_image=IMAGE_TOKENS,
        boi_token_index=vocabulary["<start_of_image>"],
        eoi_token_index=vocabulary["<end_of_image>"],
        image_token_index=vocabulary["<image_soft_token>"],
        yes_token_index=vocabulary["Y"],
        no_token_index=vocabulary["N"],
    )
    ShieldGemma2ForImageClassification(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
