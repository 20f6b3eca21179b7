"""Lumina-DiMOO, as its scripts for drawing, editing and understanding ask it, without its cache."""

from __future__ import annotations

from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "Lumina-DiMOO",
    "repository": "https://github.com/Alpha-VLLM/Lumina-DiMOO",
    "commit": "81344e60545ae8d70f11039d3450717d974f831b",
    "weights": "Alpha-VLLM/Lumina-DiMOO",
    "licence": "Apache-2.0",
    "python": "3.10",
    # Its requirements but for those of its training and its demo.
    "packages": [
        "torch==2.3.1",
        "torchvision==0.18.1",
        "transformers==4.46.2",
        "diffusers==0.34.0",
        "accelerate",
        "einops",
        "sentencepiece",
    ],
    # No script asks it for a text without an image, or to put two images together.
    "tasks": ["TI", "IE", "MT", "IT", "MU"],
    "history": "last",
    "batch": 1,
    # Its README says that a drawing takes 38.9 GB.
    "gpu_gb": 47,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "its prompt templates'",
        "use_cache": False,
        "draw.height": 1024,
        "draw.width": 1024,
        "draw.timesteps": 64,
        "draw.temperature": 1.0,
        "draw.cfg_scale": 4.0,
        "edit.edit_type": "edit",
        "edit.side": 512,
        "edit.timesteps": 64,
        "edit.temperature": 1.0,
        "edit.cfg_scale": 2.5,
        "edit.cfg_img": 4.0,
        "text.side": 1024,
        "text.gen_length": 1024,
        "text.steps": 128,
        "text.block_length": 256,
        "text.temperature": 0.0,
        "text.cfg_scale": 0.0,
        "text.remasking": "low_confidence",
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    import torch
    from diffusers import VQModel
    from model import LLaDAForMultiModalGeneration
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(options.pretrained, trust_remote_code=True)
    model = LLaDAForMultiModalGeneration.from_pretrained(
        options.pretrained,
        torch_dtype=getattr(torch, options.dtype),
        device_map={"": options.device},
    ).eval()
    images = VQModel.from_pretrained(options.pretrained, subfolder="vqvae").to(options.device)
    return model, images.eval(), tokenizer


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import torch

    language, images, tokenizer = model
    with torch.no_grad():
        return [answer_one(language, images, tokenizer, question) for question in questions]


def answer_one(model: Any, images: Any, tokenizer: Any, question: dict[str, Any]) -> dict[str, Any]:
    message = question["messages"][-1]
    # Its cropping draws a place at random.
    seed_everything(question["seed"])
    if question["task"] in ("IT", "MU"):
        return {"text": told(model, images, tokenizer, message)}
    drawn = (edited if message["images"] else drew)(model, images, tokenizer, message)
    return {"images": saved(question, [drawn])}


def drew(model: Any, images: Any, tokenizer: Any, message: dict[str, Any]) -> Any:
    from generators.image_generation_generator import generate_image
    from utils.prompt_utils import generate_text_to_image_prompt

    asked, unconditional = generate_text_to_image_prompt(message["text"])
    asked_ids = tokenizer(asked)["input_ids"]
    size = (STACK["draw.height"], STACK["draw.width"])
    canvas, of_codes = blank(*size, images)
    tokens = generate_image(
        model,
        row([*asked_ids, *canvas], model),
        **of_codes,
        timesteps=STACK["draw.timesteps"],
        temperature=STACK["draw.temperature"],
        cfg_scale=STACK["draw.cfg_scale"],
        uncon_ids=row(tokenizer(unconditional)["input_ids"], model),
        code_start=len(asked_ids) + 2,
        use_cache=STACK["use_cache"],
    )
    return decoded(tokens, size, images)


def edited(model: Any, images: Any, tokenizer: Any, message: dict[str, Any]) -> Any:
    from generators.image_to_image_generator import generate_i2i
    from utils.prompt_utils import generate_image_to_image_prompt

    asked, unconditional, _ = generate_image_to_image_prompt(
        message["text"], STACK["edit.edit_type"]
    )
    image = cropped(message, STACK["edit.side"])
    asked_ids = tokenizer(asked)["input_ids"]
    seen = with_image(asked_ids, image, images)
    size = (image.height, image.width)
    canvas, of_codes = blank(*size, images)
    tokens = generate_i2i(
        model,
        row([*seen, *canvas], model),
        **of_codes,
        timesteps=STACK["edit.timesteps"],
        temperature=STACK["edit.temperature"],
        cfg_scale=STACK["edit.cfg_scale"],
        cfg_img=STACK["edit.cfg_img"],
        uncon_text=row(with_image(tokenizer(unconditional)["input_ids"], image, images), model),
        uncon_image=row(asked_ids, model),
        code_start=len(seen) + 2,
    )
    return decoded(tokens, size, images)


def told(model: Any, images: Any, tokenizer: Any, message: dict[str, Any]) -> str:
    import generators.text_understanding_generator as talking
    from config import SPECIAL_TOKENS
    from utils.prompt_utils import generate_multimodal_understanding_prompt

    asked_ids = tokenizer(generate_multimodal_understanding_prompt(message["text"]))["input_ids"]
    # As its evaluation does. Its script breaks the image's lines twice, which loses the last ones.
    seen = with_image(asked_ids, cropped(message, STACK["text.side"]), images)
    length, start = STACK["text.gen_length"], len(seen) + 1
    begin, mask, end = (
        SPECIAL_TOKENS[name] for name in ("answer_start", "mask_token", "answer_end")
    )
    # A text that is finished early is cut behind its block, by two names that nothing else sets.
    talking.input_p_len, talking.rows = start - 4, 0
    said = talking.generate_text_understanding(
        model,
        row([*seen, begin, *[mask] * length, end], model),
        steps=STACK["text.steps"],
        gen_length=length,
        block_length=STACK["text.block_length"],
        temperature=STACK["text.temperature"],
        cfg_scale=STACK["text.cfg_scale"],
        remasking=STACK["text.remasking"],
        code_start=start,
    )
    text: str = tokenizer.decode(said[0, start : start + length], skip_special_tokens=True)
    return text


def cropped(message: dict[str, Any], side: int) -> Any:
    from utils.image_utils import generate_crop_size_list, var_center_crop

    (image,) = opened(message["images"])
    sizes = generate_crop_size_list((side // 32) ** 2, 32)
    return var_center_crop(image, crop_size_list=sizes)


def with_image(ids: list[int], image: Any, images: Any) -> list[int]:
    """A prompt with an image before its last token."""
    from utils.image_utils import encode_img_with_breaks

    return [*ids[:-1], *encode_img_with_breaks(image, images), *ids[-1:]]


def blank(height: int, width: int, images: Any) -> tuple[list[int], dict[str, int]]:
    """An answer that is an image without content, and what the generators ask of its codes."""
    from config import SPECIAL_TOKENS
    from utils.image_utils import add_break_line, calculate_vq_params

    scale = 2 ** (len(images.config.block_out_channels) - 1)
    count, newline_every, rows, columns = calculate_vq_params(height, width, scale)
    begin, start, mask, newline, stop, end = (
        SPECIAL_TOKENS[name]
        for name in ("answer_start", "boi", "mask_token", "newline_token", "eoi", "answer_end")
    )
    lines = add_break_line([mask] * count, rows, columns, new_number=newline)
    return [begin, start, *lines, stop, end], {"seq_len": count, "newline_every": newline_every}


def decoded(tokens: Any, size: tuple[int, int], images: Any) -> Any:
    from utils.image_utils import decode_vq_to_image

    return decode_vq_to_image(
        tokens, None, vae_ckpt=None, image_height=size[0], image_width=size[1], vqvae=images
    )


def row(ids: list[int], model: Any) -> Any:
    import torch

    return torch.tensor([ids], device=model.device)


if __name__ == "__main__":
    serve(RUNNER, load, answer)
