"""PKU-YuanGroup/UniWorld-V1 at 8403e86, as far as the runner calls it: signatures, and no model."""

MODULES = {
    "qwen_vl_utils": "process_vision_info",
    "transformers": "AutoProcessor, SiglipImageProcessor, SiglipVisionModel",
    "univa": "",
    "univa.models": "",
    "univa.models.qwen2p5vl": "",
    "univa.models.qwen2p5vl.modeling_univa_qwen2p5vl": "UnivaQwen2p5VLForConditionalGeneration",
    "univa.utils": "",
    "univa.utils.anyres_util": "dynamic_resize",
    "univa.utils.denoiser_prompt_embedding_flux": "encode_prompt",
    "univa.utils.flux_pipeline": "FluxPipeline",
}
# ---
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402


def process_vision_info(conversations):
    images = [
        part["image"]
        for message in conversations
        for part in message["content"]
        if part["type"] == "image"
    ]
    return images or None, None


class Inputs(dict):
    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(name)
        return self[name]

    def to(self, device):
        return self


class AutoProcessor:
    @classmethod
    def from_pretrained(cls, path, min_pixels=None, max_pixels=None):
        note("processor", path=path, min_pixels=min_pixels, max_pixels=max_pixels)
        return cls()

    def apply_chat_template(self, conversation, tokenize=True, add_generation_prompt=False):
        assert not tokenize
        assert add_generation_prompt
        note("conversation", conversation=conversation)
        turns = [
            "".join(part.get("text", "<image>") for part in message["content"])
            for message in conversation
        ]
        return "<|im_end|>\n".join(["You are a system prompt.", *turns, "assistant:"])

    def __call__(self, text, images, videos, padding, return_tensors):
        note("process", text=text, images=images, videos=videos, padding=padding)
        said = {"input_ids": torch.tensor([[1, 2]]), "attention_mask": torch.ones(1, 2)}
        if images:
            said.update(pixel_values=torch.ones(1), image_grid_thw=torch.ones(len(images), 3))
        return Inputs(said)

    def batch_decode(self, tokens, skip_special_tokens, clean_up_tokenization_spaces):
        assert skip_special_tokens
        assert not clean_up_tokenization_spaces
        assert tokens.tolist() == [[8, 9]]
        return ["A text."]


class UnivaQwen2p5VLForConditionalGeneration:
    @classmethod
    def from_pretrained(cls, path, torch_dtype=None, attn_implementation=None):
        note("model", **{name: value for name, value in locals().items() if name != "cls"})
        model = cls()
        model.denoise_tower = SimpleNamespace(denoiser="the denoiser")
        return model

    def to(self, device):
        return self

    # univa/models/qwen2p5vl/modeling_univa_qwen2p5vl.py:325
    def __call__(
        self,
        input_ids=None,
        attention_mask=None,
        pixel_values=None,
        image_grid_thw=None,
        output_type="lvlm",
        siglip_hidden_states=None,
    ):
        assert not torch.is_grad_enabled()
        note(
            "embed",
            images=0 if image_grid_thw is None else len(image_grid_thw),
            has_pixels=pixel_values is not None,
            siglip=None if siglip_hidden_states is None else len(siglip_hidden_states),
            output_type=output_type,
        )
        return torch.full((1, 2, 4), 2.0)

    def generate(self, input_ids, attention_mask, max_new_tokens, do_sample, **pixels):
        note("talk", max_new_tokens=max_new_tokens, do_sample=do_sample, images=len(pixels) > 0)
        return torch.cat([input_ids, torch.tensor([[8, 9]])], dim=1)


class FluxPipeline:
    text_encoder, text_encoder_2 = "clip", "t5"
    tokenizer, tokenizer_2 = "clip's tokenizer", "t5's tokenizer"

    @classmethod
    def from_pretrained(cls, path, transformer=None, torch_dtype=None):
        note("pipeline", path=path, transformer=transformer, torch_dtype=torch_dtype)
        return cls()

    def to(self, device):
        return self

    def set_progress_bar_config(self, disable):
        pass

    # univa/utils/flux_pipeline.py:633
    def __call__(
        self,
        height=None,
        width=None,
        num_inference_steps=28,
        guidance_scale=3.5,
        generator=None,
        prompt_embeds=None,
        pooled_prompt_embeds=None,
    ):
        said = {name: value for name, value in locals().items() if name != "self"}
        note("draw", **{**said, "prompt_embeds": prompt_embeds[0, :, 0].tolist()})
        return SimpleNamespace(images=[Image.new("RGB", (width, height), "red")])


# univa/utils/denoiser_prompt_embedding_flux.py:107
def encode_prompt(
    text_encoders,
    tokenizers,
    prompt,
    max_sequence_length,
    device=None,
    num_images_per_prompt=1,
    text_input_ids_list=None,
):
    note("encode", **locals())
    return torch.full((1, 1, 4), 1.0), "the pooled embeddings"


# univa/utils/anyres_util.py:12
def dynamic_resize(h, w, anyres="any_1ratio", anchor_pixels=1024 * 1024, stride=32):
    note("resize", **locals())
    return 768, 1152


class SiglipImageProcessor:
    @classmethod
    def from_pretrained(cls, path):
        note("prepares", path=path)
        return cls()

    def preprocess(self, images, do_resize, return_tensors, do_convert_rgb):
        note("prepare", images=images, do_resize=do_resize, do_convert_rgb=do_convert_rgb)
        return SimpleNamespace(pixel_values=torch.ones(len(images), 3))


class SiglipVisionModel:
    @classmethod
    def from_pretrained(cls, path, torch_dtype=None):
        note("eyes", path=path, torch_dtype=torch_dtype)
        return cls()

    def to(self, device):
        return self

    def __call__(self, pixel_values):
        return SimpleNamespace(last_hidden_state=pixel_values)
