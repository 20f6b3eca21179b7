"""HunyuanImage-3.0 with random weights: `python tiny_hunyuan_image_3.py REPOSITORY FOLDER`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokens import fast

repository, name = sys.argv[1:]
sys.path.insert(0, repository)
folder = Path(name)

from hunyuan_image_3.configuration_hunyuan import HunyuanImage3Config  # noqa: E402
from hunyuan_image_3.hunyuan import HunyuanImage3ForCausalMM  # noqa: E402
from transformers import GenerationConfig  # noqa: E402

torch.manual_seed(1)
MARKS = [
    *("<boi>", "<eoi>", "<img>", "<cfg>", "<pad>", "<timestep>", "<guidance>", "<img_size_1024>"),
    *("<answer>", "</answer>", "<recaption>", "</recaption>", "<think>", "</think>"),
    *("<joint_img_sep>", *(f"<img_ratio_{number}>" for number in range(33))),
]
with TemporaryDirectory() as files:
    tokenizer = fast(Path(files), *MARKS)
tokenizer.bos_token = "<|endoftext|>"
tokenizer.pad_token = "<pad>"
tokenizer.save_pretrained(folder)
config = HunyuanImage3Config(
    vocab_size=len(tokenizer),
    hidden_size=64,
    intermediate_size=32,
    moe_intermediate_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    num_key_value_heads=1,
    attention_head_dim=32,
    max_position_embeddings=12800,
    num_experts=2,
    use_mixed_mlp_moe=True,
    use_qk_norm=True,
    rope_scaling={"type": "custom", "alpha": 1.0, "factor": 1.0},
    patch_embed_hidden_dim=64,
    pad_token_id=tokenizer.pad_token_id,
    bos_token_id=tokenizer.bos_token_id,
    eos_token_id=tokenizer.eos_token_id,
    image_token_id=tokenizer.convert_tokens_to_ids("<img>"),
    vae={
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": 4,
        "block_out_channels": [32] * 5,
        "layers_per_block": 1,
        "ffactor_spatial": 16,
        "ffactor_temporal": 4,
        "sample_size": 384,
        "sample_tsize": 96,
        "scaling_factor": 0.5,
    },
    vit={
        "_attn_implementation": "sdpa",
        "attention_dropout": 0.0,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_size": 32,
        "intermediate_size": 32,
        "layer_norm_eps": 1e-6,
        "num_attention_heads": 2,
        "num_channels": 3,
        "num_hidden_layers": 1,
        "num_patches": 256,
        "output_attentions": False,
        "patch_size": 16,
        "vision_use_head": False,
    },
    vit_processor={"patch_size": 16},
    vit_aligner={
        "projector_type": "mlp_gelu",
        "input_dim": 32,
        "n_embed": 64,
        "depth": 2,
        "torch_dtype": "float32",
    },
    attn_implementation="sdpa",
)
model = HunyuanImage3ForCausalMM(config)
model.generation_config = GenerationConfig(
    diff_infer_steps=50,
    diff_guidance_scale=5.0,
    flow_shift=3.0,
    drop_think=False,
    bot_task="image",
    use_system_prompt="None",
    sequence_template="pretrain",
    max_length=12800,
)
model.to(torch.bfloat16).save_pretrained(folder)
