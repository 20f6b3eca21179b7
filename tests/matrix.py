"""`make test-matrix`: each row of the compatibility table in an environment of its own.

In each there is this package and one harness. Its own listing command must show the tasks (Inspect
has none for packages: what its entry point holds is looked at), `unisafe doctor` must say which row
it is, and the harness's tests must pass, which load and run each task.

The last rows are newer Pythons with the core alone. Its tests must pass; those that need more than
the core are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from unisafe_tasks.harnesses.compatibility import COMPATIBILITY, HarnessVersion
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.tasks import GROUPS

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".venv-matrix"
CORE_PYTHONS = ("3.12", "3.13")
VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"
TESTS = {
    "lmms_eval": ("test_command.py", "test_plugin.py", "test_evaluation.py"),
    "lm_eval": ("test_lm_eval.py",),
    "inspect_ai": ("inspect",),
}
LISTINGS = {
    "lmms_eval": (("lmms-eval", "--tasks", "list"), GROUPS["unisafe"]),
    "lm_eval": (
        ("lm_eval", "ls", "tasks", "--include_path", str(tasks_dir("lm-eval"))),
        GROUPS["unisafe_text"],
    ),
    "inspect_ai": (
        ("python", "-c", "import unisafe_tasks.harnesses.inspect as tasks; print(dir(tasks))"),
        GROUPS["unisafe"],
    ),
}


class Failure(Exception):
    """A row that is not what the table says; `skipped` where it could not be had at all."""

    def __init__(self, sentence: str, *, skipped: bool = False) -> None:
        super().__init__(sentence)
        self.skipped = skipped


def main() -> int:
    """Test every row; the exit code is 1 if one failed."""
    rows = (
        replace(row, repository=os.environ.get("LMMS_EVAL_REPOSITORY", row.repository))
        for row in COMPATIBILITY
    )
    checks: dict[str, Callable[[], None]] = {row.name: partial(check, row) for row in rows}
    for version in CORE_PYTHONS:
        checks[f"the core on Python {version}"] = partial(check_core, version)
    results: dict[str, str] = {}
    failed = False
    for name, look in checks.items():
        try:
            look()
            results[name] = "passed"
        except Failure as failure:
            failed = failed or not failure.skipped
            state = "SKIPPED, not tested" if failure.skipped else "FAILED"
            results[name] = f"{state}: {failure}"
    print("\nCompatibility:")
    for name, result in results.items():
        print(f"  {name}: {result}")
    return int(failed)


def check(row: HarnessVersion) -> None:
    """Build the row's environment and look at it."""
    folder = ENVIRONMENTS / re.sub(r"[^A-Za-z0-9.]+", "-", row.name).lower()
    print(f"\n== {row.name}: {folder}", flush=True)
    install(row, folder)
    words, wanted = LISTINGS[row.distribution]
    listed = run(folder, *words)
    if absent := [name for name in wanted if not re.search(rf"\b{name}\b", listed)]:
        raise Failure(f"`{' '.join(words)}` does not list {', '.join(absent)}")
    if f"tested as {row.name}" not in run(folder, "unisafe", "doctor"):
        raise Failure("`unisafe doctor` does not say that this is the row")
    run_tests(folder, *(f"tests/harnesses/{name}" for name in TESTS[row.distribution]))


def check_core(version: str) -> None:
    """Build an environment with the core and what its tests are run with, and run them."""
    folder = ENVIRONMENTS / f"core-{version}"
    print(f"\n== the core on Python {version}: {folder}", flush=True)
    if not (folder / "installed").is_file():
        create(folder, interpreter(version))
        pip_install(folder, ROOT / "constraints.txt", "--editable", f"{ROOT}[dev]")
        (folder / "installed").touch()
    run_tests(folder, "-n", "2", "--dist", "loadfile", "tests/judges", "tests/tasks")


def interpreter(version: str) -> str:
    """A Python of this version: one that CORE_PYTHONS names, or else the one on the PATH."""
    for name in (*os.environ.get("CORE_PYTHONS", "").split(), f"python{version}"):
        if not (path := shutil.which(name)):
            continue
        # A version manager may have put a name on the PATH that has no Python behind it.
        done = subprocess.run([path, "-c", VERSION], capture_output=True, text=True)
        if done.stdout.strip() == version:
            return path
    raise Failure(f"there is no Python {version} here", skipped=True)


def install(row: HarnessVersion, folder: Path) -> None:
    """An environment with this package, the row's harness, and nothing else of ours."""
    if (folder / "installed").is_file():
        return
    create(folder, sys.executable)
    pinned = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    others = [line for line in pinned if not line.startswith(f"{row.distribution}==")]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(others))
        constraints.flush()
        # As in the Makefile: torch first, so that the build that is here stays.
        for step in (["torch"], [row.requirement], ["--editable", f"{ROOT}[hf]", "pytest"]):
            try:
                pip_install(folder, Path(constraints.name), *step)
            except Failure as failure:
                failure.skipped = row.commit is not None and step == [row.requirement]
                raise
    if subprocess.run([folder / "bin" / "python", "-c", "import torchvision"]).returncode:
        pip = [str(folder / "bin" / "python"), "-m", "pip"]
        subprocess.run([*pip, "uninstall", "--quiet", "--yes", "torchvision"], check=True)
    (folder / "installed").touch()


def create(folder: Path, python: str) -> None:
    """A new and empty environment."""
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)


def pip_install(folder: Path, constraints: Path, *words: str) -> None:
    """Have pip install these in an environment."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    if subprocess.run([*pip, "--constraint", str(constraints), *words]).returncode:
        raise Failure(f"pip could not install {' '.join(words)}")


def run_tests(folder: Path, *words: str) -> None:
    """Run tests in an environment."""
    pytest = [str(folder / "bin" / "python"), "-m", "pytest", "-q"]
    done = subprocess.run([*pytest, *words], cwd=ROOT)
    if done.returncode:
        raise Failure(f"pytest ended with {done.returncode}")


def run(folder: Path, *words: str) -> str:
    """What a command of the environment prints, in an empty folder."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("UNISAFE_")}
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [folder / "bin" / words[0], *words[1:]],
            cwd=empty,
            env={**clean, "UNISAFE_DATA": "demo", "COLUMNS": "300"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode:
        raise Failure(f"`{' '.join(words)}` ended with {done.returncode}: {done.stdout[-500:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
