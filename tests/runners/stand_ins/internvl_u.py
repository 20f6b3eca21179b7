"""OpenGVLab/InternVL-U at 018a59c, as far as the runner calls it: signatures, and no model."""

MODULES = {"internvlu": "InternVLUPipeline"}
# ---
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402

# internvlu/pipeline_internvlu.py:36-55: what __call__ passes on; it drops all other names.
TAKES = {
    *("max_new_tokens", "min_new_tokens", "do_sample", "temperature", "top_p", "num_beams"),
    *("return_dict_in_generate", "output_hidden_states"),
    *("num_inference_steps", "num_images_per_prompt", "all_cfg_scale", "part_cfg_scale"),
    *("height", "width", "generator", "system_prompt"),
}


class InternVLUPipeline:
    @classmethod
    def from_pretrained(cls, path, torch_dtype=None):
        note("pipeline", path=path, torch_dtype=torch_dtype)
        return cls()

    def to(self, device):
        self.device = torch.device(device)
        self.processor = SimpleNamespace(tokenizer=SimpleNamespace(decode=decode))
        return self

    # ...:607
    def __call__(self, prompt, image=None, generation_mode="text", **kwargs):
        note("call", prompt=prompt, image=image, generation_mode=generation_mode, **kwargs)
        assert set(kwargs) <= TAKES, kwargs
        assert not torch.is_grad_enabled()
        if any("out of memory" in each for each in prompt) and len(prompt) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB.")
        if generation_mode == "text":
            return SimpleNamespace(generate_output=[[1, len(each)] for each in prompt])
        size = (kwargs["width"], kwargs["height"])
        return SimpleNamespace(images=[Image.new("RGB", size, "red") for _ in prompt])


def decode(tokens, skip_special_tokens):
    assert skip_special_tokens
    return f"A text about {tokens[1]} letters."
