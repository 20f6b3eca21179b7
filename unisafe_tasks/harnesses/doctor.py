"""`unisafe doctor`: what works here, and what is missing."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Literal

from unisafe_judges import ModelSpec, build_judge
from unisafe_tasks.data.sources import Source, load_cases, resolve_source, source_of
from unisafe_tasks.errors import DataError, NoCasesError, UnisafeError, in_words
from unisafe_tasks.harnesses.compatibility import COMPATIBILITY, known_version_of
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.judging.panel_card import said_of_card
from unisafe_tasks.judging.panels import known_prices, open_panel, resolve_panel
from unisafe_tasks.settings import data_is_chosen, panel_setting, prices_setting
from unisafe_tasks.tasks import (
    ALL_GROUPS,
    BENIGN_GROUP,
    SELF_GROUP,
    SELF_TASKS,
    TASK_NAMES,
    Arm,
)

__all__ = ["Finding", "examine"]

State = Literal["ok", "untested", "optional", "missing", "broken"]

_HARNESSES = {
    "lmms_eval": "runs the seven tasks: pip install 'unisafe-tasks[lmms]'",
    "lm_eval": "the text tasks in lm-eval: pip install 'unisafe-tasks[lm]'",
    "inspect_ai": "the tasks in Inspect: pip install 'unisafe-tasks[inspect]'",
}
_PACKAGES = {
    "torch": ("torch", "local models: pip install 'unisafe-tasks[hf]'"),
    "transformers": ("transformers", "local models: pip install 'unisafe-tasks[hf]'"),
    "qwen-omni-utils": ("qwen_omni_utils", "--model qwen_omni: pip install 'unisafe-tasks[omni]'"),
    "diffusers": ("diffusers", "image pipelines: pip install 'unisafe-tasks[diffusers]'"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was checked. With `missing` or `broken` no run can start: the command fails.

    `untested` is a version of a harness that the compatibility table does not have, `optional` a
    package that only some models or harnesses need, or the data, without which benign tasks run.
    """

    subject: str
    state: State
    detail: str


def examine(*, asks: bool = False) -> Iterator[Finding]:
    """Look at packages, YAML discovery, data access and the panel, and tell it in this order.

    With `asks` each judge is asked one real question.

    Harnesses take seconds to start: all are started at once, and looked at when the rest is done.
    """
    with ThreadPoolExecutor() as starting:
        torchvision = starting.submit(_torchvision)
        listings = [
            starting.submit(_discovery, listing)
            for listing in _LISTINGS
            if importlib.util.find_spec(listing.module)
        ]
        yield Finding("python", "ok", sys.version.split()[0])
        for name, purpose in _HARNESSES.items():
            yield _harness(name, purpose)
        for name, (module, purpose) in _PACKAGES.items():
            yield _package(name, module, purpose)
        yield _yamls()
        benign = _attempt("benign set", "UNISAFE_BENIGN", lambda: _data(source_of(Arm.BENIGN)))
        data = _attempt("data (UNISAFE_DATA)", "UNISAFE_DATA", lambda: _data(resolve_source()))
        if data.state == "missing" and benign.state == "ok":
            detail = f"{data.detail}; without it only the tasks of {BENIGN_GROUP} run"
            data = replace(data, state="optional", detail=detail)
        yield data
        yield benign
        if "UNISAFE_PRICES" in os.environ:
            yield _attempt("prices (UNISAFE_PRICES)", "UNISAFE_PRICES", _prices)
        panel = _attempt("judge panel (UNISAFE_PANEL)", "UNISAFE_PANEL", _panel)
        yield panel
        if panel.state == "ok":
            yield from _judges(asks=asks)
        for started in (torchvision, *listings):
            yield started.result()


def _harness(name: str, purpose: str) -> Finding:
    if importlib.util.find_spec(name) is None:
        return Finding(name, "optional", f"not installed; {purpose}")
    try:
        row = known_version_of(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "untested", _version(name))
    if row is not None:
        return Finding(name, "ok", f"{row.version}, tested as {row.name}")
    tested = " and ".join(row.name for row in COMPATIBILITY if row.distribution == name)
    return Finding(name, "untested", f"{_version(name)}; this package was tested with {tested}")


def _package(name: str, module: str, purpose: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(name, "optional", f"not installed; {purpose}")
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


_TEXT_GROUPS = ("unisafe_text", f"{BENIGN_GROUP}_text")


def _yamls() -> Finding:
    folder, other = tasks_dir("lmms-eval"), tasks_dir("lm-eval")
    files = [
        *((folder, name) for name in (*ALL_GROUPS, *TASK_NAMES, SELF_GROUP, *SELF_TASKS)),
        *((other, name) for group in _TEXT_GROUPS for name in (group, *ALL_GROUPS[group])),
    ]
    absent = [name for directory, name in files if not (directory / f"{name}.yaml").is_file()]
    if absent:
        return Finding("task YAMLs", "broken", f"{', '.join(absent)} not in {folder.parent}")
    return Finding("task YAMLs", "ok", str(folder.parent))


@dataclass(frozen=True)
class _Listing:
    """How to check that a harness finds our tasks.

    `ask` is Python code that puts the names of the harness's tasks into `names`, and `wanted` are
    those of our tasks that must be among them. `route` says how the harness finds them; `remedy`
    says what to do if it does not.
    """

    harness: str
    module: str
    ask: str
    wanted: tuple[str, ...]
    route: str
    remedy: str


_LISTINGS = (
    _Listing(
        "lmms-eval",
        "lmms_eval",
        "import lmms_eval.models\n"
        "from lmms_eval.tasks import TaskManager\n"
        "names = TaskManager(include_defaults=False).all_tasks\n",
        TASK_NAMES,
        "without a flag",
        'use --include_path "$(unisafe tasks-dir)"',
    ),
    _Listing(
        "lm-eval",
        "lm_eval",
        "from lm_eval.tasks import TaskManager\n"
        "from unisafe_tasks.harnesses.locations import tasks_dir\n"
        "folder = str(tasks_dir('lm-eval'))\n"
        "names = TaskManager(include_path=folder, include_defaults=False).all_tasks\n",
        tuple(name for group in _TEXT_GROUPS for name in ALL_GROUPS[group]),
        'with --include_path "$(unisafe tasks-dir --harness lm-eval)"',
        "its TaskManager has changed: install a version of the compatibility table",
    ),
    _Listing(
        "Inspect",
        "inspect_ai",
        "from importlib.metadata import entry_points\n"
        "(plugin,) = entry_points(group='inspect_ai', name='unisafe_tasks')\n"
        "names = [name for name in dir(plugin.load()) if name.startswith('unisafe_')]\n",
        TASK_NAMES,
        "as unisafe_tasks/NAME",
        "install this package again, so that its entry point is known",
    ),
)
_MARK = "FOUND"


def _discovery(listing: _Listing) -> Finding:
    script = f"{listing.ask}import json\nprint({_MARK!r} + json.dumps(list(names)))\n"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    marked = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if not marked:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return Finding(listing.harness, "broken", f"it does not start: {reason}")
    subject = f"{listing.harness} finds the tasks"
    if set(listing.wanted) <= set(json.loads(marked[-1].removeprefix(_MARK))):
        return Finding(subject, "ok", listing.route)
    return Finding(subject, "broken", listing.remedy)


def _attempt(subject: str, variable: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "ok", look())
    except (UnisafeError, OSError) as error:
        # What is set cannot be used, or nothing is set.
        return Finding(subject, "broken" if variable in os.environ else "missing", in_words(error))


def _data(source: Source) -> str:
    counts = []
    for task in source.tasks.values():
        try:
            counts.append(f"{len(load_cases(source, task))} {task.code}")
        except NoCasesError:
            counts.append(f"no {task.code}")
    return f"{source.name}: {', '.join(counts)}"


def _judged_source() -> Source:
    """The cases that a panel would judge: those of UNISAFE_DATA, or the benign set without it."""
    try:
        return resolve_source()
    except DataError:
        if data_is_chosen():
            raise
        return source_of(Arm.BENIGN)


def _prices() -> str:
    return str(prices_setting()) if known_prices() else "none: the variable is empty"


def _panel() -> str:
    try:
        source = _judged_source()
    except DataError:
        raise UnisafeError("not looked at, since there are no data") from None
    try:
        known_prices()
    except UnisafeError:
        raise UnisafeError("not looked at, since UNISAFE_PRICES cannot be used") from None
    panel = resolve_panel(panel_setting(), source)
    if panel is None:
        return "none: predictions are stored and not judged"
    for judge in panel.judges:
        # This raises if the judge lacks a key or a package, and sends it nothing.
        build_judge(judge)
    names = ", ".join(judge.name for judge in panel.judges)
    return f"{panel.name} ({panel.sha256[:12]}), rubric {panel.rubric.name}, judges: {names}"


def _judges(*, asks: bool) -> Iterator[Finding]:
    """The reply store, and whether each judge that is a model answers."""
    source, setting = _judged_source(), panel_setting()
    panel = resolve_panel(setting, source)
    judges = [judge for judge in panel.judges if isinstance(judge, ModelSpec)] if panel else []
    if panel is None or not judges:
        return
    try:
        with open_panel(panel) as session:
            problems = session.check(shows_images=True, asks=asks)
            warnings = session.warnings
    except UnisafeError as error:
        yield Finding("reply store (UNISAFE_STORE)", "broken", str(error))
        return
    well = "answered one real question" if asks else "not asked: unisafe doctor --ask"
    for judge in judges:
        subject = f"judge {judge.name}"
        if judge.name in problems:
            yield Finding(subject, "broken", str(problems[judge.name]))
        elif warnings[judge.name]:
            yield Finding(subject, "untested", "; ".join(warnings[judge.name]))
        else:
            yield Finding(subject, "ok", well)
    if line := said_of_card(panel, source, setting or ""):
        yield Finding("panel test", "untested", line)
