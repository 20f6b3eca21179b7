"""What can be imported where, and what the wheel holds."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

import unisafe_judges
import unisafe_tasks

ROOT = Path(__file__).parents[2]

LOOK = """
import importlib, sys
from pathlib import Path
import unisafe_judges, unisafe_tasks

needs_an_extra = (
    "unisafe_tasks.models.",
    "unisafe_tasks.runners.",
    "unisafe_tasks.harnesses.lm_eval.task",
    "unisafe_tasks.harnesses.inspect",
    "unisafe_judges.backends.transformers",
    "unisafe_judges.backends.constrained",
    "unisafe_judges.backends.guard_transformers",
    "unisafe_judges.backends.in_process",
    "unisafe_judges.backends.shieldgemma",
)
for package in (unisafe_judges, unisafe_tasks):
    root = Path(package.__file__).parent
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        if not name.startswith(needs_an_extra):
            importlib.import_module(name)
outside = {"torch", "lmms_eval", "lm_eval", "inspect_ai", "transformers", "loguru"}
print(sorted(outside & set(sys.modules)))
"""


def test_no_module_of_the_core_imports_torch_or_a_harness() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("package", [unisafe_judges, unisafe_tasks])
def test_what_is_exported_exists_and_is_sorted(package: ModuleType) -> None:
    names = package.__all__
    assert all(hasattr(package, name) for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("package", [unisafe_judges, unisafe_tasks])
def test_a_module_never_takes_the_place_of_a_public_name(package: ModuleType) -> None:
    """`taxonomy` is a module and the function in it; whoever imports the module first gets both."""
    root = Path(str(package.__file__)).parent
    both = [name for name in package.__all__ if (root / f"{name}.py").exists()]
    look = f"""
import importlib, types
for name in {both}:
    importlib.import_module("{package.__name__}." + name)
    found = getattr(importlib.import_module("{package.__name__}"), name)
    assert not isinstance(found, types.ModuleType), name
"""
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_wheel_is_small_and_holds_yamls_rubric_sets_and_type_markers(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "unisafe_tasks/yaml_configs/_unisafe_shared",
        "unisafe_tasks/yaml_configs/_unisafe_t2t",
        "unisafe_tasks/yaml_configs/lmms_eval/unisafe_t2i.yaml",
        "unisafe_tasks/yaml_configs/lmms_eval/_unisafe_base",
        "unisafe_tasks/yaml_configs/lm_eval/unisafe_t2t.yaml",
        "unisafe_tasks/demo/cases.jsonl",
        "unisafe_tasks/demo/panel.yaml",
        "unisafe_tasks/demo/reference_verdicts.jsonl",
        "unisafe_tasks/demo/predictions/demo.jsonl",
        "unisafe_tasks/demo/predictions/images/demo/demo-001-IC.png",
        "unisafe_tasks/benign/README.md",
        "unisafe_tasks/benign/cases.jsonl",
        "unisafe_tasks/benign/images/benign-chess-attack-MU-a.png",
        "unisafe_tasks/py.typed",
        "unisafe_tasks/runners/serve.py",
        "unisafe_tasks/runners/bagel.py",
        "unisafe_judges/py.typed",
        "unisafe_judges/rubrics/unisafe-v1.yaml",
        "unisafe_judges/rubrics/taxonomy.yaml",
        "unisafe_judges/panels/paper.yaml",
        "unisafe_tasks/report/page.html.j2",
        "unisafe_tasks/report/cases.html.j2",
        "unisafe_tasks/report/front.html.j2",
        "unisafe_tasks/report/theme.css",
        "unisafe_tasks/report/front.css",
        "unisafe_tasks/report/charts.css",
        "unisafe_tasks/report/cases.css",
        "unisafe_tasks/report/page.js",
        "unisafe_tasks/report/front.js",
        "unisafe_tasks/report/cases.js",
        "unisafe_tasks/report/labelling.html.j2",
    } <= names
    demo = [name for name in names if name.startswith("unisafe_tasks/demo/")]
    assert not [name for name in demo if name.endswith(".py")]
    assert wheel.stat().st_size < 5_000_000
    tops = {name.split("/")[0] for name in names}
    assert tops == {"unisafe_tasks", "unisafe_judges", "unisafe_tasks-0.1.0.dist-info"}


@pytest.mark.parametrize(
    "name", ["unisafe_tasks.tasks", "unisafe_tasks.data", "unisafe_judges.images"]
)
def test_a_module_is_an_attribute_of_its_package_before_it_is_imported(name: str) -> None:
    package = name.partition(".")[0]
    look = f"import {package}; print({name}.__name__, hasattr({package}, 'no_such_name'))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)
    assert done.stdout.split() == [name, "False"], done.stderr
