"""A job of the workflow: its command, its GPUs, its environment, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import generate
import judge
import processes
import pytest
from outcomes import Outcome, write_outcome
from processes import BINARIES, Interrupted, last_line, locked, run_logged

from tests.reproduce.conftest import models_file
from tests.tasks.commands import CASES_OF
from tests.waiting import LIMIT_S, wait_until
from unisafe_tasks.data.sources import resolve_source
from unisafe_tasks.planning.models_file import ModelEntry
from unisafe_tasks.tasks import ARM_TASKS, TASKS, Arm


@pytest.fixture
def demo_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo set and its panel, with a cache and a store of the test's."""
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    monkeypatch.setenv("UNISAFE_PANEL", "labels")
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UNISAFE_STORE", str(tmp_path / "r.sqlite"))


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def stand_in(folder: Path, name: str, script: str) -> Path:
    """A command of this name that is a shell script."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


# --- commands ---


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_command_that_ends_has_its_exit_code_and_its_words_in_the_log(
    tmp_path: Path, code: int
) -> None:
    words = python(f"import sys; print('soup'); sys.exit({code})")
    assert run_logged(words, tmp_path / "log", os.environ) == code
    assert (tmp_path / "log").read_text() == "soup\n"


def test_a_command_that_crashes_is_an_outcome_and_no_interruption(tmp_path: Path) -> None:
    words = python("import os; os.abort()")
    assert run_logged(words, tmp_path / "log", os.environ) == -signal.SIGABRT


def test_a_command_that_was_told_to_end_is_an_interruption(tmp_path: Path) -> None:
    words = python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    with pytest.raises(Interrupted):
        run_logged(words, tmp_path / "log", os.environ)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_told_to_end_ends_its_command_first(
    tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    log = tmp_path / "log"

    def tell() -> None:
        while not log.is_file() or "ready" not in log.read_text():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=tell).start()
    words = python("import time; print('ready', flush=True); time.sleep(600)")
    with pytest.raises(Interrupted):
        run_logged(words, log, os.environ)
    assert signal.getsignal(number) == before


def test_a_command_that_does_not_listen_is_killed_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_GRACE_S", 0.2)
    log = tmp_path / "log"

    def tell() -> None:
        while not log.is_file() or "deaf" not in log.read_text():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=tell).start()
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    with pytest.raises(Interrupted):
        run_logged(python(f"{deaf}; print('deaf', flush=True); time.sleep(600)"), log, os.environ)


def test_a_job_that_is_killed_leaves_no_command_behind(tmp_path: Path) -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    job = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
        "from processes import run_logged;"
        f"run_logged([sys.executable, '-c', {child!r}], Path(sys.argv[2]), os.environ)"
    )
    folder = str(Path(processes.__file__).parent)
    process = subprocess.Popen([*python(job), folder, str(tmp_path / "log")])
    log = tmp_path / "log"
    wait_until(lambda: log.is_file() and log.read_text().endswith("\n"), "it does not begin")
    process.kill()
    process.wait()
    status = Path("/proc") / log.read_text().strip() / "status"
    with suppress(FileNotFoundError, ProcessLookupError):
        wait_until(lambda: "State:\tZ" in status.read_text(), "the command works on")


def test_what_a_log_ends_with_is_our_sentence_on_one_line_without_a_credential(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    log.write_text("unisafe: no server at https://me:secret@host/v1\x1b[2J\nsome warning\n\n")
    assert last_line(log).startswith("unisafe: no server at ")
    assert "secret" not in last_line(log)
    assert "\x1b" not in last_line(log)
    log.write_text("Traceback\nKeyError: 'x'\n")
    assert last_line(log) == "KeyError: 'x'"
    assert last_line(tmp_path / "none") == "it said nothing"


# --- GPUs ---


def test_two_jobs_of_one_machine_get_different_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    with processes.gpus(tmp_path, 2) as first, processes.gpus(tmp_path, 1) as second:
        assert first == {"CUDA_VISIBLE_DEVICES": "4,5"}
        assert second == {"CUDA_VISIBLE_DEVICES": "6"}
        with (
            pytest.raises(SystemExit, match="1 GPUs are needed, and 0 of 3 are free"),
            processes.gpus(tmp_path, 1),
        ):
            pass
    with processes.gpus(tmp_path, 3) as all_of_them:
        assert all_of_them == {"CUDA_VISIBLE_DEVICES": "4,5,6"}


def test_a_schedulers_choice_of_gpus_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    with processes.gpus(tmp_path, 2) as chosen:
        assert chosen == {}


def test_a_folder_is_held_by_one_job_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    def other() -> None:
        with locked(tmp_path):
            order.append("other")

    with locked(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(LIMIT_S)
    assert order == ["first", "other"]


# --- a runner's environment ---


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for `unisafe`, `lmms-eval` and `conda` that write down how they were called."""
    folder = tmp_path / "bin"
    calls = tmp_path / "calls"
    stand_in(folder, "unisafe", 'echo "name: $3"')
    stand_in(folder, "conda", f'echo "conda $*" >> {calls}')
    stand_in(folder, "lmms-eval", f'echo "lmms-eval $* SHARD=$UNISAFE_SHARD" >> {calls}; exit 1')
    monkeypatch.setattr(generate, "BINARIES", folder)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return calls


def test_a_runners_environment_is_made_once_and_named_to_the_model(
    tmp_path: Path, stand_ins: Path
) -> None:
    models = tmp_path / "models.yaml"
    models.write_text(
        json.dumps(
            {
                "date": "2026-11-27",
                "models": [
                    {
                        "name": "carrot",
                        "tasks": ["TI", "TT"],
                        "shards": 2,
                        "model": "umm_worker",
                        "model_args": "runner=carrot,python={environment}/bin/python",
                        "runner": "carrot",
                    }
                ],
            }
        )
    )
    results = tmp_path / "results"
    for task, shard in (("unisafe_t2i", "1/2"), ("unisafe_t2t", "2/2")):
        assert generate.main(str(models), str(results), "carrot", task, shard) == 0
    environment = results / "environments" / "carrot"
    assert environment.with_suffix(".yaml").read_text() == "name: carrot\n"
    made, first, second = stand_ins.read_text().splitlines()
    file = environment.with_suffix(".yaml")
    assert made == f"conda env create --yes --prefix {environment} --file {file}"
    assert f"--model_args runner=carrot,python={environment}/bin/python " in first
    assert first.endswith("SHARD=1/2")
    assert second.endswith("SHARD=2/2")
    outcome = json.loads((results / "carrot/unisafe_t2i/1-of-2/outcome.json").read_text())
    assert (outcome["exit_code"], outcome["run"]) == (1, None)


def test_an_environment_that_cannot_be_made_fails_the_models_job(
    tmp_path: Path, stand_ins: Path
) -> None:
    stand_in(tmp_path / "bin", "conda", "echo no such channel; exit 1")
    entry = {"name": "carrot", "tasks": ["TI"], "model": "umm_worker", "runner": "carrot"}
    models = tmp_path / "models.yaml"
    models.write_text(json.dumps({"date": "2026-11-27", "models": [entry]}))
    assert generate.main(str(models), str(tmp_path), "carrot", "unisafe_t2i", "1/1") == 0
    outcome = json.loads((tmp_path / "carrot/unisafe_t2i/1-of-1/outcome.json").read_text())
    assert (outcome["exit_code"], outcome["said"]) == (1, "no such channel")
    assert not stand_ins.exists(), "the model is not asked"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"model": "umm_worker", "runner": "carrot"},
            "unisafe: the environment of runner carrot is made with conda, which is not here: "
            "install it",
        ),
        (
            {"model": "bagel", "gpus": 2},
            "unisafe: carrot: 2 GPUs are needed, and this machine has 1",
        ),
    ],
)
def test_a_model_that_cannot_run_on_this_machine_fails_and_stops_no_other(
    tmp_path: Path,
    stand_ins: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, object],
    said: str,
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("PATH", "/nowhere")
    models = models_file(tmp_path, {"name": "carrot", "tasks": ["TI"], **given})
    assert generate.main(str(models), str(tmp_path), "carrot", "unisafe_t2i", "1/1") == 0
    outcome = json.loads((tmp_path / "carrot/unisafe_t2i/1-of-1/outcome.json").read_text())
    assert (outcome["exit_code"], outcome["said"]) == (1, said)
    assert not stand_ins.exists(), "the model is not asked"


def test_what_is_said_where_there_is_no_driver_is_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    stand_in(tmp_path, "nvidia-smi", "echo NVIDIA-SMI has failed; exit 9")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert processes.too_few_gpus(1) == "1 GPUs are needed, and this machine has 0"


# --- judging ---


@pytest.mark.parametrize(
    ("code", "task", "status", "expected"),
    [
        (0, {"statuses": {"ok": 3}, "scored": 3}, "complete", False),
        (1, {"statuses": {"failed": 3}, "scored": 0}, "complete", False),
        (1, {"statuses": {"ok": 2, "failed": 1}, "scored": 0}, "complete", True),
        (1, None, None, True),
        (-9, {"statuses": {"ok": 3}, "scored": 3}, "running", True),
    ],
    ids=["scored", "the model failed", "no judge", "refused before", "killed in the middle"],
)
def test_a_judge_that_does_not_work_is_no_fact_of_the_model(
    tmp_path: Path, code: int, task: dict[str, object] | None, status: str | None, expected: bool
) -> None:
    if task is not None:
        (tmp_path / "run.json").write_text(json.dumps({"status": status}))
        (tmp_path / "metrics.json").write_text(json.dumps({"tasks": {"unisafe_t2i": task}}))
    assert judge._is_of_the_judges(code, tmp_path) is expected


def test_a_model_without_a_run_has_failed_in_every_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / "cache"))
    entry = ModelEntry(name="carrot", tasks=("TI",), model="umm_worker")
    job = judge.Outcome("carrot", TASKS["TI"].name, "1/1", 1, "no such folder", None, 1.0)
    demo = resolve_source("demo")
    path = judge._failures(entry, [TASKS["TI"]], [job], demo, tmp_path / "failures.jsonl")
    rows = path.read_text().splitlines()
    assert len(rows) == CASES_OF["TI"]
    assert {json.loads(row)["error"] for row in rows} == {"no such folder"}


def test_a_model_whose_one_task_failed_is_judged_on_the_other(
    tmp_path: Path, demo_settings: None
) -> None:
    models = models_file(
        tmp_path, {"name": "demo", "tasks": ["TI", "TT"], "model": "predictions", "shards": 1}
    )
    jobs = {code: tmp_path / "demo" / TASKS[code].name / "1-of-1" for code in ("TI", "TT")}
    words = [BINARIES / "unisafe", "judge", "demo", "--task", "TT", "--panel", "none", "--out"]
    subprocess.run([*words, jobs["TT"] / "run"], check=True, capture_output=True)
    for code, said in (("TI", "out of memory"), ("TT", None)):
        run = str((jobs[code] / "run").relative_to(tmp_path)) if said is None else None
        jobs[code].mkdir(parents=True, exist_ok=True)
        job = judge.Outcome("demo", TASKS[code].name, "1/1", int(run is None), said, run, 1.0)
        write_outcome(jobs[code], job)
    assert judge.main(str(models), str(tmp_path), "demo") == 0
    tasks = json.loads((tmp_path / "runs" / "demo" / "metrics.json").read_text())["tasks"]
    assert tasks["unisafe_t2i"]["statuses"] == {"failed": CASES_OF["TI"]}
    assert tasks["unisafe_t2t"]["scored"] == CASES_OF["TT"]


def test_the_benign_tasks_of_a_model_are_judged_as_a_run_of_their_own(
    tmp_path: Path, demo_settings: None
) -> None:
    models = models_file(
        tmp_path, {"name": "demo", "tasks": ["TT"], "benign": ["TT", "TI"], "model": "predictions"}
    )
    words = [BINARIES / "unisafe", "judge", "demo", "--task", "TT", "--panel", "none", "--out"]
    for arm in Arm:
        task = ARM_TASKS[arm]["TT"].name
        run = tmp_path / "demo" / task / "1-of-1" / "run"
        data = ["--data", "benign"] if arm is Arm.BENIGN else []
        subprocess.run([*words, run, *data], check=True, capture_output=True)
        told = Outcome("demo", task, "1/1", 0, None, str(run.relative_to(tmp_path)), 1.0)
        write_outcome(run.parent, told)
    failed = tmp_path / "demo" / ARM_TASKS[Arm.BENIGN]["TI"].name / "1-of-1"
    failed.mkdir(parents=True)
    write_outcome(failed, Outcome("demo", failed.parent.name, "1/1", 1, "no GPU", None, 1.0))
    assert judge.main(str(models), str(tmp_path), "demo") == 0
    tasks = {
        name: values
        for folder in ("runs", "runs_benign")
        for name, values in json.loads((tmp_path / folder / "demo" / "metrics.json").read_text())[
            "tasks"
        ].items()
    }
    assert tasks["unisafe_t2t"]["scored"] == CASES_OF["TT"]
    assert tasks["unisafe_benign_t2t"]["scored"] > 0
    assert set(tasks["unisafe_benign_t2i"]["statuses"]) == {"failed"}
