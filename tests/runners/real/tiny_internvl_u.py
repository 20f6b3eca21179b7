"""InternVL-U with random weights: `python tiny_internvl_u.py REPOSITORY FOLDER`."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokens import fast

repository, name = sys.argv[1:]
sys.path.insert(0, repository)
folder = Path(name)

from diffusers import AutoencoderKLQwenImage, DPMSolverMultistepScheduler  # noqa: E402
from internvlu.diffusion import (  # noqa: E402
    InternVLUGenerationDecoder,
    InternVLUGenerationDecoderConfig,
)
from internvlu.vlm import InternVLUChatConfig, InternVLUChatModel  # noqa: E402
from internvlu.vlm.constants import SPECIAL_TOKEN_LIST  # noqa: E402

torch.manual_seed(1)
with TemporaryDirectory() as files:
    tokenizer = fast(Path(files), *SPECIAL_TOKEN_LIST)
chat = InternVLUChatModel(
    InternVLUChatConfig(
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 32,
            "num_attention_heads": 2,
            "num_hidden_layers": 2,
            "image_size": 56,
            "patch_size": 14,
            "use_flash_attn": False,
        },
        llm_config={
            "architectures": ["Qwen3ForCausalLM"],
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        force_image_size=56,
        template="qwen2_5-chat-v3",
    )
)
decoder = InternVLUGenerationDecoder(
    InternVLUGenerationDecoderConfig(
        input_hidden_size=32,
        output_hidden_size=32,
        max_sequence_length=1024,
        decoder_config={
            "num_layers": 1,
            "attention_head_dim": 16,
            "num_attention_heads": 2,
            "joint_attention_dim": 32,
            "axes_dims_rope": [4, 6, 6],
        },
    )
)
vae = AutoencoderKLQwenImage(
    base_dim=8, z_dim=16, num_res_blocks=1, latents_mean=[0.0] * 16, latents_std=[1.0] * 16
)
parts = {
    "vlm": (chat, "internvlu.vlm"),
    "generation_decoder": (decoder, "internvlu.diffusion"),
    "vae": (vae, "diffusers"),
    "scheduler": (
        DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True),
        "diffusers",
    ),
}
index = {"_class_name": "InternVLUPipeline", "_diffusers_version": "0.35.1"}
for part, (model, library) in parts.items():
    model.save_pretrained(folder / part)
    index[part] = [library, type(model).__name__]
index["processor"] = ["internvlu.processing_internvlu", "InternVLUProcessor"]
tokenizer.save_pretrained(folder / "processor")
(folder / "processor" / "processor_config.json").write_text(
    json.dumps(
        {
            "image_processor_kwargs": {"size": {"height": 56, "width": 56}},
            "image_gen_processor_class": "InternVLUDynamicResGenerationImageProcessor",
            "image_gen_processor_kwargs": {"gen_down_sample_ratio": 0.5, "temporal_patch_size": 1},
            "image_seq_length": 4,
        }
    )
)
(folder / "model_index.json").write_text(json.dumps(index))
