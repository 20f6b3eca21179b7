"""BLIP3o-NEXT, as the `inference.py` of its repository asks it."""

from __future__ import annotations

from typing import Any

from serve import saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "BLIP3o-NEXT",
    "repository": "https://github.com/JiuhaiChen/BLIP3o",
    "commit": "6ced364eeee8b2d53e9491ffae48b00a0271cda2",
    # Its code also fetches csuhan/TA-Tok, and the SANA model that the weights' config.json names.
    "weights": "BLIP3o/BLIP3o-NEXT-SFT",
    "licence": "see its card",
    "python": "3.11",
    "packages": [
        "torch==2.3.0",
        "torchvision==0.18.0",
        "transformers==4.51.3",
        "diffusers==0.34.0",
        "accelerate==0.28.0",
        "numpy==1.26.1",
        "Pillow==11.2.1",
        "einops==0.8.1",
        "easydict",
        "requests",
        "tqdm==4.66.5",
    ],
    "tasks": ["TI"],
    "history": "last",
    # Its code draws all noise of a batch from one seed, so that neighbours would change an image.
    "batch": 1,
    # Five billion parameters of two bytes, with SANA and what reads images.
    "gpu_gb": 12,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "You are a helpful assistant.",
        "prompt_prefix": "Please generate image based on the following caption: ",
        "scale": 0,
        "max_new_tokens": 729,
        "do_sample": True,
        "temperature": 1.0,
        "top_p": 0.95,
        "top_k": 1200,
        "guidance_scale": 2.0,
        "num_inference_steps": 30,
    },
    "run": "stand-in",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    import torch
    from blip3o.model import blip3oQwenForInferenceLM
    from transformers import AutoTokenizer

    model = blip3oQwenForInferenceLM.from_pretrained(
        options.pretrained, torch_dtype=getattr(torch, options.dtype)
    )
    return model.to(options.device).eval(), AutoTokenizer.from_pretrained(options.pretrained)


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer_one(model, question) for question in questions]


def answer_one(parts: Any, question: dict[str, Any]) -> dict[str, Any]:
    model, tokenizer = parts
    said = STACK["prompt_prefix"] + question["messages"][-1]["text"]
    messages = [
        {"role": "system", "content": STACK["system_prompt"]},
        {"role": "user", "content": said},
    ]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    inputs = tokenizer(
        [f"{prompt}<im_start><S{STACK['scale']}>"],
        return_tensors="pt",
        padding=True,
        truncation=True,
        padding_side="left",
    )
    seed_everything(question["seed"])
    _, images = model.generate_images(
        inputs.input_ids.to(model.device),
        inputs.attention_mask.to(model.device),
        max_new_tokens=STACK["max_new_tokens"],
        do_sample=STACK["do_sample"],
        temperature=STACK["temperature"],
        top_p=STACK["top_p"],
        top_k=STACK["top_k"],
        guidance_scale=STACK["guidance_scale"],
        num_inference_steps=STACK["num_inference_steps"],
    )
    return {"images": saved(question, images)}


if __name__ == "__main__":
    serve(RUNNER, load, answer)
