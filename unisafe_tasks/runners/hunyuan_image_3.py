"""HunyuanImage-3.0, as its `run_image_gen.py` asks it, without DeepSeek to rewrite the prompt."""

from __future__ import annotations

from typing import Any

from serve import saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "HunyuanImage-3.0",
    "repository": "https://github.com/Tencent-Hunyuan/HunyuanImage-3.0",
    "commit": "1d011c84a579a0292bd739a0cee2092243d73986",
    # Its README: download them into a folder without dots in its name.
    "weights": "tencent/HunyuanImage-3.0",
    "licence": "Tencent's licence",
    "python": "3.12",
    # Its requirements but for those of its demo.
    "packages": [
        "torch==2.7.1",
        "torchvision==0.22.1",
        "transformers[accelerate,tiktoken]>=4.56.0",
        "tokenizers>=0.21.0",
        "diffusers>=0.32.0",
        "safetensors==0.4.5",
        "huggingface_hub",
        "einops>=0.8.0",
        "numpy==1.26.4",
        "pillow==11.3.0",
    ],
    # At this commit prompts with input images are still to be done.
    "tasks": ["TI"],
    "history": "last",
    "batch": 1,
    # 80 billion parameters of two bytes.
    "gpu_gb": 192,
    "spread": True,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "none",
        "bot_task": "image",
        "image_size": "1024x1024",
        "diff_infer_steps": 50,
        # The checkpoint's generation_config.json has these, and so would others.
        "diff_guidance_scale": 5.0,
        "flow_shift": 3.0,
        "attn_implementation": "sdpa",
        "moe_impl": "eager",
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    import torch
    from hunyuan_image_3.hunyuan import HunyuanImage3ForCausalMM

    model = HunyuanImage3ForCausalMM.from_pretrained(
        options.pretrained,
        attn_implementation=STACK["attn_implementation"],
        torch_dtype=getattr(torch, options.dtype),
        device_map="auto" if options.device == "cuda" else {"": options.device},
        moe_impl=STACK["moe_impl"],
    )
    model.load_tokenizer(options.pretrained)
    # Its scheduler reads this here alone.
    model.generation_config.flow_shift = STACK["flow_shift"]
    return model


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer_one(model, question) for question in questions]


def answer_one(model: Any, question: dict[str, Any]) -> dict[str, Any]:
    import torch

    seed_everything(question["seed"])
    with torch.no_grad():
        image = model.generate_image(
            prompt=question["messages"][-1]["text"],
            seed=question["seed"],
            image_size=STACK["image_size"],
            use_system_prompt="None",
            bot_task=STACK["bot_task"],
            diff_infer_steps=STACK["diff_infer_steps"],
            diff_guidance_scale=STACK["diff_guidance_scale"],
        )
    return {"images": saved(question, [image])}


if __name__ == "__main__":
    serve(RUNNER, load, answer)
