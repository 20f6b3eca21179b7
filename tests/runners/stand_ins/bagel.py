"""ByteDance-Seed/Bagel at 056b5fd, as far as the runner calls it: signatures, and no model."""

MODULES = {
    "data": "",
    "data.data_utils": "add_special_tokens",
    "data.transforms": "ImageTransform",
    "inferencer": "InterleaveInferencer",
    "modeling": "",
    "modeling.autoencoder": "load_ae",
    "modeling.bagel": (
        "Bagel, BagelConfig, Qwen2Config, Qwen2ForCausalLM, SiglipVisionConfig, SiglipVisionModel"
    ),
    "modeling.qwen2": "Qwen2Tokenizer",
}
# ---
import json  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402


class Qwen2Config:
    @classmethod
    def from_json_file(cls, json_file):
        config = cls()
        with open(json_file, encoding="utf-8") as file:
            vars(config).update(json.load(file))
        return config


class SiglipVisionConfig(Qwen2Config):
    pass


class BagelConfig:
    # modeling/bagel/bagel.py:28
    def __init__(
        self,
        visual_gen=True,
        visual_und=True,
        llm_config=None,
        vit_config=None,
        vae_config=None,
        latent_patch_size=2,
        max_latent_size=32,
        vit_max_num_patch_per_side=70,
        connector_act="gelu_pytorch_tanh",
        interpolate_pos=False,
        timestep_shift=1.0,
    ):
        said = {name: value for name, value in locals().items() if name != "self"}
        said["llm_config"], said["vit_config"] = vars(llm_config), vars(vit_config)
        note("BagelConfig", **said)


class Qwen2ForCausalLM(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.lm_head = torch.nn.Linear(2, 2)


class Embeddings(torch.nn.Module):
    def convert_conv2d_to_linear(self, config, meta=False):
        note("convert_conv2d_to_linear", meta=meta)


class SiglipVisionModel(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.vision_model = torch.nn.Module()
        self.vision_model.embeddings = Embeddings()


class Bagel(torch.nn.Module):
    def __init__(self, language_model, vit_model, config):
        super().__init__()
        self.language_model, self.vit_model, self.config = language_model, vit_model, config


class Qwen2Tokenizer:
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path):
        return cls()


def add_special_tokens(tokenizer):
    return tokenizer, {"bos_token_id": 1, "eos_token_id": 2}, 4


def load_ae(local_path: str):
    note("load_ae", local_path=local_path)
    return "the autoencoder", "its configuration"


class ImageTransform:
    # data/transforms.py:91
    def __init__(
        self,
        max_image_size,
        min_image_size,
        image_stride,
        max_pixels=14 * 14 * 9 * 1024,
        image_mean=(0.5, 0.5, 0.5),
        image_std=(0.5, 0.5, 0.5),
    ):
        self.numbers = [max_image_size, min_image_size, image_stride]


class InterleaveInferencer:
    # inferencer.py:23
    def __init__(self, model, vae_model, tokenizer, vae_transform, vit_transform, new_token_ids):
        parameters = dict(model.named_parameters())
        note(
            "InterleaveInferencer",
            vae_model=vae_model,
            vae_transform=vae_transform.numbers,
            vit_transform=vit_transform.numbers,
            dtypes=sorted({str(value.dtype) for value in parameters.values()}),
            devices=sorted({str(value.device) for value in parameters.values()}),
            is_training=model.training,
        )

    # inferencer.py:208
    def interleave_inference(
        self,
        input_lists,
        think=False,
        understanding_output=False,
        max_think_token_n=1000,
        do_sample=False,
        text_temperature=0.3,
        cfg_text_scale=3.0,
        cfg_img_scale=1.5,
        cfg_interval=(0.4, 1.0),
        timestep_shift=3.0,
        num_timesteps=50,
        cfg_renorm_min=0.0,
        cfg_renorm_type="global",
        image_shapes=(1024, 1024),
        enable_taylorseer=False,
    ):
        note(
            "interleave_inference",
            **{name: value for name, value in locals().items() if name != "self"},
            seed=torch.initial_seed(),
        )
        if understanding_output:
            return ["A text."]
        for term in input_lists:
            if isinstance(term, Image.Image):
                image_shapes = term.size[::-1]
        return [Image.new("RGB", tuple(image_shapes)[::-1], "red")]
