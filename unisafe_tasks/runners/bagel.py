"""BAGEL, as its own demo `app.py` asks it, without thinking."""

from __future__ import annotations

import os
from typing import Any

from serve import opened, saved, seed_everything, serve

RUNNER: dict[str, Any] = {
    "model": "BAGEL-7B-MoT",
    "repository": "https://github.com/ByteDance-Seed/Bagel",
    "commit": "056b5fd51a88c1eb4547318609e25d40080fcf87",
    "weights": "ByteDance-Seed/BAGEL-7B-MoT",
    "licence": "Apache-2.0",
    "python": "3.10",
    "packages": [
        "torch==2.5.1",
        "torchvision==0.20.1",
        "transformers==4.49.0",
        "accelerate>=0.34.0",
        "huggingface_hub==0.29.1",
        "safetensors==0.4.5",
        "sentencepiece==0.1.99",
        "einops==0.8.1",
        "numpy==1.24.4",
        "opencv_python==4.7.0.72",
        "pyarrow==11.0.0",
        "PyYAML==6.0.2",
        "flash_attn==2.5.8",
    ],
    "tasks": ["TI", "IE", "IC", "MT", "TT", "IT", "MU"],
    "history": "last",
    "batch": 1,
    # 14.7 billion parameters of two bytes, and the autoencoder.
    "gpu_gb": 36,
    "stack": {
        "negative_prompt": "none",
        "safety_checker": "none",
        "prompt_rewriter": "none",
        "system_prompt": "none",
        "think": False,
        "draw.cfg_text_scale": 4.0,
        "draw.cfg_img_scale": 1.5,
        "draw.cfg_interval": [0.4, 1.0],
        "draw.cfg_renorm_min": 0.0,
        "draw.cfg_renorm_type": "global",
        "draw.timestep_shift": 3.0,
        "draw.num_timesteps": 50,
        "draw.image_shapes": [1024, 1024],
        "edit.cfg_text_scale": 4.0,
        "edit.cfg_img_scale": 2.0,
        "edit.cfg_interval": [0.0, 1.0],
        "edit.cfg_renorm_min": 0.0,
        "edit.cfg_renorm_type": "text_channel",
        "edit.timestep_shift": 3.0,
        "edit.num_timesteps": 50,
        "text.do_sample": False,
        "text.text_temperature": 0.3,
        "text.max_think_token_n": 512,
    },
    "run": "real code, tiny weights",
}


def load(options: Any) -> Any:
    import torch
    from accelerate import init_empty_weights, load_checkpoint_and_dispatch
    from data.data_utils import add_special_tokens
    from data.transforms import ImageTransform
    from inferencer import InterleaveInferencer
    from modeling.autoencoder import load_ae
    from modeling.bagel import (
        Bagel,
        BagelConfig,
        Qwen2Config,
        Qwen2ForCausalLM,
        SiglipVisionConfig,
        SiglipVisionModel,
    )
    from modeling.qwen2 import Qwen2Tokenizer

    def file(name: str) -> str:
        return os.path.join(options.pretrained, name)

    llm = Qwen2Config.from_json_file(file("llm_config.json"))
    llm.qk_norm, llm.tie_word_embeddings = True, False
    llm.layer_module = "Qwen2MoTDecoderLayer"
    vit = SiglipVisionConfig.from_json_file(file("vit_config.json"))
    vit.rope = False
    vit.num_hidden_layers -= 1
    vae, vae_config = load_ae(local_path=file("ae.safetensors"))
    config = BagelConfig(
        visual_gen=True,
        visual_und=True,
        llm_config=llm,
        vit_config=vit,
        vae_config=vae_config,
        vit_max_num_patch_per_side=70,
        connector_act="gelu_pytorch_tanh",
        latent_patch_size=2,
        max_latent_size=64,
    )
    with init_empty_weights():
        model = Bagel(Qwen2ForCausalLM(llm), SiglipVisionModel(vit), config)
        model.vit_model.vision_model.embeddings.convert_conv2d_to_linear(vit, meta=True)
    tokenizer, token_ids, _ = add_special_tokens(Qwen2Tokenizer.from_pretrained(options.pretrained))
    # Its code makes inputs on the CPU, and counts on accelerate's hooks to move them. Latents and
    # their autoencoder stay on the CPU, as in its demo.
    model = load_checkpoint_and_dispatch(
        model,
        checkpoint=file("ema.safetensors"),
        device_map={"": options.device},
        dtype=getattr(torch, options.dtype),
        force_hooks=True,
    ).eval()
    return InterleaveInferencer(
        model=model,
        vae_model=vae,
        tokenizer=tokenizer,
        vae_transform=ImageTransform(1024, 512, 16),
        vit_transform=ImageTransform(980, 224, 14),
        new_token_ids=token_ids,
    )


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer_one(model, question) for question in questions]


def answer_one(model: Any, question: dict[str, Any]) -> dict[str, Any]:
    message = question["messages"][-1]
    # The output has the size of the last image.
    terms = [*opened(message["images"]), message["text"]]
    seed_everything(question["seed"])
    if question["task"] in ("TT", "IT", "MU"):
        (text,) = model.interleave_inference(terms, understanding_output=True, **pinned("text"))
        return {"text": text}
    drawn = model.interleave_inference(terms, **pinned("edit" if message["images"] else "draw"))
    return {"images": saved(question, drawn)}


def pinned(kind: str) -> dict[str, Any]:
    """The arguments that RUNNER's stack has for a kind of output."""
    given = {
        name[len(kind) + 1 :]: value
        for name, value in RUNNER["stack"].items()
        if name.startswith(f"{kind}.")
    }
    return {"think": RUNNER["stack"]["think"], **given}


if __name__ == "__main__":
    serve(RUNNER, load, answer)
