"""Alpha-VLLM/Lumina-DiMOO at 81344e6, as far as the runner calls it: signatures, and no model."""

MODULES = {
    "config": "SPECIAL_TOKENS",
    "diffusers": "VQModel",
    "generators": "",
    "generators.image_generation_generator": "generate_image",
    "generators.image_to_image_generator": "generate_i2i",
    "generators.text_understanding_generator": "generate_text_understanding",
    "model": "LLaDAForMultiModalGeneration",
    "transformers": "AutoTokenizer",
    "utils": "",
    "utils.image_utils": (
        "add_break_line, calculate_vq_params, decode_vq_to_image, encode_img_with_breaks, "
        "generate_crop_size_list, var_center_crop"
    ),
    "utils.prompt_utils": (
        "generate_image_to_image_prompt, generate_multimodal_understanding_prompt, "
        "generate_text_to_image_prompt"
    ),
}
# ---
import random  # noqa: E402
import sys  # noqa: E402
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402

# config.py:30
SPECIAL_TOKENS = {
    "mask_token": 126336,
    "newline_token": 126084,
    "image_token_offset": 126356,
    "answer_start": 126354,
    "answer_end": 126355,
    "boi": 126349,
    "eoi": 126350,
    "uncondition": 126351,
}
FINISHED = 126081


class AutoTokenizer:
    @classmethod
    def from_pretrained(cls, path, trust_remote_code=None):
        note("tokenizer", path=path, trust_remote_code=trust_remote_code)
        return cls()

    def __call__(self, text):
        note("tokenize", text=text)
        return {"input_ids": [1, 2, 3]}

    def decode(self, tokens, skip_special_tokens=False):
        assert skip_special_tokens
        note("decode", tokens=tokens.tolist())
        return "A text."


class LLaDAForMultiModalGeneration:
    @classmethod
    def from_pretrained(cls, path, torch_dtype=None, device_map=None):
        note("model", path=path, torch_dtype=torch_dtype, device_map=device_map)
        model = cls()
        model.device = torch.device(device_map[""])
        return model

    def eval(self):
        return self


class VQModel:
    config = SimpleNamespace(block_out_channels=[1] * 5)

    @classmethod
    def from_pretrained(cls, path, subfolder=None):
        note("images", path=path, subfolder=subfolder)
        return cls()

    def to(self, device):
        return self

    def eval(self):
        return self


# utils/prompt_utils.py:23, 45 and 108
def generate_text_to_image_prompt(prompt_text, templates=None):
    return f"draw {prompt_text}", "draw <uncondition>"


def generate_image_to_image_prompt(prompt_text, edit_type, templates=None, **kwargs):
    assert edit_type == "edit"
    return f"edit {prompt_text}", "edit <uncondition>", "the system prompt"


def generate_multimodal_understanding_prompt(question, templates=None):
    return f"look {question}"


# utils/image_utils.py:82, 99, 117, 125, 138, 148 and 13
def calculate_vq_params(image_height, image_width, vae_scale=16):
    rows, columns = image_height // vae_scale, image_width // vae_scale
    return rows * columns, columns, rows, columns


def generate_crop_size_list(num_patches, patch_size, max_ratio=4.0):
    return num_patches, patch_size


def var_center_crop(pil_image, crop_size_list, random_top_k=1):
    note("crop", image=pil_image, sizes=crop_size_list, place=random.randint(0, 1000))
    side = 512 if crop_size_list[0] == 256 else 1024
    return pil_image.resize((side, side // 2))


def add_break_line(sequence, rows, columns, new_number=0):
    result = []
    for start in range(0, rows * columns, columns):
        result += [*sequence[start : start + columns], new_number]
    return result


def encode_img_with_breaks(img, vqvae, vae_scale_factor=16):
    return [126349, img.width, img.height, 126350]


def decode_vq_to_image(vq_codes, save_path, vae_ckpt, image_height, image_width, vqvae=None):
    assert vqvae is not None
    note("decode_vq", codes=vq_codes.tolist())
    return Image.new("RGB", (image_width, image_height), "red")


def asked(prompt, code_start):
    """A prompt up to its masks, how many these are, and what follows."""
    ids = prompt[0].tolist()
    masks = [place for place, token in enumerate(ids) if token == SPECIAL_TOKENS["mask_token"]]
    assert masks[0] == code_start
    return {
        "before": ids[: masks[0]],
        "masks": len(masks),
        "newlines": ids.count(SPECIAL_TOKENS["newline_token"]),
        "after": ids[masks[-1] + 1 :],
    }


# generators/image_generation_generator.py:13
def generate_image(
    model,
    prompt,
    *,
    seq_len=1024,
    newline_every=16,
    timesteps=18,
    mask_token_id=126336,
    newline_id=126084,
    temperature=1.0,
    cfg_scale=0.0,
    uncon_ids,
    code_start=None,
    codebook_size=8192,
    noise_schedule=None,
    text_vocab_size=None,
    generator=None,
    use_cache=False,
    cache_ratio=0.9,
    refresh_interval=5,
    warmup_ratio=0.3,
):
    said = {name: v for name, v in locals().items() if name not in ("model", "prompt", "uncon_ids")}
    note("draw", **said, **asked(prompt, code_start), uncon_ids=uncon_ids.tolist())
    return torch.tensor([[126356]])


# generators/image_to_image_generator.py:12
def generate_i2i(
    model,
    prompt,
    *,
    seq_len=1024,
    newline_every=16,
    timesteps=18,
    mask_token_id=126336,
    newline_id=126084,
    temperature=1.0,
    cfg_scale=0.0,
    cfg_img=0.0,
    uncon_text,
    uncon_image,
    code_start=None,
    codebook_size=8192,
    noise_schedule=None,
    text_vocab_size=None,
    generator=None,
):
    unconditional = {"uncon_text": uncon_text.tolist(), "uncon_image": uncon_image.tolist()}
    left_out = ("model", "prompt", "unconditional", *unconditional)
    said = {name: value for name, value in locals().items() if name not in left_out}
    note("edit", **said, **asked(prompt, code_start), **unconditional, seed=torch.initial_seed())
    return torch.tensor([[126356]])


# generators/text_understanding_generator.py:13
def generate_text_understanding(
    model,
    prompt,
    steps=128,
    gen_length=128,
    block_length=128,
    temperature=0.0,
    cfg_scale=0.0,
    remasking="low_confidence",
    mask_id=126336,
    code_start=None,
):
    said = {name: v for name, v in locals().items() if name not in ("model", "prompt")}
    note("talk", **said, **asked(prompt, code_start))
    prompt[0, code_start : code_start + block_length] = FINISHED
    # ...:92-93: names that the module does not have.
    module = sys.modules["generators.text_understanding_generator"]
    end = module.input_p_len + prompt.shape[0] + 3 + module.rows + block_length
    return prompt[:, :end]
