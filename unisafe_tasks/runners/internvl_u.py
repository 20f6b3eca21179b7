"""InternVL-U, as its README asks it, without the reasoning that it can do before it draws."""

from __future__ import annotations

from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "InternVL-U",
    "repository": "https://github.com/OpenGVLab/InternVL-U",
    "commit": "018a59c1b69690a33698234128aa04e9b3f46c71",
    "weights": "InternVL-U/InternVL-U",
    "licence": "MIT",
    "python": "3.10",
    "packages": [
        "torch==2.6.0",
        "torchvision==0.21.0",
        "transformers==4.52.3",
        "diffusers==0.35.1",
        "timm",
        "accelerate",
        "einops",
        "flash_attn==2.7.4.post1",
    ],
    # It reads several images, and edits one.
    "tasks": ["TI", "IE", "MT", "TT", "IT", "MU"],
    "history": "last",
    "batch": 4,
    # Four billion parameters of two bytes, and the autoencoder.
    "gpu_gb": 11,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "its conversation template's",
        "generation_mode": "image",
        "num_inference_steps": 20,
        "all_cfg_scale": 4.5,
        "part_cfg_scale": 2.0,
        "draw.height": 1024,
        "draw.width": 1024,
        "edit.most_pixels": 1048576,
        "text.do_sample": False,
        "text.num_beams": 1,
        "text.max_new_tokens": 1024,
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    import torch
    from internvlu import InternVLUPipeline

    dtype = getattr(torch, options.dtype)
    return InternVLUPipeline.from_pretrained(options.pretrained, torch_dtype=dtype).to(
        options.device
    )


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import torch

    with torch.no_grad():
        if questions[0]["task"] in ("TT", "IT", "MU"):
            return texts(model, questions)
        if questions[0]["messages"][-1]["images"]:
            # Each in its own size, and one call has one size.
            return [edited(model, question) for question in questions]
        return drawn(model, questions)


def texts(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seed_everything(questions[0]["seed"])
    images = [opened(question["messages"][-1]["images"]) for question in questions]
    said = model(
        prompt=[question["messages"][-1]["text"] for question in questions],
        image=images if images[0] else None,
        generation_mode="text",
        do_sample=STACK["text.do_sample"],
        num_beams=STACK["text.num_beams"],
        max_new_tokens=STACK["text.max_new_tokens"],
    ).generate_output
    decode = model.processor.tokenizer.decode
    return [{"text": decode(tokens, skip_special_tokens=True)} for tokens in said]


def drawn(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    prompts = [question["messages"][-1]["text"] for question in questions]
    size = (STACK["draw.width"], STACK["draw.height"])
    images = made(model, questions, prompts, None, size)
    return [{"images": saved(question, [image])} for question, image in zip(questions, images)]


def edited(model: Any, question: dict[str, Any]) -> dict[str, Any]:
    message = question["messages"][-1]
    (image,) = opened(message["images"])
    scale = min(1.0, (STACK["edit.most_pixels"] / (image.width * image.height)) ** 0.5)
    size = (round(image.width * scale), round(image.height * scale))
    return {"images": saved(question, made(model, [question], [message["text"]], [image], size))}


def made(model: Any, questions: Any, prompts: Any, images: Any, size: Any) -> Any:
    import torch

    # One generator each, so that a batch's neighbours do not change what is drawn.
    generators = [
        torch.Generator(model.device).manual_seed(question["seed"]) for question in questions
    ]
    return model(
        prompt=prompts,
        image=images,
        generation_mode=STACK["generation_mode"],
        num_inference_steps=STACK["num_inference_steps"],
        all_cfg_scale=STACK["all_cfg_scale"],
        part_cfg_scale=STACK["part_cfg_scale"],
        width=size[0],
        height=size[1],
        generator=generators,
    ).images


if __name__ == "__main__":
    serve(RUNNER, load, answer)
