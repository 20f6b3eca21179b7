"""Show-o2, by the parts that its scripts `inference_t2i.py` and `inference_mmu.py` are made of."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "show-o2-7B",
    "repository": "https://github.com/showlab/Show-o",
    "commit": "45a5a2de01d1ebd10cd5864d29310a76476cdf23",
    # Its code also fetches what its configuration names: Qwen2.5-7B-Instruct's tokenizer, SigLIP.
    "weights": "showlab/show-o2-7B",
    "licence": "Apache-2.0",
    "python": "3.10",
    "packages": [
        "torch==2.5.1",
        "torchvision==0.20.1",
        "transformers==4.47.0",
        "diffusers==0.31.0",
        "accelerate==0.23.0",
        "huggingface-hub==0.24.0",
        "einops==0.8.0",
        "timm==1.0.12",
        "torchdiffeq",
        "omegaconf",
        "decord",
        "sentencepiece",
        "ftfy",
    ],
    # It neither edits nor reads two images.
    "tasks": ["TI", "TT", "IT", "MU"],
    "history": "last",
    "batch": 4,
    # Nine billion parameters of two bytes.
    "gpu_gb": 22,
    # Its script for texts uses float32, the one for images bfloat16.
    "dtypes": ["bfloat16", "float32"],
    "stack": {
        "negative_prompt": "none",
        # inference_t2i.py asks it about each image.
        "safety_checker": "CompVis/stable-diffusion-safety-checker",
        "prompt_rewriter": "none",
        "system_prompt": {"draw": "none", "text": "You are a helpful assistant."},
        "config": "configs/showo2_7b_demo_432x432.yaml",
        "draw.guidance_scale": 7.5,
        "draw.num_inference_steps": 50,
        "draw.sampling_method": "euler",
        "draw.time_shifting_factor": 3.0,
        "text.top_k": 1,
        "text.temperature": 1.0,
        "text.max_new_tokens": 300,
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]
VAE = ("Wan-AI/Wan2.1-T2V-14B", "Wan2.1_VAE.pth")
# What lm_generate leaves in a text. The last is the model's wish to draw.
MARKS = ("<|im_end|>", "<|endoftext|>", "<|vision_start|>")
# The first of the values that get_hyper_params returns.
HYPER = (
    *("image_tokens", "text_image_tokens", "video_tokens", "max_seq_len", "max_text_len"),
    *("latent_dim", "patch_size", "latent_width", "latent_height"),
)


def load(options: Any) -> Any:
    # Its packages `datasets` and `utils` are to come before others of these names.
    folder = os.path.join(options.repository, "show-o2")
    sys.path.insert(0, folder)
    import torch
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from models import Showo2Qwen2_5, WanVAE
    from models.misc import get_text_tokenizer
    from omegaconf import OmegaConf
    from transformers import AutoFeatureExtractor
    from transport import Sampler, create_transport
    from utils import get_hyper_params, path_to_llm_name

    vae = os.path.join(options.pretrained, VAE[1])
    if not os.path.isfile(vae):
        from huggingface_hub import hf_hub_download

        vae = hf_hub_download(*VAE)
    dtype = getattr(torch, options.dtype)
    config = OmegaConf.load(os.path.join(folder, STACK["config"]))
    llm = config.model.showo.llm_model_path
    tokenizer, ids = get_text_tokenizer(
        llm,
        add_showo_tokens=True,
        return_showo_token_ids=True,
        llm_name=path_to_llm_name[llm],
    )
    config.model.showo.llm_vocab_size = len(tokenizer)
    if config.model.showo.add_time_embeds:
        config.dataset.preprocessing.num_t2i_image_tokens += 1
        config.dataset.preprocessing.num_mmu_image_tokens += 1
        config.dataset.preprocessing.num_video_tokens += 1
    config.transport.num_inference_steps = STACK["draw.num_inference_steps"]
    config.transport.sampling_method = STACK["draw.sampling_method"]
    config.transport.time_shifting_factor = STACK["draw.time_shifting_factor"]
    model = Showo2Qwen2_5.from_pretrained(options.pretrained, use_safetensors=False)
    names = ("path_type", "prediction", "loss_weight", "train_eps", "sample_eps", "snr_type")
    hyper = dict(zip(HYPER, get_hyper_params(config, tokenizer, ids)))
    patch = hyper["patch_size"]
    transport = create_transport(
        **{name: config.transport[name] for name in (*names, "do_shift")},
        seq_len=hyper["image_tokens"],
    )
    checker = STACK["safety_checker"]
    extractors: Any = AutoFeatureExtractor
    return SimpleNamespace(
        model=model.to(dtype).to(options.device).eval(),
        vae=WanVAE(vae_pth=vae, dtype=dtype, device=options.device),
        tokenizer=tokenizer,
        ids=ids,
        config=config,
        hyper=hyper,
        latent=(hyper["latent_dim"], hyper["latent_height"] * patch, hyper["latent_width"] * patch),
        sampler=Sampler(transport),
        checks=StableDiffusionSafetyChecker.from_pretrained(checker),
        sees=extractors.from_pretrained(checker),
        device=options.device,
        dtype=dtype,
    )


def answer(parts: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import torch

    with torch.no_grad():
        if questions[0]["task"] == "TI":
            return drawn(parts, questions)
        return [{"text": written(parts, question)} for question in questions]


def drawn(parts: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import torch
    from models import omni_attn_mask_naive
    from models.misc import prepare_gen_input
    from PIL import Image
    from utils import denorm

    ids, transport = parts.ids, parts.config.transport
    tokens, null_tokens, positions, null_positions = prepare_gen_input(
        [question["messages"][-1]["text"] for question in questions],
        parts.tokenizer,
        parts.hyper["image_tokens"],
        *(ids[name] for name in ("bos_id", "eos_id", "boi_id", "eoi_id")),
        parts.tokenizer.pad_token_id,
        ids["img_pad_id"],
        parts.hyper["max_text_len"],
        parts.device,
    )
    # A seed for each, so that a batch's neighbours do not change what is drawn.
    noise = torch.stack(
        [
            torch.randn(parts.latent, generator=torch.Generator().manual_seed(question["seed"]))
            for question in questions
        ]
    ).to(parts.device, parts.dtype)
    positions = torch.cat([positions, null_positions])
    sample = parts.sampler.sample_ode(
        sampling_method=transport.sampling_method,
        num_steps=transport.num_inference_steps,
        atol=transport.atol,
        rtol=transport.rtol,
        reverse=transport.reverse,
        time_shifting_factor=transport.time_shifting_factor,
    )
    mask = omni_attn_mask_naive(len(positions), parts.hyper["max_seq_len"], positions, parts.device)
    latents = sample(
        torch.cat([noise, noise]),
        parts.model.t2i_generate,
        text_tokens=torch.cat([tokens, null_tokens]),
        attention_mask=mask.to(parts.dtype),
        modality_positions=positions,
        output_hidden_states=True,
        max_seq_len=parts.hyper["max_seq_len"],
        guidance_scale=STACK["draw.guidance_scale"],
    )[-1][: len(questions)]
    pixels = denorm(parts.vae.batch_decode(latents.unsqueeze(2)).squeeze(2))
    images = [Image.fromarray(each) for each in pixels]
    seen = parts.sees(images=images, return_tensors="pt")["pixel_values"]
    # It writes black into what it is given. Only its opinion is wanted.
    _, held_back = parts.checks(images=pixels.copy(), clip_input=seen)
    return [
        {"refusal": True, "refusal_source": "safety_checker", "error": "held back by its checker"}
        if held
        else {"images": saved(question, [image])}
        for question, image, held in zip(questions, images, held_back)
    ]


def written(parts: Any, question: dict[str, Any]) -> str:
    import torch

    message, ids = question["messages"][-1], parts.ids

    def tokens(text: str) -> list[int]:
        return list(parts.tokenizer(text, add_special_tokens=False)["input_ids"])

    system = f"system\n{STACK['system_prompt']['text']}<|im_end|>"
    before = [ids["bos_id"], *tokens(system), *tokens("\n<|im_start|>user\n")]
    after = [*tokens(message["text"]), *tokens("\n<|im_start|>assistant\n")]
    seed_everything(question["seed"])
    settings = {
        "top_k": STACK["text.top_k"],
        "temperature": STACK["text.temperature"],
        "max_new_tokens": STACK["text.max_new_tokens"],
    }
    if not message["images"]:
        said = parts.model.lm_generate(
            input_ids=[*before, *after],
            tokenizer=parts.tokenizer,
            boi_token=ids["boi_id"],
            device=parts.device,
            **settings,
        )
        for mark in MARKS:
            said = said.replace(mark, "")
        return str(said).strip()
    embed = parts.model.showo.model.embed_tokens
    first, begin, second = (
        embed(torch.tensor([each], device=parts.device))
        for each in (before, [ids["boi_id"]], [ids["eoi_id"], *after])
    )
    (image,) = opened(message["images"])
    shown = [begin, image_embeddings(parts, image)]
    offset = len(before) + 1
    if parts.config.model.showo.add_time_embeds:
        time = parts.model.time_embed(torch.tensor([[1.0]], device=parts.device), first.dtype)
        if hasattr(parts.model, "time_embed_proj"):
            time = parts.model.time_embed_proj(time)
        shown.insert(1, time)
        offset += 1
    embeddings = torch.cat([first, *shown, second], dim=1).to(parts.dtype)
    output = parts.model.mmu_generate(
        input_embeds=embeddings,
        attention_mask=image_mask(parts, embeddings, offset),
        eos_token=parts.tokenizer.eos_token_id,
        **settings,
    )
    said = parts.tokenizer.decode([int(token) for token in output], skip_special_tokens=True)
    return str(said).strip()


def image_embeddings(parts: Any, image: Any) -> Any:
    import torch
    from datasets.utils import image_transform

    model = parts.model
    size = parts.config.dataset.preprocessing.resolution
    pixels = image_transform(image, resolution=size).to(parts.device)[None]
    latents = parts.vae.sample(pixels.unsqueeze(2)).squeeze(2).to(parts.dtype)
    understood = model.image_embedder_und(latents)
    understood = understood + model.position_embedding(model.image_position_ids)
    understood = model.und_trans(understood)["last_hidden_state"]
    return model.fusion_proj(torch.cat([understood, model.image_embedder_gen(latents)], dim=-1))


def image_mask(parts: Any, embeddings: Any, offset: int) -> Any:
    """Tokens see those before them, and those of the image see each other."""
    import torch
    from models import omni_attn_mask_naive

    where = torch.tensor([[[offset, parts.hyper["text_image_tokens"]]]], device=parts.device)
    mask = omni_attn_mask_naive(
        B=1, LEN=embeddings.size(1), modalities=where, device=parts.device, inverted=True
    )
    return mask.to(embeddings.dtype)


if __name__ == "__main__":
    serve(RUNNER, load, answer)
