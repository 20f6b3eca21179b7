"""Gen-Verse/MMaDA at 3cdb870, as far as the runner calls it: signatures, and no model."""

MODULES = {
    "models": "MAGVITv2, MMadaModelLM, get_mask_schedule",
    "training": "",
    "training.prompting_utils": "UniversalPrompting",
    "training.utils": "image_transform",
    "transformers": "AutoTokenizer",
}
# ---
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from stand_in_calls import note  # noqa: E402

MASK = 126336


class AutoTokenizer:
    bos_token = "<bos>"

    @classmethod
    def from_pretrained(cls, path, padding_side=None):
        note("tokenizer", path=path, padding_side=padding_side)
        return cls()

    def __len__(self):
        return 126349

    def __call__(self, text, return_tensors=None):
        assert return_tensors == "pt"
        note("tokenize", text=text)
        return {"input_ids": torch.tensor([[len(text)] * 3])}

    def decode(self, tokens, skip_special_tokens=False, clean_up_tokenization_spaces=None):
        assert skip_special_tokens
        assert clean_up_tokenization_spaces is False
        return "A text." if tokens.tolist() == [1, 2] else "Another part."


class UniversalPrompting:
    # training/prompting_utils.py:34
    def __init__(
        self,
        text_tokenizer,
        special_tokens=("<|soi|>",),
        max_text_len=8000,
        max_seq_len=377,
        ignore_id=-100,
        cond_dropout_prob=0.1,
        use_reserved_token=False,
    ):
        self.text_tokenizer = text_tokenizer
        self.sptids_dict = {
            "<|soi|>": torch.tensor([126084]),
            "<|eoi|>": torch.tensor([126085]),
            "<|mmu|>": torch.tensor([126089]),
        }
        note(
            "prompting",
            max_text_len=max_text_len,
            use_reserved_token=use_reserved_token,
            cond_dropout_prob=cond_dropout_prob,
        )

    # ...:363
    def __call__(self, given, task, padding=True, config=None):
        texts, images = given
        assert task == "t2i_gen"
        assert images.eq(MASK).all()
        note("prompt", texts=texts, images=list(images.shape))
        ids = torch.full((len(texts), 3), len(texts[0]))
        return torch.cat([ids, images], 1), torch.ones(len(texts), 3 + images.shape[1])


class MAGVITv2:
    @classmethod
    def from_pretrained(cls, path):
        note("image tokenizer", path=path)
        return cls()

    def to(self, device):
        self.device = device
        return self

    def eval(self):
        return self

    # models/modeling_magvitv2.py:423
    def get_code(self, pixel_values):
        note("get_code", shape=list(pixel_values.shape))
        return torch.tensor([[5, 6]])

    def decode_code(self, codebook_indices, shape=None):
        note("decode_code", codes=codebook_indices.tolist())
        return torch.tensor([-3.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 512, 512)


class MMadaModelLM:
    @classmethod
    def from_pretrained(cls, path, trust_remote_code=None, torch_dtype=None):
        note("model", path=path, trust_remote_code=trust_remote_code, torch_dtype=torch_dtype)
        return cls()

    def to(self, device):
        self.device = device
        self.config = SimpleNamespace(mask_token_id=MASK)
        return self

    def eval(self):
        return self

    # models/modeling_mmada.py:118
    def t2i_generate(
        self,
        input_ids=None,
        uncond_input_ids=None,
        attention_mask=None,
        uncond_attention_mask=None,
        temperature=1.0,
        timesteps=18,
        guidance_scale=0,
        noise_schedule=None,
        generator=None,
        config=None,
        seq_len=1024,
        mask_token_id=MASK,
        resolution=512,
        codebook_size=8192,
        **kwargs,
    ):
        assert set(kwargs) == {"uni_prompting"}
        shapes = {each.shape for each in (input_ids, uncond_input_ids, attention_mask)}
        assert shapes == {uncond_attention_mask.shape}
        said = {name: v for name, v in locals().items() if name not in ("self", "kwargs", "shapes")}
        said.update(input_ids=input_ids[0, :3].tolist())
        said.update(uncond_input_ids=uncond_input_ids[0, :3].tolist())
        note("draw", **said)
        return torch.tensor([[8192, -1, 7]])

    # ...:377
    def mmu_generate(
        self,
        idx=None,
        input_embeddings=None,
        max_new_tokens=128,
        steps=128,
        block_length=128,
        temperature=0.0,
        top_k=None,
        eot_token=None,
        cfg_scale=0.0,
        remasking="low_confidence",
        mask_id=MASK,
        attention_mask=None,
    ):
        assert not torch.is_grad_enabled()
        said = {name: value for name, value in locals().items() if name != "self"}
        note("talk", **{**said, "idx": idx.tolist()})
        return torch.cat([idx, torch.tensor([[1, 2]])], dim=1)


def get_mask_schedule(method, **schedule_kwargs):
    return f"the schedule {method}"


# training/utils.py:200
def image_transform(image, resolution=256, normalize=True):
    note("image_transform", image=image, resolution=resolution, normalize=normalize)
    return torch.zeros(3, resolution, resolution)
