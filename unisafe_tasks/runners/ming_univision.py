"""Ming-UniVision, as its `app.py` asks it: each question is a conversation of its own."""

from __future__ import annotations

import glob
import os
from functools import partial
from typing import Any

from serve import opened, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "Ming-UniVision-16B-A3B",
    "repository": "https://github.com/inclusionAI/Ming-UniVision",
    "commit": "3bbdd2f022eabc24a54d2f8a62b7621790dc9418",
    "weights": "inclusionAI/Ming-UniVision-16B-A3B",
    "licence": "MIT",
    "python": "3.10",
    # Its requirements but for those of its demo and of speaking; it imports two for hearing.
    "packages": [
        "torch==2.7.0",
        "torchvision",
        "torchaudio",
        "transformers==4.52.4",
        "tokenizers",
        "diffusers==0.33.0",
        "peft==0.13.2",
        "accelerate",
        "funasr==1.1.14",
        "openai-whisper==20240930",
        "einops",
        "omegaconf",
        "flash_attn",
    ],
    # Nothing of it puts two images together.
    "tasks": ["TI", "IE", "MT", "TT", "IT", "MU"],
    "history": "last",
    "batch": 1,
    # 16 billion parameters of two bytes, and the image tokenizer.
    "gpu_gb": 41,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "none",
        # A prompt is drawn in one round; an edit has three, and the last one's image counts.
        "draw.rounds": [
            "Please generate the corresponding image based on the description. {text}",
        ],
        "edit.rounds": [
            "Given the edit instruction: {text}, please identify the editing region",
            "{text}",
            "Refine the image for better clarity.",
        ],
        # The folder `models/MingTok-Vision` of the repository.
        "image_tokenizer": "inclusionAI/MingTok-Vision",
        "past_mode": "DROP",
        "max_new_tokens": 512,
        "do_sample": False,
        "image_gen_temperature": 1.0,
        "image_gen_text_cfg": 3.0,
        "image_gen_image_cfg": 1.1,
    },
    "run": "stand-in",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    # Its code names folders that lie in its repository.
    os.chdir(options.repository)
    if not os.path.isdir("models/MingTok-Vision"):
        raise FileNotFoundError(
            f"its image tokenizer is missing: download {STACK['image_tokenizer']} into "
            f"{os.path.abspath('models/MingTok-Vision')}"
        )
    os.environ["PAST_MODE"] = STACK["past_mode"]
    from mingunivision.mingunivisioninfer import MingUniVisionInfer

    asks = MingUniVisionInfer(options.pretrained, dtype="bf16")
    asks.model.model.generation_config.do_sample = STACK["do_sample"]
    names = ("image_gen_temperature", "image_gen_text_cfg", "image_gen_image_cfg")
    asks.model.generate = partial(asks.model.generate, **{name: STACK[name] for name in names})
    return asks


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer_one(model, question) for question in questions]


def answer_one(model: Any, question: dict[str, Any]) -> dict[str, Any]:
    seed_everything(question["seed"])
    message = question["messages"][-1]
    images = [{"type": "image", "image": image} for image in opened(message["images"])]
    rounds, is_edit = ["{text}"], False
    if question["task"] not in ("TT", "IT", "MU"):
        is_edit = len(images) > 0
        rounds = STACK["edit.rounds" if is_edit else "draw.rounds"]
    said, prefix = "", ""
    try:
        for number, form in enumerate(rounds):
            prefix = os.path.join(question["out"], f"round-{number}")
            text = {"type": "text", "text": form.replace("{text}", message["text"])}
            said = model.generate(
                # What it read in the first round it keeps for the others.
                [{"role": "HUMAN", "content": [*([] if number else images), text]}],
                max_new_tokens=STACK["max_new_tokens"],
                output_image_prefix=prefix,
                for_edit=is_edit,
            )
    finally:
        model.reset_inner_state()
    return {"text": said.strip(), "images": sorted(glob.glob(f"{glob.escape(prefix)}*.png"))}


if __name__ == "__main__":
    serve(RUNNER, load, answer)
