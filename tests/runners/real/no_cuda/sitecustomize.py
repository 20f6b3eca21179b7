"""What NextStep-1's code reads of a torch for CUDA, beside one for CPUs: its version."""

import runpy
from pathlib import Path

import torch

others = runpy.run_path(str(Path(__file__).parents[1] / "modules" / "sitecustomize.py"))
torch.version.cuda = ""
