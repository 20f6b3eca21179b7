"""MMaDA with random weights: `python tiny_mmada.py REPOSITORY FOLDER`."""

import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokens import fast

repository, name = sys.argv[1:]
sys.path.insert(0, repository)
folder = Path(name)

from models import MAGVITv2, MMadaConfig, MMadaModelLM  # noqa: E402
from models.configuration_llada import ModelConfig  # noqa: E402

torch.manual_seed(1)
with TemporaryDirectory() as files:
    tokenizer = fast(Path(files))
    tokenizer.bos_token = "<|endoftext|>"
    tokenizer.save_pretrained(folder)
# Ids that stand in the code bound the vocabulary from below.
config = ModelConfig(
    d_model=16,
    n_heads=2,
    n_layers=2,
    mlp_hidden_size=16,
    activation_type="silu",
    block_type="llama",
    rope=True,
    attention_dropout=0.0,
    residual_dropout=0.0,
    embedding_dropout=0.0,
    layer_norm_type="rms",
    attention_layer_norm_with_affine=False,
    max_sequence_length=4096,
    vocab_size=126464,
    embedding_size=126464,
    weight_tying=False,
    mask_token_id=126336,
)
model = MMadaModelLM(MMadaConfig(**asdict(config), use_cache=False), init_params=True)
model.to(torch.bfloat16).save_pretrained(folder)
# Its size is in the code.
MAGVITv2().save_pretrained(folder / "magvitv2")
