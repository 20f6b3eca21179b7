"""`make test-matrix`: each row of the compatibility table in an environment of its own.

In each there is this package and one harness. Its own listing command must show the tasks (Inspect
has none for packages: what its entry point holds is looked at), `unisafe doctor` must say which row
it is, and the harness's tests must pass, which load and run each task.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from unisafe_tasks.harnesses.compatibility import COMPATIBILITY, HarnessVersion
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.tasks import GROUPS

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".venv-matrix"
TESTS = {
    "lmms_eval": ("test_command.py", "test_plugin.py", "test_evaluation.py"),
    "lm_eval": ("test_lm_eval.py",),
    "inspect_ai": ("test_inspect.py",),
}
LISTINGS = {
    "lmms_eval": (("lmms-eval", "--tasks", "list"), GROUPS["unisafe"]),
    "lm_eval": (
        ("lm_eval", "ls", "tasks", "--include_path", str(tasks_dir("lm-eval"))),
        GROUPS["unisafe_text"],
    ),
    "inspect_ai": (
        ("python", "-c", "import unisafe_tasks.harnesses.inspect as tasks; print(tasks.__all__)"),
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
    results: list[tuple[str, str]] = []
    failed = False
    for row in COMPATIBILITY:
        own = replace(row, repository=os.environ.get("LMMS_EVAL_REPOSITORY", row.repository))
        try:
            check(own)
            results.append((row.name, "passed"))
        except Failure as failure:
            failed = failed or not failure.skipped
            state = "SKIPPED, not tested" if failure.skipped else "FAILED"
            results.append((row.name, f"{state}: {failure}"))
    print("\nCompatibility:")
    for name, result in results:
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
    files = [str(ROOT / "tests" / "harness" / name) for name in TESTS[row.distribution]]
    done = subprocess.run([folder / "bin" / "python", "-m", "pytest", "-q", *files], cwd=ROOT)
    if done.returncode:
        raise Failure(f"pytest ended with {done.returncode}")


def install(row: HarnessVersion, folder: Path) -> None:
    """An environment with this package, the row's harness, and nothing else of ours."""
    if (folder / "installed").is_file():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pinned = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    others = [line for line in pinned if not line.startswith(f"{row.distribution}==")]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(others))
        constraints.flush()
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
        pip += ["--constraint", constraints.name]
        # As in the Makefile: torch first, so that the build that is here stays.
        steps = (["torch"], [row.requirement], ["--editable", f"{ROOT}[hf]", "pytest"])
        for step in steps:
            if subprocess.run([*pip, *step]).returncode:
                skipped = row.commit is not None and step == [row.requirement]
                raise Failure(f"pip could not install {' '.join(step)}", skipped=skipped)
    if subprocess.run([folder / "bin" / "python", "-c", "import torchvision"]).returncode:
        subprocess.run([*pip[:3], "uninstall", "--quiet", "--yes", "torchvision"], check=True)
    (folder / "installed").touch()


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
