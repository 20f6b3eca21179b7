"""UniWorld-V1 with random weights: `python tiny_uniworld_v1.py REPOSITORY FOLDER`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokens import fast

repository, name = sys.argv[1:]
sys.path.insert(0, repository)
folder = Path(name)

from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler  # noqa: E402
from transformers import (  # noqa: E402
    CLIPTextConfig,
    CLIPTextModel,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    SiglipImageProcessor,
    SiglipVisionConfig,
    SiglipVisionModel,
    T5Config,
    T5EncoderModel,
)
from univa.models.qwen2p5vl.configuration_univa_qwen2p5vl import (  # noqa: E402
    UnivaQwen2p5VLConfig,
)
from univa.models.qwen2p5vl.modeling_univa_qwen2p5vl import (  # noqa: E402
    UnivaQwen2p5VLForConditionalGeneration,
)
from univa.utils.flux_pipeline import FluxPipeline  # noqa: E402

torch.manual_seed(1)
MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
with TemporaryDirectory() as files:
    tokenizer = fast(Path(files), *MARKS)
tokenizer.pad_token = "<|endoftext|>"
ids = dict(zip(MARKS, tokenizer.convert_tokens_to_ids(list(MARKS)), strict=True))
template = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
Qwen2_5_VLProcessor(
    image_processor=Qwen2VLImageProcessor(), tokenizer=tokenizer, chat_template=template
).save_pretrained(folder)
flux = {
    "_class_name": "FluxTransformer2DModel",
    "in_channels": 64,
    "num_layers": 1,
    "num_single_layers": 1,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
    # That of the code's own projector.
    "joint_attention_dim": 4096,
    "pooled_projection_dim": 32,
    "guidance_embeds": True,
    "axes_dims_rope": [4, 6, 6],
}
config = UnivaQwen2p5VLConfig(
    denoise_tower={"denoiser_type": "flux", "denoiser_config": flux},
    vocab_size=len(tokenizer),
    hidden_size=32,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    max_position_embeddings=4096,
    rope_scaling={"type": "mrope", "mrope_section": [2, 3, 3]},
    vision_start_token_id=ids["<|vision_start|>"],
    vision_end_token_id=ids["<|vision_end|>"],
    image_end_token_id=ids["<|vision_end|>"],
    image_token_id=ids["<|image_pad|>"],
    video_token_id=ids["<|video_pad|>"],
    eos_token_id=tokenizer.eos_token_id,
    pad_token_id=tokenizer.pad_token_id,
    vision_config={
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_heads": 2,
        "out_hidden_size": 32,
        "fullatt_block_indexes": [1],
    },
)
model = UnivaQwen2p5VLForConditionalGeneration(config)
# Zeros would make all weights' outputs alike.
for parameter in model.denoise_tower.denoiser.parameters():
    if parameter.dim() > 1:
        torch.nn.init.normal_(parameter, std=0.1)
model.to(torch.bfloat16).save_pretrained(folder)
tiny = {
    "vocab_size": len(tokenizer),
    "num_attention_heads": 2,
    "eos_token_id": tokenizer.eos_token_id,
    "pad_token_id": tokenizer.pad_token_id,
}
FluxPipeline(
    scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
    vae=AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=16,
        norm_num_groups=4,
        shift_factor=0.1,
        scaling_factor=0.4,
    ),
    text_encoder=CLIPTextModel(
        CLIPTextConfig(hidden_size=32, intermediate_size=32, num_hidden_layers=1, **tiny)
    ),
    tokenizer=tokenizer,
    text_encoder_2=T5EncoderModel(
        T5Config(vocab_size=len(tokenizer), d_model=4096, d_kv=8, d_ff=8, num_layers=1, num_heads=1)
    ),
    tokenizer_2=tokenizer,
    transformer=None,
).save_pretrained(folder / "FLUX.1-dev")
eyes = folder / "siglip2-so400m-patch16-512"
SiglipVisionModel(
    SiglipVisionConfig(
        # That of the code's own projector.
        hidden_size=1152,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=512,
        patch_size=16,
    )
).save_pretrained(eyes)
SiglipImageProcessor(size={"height": 512, "width": 512}).save_pretrained(eyes)
