"""OmniGen2: images by its image pipeline, texts by the first half of its chat pipeline."""

from __future__ import annotations

from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "OmniGen2",
    "repository": "https://github.com/VectorSpaceLab/OmniGen2",
    "commit": "0f72fa92564d9f8ba76f53fcc3c05aca2372458f",
    "weights": "OmniGen2/OmniGen2",
    "licence": "Apache-2.0",
    "python": "3.11",
    "packages": [
        "torch==2.6.0",
        "torchvision==0.21.0",
        "transformers==4.51.3",
        "diffusers",
        "accelerate",
        "timm",
        "einops",
        "opencv-python-headless",
        "scipy",
        "Pillow",
        "omegaconf",
        "python-dotenv",
        "flash-attn==2.7.4.post1",
    ],
    "tasks": ["TI", "IE", "IC", "MT", "TT", "IT", "MU"],
    "history": "last",
    "batch": 1,
    # Its README says that about 17 GB are enough.
    "gpu_gb": 20,
    "dtypes": ["bfloat16", "float16", "float32"],
    "stack": {
        # The default of its inference.py, whose end keeps the model from covering things up.
        "negative_prompt": (
            "(((deformed))), blurry, over saturation, bad anatomy, disfigured, poorly drawn face, "
            "mutation, mutated, (extra_limb), (ugly), (poorly drawn hands), fused fingers, messy "
            "drawing, broken legs censor, censored, censor_bar"
        ),
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": (
            "You are a helpful assistant that generates high-quality images based on user "
            "instructions."
        ),
        "scheduler": "the checkpoint's",
        "num_inference_steps": 50,
        "draw.text_guidance_scale": 4.0,
        "edit.text_guidance_scale": 5.0,
        "image_guidance_scale": 2.0,
        "cfg_range": [0.0, 1.0],
        "width": 1024,
        "height": 1024,
        "max_pixels": 1048576,
        "max_input_image_side_length": 1024,
        "max_sequence_length": 1024,
        "text.do_sample": False,
        "text.max_new_tokens": 256,
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]
# What its tokenizer leaves in a text. `<|img|>` is the model's wish to draw.
MARKS = ("<|im_end|>", "<|endoftext|>", "<|img|>")


def load(options: Any) -> Any:
    import torch
    from omnigen2.models.transformers.transformer_omnigen2 import OmniGen2Transformer2DModel
    from omnigen2.pipelines.omnigen2.pipeline_omnigen2 import OmniGen2Pipeline
    from omnigen2.pipelines.omnigen2.pipeline_omnigen2_chat import OmniGen2ChatPipeline

    dtype = getattr(torch, options.dtype)
    draws = OmniGen2Pipeline.from_pretrained(
        options.pretrained,
        transformer=OmniGen2Transformer2DModel.from_pretrained(
            options.pretrained, subfolder="transformer", torch_dtype=dtype
        ),
        torch_dtype=dtype,
        trust_remote_code=True,
    ).to(options.device)
    draws.set_progress_bar_config(disable=True)
    talks = OmniGen2ChatPipeline(**draws.components)
    talks.mllm.generation_config.do_sample = STACK["text.do_sample"]
    return draws, talks


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    draws, talks = model
    return [answer_one(draws, talks, question) for question in questions]


def answer_one(draws: Any, talks: Any, question: dict[str, Any]) -> dict[str, Any]:
    import torch

    message = question["messages"][-1]
    images = opened(message["images"]) or None
    seed_everything(question["seed"])
    if question["task"] in ("TT", "IT", "MU"):
        # Its __call__ does the same, and draws if the text begins with the wish to.
        prompt = talks._apply_chat_template(message["text"], images)
        with torch.no_grad():
            text = talks.generate_text(prompt, images)[0]
        for mark in MARKS:
            text = text.replace(mark, "")
        return {"text": text.strip()}
    drawn = draws(
        prompt=message["text"],
        input_images=images,
        negative_prompt=STACK["negative_prompt"],
        num_inference_steps=STACK["num_inference_steps"],
        text_guidance_scale=STACK[f"{'edit' if images else 'draw'}.text_guidance_scale"],
        image_guidance_scale=STACK["image_guidance_scale"],
        cfg_range=tuple(STACK["cfg_range"]),
        width=STACK["width"],
        height=STACK["height"],
        max_pixels=STACK["max_pixels"],
        max_input_image_side_length=STACK["max_input_image_side_length"],
        max_sequence_length=STACK["max_sequence_length"],
        num_images_per_prompt=1,
        generator=torch.Generator(draws.device).manual_seed(question["seed"]),
        output_type="pil",
    ).images
    return {"images": saved(question, drawn)}


if __name__ == "__main__":
    serve(RUNNER, load, answer)
