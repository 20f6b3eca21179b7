"""Qwen2's tokenizer without merges, for models with random weights: a token for each byte."""

import json
from pathlib import Path

from transformers import Qwen2TokenizerFast
from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_files(folder: Path) -> None:
    letters = [*sorted(bytes_to_unicode().values()), "<|endoftext|>"]
    words = {letter: number for number, letter in enumerate(letters)}
    (folder / "vocab.json").write_text(json.dumps(words), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")


def fast(folder: Path, *special: str) -> Qwen2TokenizerFast:
    """One with special tokens; `folder` is for its files."""
    write_files(folder)
    made = Qwen2TokenizerFast(
        str(folder / "vocab.json"), str(folder / "merges.txt"), eos_token="<|im_end|>"
    )
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>", *special]})
    made.chat_template = TEMPLATE
    return made
