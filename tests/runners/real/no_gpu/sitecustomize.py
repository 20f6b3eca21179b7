"""What HunyuanImage-3.0's code needs CUDA for, on a CPU: autocast, marks, and to choose a GPU."""

import runpy
from contextlib import nullcontext
from pathlib import Path

import torch
from torch.nn import functional

others = runpy.run_path(str(Path(__file__).parents[1] / "modules" / "sitecustomize.py"))
autocast, group_norm = torch.autocast, functional.group_norm
torch.autocast = lambda device_type, dtype, enabled: autocast("cpu", torch.bfloat16, enabled)
# CUDA's autocast does this in float32, and a CPU's leaves it as it is.
functional.group_norm = lambda given, groups, weight, bias, eps: group_norm(
    given.float(), groups, weight.float(), bias.float(), eps
)
torch.cuda.set_device = lambda device: None
torch.cuda.nvtx.range = lambda name: nullcontext()
