"""inclusionAI/Ming-UniVision at 3bbdd2f, as far as the runner calls it: signatures alone."""

MODULES = {"mingunivision": "", "mingunivision.mingunivisioninfer": "MingUniVisionInfer"}
# ---
import os  # noqa: E402
from types import SimpleNamespace  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402


class Model:
    def __init__(self):
        # mingunivision/modeling_bailing_moe.py: the language model, whose generate writes texts
        self.model = SimpleNamespace(generation_config=SimpleNamespace(do_sample=True))

    # mingunivision/modeling_bailingmm.py:207
    def generate(
        self,
        max_new_tokens=None,
        output_image_prefix="output",
        image_gen_temperature=None,
        image_gen_text_cfg=None,
        image_gen_image_cfg=None,
    ):
        note(
            "decode",
            max_new_tokens=max_new_tokens,
            do_sample=self.model.generation_config.do_sample,
            image_gen_temperature=image_gen_temperature,
            image_gen_text_cfg=image_gen_text_cfg,
            image_gen_image_cfg=image_gen_image_cfg,
            past_mode=os.environ["PAST_MODE"],
        )
        # mingunivision/modeling_bailing_moe.py:1787-1796
        for number in range(100):
            path = f"{output_image_prefix}{f'_{number}' if number else ''}.png"
            if not os.path.exists(path):
                Image.new("RGB", (512, 512), "red").save(path)
                return


class MingUniVisionInfer:
    # mingunivision/mingunivisioninfer.py:29
    def __init__(self, model_name_or_path, dtype="bf16"):
        note("model", path=model_name_or_path, dtype=dtype, folder=os.getcwd())
        self.model = Model()
        self.rounds = 0

    # ...:82
    def generate(self, messages, max_new_tokens=512, output_image_prefix="output", for_edit=False):
        note(
            "round",
            messages=messages,
            for_edit=for_edit,
            number=self.rounds,
            prefix=os.path.basename(output_image_prefix),
            seed=torch.initial_seed(),
        )
        self.rounds += 1
        text = messages[0]["content"][-1]["text"]
        if "fail" in text:
            raise RuntimeError("it fails")
        if text.startswith(("What", "Please generate no")) or "Draw nothing" in text:
            return " A text. "
        self.model.generate(max_new_tokens=max_new_tokens, output_image_prefix=output_image_prefix)
        return ""

    # ...:119
    def reset_inner_state(self):
        self.rounds = 0
