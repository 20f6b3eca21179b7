"""stepfun-ai/NextStep-1 at 6e49bae, as far as the runner calls it: signatures, and no model."""

MODULES = {
    "nextstep": "",
    "nextstep.models": "",
    "nextstep.models.pipeline_nextstep": "NextStepPipeline",
}
# ---
import os  # noqa: E402
import re  # noqa: E402

from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402


class NextStepPipeline:
    # nextstep/models/pipeline_nextstep.py:30
    def __init__(
        self,
        model_name_or_path=None,
        vae_name_or_path=None,
        tokenizer=None,
        model=None,
        vae=None,
    ):
        self.folders = [os.path.basename(name) for name in (model_name_or_path, vae_name_or_path)]
        # nextstep/utils/compile_utils.py:38, when it is imported
        self.compiles = os.getenv("ENABLE_TORCH_COMPILE", "true").lower() == "true"

    # ...:105
    def to(self, device=None, dtype=None):
        note("pipeline", folders=self.folders, device=device, dtype=dtype, compiles=self.compiles)
        return self

    # ...:329
    def generate_image(
        self,
        captions,
        images=None,
        num_images_per_caption=1,
        positive_prompt=None,
        negative_prompt=None,
        hw=(256, 256),
        use_norm=False,
        cfg=1.0,
        cfg_img=1.0,
        cfg_schedule="constant",
        timesteps_shift=1.0,
        num_sampling_steps=20,
        seed=42,
        progress=True,
    ):
        note(
            "generate_image",
            checkpoint=self.folders[0],
            **{name: value for name, value in locals().items() if name != "self"},
        )
        # ...:146-166
        if images is not None and len(re.findall("<image>", captions)) != 1:
            raise AssertionError(f"Caption `{captions}` has not 1 image token")
        return [Image.new("RGB", hw[::-1], "red")]
