"""AIDC-AI/Ovis-U1 at dccf5eb, as far as the runner calls it: signatures, and no model.

The repository holds scripts alone; the model's own code comes with its weights.
"""

MODULES = {
    "test_txt_to_img": "load_blank_image, pipe_t2i",
    "test_img_edit": "pipe_img_edit",
    "test_img_to_txt": "pipe_txt_gen",
}
# ---
from PIL import Image  # noqa: E402
from stand_in_calls import note  # noqa: E402


# test_txt_to_img.py:39
def load_blank_image(width, height):
    return Image.new("RGB", (width, height), (255, 255, 255))


# test_txt_to_img.py:80
def pipe_t2i(model, prompt, height, width, steps, cfg, seed=42):
    note("pipe_t2i", **{name: value for name, value in locals().items() if name != "model"})
    note("model", dtype=model.dtype, is_training=model.training)
    return [Image.new("RGB", (width, height), "red")]


# test_img_edit.py:69
def pipe_img_edit(model, input_img, prompt, steps, txt_cfg, img_cfg, seed=42):
    note("pipe_img_edit", **{name: value for name, value in locals().items() if name != "model"})
    return [Image.new("RGB", input_img.size, "red")]


# test_img_to_txt.py:42
def pipe_txt_gen(model, pil_image, prompt):
    white = pil_image.getextrema() == ((255, 255),) * 3
    note("pipe_txt_gen", pil_image=pil_image, prompt=prompt, white=white)
    return "A text."
