"""Lets PyPI's torchvision, which is made for CUDA, be imported beside a CPU torch.

It only registers fake versions of operators that its compiled part would define.
"""

import torch

operators = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
