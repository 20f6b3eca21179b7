"""Lumina-DiMOO with random weights: `python tiny_lumina_dimoo.py REPOSITORY FOLDER`."""

import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokens import fast

repository, name = sys.argv[1:]
sys.path.insert(0, repository)
folder = Path(name)

from diffusers import VQModel  # noqa: E402
from model import LLaDAForMultiModalGeneration  # noqa: E402
from model.configuration_llada import LLaDAConfig, ModelConfig  # noqa: E402

torch.manual_seed(1)
with TemporaryDirectory() as files:
    fast(Path(files)).save_pretrained(folder)
# Ids that stand in the code bound the vocabulary: an image's codes are its last 8192.
size = 126356 + 8192
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
    max_sequence_length=8192,
    vocab_size=size,
    embedding_size=size,
    weight_tying=False,
    mask_token_id=126336,
)
model = LLaDAForMultiModalGeneration(LLaDAConfig(**asdict(config)), init_params=True)
# Half of all tokens are the end of a text, which takes the generator's way out.
model.model.transformer.ff_out.weight.data[126081] *= 1000
model.to(torch.bfloat16).save_pretrained(folder)
VQModel(
    block_out_channels=(8,) * 5,
    down_block_types=("DownEncoderBlock2D",) * 5,
    up_block_types=("UpDecoderBlock2D",) * 5,
    latent_channels=4,
    norm_num_groups=4,
    num_vq_embeddings=8192,
    lookup_from_codebook=True,
).save_pretrained(folder / "vqvae")
