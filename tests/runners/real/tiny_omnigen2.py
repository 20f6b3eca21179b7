"""OmniGen2 with random weights: `python tiny_omnigen2.py REPOSITORY FOLDER`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokens import fast

repository, folder = sys.argv[1:]
sys.path.insert(0, repository)

from diffusers import AutoencoderKL  # noqa: E402
from omnigen2.models.transformers.transformer_omnigen2 import (  # noqa: E402
    OmniGen2Transformer2DModel,
)
from omnigen2.pipelines.omnigen2.pipeline_omnigen2 import OmniGen2Pipeline  # noqa: E402
from omnigen2.schedulers.scheduling_flow_match_euler_discrete import (  # noqa: E402
    FlowMatchEulerDiscreteScheduler,
)
from transformers import (  # noqa: E402
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

torch.manual_seed(1)
MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<|img|>")
with TemporaryDirectory() as files:
    tokenizer = fast(Path(files), *MARKS)
ids = dict(zip(MARKS, tokenizer.convert_tokens_to_ids(list(MARKS)), strict=True))
config = Qwen2_5_VLConfig(
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
pipeline = OmniGen2Pipeline(
    transformer=OmniGen2Transformer2DModel(
        in_channels=4,
        hidden_size=24,
        num_layers=2,
        num_refiner_layers=1,
        num_attention_heads=2,
        num_kv_heads=1,
        multiple_of=8,
        axes_dim_rope=(4, 4, 4),
        axes_lens=(1024, 1664, 1664),
        text_feat_dim=32,
    ),
    vae=AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        shift_factor=0.1,
        scaling_factor=0.4,
    ),
    scheduler=FlowMatchEulerDiscreteScheduler(),
    mllm=Qwen2_5_VLForConditionalGeneration(config),
    processor=Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(),
        video_processor=Qwen2VLVideoProcessor(),
        tokenizer=tokenizer,
        chat_template=tokenizer.chat_template,
    ),
)
# Zeros would make all weights' outputs alike.
for parameter in pipeline.transformer.parameters():
    if parameter.dim() > 1:
        torch.nn.init.normal_(parameter, std=0.1)
pipeline.save_pretrained(Path(folder))
