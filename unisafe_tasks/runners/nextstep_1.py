"""NextStep-1, as its `example.py` asks it: one checkpoint draws, another one edits."""

from __future__ import annotations

import os
from typing import Any

from serve import opened, saved, serve

RUNNER: dict[str, Any] = {
    "model": "NextStep-1-Large",
    "repository": "https://github.com/stepfun-ai/NextStep-1",
    "commit": "6e49baeb00d288da296615514dfb343c1af2efb9",
    # `pretrained` is a folder that holds these three under their own names.
    "weights": (
        "stepfun-ai/NextStep-1-Large, stepfun-ai/NextStep-1-Large-Edit and "
        "stepfun-ai/NextStep-1-f8ch16-Tokenizer, as three folders of one"
    ),
    "licence": "Apache-2.0",
    "python": "3.10",
    "packages": [
        "torch==2.5.1",
        "torchvision==0.20.1",
        "transformers==4.49.0",
        "diffusers==0.32.2",
        "numpy==1.26.4",
        "accelerate",
        "einops",
        "loguru",
        "megfile",
        "omegaconf",
        "pendulum",
        "tabulate",
        "webdataset",
    ],
    # It makes images only, from one image at most.
    "tasks": ["TI", "IE", "MT"],
    "history": "last",
    # Its code has one seed for a whole batch, so that neighbours would change what is drawn.
    "batch": 1,
    # Twice 14 billion parameters of two bytes.
    "gpu_gb": 68,
    "stack": {
        "negative_prompt": {
            "draw": (
                "lowres, bad anatomy, bad hands, error, missing fingers, extra digit, fewer "
                "digits, cropped, worst quality, low quality, normal quality, jpeg artifacts, "
                "signature, watermark, username, blurry."
            ),
            "edit": "Copy original image.",
        },
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "none",
        "positive_prompt": {"draw": "masterpiece, film grained, best quality.", "edit": None},
        "hw": [512, 512],
        "use_norm": True,
        "cfg": 7.5,
        "cfg_img": {"draw": 1.0, "edit": 2.0},
        "cfg_schedule": "constant",
        "timesteps_shift": {"draw": 1.0, "edit": 3.2},
        "num_sampling_steps": 50,
    },
    "run": "real code, tiny weights",
}
STACK: dict[str, Any] = RUNNER["stack"]


def load(options: Any) -> Any:
    # Its README says so: compiling fails on some machines.
    os.environ["ENABLE_TORCH_COMPILE"] = "false"
    import torch
    from nextstep.models.pipeline_nextstep import NextStepPipeline

    def folder(name: str) -> str:
        path = os.path.join(options.pretrained, name)
        if not os.path.isdir(path):
            raise FileNotFoundError(
                f"there is no folder {name} in it; it takes {RUNNER['weights']}"
            )
        return path

    def pipeline(name: str) -> Any:
        return NextStepPipeline(
            model_name_or_path=folder(name),
            vae_name_or_path=folder("NextStep-1-f8ch16-Tokenizer"),
        ).to(options.device, getattr(torch, options.dtype))

    return {"draw": pipeline("NextStep-1-Large"), "edit": pipeline("NextStep-1-Large-Edit")}


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer_one(model, question) for question in questions]


def answer_one(model: Any, question: dict[str, Any]) -> dict[str, Any]:
    message = question["messages"][-1]
    height, width = STACK["hw"]
    images = [image.resize((width, height)) for image in opened(message["images"])]
    kind = "edit" if images else "draw"
    drawn = model[kind].generate_image(
        captions="<image>" * len(images) + message["text"],
        images=images or None,
        num_images_per_caption=1,
        positive_prompt=STACK["positive_prompt"][kind],
        negative_prompt=STACK["negative_prompt"][kind],
        hw=(height, width),
        use_norm=STACK["use_norm"],
        cfg=STACK["cfg"],
        cfg_img=STACK["cfg_img"][kind],
        cfg_schedule=STACK["cfg_schedule"],
        timesteps_shift=STACK["timesteps_shift"][kind],
        num_sampling_steps=STACK["num_sampling_steps"],
        seed=question["seed"],
        progress=False,
    )
    return {"images": saved(question, drawn)}


if __name__ == "__main__":
    serve(RUNNER, load, answer)
