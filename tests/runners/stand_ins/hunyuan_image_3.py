"""Tencent-Hunyuan/HunyuanImage-3.0 at 1d011c8, as far as the runner calls it: signatures alone."""

MODULES = {"hunyuan_image_3": "", "hunyuan_image_3.hunyuan": "HunyuanImage3ForCausalMM"}
# ---
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402

# hunyuan_image_3/hunyuan.py:2582-2583: what _generate reads of its other arguments.
TAKES = {"diff_infer_steps", "diff_guidance_scale"}


class HunyuanImage3ForCausalMM:
    @classmethod
    def from_pretrained(
        cls, path, attn_implementation=None, torch_dtype=None, device_map=None, moe_impl=None
    ):
        note("model", **{name: value for name, value in locals().items() if name != "cls"})
        model = cls()
        # A checkpoint's, which a user may have changed.
        model.generation_config = SimpleNamespace(flow_shift=9.0)
        return model

    # hunyuan_image_3/hunyuan.py:1773
    def load_tokenizer(self, tokenizer):
        note("tokenizer", tokenizer=tokenizer)

    # ...:2604
    def generate_image(
        self,
        prompt,
        seed=None,
        image_size="auto",
        use_system_prompt=None,
        system_prompt=None,
        bot_task=None,
        stream=False,
        **kwargs,
    ):
        assert set(kwargs) <= TAKES
        assert not torch.is_grad_enabled()
        note(
            "draw",
            prompt=prompt,
            seed=seed,
            image_size=image_size,
            use_system_prompt=use_system_prompt,
            system_prompt=system_prompt,
            bot_task=bot_task,
            stream=stream,
            flow_shift=self.generation_config.flow_shift,
            torch_seed=torch.initial_seed(),
            **kwargs,
        )
        height, width = map(int, image_size.split("x"))
        return Image.new("RGB", (width, height), "red")
