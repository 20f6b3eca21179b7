"""A small distribution on the import path: modules, and entry points that name their objects."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

__all__ = ["install_distribution"]


def install_distribution(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str,
    entry_points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str],
) -> None:
    """Write a distribution as an installer would, and put it on the import path for one test.

    Args:
        folder: a new folder, for this distribution only.
        monkeypatch: takes it off the path again.
        name: as it is published.
        entry_points: by group, then by name, the objects: `package.module:object`.
        modules: their texts by path, such as `acme_judges/short.py`.
    """
    for path, text in modules.items():
        module = folder / path
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(text, "utf-8")
        (module.parent / "__init__.py").touch()
    facts = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    lines = []
    for group, objects in entry_points.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in objects.items())]
    (facts / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")
    # A module of an earlier test's distribution may have the same name.
    packages = {Path(path).parts[0].removesuffix(".py") for path in modules}
    for module_name in list(sys.modules):
        if module_name.split(".")[0] in packages:
            monkeypatch.delitem(sys.modules, module_name)
    monkeypatch.syspath_prepend(folder)
