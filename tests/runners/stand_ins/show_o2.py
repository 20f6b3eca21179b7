"""showlab/Show-o at 45a5a2d, as far as the runner calls it: signatures, and no model.

So are the packages that get something from the hub. Its own are in its folder `show-o2`.
"""

MODULES = {
    "show-o2.datasets": "",
    "show-o2.datasets.utils": "image_transform",
    "show-o2.models": "Showo2Qwen2_5, WanVAE, omni_attn_mask_naive",
    "show-o2.models.misc": "get_text_tokenizer, prepare_gen_input",
    "show-o2.transport": "Sampler, create_transport",
    "show-o2.utils": "denorm, get_hyper_params, path_to_llm_name",
    "show-o2.omegaconf": "OmegaConf",
    "show-o2.huggingface_hub": "hf_hub_download",
    "show-o2.transformers": "AutoFeatureExtractor",
    "show-o2.diffusers": "",
    "show-o2.diffusers.pipelines": "",
    "show-o2.diffusers.pipelines.stable_diffusion": "",
    "show-o2.diffusers.pipelines.stable_diffusion.safety_checker": "StableDiffusionSafetyChecker",
}
# ---
import os  # noqa: E402
from types import SimpleNamespace  # noqa: E402

import numpy  # noqa: E402
import torch  # noqa: E402
from stand_in_calls import note  # noqa: E402

path_to_llm_name = {"Qwen/Qwen2.5-7B-Instruct": "qwen2_5"}
IDS = {"bos_id": 1, "eos_id": 2, "boi_id": 3, "eoi_id": 4, "img_pad_id": 5}
WIDTH = 8


class Settings(SimpleNamespace):
    def __getitem__(self, name):
        return getattr(self, name)


class OmegaConf:
    @staticmethod
    def load(path):
        note("config", path=os.sep.join(path.split(os.sep)[-3:]))
        # configs/showo2_7b_demo_432x432.yaml:20-66
        return Settings(
            model=Settings(
                showo=Settings(llm_model_path="Qwen/Qwen2.5-7B-Instruct", add_time_embeds=True)
            ),
            dataset=Settings(
                preprocessing=Settings(
                    resolution=432,
                    num_t2i_image_tokens=729,
                    num_mmu_image_tokens=729,
                    num_video_tokens=3645,
                )
            ),
            transport=Settings(
                path_type="Linear",
                prediction="velocity",
                loss_weight=None,
                train_eps=None,
                sample_eps=None,
                snr_type="lognorm",
                sampling_method="euler",
                num_inference_steps=10,
                atol=1e-6,
                rtol=1e-3,
                reverse=False,
                do_shift=True,
                time_shifting_factor=1.0,
            ),
        )


def hf_hub_download(repo_id, filename):
    note("hf_hub_download", repo_id=repo_id, filename=filename)
    return f"/hub/{filename}"


class Tokenizer:
    pad_token_id, eos_token_id = 0, 2

    def __len__(self):
        return 200

    def __call__(self, text, add_special_tokens=True):
        assert not add_special_tokens
        return {"input_ids": [ord(letter) for letter in text]}

    def decode(self, tokens, skip_special_tokens):
        assert skip_special_tokens
        assert all(type(token) is int for token in tokens)
        return "".join(map(chr, tokens)).removesuffix(chr(self.eos_token_id))


# models/misc.py:337
def get_text_tokenizer(
    model_path, add_showo_tokens=True, return_showo_token_ids=False, llm_name="qwen2_5"
):
    note("get_text_tokenizer", **locals())
    return Tokenizer(), IDS


# utils.py:123
def get_hyper_params(config, text_tokenizer, showo_token_ids, is_video=False, is_hq=False):
    pre = config.dataset.preprocessing
    assert config.model.showo.llm_vocab_size == len(text_tokenizer)
    counts = (pre.num_t2i_image_tokens, pre.num_mmu_image_tokens, pre.num_video_tokens)
    rest = (text_tokenizer.pad_token_id, *showo_token_ids.values(), 5.0)
    return (*counts, 1024, 1024 - counts[0] - 4, 16, 2, 27, 27, *rest)


# models/misc.py:24
def prepare_gen_input(
    prompts,
    text_tokenizer,
    num_image_tokens,
    bos_id,
    eos_id,
    boi_id,
    eoi_id,
    pad_id,
    img_pad_id,
    max_text_len,
    device,
):
    note("prepare_gen_input", **{n: v for n, v in locals().items() if n != "text_tokenizer"})
    tokens = torch.tensor([[len(prompt)] for prompt in prompts])
    where = torch.tensor([[[len(prompt) + 2, num_image_tokens]] for prompt in prompts])
    nowhere = torch.tensor([[[2, num_image_tokens]]] * len(prompts))
    return tokens, torch.zeros_like(tokens), where, nowhere


# models/omni_attention.py:56
def omni_attn_mask_naive(B, LEN, modalities, device, inverted=True):  # noqa: N803
    note("mask", B=B, LEN=LEN, modalities=modalities.tolist(), inverted=inverted)
    assert len(modalities) == B
    return torch.zeros(B, 1, LEN, LEN, dtype=torch.long)


# transport/__init__.py:4
def create_transport(
    path_type="Linear",
    prediction="velocity",
    loss_weight=None,
    train_eps=None,
    sample_eps=None,
    snr_type="uniform",
    do_shift=True,
    seq_len=1024,
):
    note("create_transport", **locals())
    return "the transport"


class Sampler:
    def __init__(self, transport):
        assert transport == "the transport"

    # transport/transport.py:400
    def sample_ode(
        self,
        *,
        sampling_method="dopri5",
        num_steps=50,
        atol=1e-6,
        rtol=1e-3,
        reverse=False,
        do_shift=False,
        time_shifting_factor=None,
    ):
        note("sample_ode", **{name: v for name, v in locals().items() if name != "self"})
        return lambda noise, model, **given: [model(noise, torch.zeros(1), **given)]


class Embedder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, tokens, *rest):
        # A token's number stays to be seen in its embedding.
        return tokens.reshape(1, -1, 1).to(torch.float32).expand(1, -1, WIDTH)


class Showo2Qwen2_5(torch.nn.Module):  # noqa: N801
    @classmethod
    def from_pretrained(cls, path, use_safetensors=None):
        note("model", path=path, use_safetensors=use_safetensors)
        return cls()

    def __init__(self):
        super().__init__()
        self.showo = torch.nn.Module()
        self.showo.model = torch.nn.Module()
        self.showo.model.embed_tokens = self.time_embed = Embedder()
        self.image_position_ids = "the positions"

    def image_embedder_und(self, latents):
        return torch.full((1, 729, 4), 300.0)

    def image_embedder_gen(self, latents):
        assert latents.shape == (1, 16, 54, 54)
        return torch.full((1, 729, 4), 300.0)

    def position_embedding(self, positions):
        assert positions == "the positions"
        return 0.0

    def und_trans(self, embeddings):
        return {"last_hidden_state": embeddings}

    def fusion_proj(self, embeddings):
        return embeddings

    # models/modeling_showo2_qwen2_5.py:468
    def t2i_generate(
        self,
        image_latents=None,
        t=None,
        text_tokens=None,
        attention_mask=None,
        modality_positions=None,
        first_frame_as_cond=False,
        only_denoise_last_image=False,
        max_seq_len=None,
        guidance_scale=0.0,
        **kwargs,
    ):
        assert not torch.is_grad_enabled()
        note(
            "t2i_generate",
            noise=[[list(row.shape), round(float(row.float().sum()), 1)] for row in image_latents],
            text_tokens=text_tokens.tolist(),
            dtypes=[image_latents.dtype, attention_mask.dtype],
            modality_positions=modality_positions.tolist(),
            max_seq_len=max_seq_len,
            guidance_scale=guidance_scale,
            **kwargs,
        )
        # The latents tell the decoder how long the prompt was.
        return text_tokens.to(image_latents.dtype).reshape(-1, 1, 1, 1).expand_as(image_latents)

    # ...:517
    def mmu_generate(
        self,
        input_embeds=None,
        attention_mask=None,
        max_new_tokens=100,
        temperature=1.0,
        top_k=None,
        eos_token=None,
    ):
        note(
            "mmu_generate",
            terms=[int(value) for value in input_embeds[0, :, 0].tolist()],
            masked=attention_mask.shape[-1],
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_k=top_k,
            eos_token=eos_token,
        )
        return [torch.tensor(token) for token in (*map(ord, "A text."), eos_token)]

    # ...:577
    def lm_generate(
        self,
        input_ids=None,
        attention_mask=None,
        tokenizer=None,
        max_new_tokens=100,
        boi_token=None,
        temperature=1.0,
        top_k=None,
        top_p=None,
        device=None,
    ):
        given = {name: v for name, v in locals().items() if name not in ("self", "tokenizer")}
        note("lm_generate", **given)
        return "A text.<|im_end|>"


class WanVAE:
    # models/wan21_vae.py:624
    def __init__(self, z_dim=16, vae_pth="", dtype=torch.float, device="cuda"):
        note("vae", vae_pth=vae_pth, dtype=dtype, device=device)

    def sample(self, videos, deterministic=False, return_features=False):
        note("vae.sample", shape=list(videos.shape))
        return torch.zeros(1, 16, 1, 54, 54)

    def batch_decode(self, zs):
        assert zs.shape[1:] == (16, 1, 54, 54)
        return zs[:, :3].repeat_interleave(8, 3).repeat_interleave(8, 4).float()


# utils.py:109
def denorm(images):
    return images.permute(0, 2, 3, 1).numpy().astype(numpy.uint8)


# datasets/utils.py:12
def image_transform(image, resolution=256):
    note("image_transform", image=image, resolution=resolution)
    return torch.zeros(3, resolution, resolution)


class AutoFeatureExtractor:
    @classmethod
    def from_pretrained(cls, name):
        note("extractor", model=name)
        return cls()

    def __call__(self, images, return_tensors):
        assert return_tensors == "pt"
        return {"pixel_values": torch.tensor([image.getpixel((0, 0))[0] for image in images])}


class StableDiffusionSafetyChecker:
    @classmethod
    def from_pretrained(cls, name):
        note("checker", model=name)
        return cls()

    # diffusers/pipelines/stable_diffusion/safety_checker.py: it makes what it holds back black.
    def __call__(self, clip_input, images):
        # A prompt of 13 letters is held back.
        held_back = [int(value) == 13 for value in clip_input]
        for number, is_held in enumerate(held_back):
            if is_held:
                images[number] = numpy.zeros(images[number].shape)
        return images, held_back
