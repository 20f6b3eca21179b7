"""UniWorld-V1, as its `univa/serve/cli.py` asks it. The task says whether it draws or answers."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "UniWorld-V1",
    "repository": "https://github.com/PKU-YuanGroup/UniWorld-V1",
    "commit": "8403e86505e22e13eb95b146915758b149eeaf6e",
    "weights": "LanguageBind/UniWorld-V1",
    "licence": "MIT, FLUX.1 dev's for its parts",
    "python": "3.10",
    # Its requirements but for those of its training, its demo and its reading of letters.
    "packages": [
        "torch==2.5.1",
        "torchvision==0.20.1",
        "transformers==4.50.0",
        "diffusers==0.32.2",
        "accelerate==1.5.2",
        "peft==0.10.0",
        "sentencepiece==0.1.99",
        "protobuf==3.20.2",
        "numpy==1.26.4",
        "einops==0.6.1",
        "timm==0.6.13",
        "qwen-vl-utils",
        "flash_attn",
    ],
    "tasks": ["TI", "IE", "IC", "MT", "TT", "IT", "MU"],
    "history": "full",
    "batch": 1,
    # 8.3 billion parameters for reading, 11.9 for drawing and 5.3 beside them, of two bytes.
    "gpu_gb": 62,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "none",
        # As `enhance_generation` and `enhance_understanding` do in its app.py.
        "task_head": "off",
        "ocr_enhancer": False,
        # Folders of these names beside the weights, or the hub's.
        "draws_with": "black-forest-labs/FLUX.1-dev",
        "sees_with": "google/siglip2-so400m-patch16-512",
        "attn_implementation": "flash_attention_2",
        "min_pixels": 200704,
        "max_pixels": 200704,
        "draw.height": 1024,
        "draw.width": 1024,
        "draw.anyres": "any_11ratio",
        "draw.num_inference_steps": 28,
        "draw.guidance_scale": 3.5,
        "draw.t5_length": 256,
        "text.max_new_tokens": 128,
        "text.do_sample": False,
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    import torch
    from transformers import AutoProcessor, SiglipImageProcessor, SiglipVisionModel
    from univa.models.qwen2p5vl.modeling_univa_qwen2p5vl import (
        UnivaQwen2p5VLForConditionalGeneration,
    )
    from univa.utils.flux_pipeline import FluxPipeline

    dtype = getattr(torch, options.dtype)

    def beside(name: str) -> str:
        folder = os.path.join(options.pretrained, name.split("/")[-1])
        return folder if os.path.isdir(folder) else name

    model = UnivaQwen2p5VLForConditionalGeneration.from_pretrained(
        options.pretrained,
        torch_dtype=dtype,
        attn_implementation=STACK["attn_implementation"],
    ).to(options.device)
    pipe = FluxPipeline.from_pretrained(
        beside(STACK["draws_with"]), transformer=model.denoise_tower.denoiser, torch_dtype=dtype
    ).to(options.device)
    pipe.set_progress_bar_config(disable=True)
    sees_with = beside(STACK["sees_with"])
    return SimpleNamespace(
        model=model,
        pipe=pipe,
        processor=AutoProcessor.from_pretrained(  # type: ignore[no-untyped-call]
            options.pretrained, min_pixels=STACK["min_pixels"], max_pixels=STACK["max_pixels"]
        ),
        eyes=SiglipVisionModel.from_pretrained(sees_with, torch_dtype=dtype).to(options.device),
        prepares=SiglipImageProcessor.from_pretrained(sees_with),
        device=options.device,
    )


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import torch

    with torch.no_grad():
        return [answer_one(model, question) for question in questions]


def answer_one(parts: Any, question: dict[str, Any]) -> dict[str, Any]:
    seed_everything(question["seed"])
    inputs = asked(parts, question["messages"])
    if question["task"] in ("TT", "IT", "MU"):
        said = parts.model.generate(
            **inputs,
            max_new_tokens=STACK["text.max_new_tokens"],
            do_sample=STACK["text.do_sample"],
        )
        (text,) = parts.processor.batch_decode(
            said[:, inputs.input_ids.shape[1] :],
            skip_special_tokens=True,
            clean_up_tokenization_spaces=False,
        )
        return {"text": text}
    return {"images": saved(question, drawn(parts, question, inputs))}


def asked(parts: Any, messages: list[dict[str, Any]]) -> Any:
    """The conversation as the model reads it, without its template's system prompt."""
    from qwen_vl_utils import process_vision_info

    pixels = {name: STACK[name] for name in ("min_pixels", "max_pixels")}
    conversation = []
    for message in messages:
        content: list[dict[str, Any]] = []
        if message["text"]:
            content.append({"type": "text", "text": message["text"]})
        for image in opened(message["images"]):
            limits = pixels if message["role"] == "user" else {}
            content.append({"type": "image", "image": image, **limits})
        conversation.append({"role": message["role"], "content": content})
    text = parts.processor.apply_chat_template(
        conversation, tokenize=False, add_generation_prompt=True
    )
    images, videos = process_vision_info(conversation)
    return parts.processor(
        text=[text.partition("<|im_end|>\n")[2]],
        images=images,
        videos=videos,
        padding=True,
        return_tensors="pt",
    ).to(parts.device)


def drawn(parts: Any, question: dict[str, Any], inputs: Any) -> Any:
    import torch
    from univa.utils.denoiser_prompt_embedding_flux import encode_prompt

    message, pipe = question["messages"][-1], parts.pipe
    # All images of the conversation, its own too.
    seen = [image for each in question["messages"] for image in opened(each["images"])]
    embeds = parts.model(
        inputs.input_ids,
        pixel_values=getattr(inputs, "pixel_values", None),
        attention_mask=inputs.attention_mask,
        image_grid_thw=getattr(inputs, "image_grid_thw", None),
        siglip_hidden_states=states_of(parts, seen) if seen else None,
        output_type="denoise_embeds",
    )
    t5_embeds, pooled_embeds = encode_prompt(
        [pipe.text_encoder, pipe.text_encoder_2],
        [pipe.tokenizer, pipe.tokenizer_2],
        message["text"],
        STACK["draw.t5_length"],
        parts.device,
        1,
    )
    height, width = size_for(opened(message["images"]))
    return pipe(
        prompt_embeds=torch.cat([t5_embeds, embeds], dim=1),
        pooled_prompt_embeds=pooled_embeds,
        height=height,
        width=width,
        num_inference_steps=STACK["draw.num_inference_steps"],
        guidance_scale=STACK["draw.guidance_scale"],
        generator=torch.Generator(parts.device).manual_seed(question["seed"]),
    ).images


def states_of(parts: Any, images: list[Any]) -> Any:
    pixels = parts.prepares.preprocess(
        images=images, do_resize=True, return_tensors="pt", do_convert_rgb=True
    ).pixel_values
    return parts.eyes(pixels.to(parts.device)).last_hidden_state


def size_for(images: list[Any]) -> tuple[int, int]:
    """The output's height and width: those of the first two inputs, on average."""
    from univa.utils.anyres_util import dynamic_resize

    height, width = STACK["draw.height"], STACK["draw.width"]
    if not images:
        return height, width
    first = images[:2]
    new_height, new_width = dynamic_resize(
        int(sum(image.height for image in first) / len(first)),
        int(sum(image.width for image in first) / len(first)),
        STACK["draw.anyres"],
        anchor_pixels=height * width,
    )
    return new_height, new_width


if __name__ == "__main__":
    serve(RUNNER, load, answer)
