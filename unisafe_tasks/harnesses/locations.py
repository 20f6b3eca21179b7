"""Where the package's own files are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from unisafe_tasks.files import PACKAGE

__all__ = ["Harness", "tasks_dir"]

Harness = Literal["lmms-eval", "lm-eval"]


def tasks_dir(harness: Harness = "lmms-eval") -> Path:
    """The folder with a harness's YAMLs: in the wheel inside the package, in a checkout beside it.

    Each harness has its own, since both read everything below the folder that they are given.
    """
    inside = PACKAGE / "yaml_configs"
    configs = inside if inside.is_dir() else PACKAGE.parent / "yaml_configs"
    return configs / harness.replace("-", "_")
