"""baaivision/Emu3.5 at 8fcf1da, as far as the runner calls it: signatures, and no model."""

MODULES = {
    "src": "",
    "src.utils": "",
    "src.utils.model_utils": "build_emu3p5",
    "src.utils.generation_utils": "generate, multimodal_decode",
    "src.utils.input_utils": "build_image",
}
# ---
import os  # noqa: E402
import re  # noqa: E402
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402

BOI, EOI = "<|image start|>", "<|image end|>"


class Tokenizer:
    boi_token, eoi_token = BOI, EOI

    def encode(self, text, return_tensors=None, add_special_tokens=True):
        numbers = [ord(letter) for letter in text]
        if return_tensors is None:
            return numbers
        assert return_tensors == "pt"
        assert not add_special_tokens
        return torch.tensor([numbers])

    def decode(self, tokens, skip_special_tokens):
        assert not skip_special_tokens
        return "".join(map(chr, tokens))


# src/utils/model_utils.py:12
def build_emu3p5(
    model_path,
    tokenizer_path,
    vq_path,
    vq_type="ibq",
    model_device="auto",
    vq_device="cuda:0",
    **kwargs,
):
    assert not kwargs
    note(
        "build_emu3p5",
        folders=[os.path.basename(path) for path in (model_path, tokenizer_path, vq_path)],
        vq_type=vq_type,
        model_device=model_device,
        vq_device=vq_device,
    )
    return SimpleNamespace(device="cpu"), Tokenizer(), "the tokenizer of images"


# src/utils/input_utils.py:44
def build_image(image, cfg, tokenizer, vq_model):
    note("build_image", image=image, image_area=cfg.image_area, vq_model=vq_model)
    return f"{BOI}{image.size[0]}x{image.size[1]}{EOI}"


# src/utils/generation_utils.py:28
def generate(
    cfg,
    model,
    tokenizer,
    input_ids,
    unconditional_ids,
    full_unconditional_ids=None,
    force_same_image_size=True,
):
    asked = tokenizer.decode(input_ids[0], skip_special_tokens=False)
    note(
        "generate",
        asked=asked,
        unasked=tokenizer.decode(unconditional_ids[0], skip_special_tokens=False),
        full_unconditional_ids=full_unconditional_ids,
        force_same_image_size=force_same_image_size,
        seed=torch.initial_seed(),
        **vars(cfg),
    )
    # ...:45, 234: one array of numbers
    said = "I cannot draw that." if "refuse" in asked else f"Here it is. {BOI}80x60{EOI}"
    yield [ord(letter) for letter in (said if "cut off" not in asked else said.replace(EOI, ""))]


# ...:268
def multimodal_decode(outputs, tokenizer, vision_tokenizer):
    output = []
    for part in re.split(f"({re.escape(BOI)}.*?{re.escape(EOI)})", outputs):
        if BOI in part and EOI in part:
            output.append(("image", Image.new("RGB", (80, 60), "red")))
        elif BOI not in part and part.strip():
            output.append(("text", part))
    return output
