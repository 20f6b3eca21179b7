"""Where the package's own files are."""

from __future__ import annotations

from pathlib import Path

__all__ = ["tasks_dir"]


def tasks_dir() -> Path:
    """The folder with the YAMLs: in the wheel inside the package, in a checkout beside it."""
    package = Path(__file__).parent
    inside = package / "yaml_configs"
    return inside if inside.is_dir() else package.parent / "yaml_configs"
