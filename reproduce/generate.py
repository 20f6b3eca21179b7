"""One job of the workflow: a model's outputs for one task, or for one shard of it.

A model that fails is an outcome like any other: it is written down, and this job has done its work.
A job that is interrupted leaves no outcome and is run again; answers of umm_ models are kept.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from outcomes import OUTCOME, Outcome, write_outcome
from processes import BINARIES, Interrupted, gpus, last_line, locked, run_logged, too_few_gpus

from unisafe_tasks.errors import ExitCode, UnisafeError
from unisafe_tasks.planning.models_file import ModelEntry, read_models
from unisafe_tasks.settings import SHARD
from unisafe_tasks.tasks import Task, task_named

_NO_RUN = "it ended without a complete run"


def main(models: str, results: str, name: str, task: str, shard: str) -> int:
    """Run the job; the exit code says whether it has an outcome."""
    entry = next(entry for entry in read_models(Path(models)).models if entry.name == name)
    folder = Path(results) / name / task / shard.replace("/", "-of-")
    with locked(folder):
        if (folder / OUTCOME).is_file():
            return 0
        log = folder / "log.txt"
        log.unlink(missing_ok=True)
        shutil.rmtree(folder / "run", ignore_errors=True)
        begun = time.monotonic()
        try:
            code = _generate(entry, task_named(task), shard, Path(results), folder, log)
        except Interrupted:
            print(f"{name}, {task}, shard {shard}: interrupted, to be run again", file=sys.stderr)
            return int(ExitCode.INTERRUPTED)
        run, is_complete = _run_in(folder / "run")
        said = None if code == 0 and is_complete else last_line(log) if code else _NO_RUN
        found = str(run.relative_to(results)) if run else None
        seconds = round(time.monotonic() - begun, 1)
        write_outcome(folder, Outcome(name, task, shard, code, said, found, seconds))
    return 0


def _generate(
    entry: ModelEntry, task: Task, shard: str, results: Path, folder: Path, log: Path
) -> int:
    env = {**os.environ, "UNISAFE_PANEL": "none"}
    env.setdefault("UNISAFE_ANSWERS", str((results / "answers").absolute()))
    env.pop(SHARD, None)
    if shard != "1/1":
        env[SHARD] = shard
    arguments = entry.model_args
    if entry.runner is not None:
        environment = results / "environments" / entry.runner
        if code := _make_environment(entry.runner, environment, log):
            return code
        arguments = arguments.replace("{environment}", str(environment.absolute()))
    words = [str(BINARIES / "lmms-eval"), "--model", str(entry.model), "--tasks", task.name]
    words += ["--model_args", arguments] if arguments else []
    words += ["--batch_size", str(entry.batch_size)] if entry.batch_size else []
    words += ["--output_path", str(folder / "run")]
    if problem := too_few_gpus(entry.gpus):
        log.write_text(f"unisafe: {entry.name}: {problem}\n", "utf-8")
        return int(ExitCode.FAILED)
    with gpus(results, entry.gpus) as devices:
        return run_logged(words, log, env | devices)


def _make_environment(runner: str, environment: Path, log: Path) -> int:
    """Make a runner's environment with conda, once; returns an exit code."""
    made = environment.with_suffix(".made")
    with locked(environment.parent):
        if made.is_file():
            return 0
        if shutil.which("conda") is None:
            log.write_text(
                f"unisafe: the environment of runner {runner} is made with conda, which is "
                "not here: install it\n",
                "utf-8",
            )
            return int(ExitCode.FAILED)
        file = environment.with_suffix(".yaml")
        with file.open("w") as written, log.open("a") as said:
            words = [str(BINARIES / "unisafe"), "runner", "env", runner]
            described = subprocess.run(words, stdout=written, stderr=said, check=False)
        if described.returncode:
            return described.returncode
        words = ["conda", "env", "create", "--yes", "--prefix", str(environment), "--file"]
        code = run_logged([*words, str(file)], log, os.environ)
        if code == 0:
            made.touch()
        return code


def _run_in(folder: Path) -> tuple[Path | None, bool]:
    """The run folder that holds outputs, and whether its run came to its end."""
    for run in sorted(folder.glob("unisafe-*"), reverse=True):
        if (run / "run.json").is_file() and list(run.glob("predictions*.jsonl")):
            info = json.loads((run / "run.json").read_text("utf-8"))
            return run, info.get("status") == "complete"
    return None, False


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (UnisafeError, OSError) as error:
        sys.exit(f"generate: {error}")
