"""Unified models of transformers with tiny random weights, saved as folders like any checkpoint.

The tokenizers are byte-level BPE without merges, so that every text has tokens.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    Emu3Config,
    Emu3ForConditionalGeneration,
    Emu3Processor,
    GenerationConfig,
    JanusConfig,
    JanusForConditionalGeneration,
    JanusProcessor,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)
from transformers.models.emu3.image_processing_emu3 import Emu3ImageProcessor
from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil

__all__ = [
    "save_tiny_diffusion",
    "save_tiny_emu3",
    "save_tiny_flux",
    "save_tiny_janus",
    "save_tiny_llama",
    "save_tiny_z_image",
]

WIDTH = 16
SIDE = 8
"""Of an image, in pixels."""
_TEMPLATE = (
    "<bos>{% for message in messages %}{{ message.role }}: "
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for item in message.content %}"
    "{% if item.type == 'image' %}<image>{% else %}{{ item.text }}{% endif %}"
    "{% endfor %}{% endif %}\n{% endfor %}assistant:"
)
_TEXT = {
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}


def tokenizer(*special: str, **named: str) -> PreTrainedTokenizerFast:
    """A tokenizer with these special tokens after <bos>, <eos> and <pad>."""
    words = ["<bos>", "<eos>", "<pad>", *special]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*words, *alphabet])}
    fast = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=fast,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        additional_special_tokens=list(special),
        extra_special_tokens=named,
    )


def save_tiny_llama(folder: Path) -> Path:
    """A text-only model."""
    words = tokenizer()
    words.chat_template = _TEMPLATE
    torch.manual_seed(3)
    LlamaForCausalLM(LlamaConfig(vocab_size=len(words), **_TEXT)).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def save_tiny_janus(folder: Path) -> Path:
    """A model that reads text and images, and writes text or draws."""
    words = tokenizer(
        "<image>", "<boi>", "<eoi>", image_token="<image>", boi_token="<boi>", eoi_token="<eoi>"
    )
    torch.manual_seed(0)
    config = JanusConfig(
        text_config=LlamaConfig(vocab_size=len(words), **_TEXT),
        vision_config={
            "hidden_size": WIDTH,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": SIDE,
            "patch_size": 2,
            "projection_dim": WIDTH,
            "num_image_tokens": 16,
        },
        vq_config={
            "embed_dim": 4,
            "num_embeddings": 32,
            "latent_channels": 32,
            "base_channels": 32,
            "channel_multiplier": [1, 1],
            "num_res_blocks": 1,
            "num_patches": 4,
            "projection_dim": WIDTH,
            "image_token_embed_dim": WIDTH,
        },
        image_token_id=words.convert_tokens_to_ids("<image>"),
    )
    model = JanusForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        max_length=2048,
        guidance_scale=5,
        generation_kwargs={"boi_token_id": words.convert_tokens_to_ids("<boi>")},
    )
    model.save_pretrained(folder)
    pixels = JanusImageProcessorPil(size={"height": SIDE, "width": SIDE}, min_size=SIDE)
    JanusProcessor(pixels, words, chat_template=_TEMPLATE, num_image_tokens=16).save_pretrained(
        folder
    )
    return folder


def save_tiny_emu3(folder: Path) -> Path:
    """A model whose images are tokens among others, row by row."""
    visual = [f"<|visual token {number:06d}|>" for number in range(16)]
    named = {
        "image_token": "<image>",
        "boi_token": "<|image start|>",
        "eoi_token": "<|image end|>",
        "image_wrapper_token": "<|image token|>",
        "eof_token": "<|extra_201|>",
    }
    words = tokenizer(*named.values(), "<|extra_200|>", *visual, **named)
    torch.manual_seed(0)
    config = Emu3Config(
        text_config={"vocab_size": len(words), **_TEXT},
        vq_config={
            "codebook_size": 16,
            "embed_dim": 4,
            "latent_channels": 4,
            "base_channels": 32,
            "channel_multiplier": [1, 1, 1, 1],
            "num_res_blocks": 1,
            "hidden_size": 32,
            "attn_resolutions": [],
        },
        vocabulary_map=words.get_vocab(),
    )
    Emu3ForConditionalGeneration(config).save_pretrained(folder)
    pixels = Emu3ImageProcessor(min_pixels=32 * 32, max_pixels=32 * 32)
    Emu3Processor(pixels, words, chat_template=_TEMPLATE).save_pretrained(folder)
    return folder


def save_tiny_flux(folder: Path, kind: str = "Flux2KleinPipeline") -> Path:
    """A pipeline that draws, edits, and composes two images."""
    import diffusers
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2Transformer2DModel,
    )

    words = tokenizer()
    words.chat_template = _TEMPLATE
    torch.manual_seed(0)
    sizes = {**_TEXT, "intermediate_size": WIDTH, "num_hidden_layers": 28, "head_dim": 8}
    vae = AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=WIDTH,
    )
    transformer = Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * WIDTH,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    getattr(diffusers, kind)(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=Qwen3ForCausalLM(Qwen3Config(vocab_size=len(words), **sizes)),
        tokenizer=words,
        transformer=transformer,
    ).save_pretrained(folder)
    return folder


def save_tiny_diffusion(folder: Path, *, edits: bool = False, objects: bool | None = None) -> Path:
    """Stable Diffusion, or InstructPix2Pix.

    `objects` is whether its safety checker objects to every image or to none; None leaves the
    checker out.
    """
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionInstructPix2PixPipeline,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPTextConfig, CLIPTextModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    words = tokenizer()
    words.model_max_length = 77
    torch.manual_seed(0)
    tower = {
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "projection_dim": WIDTH,
    }
    text = CLIPTextConfig(vocab_size=len(words), eos_token_id=1, **tower)
    unet = UNet2DConditionModel(
        sample_size=SIDE,
        in_channels=8 if edits else 4,
        block_out_channels=(8, 8),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=WIDTH,
        attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=2 * SIDE,
    )
    checker = None
    if objects is not None:
        vision = {**tower, "image_size": SIDE, "patch_size": 4}
        checker = StableDiffusionSafetyChecker(
            CLIPConfig(text_config=text.to_dict(), vision_config=vision, projection_dim=WIDTH)
        )
        # No cosine is as low, or as high.
        checker.concept_embeds_weights.data.fill_(-2.0 if objects else 2.0)
    kind = StableDiffusionInstructPix2PixPipeline if edits else StableDiffusionPipeline
    kind(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=words,
        unet=unet,
        scheduler=DDIMScheduler(),
        safety_checker=checker,
        feature_extractor=CLIPImageProcessorPil(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
        ),
        requires_safety_checker=checker is not None,
    ).save_pretrained(folder)
    return folder


def save_tiny_z_image(folder: Path) -> Path:
    """Z-Image Omni, which takes a list of images alone; for bfloat16."""
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        ZImageOmniPipeline,
        ZImageTransformer2DModel,
    )
    from transformers import Qwen3Model, Siglip2VisionConfig, Siglip2VisionModel
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    words = tokenizer()
    words.chat_template = _TEMPLATE
    torch.manual_seed(0)
    patches = {"patch_size": 16, "num_patches": 16}
    vision = Siglip2VisionConfig(
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        **patches,
    )
    transformer = ZImageTransformer2DModel(
        in_channels=4,
        dim=32,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=WIDTH,
        siglip_feat_dim=WIDTH,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 256, 256],
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=WIDTH,
        scaling_factor=0.36,
        shift_factor=0.1,
    )
    ZImageOmniPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=Qwen3Model(Qwen3Config(vocab_size=len(words), **_TEXT, head_dim=8)),
        tokenizer=words,
        transformer=transformer,
        siglip=Siglip2VisionModel(vision),
        siglip_processor=Siglip2ImageProcessorPil(patch_size=16, max_num_patches=16),
    ).save_pretrained(folder)
    return folder
