"""JiuhaiChen/BLIP3o at 6ced364, as far as the runner calls it: signatures, and no model."""

MODULES = {"blip3o": "", "blip3o.model": "blip3oQwenForInferenceLM"}
# ---
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402


class blip3oQwenForInferenceLM(torch.nn.Module):  # noqa: N801
    @classmethod
    def from_pretrained(cls, path, torch_dtype=None):
        note("model", path=path, torch_dtype=torch_dtype)
        return cls()

    @property
    def device(self):
        return torch.device("cpu")

    # blip3o/model/language_model/blip3o_qwen_inference.py:122
    def generate_images(
        self,
        inputs=None,
        attention_mask=None,
        max_new_tokens=None,
        temperature=None,
        top_p=None,
        top_k=None,
        images=None,
        image_sizes=None,
        modalities=("image",),
        guidance_scale=2.0,
        generator=None,
        num_inference_steps=30,
        num_images_per_prompt=1,
        return_tensor=False,
        enable_progress_bar=False,
        **kwargs,
    ):
        said = {name: value for name, value in locals().items() if name not in ("self", "kwargs")}
        said["inputs"], said["attention_mask"] = inputs.tolist(), attention_mask.tolist()
        note("generate_images", **said, **kwargs, seed=torch.initial_seed())
        return inputs, [Image.new("RGB", (1024, 1024), "red")]
