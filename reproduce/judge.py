"""One job of the workflow: all runs of a model are judged and scored as one run for each arm.

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

from outcomes import Outcome, read_outcome, run_of, tasks_of
from processes import BINARIES, Interrupted, last_line, locked, run_logged

from unisafe_tasks.data.names import BENIGN
from unisafe_tasks.data.sources import Source, load_cases, source_of
from unisafe_tasks.errors import ExitCode, UnisafeError
from unisafe_tasks.files import encode_json, encode_row, write_atomically
from unisafe_tasks.planning.models_file import ModelEntry, read_models
from unisafe_tasks.tasks import Arm, Task


def main(models: str, results: str, name: str) -> int:
    """Run the job; the exit code is not 0 if it is to be run again."""
    entry = next(entry for entry in read_models(Path(models)).models if entry.name == name)
    folder = Path(results) / name
    with locked(folder):
        log = folder / "judge.txt"
        log.unlink(missing_ok=True)
        codes = {}
        for arm in Arm:
            if not (tasks := tasks_of(entry, arm)):
                continue
            out = Path(results) / run_of(entry, arm)
            try:
                code = _judge(entry, tasks, Path(results), out, log)
            except Interrupted:
                print(f"{name}: interrupted, to be judged again", file=sys.stderr)
                return int(ExitCode.INTERRUPTED)
            if _is_of_the_judges(code, out):
                print(f"{name} is not judged: {last_line(log)}", file=sys.stderr)
                return int(ExitCode.FAILED)
            codes[arm.value] = code
        write_atomically(folder / "judged.json", encode_json({"model": name, "exit_codes": codes}))
    return 0


def _judge(entry: ModelEntry, tasks: Sequence[Task], results: Path, out: Path, log: Path) -> int:
    jobs = [
        read_outcome(results / entry.name / task.name / f"{number}-of-{entry.shards}")
        for task in tasks
        for number in range(1, entry.shards + 1)
    ]
    # What an earlier judging left is no result of this one; the replies are in the store.
    shutil.rmtree(out, ignore_errors=True)
    source = source_of(tasks[0].arm)
    runs = [str(results / job.run) for job in jobs if job.run]
    if not runs:
        failures = results / entry.name / f"failures_{tasks[0].arm}.jsonl"
        runs = [str(_failures(entry, tasks, jobs, source, failures))]
    words = [str(BINARIES / "unisafe"), "judge", *runs, "--out", str(out)]
    words += [word for task in tasks for word in ("--task", task.code)]
    words += ["--data", BENIGN] if source.arm is Arm.BENIGN else []
    return run_logged(words, log, os.environ)


def _failures(
    entry: ModelEntry, tasks: Sequence[Task], jobs: Sequence[Outcome], source: Source, path: Path
) -> Path:
    """A predictions file in which each case of a model that left no run has failed."""
    said = {job.task: job.said or "the job left no output" for job in jobs}
    rows = [
        {
            "id": case.id,
            "scenario_type": task.code,
            "model": entry.name,
            "error": said[task.name],
        }
        for task in tasks
        for case in load_cases(source, task)
    ]
    write_atomically(path, b"".join(map(encode_row, rows)))
    return path


def _is_of_the_judges(code: int, run: Path) -> bool:
    """Whether judging did not come to its end, or scored nothing that the model did answer."""
    if code == 0:
        return False
    if not (run / "metrics.json").is_file():
        return True
    # A judging that was killed in the middle has a metrics.json too.
    if json.loads((run / "run.json").read_text("utf-8"))["status"] != "complete":
        return True
    tasks = json.loads((run / "metrics.json").read_text("utf-8"))["tasks"].values()
    return any(task["statuses"].get("ok") and not task["scored"] for task in tasks)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (UnisafeError, OSError) as error:
        sys.exit(f"judge: {error}")
