"""BAGEL with random weights: `python tiny_bagel.py REPOSITORY FOLDER`."""

import json
import sys
from pathlib import Path

import torch
from tokens import write_files

repository, name = sys.argv[1:]
sys.path.insert(0, repository)
folder = Path(name)

from modeling.autoencoder import load_ae  # noqa: E402
from modeling.bagel import (  # noqa: E402
    Bagel,
    BagelConfig,
    Qwen2Config,
    Qwen2ForCausalLM,
    SiglipVisionConfig,
    SiglipVisionModel,
)
from safetensors.torch import save_file  # noqa: E402

torch.manual_seed(1)
LANGUAGE = {
    "vocab_size": 264,
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 32768,
}
VISION = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 980,
    "patch_size": 14,
}
(folder / "llm_config.json").write_text(json.dumps(LANGUAGE))
(folder / "vit_config.json").write_text(json.dumps(VISION))
write_files(folder)
# The autoencoder's size is in the code: all but its smallest tensor is left to chance.
autoencoder, autoencoder_config = load_ae(local_path=None)
smallest, tensor = min(autoencoder.state_dict().items(), key=lambda item: item[1].numel())
save_file({smallest: tensor.clone()}, folder / "ae.safetensors")
language = Qwen2Config(**LANGUAGE, qk_norm=True, tie_word_embeddings=False)
language.layer_module = "Qwen2MoTDecoderLayer"
vision = SiglipVisionConfig(**{**VISION, "num_hidden_layers": 2}, rope=False)
config = BagelConfig(
    llm_config=language,
    vit_config=vision,
    vae_config=autoencoder_config,
    vit_max_num_patch_per_side=70,
    latent_patch_size=2,
    max_latent_size=64,
)
model = Bagel(Qwen2ForCausalLM(language), SiglipVisionModel(vision), config)
model.vit_model.vision_model.embeddings.convert_conv2d_to_linear(vision)
# The code sets the last layer to zero, which would draw its noise alone.
torch.nn.init.normal_(model.llm2vae.weight, std=0.1)
tensors = {key: value.contiguous().clone() for key, value in model.state_dict().items()}
save_file(tensors, folder / "ema.safetensors", metadata={"format": "pt"})
