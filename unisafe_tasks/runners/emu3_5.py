"""Emu3.5-Image, as `inference.py` of its repository asks it, with its settings for images."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "Emu3.5-Image",
    "repository": "https://github.com/baaivision/Emu3.5",
    "commit": "8fcf1da48f9c5252fe0a0b8dc842e07b6efcd745",
    # `pretrained` is a folder that holds these two under their own names.
    "weights": "BAAI/Emu3.5-Image and BAAI/Emu3.5-VisionTokenizer, as two folders of one",
    "licence": "Apache-2.0",
    "python": "3.12",
    "packages": [
        "torch>=2.6.0",
        "torchvision>=0.15.0",
        "transformers==4.48.2",
        "accelerate>=0.20.0",
        "pillow>=9.0.0",
        "numpy>=1.21.0",
        "tqdm>=4.64.0",
        "tiktoken>=0.12.0",
        "omegaconf==2.3.0",
        "einops",
        "flash_attn==2.8.3",
    ],
    # Its repository has no prompt for a plain answer in text.
    "tasks": ["TI", "IE", "IC", "MT"],
    "history": "last",
    # It is guided by a second call for each token, one prompt at a time.
    "batch": 1,
    # 34 billion parameters of two bytes, and the tokenizer of images.
    "gpu_gb": 84,
    "spread": True,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": {
            "draw": "You are a helpful assistant for t2i task.",
            "edit": "You are a helpful assistant for x2i task.",
        },
        "unconditional_system_prompt": "You are a helpful assistant.",
        "unconditional_type": "no_text",
        "classifier_free_guidance": {"draw": 5.0, "edit": 3.0},
        # In tokens of 16 pixels. An edit has the size of its one image, or one of the model's own.
        "draw.target_height": 55,
        "draw.target_width": 73,
        "image_area": 1048576,
        "sampling": {
            "use_cache": True,
            "text_top_k": 1024,
            "text_top_p": 0.9,
            "text_temperature": 1.0,
            "image_top_k": 5120,
            "image_top_p": 1.0,
            "image_temperature": 1.0,
            "top_k": 131072,
            "top_p": 1.0,
            "temperature": 1.0,
            "num_beams_per_group": 1,
            "num_beam_groups": 1,
            "diversity_penalty": 0.0,
            "max_new_tokens": 5120,
            "guidance_scale": 1.0,
            "use_differential_sampling": True,
            "do_sample": True,
            "num_beams": 1,
        },
    },
    "run": "stand-in",
}
STACK: dict[str, Any] = RUNNER["stack"]
FORM = "<|extra_203|>{system} USER: {images}{text} ASSISTANT: <|extra_100|>"


def load(options: Any) -> Any:
    from src.utils.model_utils import build_emu3p5

    def folder(name: str) -> str:
        path = os.path.join(options.pretrained, name)
        if not os.path.isdir(path):
            raise FileNotFoundError(
                f"there is no folder {name} in it; it takes {RUNNER['weights']}"
            )
        return path

    return build_emu3p5(
        folder("Emu3.5-Image"),
        os.path.join(options.repository, "src", "tokenizer_emu3_ibq"),
        folder("Emu3.5-VisionTokenizer"),
        vq_type="ibq",
        # Over all GPUs that it sees.
        model_device="auto" if options.device == "cuda" else options.device,
        vq_device=options.device,
    )


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer_one(model, question) for question in questions]


def answer_one(parts: Any, question: dict[str, Any]) -> dict[str, Any]:
    from src.utils.generation_utils import generate, multimodal_decode
    from src.utils.input_utils import build_image

    model, tokenizer, vq = parts
    message = question["messages"][-1]
    images = opened(message["images"])
    kind = "edit" if images else "draw"
    settings = configured(kind, tokenizer)
    shown = "".join(build_image(image, settings, tokenizer, vq) for image in images)
    asked = FORM.format(system=STACK["system_prompt"][kind], images=shown, text=message["text"])
    unasked = FORM.format(system=STACK["unconditional_system_prompt"], images=shown, text="")
    ids, unconditional_ids = (
        tokenizer.encode(text, return_tensors="pt", add_special_tokens=False).to(model.device)
        for text in (asked, unasked)
    )
    seed_everything(question["seed"])
    (tokens,) = generate(settings, model, tokenizer, ids, unconditional_ids, None, len(images) < 2)
    said = tokenizer.decode(tokens, skip_special_tokens=False)
    made = multimodal_decode(said, tokenizer, vq)
    drawn = [value for name, value in made if name == "image"]
    if tokenizer.boi_token in said and not drawn:
        return {"error": "the model began an image that cannot be decoded"}
    text = "".join(value for name, value in made if name == "text").strip()
    return {"text": text, "images": saved(question, drawn)}


def configured(kind: str, tokenizer: Any) -> Any:
    """What a module of its `configs` holds, as far as it is read."""
    return SimpleNamespace(
        streaming=False,
        image_area=STACK["image_area"],
        unconditional_type=STACK["unconditional_type"],
        classifier_free_guidance=STACK["classifier_free_guidance"][kind],
        target_height=STACK["draw.target_height"] if kind == "draw" else None,
        target_width=STACK["draw.target_width"] if kind == "draw" else None,
        sampling_params=dict(STACK["sampling"]),
        special_token_ids={
            "PAD": tokenizer.encode("<|endoftext|>")[0],
            "EOS": tokenizer.encode("<|extra_204|>")[0],
        },
    )


if __name__ == "__main__":
    serve(RUNNER, load, answer)
