"""MMaDA, as its scripts for images and texts ask it, without the prefix that asks for thinking."""

from __future__ import annotations

import os
from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "MMaDA-8B-MixCoT",
    "repository": "https://github.com/Gen-Verse/MMaDA",
    "commit": "3cdb8709635beb29f66e4e23cd66060872ac3996",
    "weights": "Gen-Verse/MMaDA-8B-MixCoT",
    "licence": "MIT",
    "python": "3.11",
    # Its requirements but for those of its training. They name no torch.
    "packages": [
        "torch",
        "torchvision",
        "transformers==4.46.0",
        "diffusers==0.32.2",
        "accelerate",
        "einops",
        "jaxtyping",
        "omegaconf",
        "typeguard",
    ],
    # It reads one image, and edits none.
    "tasks": ["TI", "TT", "IT", "MU"],
    "history": "last",
    # A batch has one generator, so that its neighbours would change what is drawn.
    "batch": 1,
    # Eight billion parameters of two bytes, and the image tokenizer.
    "gpu_gb": 21,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "none",
        "thinking": False,
        # A folder `magvitv2` beside the weights, or the hub's.
        "image_tokenizer": "showlab/magvitv2",
        "max_text_len": 512,
        "resolution": 512,
        "codebook_size": 8192,
        "draw.guidance_scale": 3.5,
        "draw.timesteps": 15,
        "draw.temperature": 1.0,
        "draw.noise_schedule": "cosine",
        "draw.seq_len": 1024,
        "text.max_new_tokens": 512,
        "text.steps": 256,
        "text.block_length": 128,
        "text.temperature": 0.0,
        "text.cfg_scale": 0.0,
        "text.remasking": "low_confidence",
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    import torch
    from models import MAGVITv2, MMadaModelLM
    from training.prompting_utils import UniversalPrompting
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(options.pretrained, padding_side="left")
    prompting = UniversalPrompting(
        tokenizer,
        max_text_len=STACK["max_text_len"],
        ignore_id=-100,
        cond_dropout_prob=0.1,
        use_reserved_token=True,
    )
    beside = os.path.join(options.pretrained, "magvitv2")
    images = MAGVITv2.from_pretrained(beside if os.path.isdir(beside) else STACK["image_tokenizer"])
    model = MMadaModelLM.from_pretrained(
        options.pretrained, trust_remote_code=True, torch_dtype=getattr(torch, options.dtype)
    )
    return model.to(options.device).eval(), images.to(options.device).eval(), prompting


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import torch

    language, images, prompting = model
    with torch.no_grad():
        return [answer_one(language, images, prompting, question) for question in questions]


def answer_one(model: Any, images: Any, prompting: Any, question: dict[str, Any]) -> dict[str, Any]:
    seed_everything(question["seed"])
    message = question["messages"][-1]
    if question["task"] == "TI":
        drawn = draw(model, images, prompting, message["text"], question["seed"])
        return {"images": saved(question, [drawn])}
    return {"text": told(model, images, prompting, message)}


def draw(model: Any, images: Any, prompting: Any, text: str, seed: int) -> Any:
    import torch
    from models import get_mask_schedule
    from PIL import Image

    shape = (1, STACK["draw.seq_len"])
    masks = torch.full(shape, model.config.mask_token_id, dtype=torch.long, device=model.device)
    input_ids, attention_mask = prompting(([text], masks), "t2i_gen")
    no_ids, no_mask = prompting(([""], masks), "t2i_gen")
    tokens = model.t2i_generate(
        input_ids=input_ids,
        uncond_input_ids=no_ids,
        attention_mask=attention_mask,
        uncond_attention_mask=no_mask,
        guidance_scale=STACK["draw.guidance_scale"],
        temperature=STACK["draw.temperature"],
        timesteps=STACK["draw.timesteps"],
        noise_schedule=get_mask_schedule(STACK["draw.noise_schedule"]),
        seq_len=STACK["draw.seq_len"],
        resolution=STACK["max_text_len"],
        codebook_size=STACK["codebook_size"],
        generator=torch.Generator(model.device).manual_seed(seed),
        uni_prompting=prompting,
    )
    pixels = images.decode_code(tokens.clamp(0, STACK["codebook_size"] - 1))[0]
    colors = ((pixels.float() + 1) / 2).clamp(0, 1) * 255
    return Image.fromarray(colors.permute(1, 2, 0).byte().cpu().numpy())


def told(model: Any, images: Any, prompting: Any, message: dict[str, Any]) -> str:
    import torch
    from training.utils import image_transform

    tokenizer = prompting.text_tokenizer
    # The form that its `generate.py` and `app.py` give the tokenizer as a template.
    asked = (
        f"{tokenizer.bos_token}<|start_header_id|>user<|end_header_id|>\n{message['text'].strip()}"
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n"
    )
    parts = [tokenizer(text=asked, return_tensors="pt")["input_ids"].to(model.device)]
    for image in opened(message["images"]):
        pixels = image_transform(image, resolution=STACK["resolution"]).to(images.device)
        seen = images.get_code(pixels.unsqueeze(0)) + len(tokenizer)
        first, begin, end = (
            prompting.sptids_dict[mark].to(model.device).unsqueeze(0)
            for mark in ("<|mmu|>", "<|soi|>", "<|eoi|>")
        )
        parts = [first, begin, seen, end, *parts]
    input_ids = torch.cat(parts, dim=1).long()
    said = model.mmu_generate(
        input_ids,
        max_new_tokens=STACK["text.max_new_tokens"],
        steps=STACK["text.steps"],
        block_length=STACK["text.block_length"],
        temperature=STACK["text.temperature"],
        cfg_scale=STACK["text.cfg_scale"],
        remasking=STACK["text.remasking"],
    )
    said = said[0, input_ids.shape[1] :]
    text: str = tokenizer.decode(said, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text


if __name__ == "__main__":
    serve(RUNNER, load, answer)
