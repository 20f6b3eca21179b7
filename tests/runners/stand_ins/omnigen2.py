"""VectorSpaceLab/OmniGen2 at 0f72fa9, as far as the runner calls it: signatures, and no model."""

MODULES = {
    "omnigen2": "",
    "omnigen2.models": "",
    "omnigen2.models.transformers": "",
    "omnigen2.models.transformers.transformer_omnigen2": "OmniGen2Transformer2DModel",
    "omnigen2.pipelines": "",
    "omnigen2.pipelines.omnigen2": "",
    "omnigen2.pipelines.omnigen2.pipeline_omnigen2": "OmniGen2Pipeline",
    "omnigen2.pipelines.omnigen2.pipeline_omnigen2_chat": "OmniGen2ChatPipeline",
}
# ---
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402


class OmniGen2Transformer2DModel:
    @classmethod
    def from_pretrained(cls, path, subfolder=None, torch_dtype=None):
        note("transformer", path=path, subfolder=subfolder, torch_dtype=torch_dtype)
        return "the transformer"


class OmniGen2Pipeline:
    # inference.py:175
    @classmethod
    def from_pretrained(cls, path, transformer=None, torch_dtype=None, trust_remote_code=None):
        note("pipeline", **{name: v for name, v in locals().items() if name != "cls"})
        return cls()

    def __init__(self):
        config = SimpleNamespace(do_sample=True)
        self.components = {
            "transformer": "the transformer",
            "vae": "the vae",
            "scheduler": "the scheduler",
            "mllm": SimpleNamespace(generation_config=config),
            "processor": "the processor",
        }

    def to(self, device):
        self.device = torch.device(device)
        return self

    def set_progress_bar_config(self, disable):
        pass

    # omnigen2/pipelines/omnigen2/pipeline_omnigen2.py:467
    def __call__(
        self,
        prompt=None,
        negative_prompt=None,
        prompt_embeds=None,
        negative_prompt_embeds=None,
        prompt_attention_mask=None,
        negative_prompt_attention_mask=None,
        max_sequence_length=None,
        callback_on_step_end_tensor_inputs=None,
        input_images=None,
        num_images_per_prompt=1,
        height=None,
        width=None,
        max_pixels=1024 * 1024,
        max_input_image_side_length=1024,
        align_res=True,
        num_inference_steps=28,
        text_guidance_scale=4.0,
        image_guidance_scale=1.0,
        cfg_range=(0.0, 1.0),
        attention_kwargs=None,
        timesteps=None,
        generator=None,
        latents=None,
        output_type="pil",
        return_dict=True,
        verbose=False,
        step_func=None,
    ):
        note("draw", **{name: value for name, value in locals().items() if name != "self"})
        if input_images and len(input_images) == 1 and align_res:
            width, height = input_images[0].size
        return SimpleNamespace(images=[Image.new("RGB", (width, height), "red")])


class OmniGen2ChatPipeline:
    # omnigen2/pipelines/omnigen2/pipeline_omnigen2_chat.py:140
    def __init__(self, transformer, vae, scheduler, mllm, processor):
        self.mllm = mllm

    # ...:268
    def _apply_chat_template(self, prompt, images=None):
        marks = "" if images is None else f"{len(images)} images, "
        return f"{marks}{prompt}"

    # ...:472
    def generate_text(self, prompt, input_images):
        note(
            "talk",
            prompt=prompt,
            input_images=input_images,
            do_sample=self.mllm.generation_config.do_sample,
        )
        return ["<|img|>"] if "Draw" in prompt else ["A text.<|im_end|>"]
