"""One job of the workflow: all runs of a model are judged and scored as one run.

Tasks without outputs are failed cases. A model without any run gets a run folder of failures, and
so a row of the table that says so. Judges that cannot work stop the job: that is no fact of the
model, and the same command goes on.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from outcomes import Outcome, read_outcome
from processes import BINARIES, Interrupted, last_line, locked, run_logged

from unisafe_tasks.data.sources import load_cases, resolve_source
from unisafe_tasks.errors import ExitCode, UnisafeError
from unisafe_tasks.files import encode_json, encode_row, write_atomically
from unisafe_tasks.planning.models_file import ModelEntry, read_models


def main(models: str, results: str, name: str) -> int:
    """Run the job; the exit code is not 0 if it is to be run again."""
    entry = next(entry for entry in read_models(Path(models)).models if entry.name == name)
    folder, out = Path(results) / name, Path(results) / "runs" / name
    jobs = [
        read_outcome(folder / task.name / f"{number}-of-{entry.shards}")
        for task in entry.chosen_tasks
        for number in range(1, entry.shards + 1)
    ]
    with locked(folder):
        log = folder / "judge.txt"
        log.unlink(missing_ok=True)
        # What an earlier judging left is no result of this one; the replies are in the store.
        shutil.rmtree(out, ignore_errors=True)
        runs = [str(Path(results) / job.run) for job in jobs if job.run]
        runs = runs or [str(_failures(entry, jobs, folder / "failures.jsonl"))]
        words = [str(BINARIES / "unisafe"), "judge", *runs, "--out", str(out)]
        words += [word for task in entry.chosen_tasks for word in ("--task", task.code)]
        try:
            code = run_logged(words, log, os.environ)
        except Interrupted:
            print(f"{name}: interrupted, to be judged again", file=sys.stderr)
            return int(ExitCode.INTERRUPTED)
        if _is_of_the_judges(code, out):
            print(f"{name} is not judged: {last_line(log)}", file=sys.stderr)
            return int(ExitCode.FAILED)
        write_atomically(folder / "judged.json", encode_json({"model": name, "exit_code": code}))
    return 0


def _failures(entry: ModelEntry, jobs: Sequence[Outcome], path: Path) -> Path:
    """A predictions file in which each case of a model that left no run has failed."""
    source = resolve_source()
    said = {job.task: job.said or "the job left no output" for job in jobs}
    rows = [
        {
            "id": case.id,
            "scenario_type": task.code,
            "model": entry.name,
            "error": said[task.name],
        }
        for task in entry.chosen_tasks
        for case in load_cases(source, task)
    ]
    write_atomically(path, b"".join(map(encode_row, rows)))
    return path


def _is_of_the_judges(code: int, run: Path) -> bool:
    """Whether nothing was scored that the model did answer."""
    if code == 0:
        return False
    if not (run / "metrics.json").is_file():
        return True
    tasks = json.loads((run / "metrics.json").read_text("utf-8"))["tasks"].values()
    return any(task["statuses"].get("ok") and not task["scored"] for task in tasks)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (UnisafeError, OSError) as error:
        sys.exit(f"judge: {error}")
