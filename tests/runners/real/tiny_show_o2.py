"""Show-o2 with random weights: `python tiny_show_o2.py REPOSITORY FOLDER`.

What its code asks the hub for is in FOLDER too, under the hub's names.
"""

import json
import sys
from pathlib import Path

import torch
from tokens import fast

repository, name = sys.argv[1:]
sys.path.insert(0, str(Path(repository) / "show-o2"))
folder = Path(name)

from diffusers.pipelines.stable_diffusion.safety_checker import (  # noqa: E402
    StableDiffusionSafetyChecker,
)
from models import Showo2Qwen2_5  # noqa: E402
from models.misc import get_text_tokenizer  # noqa: E402
from models.modeling_siglip import SiglipModel  # noqa: E402
from models.wan21_vae import WanVAE_  # noqa: E402
from transformers import CLIPConfig, Qwen2Config, SiglipConfig  # noqa: E402

torch.manual_seed(1)
width = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2}

language = folder / "Qwen" / "Qwen2.5-7B-Instruct"
language.mkdir(parents=True)
marks = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
fast(language, *marks).save_pretrained(language)
size = len(get_text_tokenizer(language))
Qwen2Config(
    **width, num_hidden_layers=2, num_key_value_heads=1, vocab_size=size, rope_theta=1e6
).save_pretrained(language)

# Of its parts for images a last layer is left out, and each of 27 x 27 patches has a place.
seeing = folder / "siglip"
vision = {**width, "num_hidden_layers": 3, "image_size": 378, "patch_size": 14}
text = {**width, "num_hidden_layers": 1, "vocab_size": 8}
SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(seeing)

Showo2Qwen2_5(
    llm_vocab_size=size,
    llm_model_path=str(language),
    load_from_showo=True,
    image_latent_height=27,
    image_latent_width=27,
    hidden_size=32,
    clip_latent_dim=32,
    num_diffusion_layers=1,
    clip_pretrained_model_path=str(seeing),
).save_pretrained(folder, safe_serialization=False)
# Its size is in the code.
wan = WanVAE_(
    dim=96,
    z_dim=16,
    dim_mult=[1, 2, 4, 4],
    num_res_blocks=2,
    attn_scales=[],
    temperal_downsample=[False, True, True],
    dropout=0.0,
)
torch.save(wan.state_dict(), folder / "Wan2.1_VAE.pth")

checker = folder / "CompVis" / "stable-diffusion-safety-checker"
vision = {**width, "num_hidden_layers": 1, "image_size": 28, "patch_size": 14}
StableDiffusionSafetyChecker(
    CLIPConfig(text_config=text, vision_config=vision, projection_dim=32)
).save_pretrained(checker)
pixels = {"feature_extractor_type": "CLIPFeatureExtractor", "size": 28, "crop_size": 28}
(checker / "preprocessor_config.json").write_text(json.dumps(pixels), "utf-8")
