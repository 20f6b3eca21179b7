"""`unisafe doctor`: what works here, and what is missing."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from unisafe_judges import build_judge
from unisafe_tasks.errors import NoCasesError, UnisafeError
from unisafe_tasks.locations import tasks_dir
from unisafe_tasks.panels import panel_setting, resolve_panel
from unisafe_tasks.sources import load_cases, resolve_source
from unisafe_tasks.tasks import GROUPS, SELF_GROUP, SELF_TASKS, TASKS

__all__ = ["Finding", "examine"]

State = Literal["ok", "missing", "broken"]

_PACKAGES = {
    "lmms_eval": ("lmms_eval", "runs the seven tasks: pip install 'unisafe-tasks[lmms]'"),
    "lm_eval": ("lm_eval", "the text tasks in lm-eval: pip install 'unisafe-tasks[lm]'"),
    "torch": ("torch", "local models: pip install 'unisafe-tasks[hf]'"),
    "transformers": ("transformers", "local models: pip install 'unisafe-tasks[hf]'"),
    "qwen-omni-utils": ("qwen_omni_utils", "--model qwen_omni: pip install 'unisafe-tasks[omni]'"),
    "diffusers": ("diffusers", "image pipelines: pip install 'unisafe-tasks[diffusers]'"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. Only `broken` makes the command fail."""

    subject: str
    state: State
    detail: str


def examine() -> Iterator[Finding]:
    """Look at packages, YAML discovery, data access and the panel, one after the other."""
    yield Finding("python", "ok", sys.version.split()[0])
    for name, (module, purpose) in _PACKAGES.items():
        yield _package(name, module, purpose)
    yield _torchvision()
    yield _yamls()
    if importlib.util.find_spec("lmms_eval"):
        yield _discovery()
    yield _attempt("data (UNISAFE_DATA)", "UNISAFE_DATA", _data)
    yield _attempt("judge panel (UNISAFE_PANEL)", "UNISAFE_PANEL", _panel)


def _package(name: str, module: str, purpose: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(name, "missing", purpose)
    return Finding(name, "ok", _version(name))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "version unknown: it is not installed, only on the path"


def _torchvision() -> Finding:
    if importlib.util.find_spec("torchvision") is None:
        return Finding("torchvision", "ok", "not installed; transformers uses Pillow instead")
    done = subprocess.run(
        [sys.executable, "-c", "import torchvision"], capture_output=True, check=False
    )
    if done.returncode == 0:
        return Finding("torchvision", "ok", _version("torchvision"))
    return Finding(
        "torchvision",
        "broken",
        "installed for another torch, which breaks transformers: pip uninstall torchvision",
    )


def _yamls() -> Finding:
    folder = tasks_dir()
    wanted = [*GROUPS, *GROUPS["unisafe"], SELF_GROUP, *SELF_TASKS]
    absent = [name for name in wanted if not (folder / f"{name}.yaml").is_file()]
    if absent:
        return Finding("task YAMLs", "broken", f"{', '.join(absent)} not in {folder}")
    return Finding("task YAMLs", "ok", str(folder))


_LISTING = """
import json
import lmms_eval.models
from lmms_eval.tasks import TaskManager
print("FOUND" + json.dumps(TaskManager(include_defaults=False).all_tasks))
"""


def _discovery() -> Finding:
    done = subprocess.run(
        [sys.executable, "-c", _LISTING], capture_output=True, text=True, check=False
    )
    marked = [line for line in done.stdout.splitlines() if line.startswith("FOUND")]
    if not marked:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return Finding("lmms-eval", "broken", f"it does not start: {reason}")
    found = json.loads(marked[-1].removeprefix("FOUND"))
    if set(GROUPS["unisafe"]) <= set(found):
        return Finding("lmms-eval finds the tasks", "ok", "without a flag")
    return Finding(
        "lmms-eval finds the tasks", "broken", 'use --include_path "$(unisafe tasks-dir)"'
    )


def _attempt(subject: str, variable: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "ok", look())
    except UnisafeError as error:
        # What was chosen and cannot be used would fail a run; what was not chosen is only missing.
        return Finding(subject, "broken" if variable in os.environ else "missing", str(error))


def _data() -> str:
    source = resolve_source()
    counts = []
    for task in TASKS.values():
        try:
            counts.append(f"{len(load_cases(source, task))} {task.code}")
        except NoCasesError:
            counts.append(f"no {task.code}")
    return f"{source.name}: {', '.join(counts)}"


def _panel() -> str:
    panel = resolve_panel(panel_setting(), resolve_source())
    if panel is None:
        return "none: predictions are stored and not judged"
    for judge in panel.judges:
        # Says what a judge lacks, a key or a package, and asks it nothing.
        build_judge(judge)
    names = ", ".join(judge.name for judge in panel.judges)
    return f"{panel.name} ({panel.sha256[:12]}), rubric {panel.rubric.name}, judges: {names}"
