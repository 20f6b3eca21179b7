"""Ovis-U1, by the functions of its own scripts; the code of the model comes with its weights."""

from __future__ import annotations

from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "Ovis-U1-3B",
    "repository": "https://github.com/AIDC-AI/Ovis-U1",
    "commit": "dccf5eb36a725dba482ea506b586362ee2b0a01e",
    "weights": "AIDC-AI/Ovis-U1-3B",
    "licence": "Apache-2.0",
    "python": "3.10",
    "packages": [
        "torch==2.4.0",
        "torchvision==0.19.0",
        "transformers==4.51.3",
        "tokenizers==0.21.1",
        "sentencepiece==0.1.99",
        "accelerate==1.1.0",
        "diffusers==0.31.0",
        "numpy==1.24.3",
        "einops==0.6.1",
        "timm==1.0.11",
        "pillow==10.3.0",
        "moviepy==1.0.3",
    ],
    # Its scripts take one image.
    "tasks": ["TI", "IE", "MT", "TT", "IT", "MU"],
    "history": "last",
    "batch": 1,
    # 3.6 billion parameters of two bytes.
    "gpu_gb": 9,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "its conversation template's",
        "draw.height": 1024,
        "draw.width": 1024,
        "draw.steps": 50,
        "draw.cfg": 5,
        "edit.steps": 50,
        "edit.txt_cfg": 6,
        "edit.img_cfg": 1.5,
        # The scripts set these: what guidance leads away from, and what comes before a prompt.
        "draw.unconditional_prompt": "<image>\nGenerate an image.",
        "draw.prompt_prefix": (
            "<image>\nDescribe the image by detailing the color, shape, size, texture, quantity, "
            "text, and spatial relationships of the objects:"
        ),
        "edit.unconditional_prompt": "<image>\nGenerate an image.",
        "text.do_sample": False,
        "text.max_new_tokens": 4096,
        # What a question without an image is asked with.
        "text.blank_image": [448, 448],
    },
    "run": "stand-in",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    import torch

    # Its scripts are imported here, so that one that is missing is told before the first question.
    from test_img_edit import pipe_img_edit
    from test_img_to_txt import pipe_txt_gen
    from test_txt_to_img import load_blank_image, pipe_t2i
    from transformers import AutoModelForCausalLM

    dtype = getattr(torch, options.dtype)
    model: Any = AutoModelForCausalLM.from_pretrained(
        options.pretrained, torch_dtype=dtype, trust_remote_code=True
    )
    model = model.eval().to(options.device).to(dtype)
    return model, pipe_t2i, pipe_img_edit, pipe_txt_gen, load_blank_image


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer_one(model, question) for question in questions]


def answer_one(parts: Any, question: dict[str, Any]) -> dict[str, Any]:
    model, draw, edit, write, blank = parts
    message = question["messages"][-1]
    images = opened(message["images"])
    seed_everything(question["seed"])
    if question["task"] in ("TT", "IT", "MU"):
        (image,) = images or [blank(*STACK["text.blank_image"])]
        return {"text": write(model, image, message["text"])}
    if images:
        (image,) = images
        drawn = edit(
            model,
            image,
            message["text"],
            steps=STACK["edit.steps"],
            txt_cfg=STACK["edit.txt_cfg"],
            img_cfg=STACK["edit.img_cfg"],
            seed=question["seed"],
        )
    else:
        drawn = draw(
            model,
            message["text"],
            height=STACK["draw.height"],
            width=STACK["draw.width"],
            steps=STACK["draw.steps"],
            cfg=STACK["draw.cfg"],
            seed=question["seed"],
        )
    return {"images": saved(question, drawn[:1])}


if __name__ == "__main__":
    serve(RUNNER, load, answer)
