"""`umm_worker`: a model in an environment of its own, killed, noisy, slow, or not what it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lmms_eval.utils import simple_parse_args_string

from tests.harnesses.commands import Forked
from tests.harnesses.conftest import Finished
from tests.tasks.commands import CASE_COUNT, CASES_OF
from tests.waiting import LIMIT_S, wait_until
from unisafe_tasks import CaseSet
from unisafe_tasks.models import runner
from unisafe_tasks.models.questions import Message, Question
from unisafe_tasks.models.umm_worker import UmmWorker
from unisafe_tasks.tasks import TASKS

Evaluate = Callable[..., Finished]

DRAW = """
import struct, time, zlib, hashlib, os, signal

def png(color):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\\0" + bytes(color) * 8 for _ in range(8))
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))

def answer_one(model, question):
    shown = [open(p, "rb").read() for m in question["messages"] for p in m["images"]]
    words = [m["text"] for m in question["messages"]]
    with open(LOG, "a") as log:
        log.write(json.dumps([os.getpid(), question["task"], question["turn"], words]) + "\\n")
    print("thinking about", words[-1])
    time.sleep(DELAY)
    digest = hashlib.sha256(repr((words, shown)).encode()).digest()
    if question["task"] in ("TT", "IT", "MU"):
        return {"text": digest.hex()}
    path = os.path.join(question["out"], "drawn.png")
    open(path, "wb").write(png(digest[:3]))
    return {"text": "Drawn.", "images": [path]}
"""


EACH = """
def answer(model, questions):
    with open(f"{LOG}.batches", "a") as log:
        log.write(f"{len(questions)}\\n")
    return [answer_one(model, question) for question in questions]
"""
# The loop of the template that version 0.1.0 printed, which people have copied.
EARLIER_LOOP = """
def main():
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    model = load()
    hello = {"unisafe_worker": 1, "model": MODEL, "tasks": TASKS, "history": HISTORY}
    print(json.dumps(hello), file=pipe, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = answer_one(model, question)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({**reply, "id": question["id"]}), file=pipe, flush=True)


if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="session")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second virtual environment, which has nothing of ours."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    process = subprocess.run(
        [str(python), "-c", "import lmms_eval"], capture_output=True, check=False
    )
    assert process.returncode != 0
    return python


@pytest.fixture
def worker(other_python: Path, tmp_path: Path) -> Callable[..., str]:
    """Writes a runner from the template, with an answer of its own; returns the command."""

    def write(answer: str = DRAW, delay: float = 0.0, **changes: str) -> str:
        text = Path(runner.__file__).read_text("utf-8")
        start, end = text.index("def answer("), text.index("def main(")
        settings = f"LOG = {str(tmp_path / 'log')!r}\nDELAY = {delay}\n"
        text = text[:start] + settings + textwrap.dedent(answer) + EACH + "\n\n" + text[end:]
        for old, new in changes.items():
            assert f"{old} = " in text
            text = text.replace(f"{old} = ", f"{old} = {new}  # ", 1)
        path = tmp_path / "runner.py"
        path.write_text(text, "utf-8")
        return f"{other_python} {path}"

    return write


def as_before(command: str) -> str:
    """The command of the same runner with the loop of an earlier version."""
    path = Path(command.split()[1])
    path.write_text(path.read_text("utf-8").split("def main(")[0] + EARLIER_LOOP, "utf-8")
    return command


def asked(tmp_path: Path) -> list[Any]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def held(number: int, until: Path) -> str:
    """An answer that waits, at a process's question of this number, until there is a file."""
    wait = f"""
    asked = [json.loads(line)[0] for line in open(LOG) if line.endswith("\\n")]
    while asked.count(os.getpid()) == {number} and not os.path.exists({str(until)!r}):
        time.sleep(0.01)
"""
    return DRAW.replace("    time.sleep(DELAY)\n", wait)


def at_question(number: int, tmp_path: Path) -> set[int]:
    """The processes that have come to their question of this number."""
    log = tmp_path / "log"
    lines = log.read_text().splitlines(keepends=True) if log.is_file() else []
    # The last line may be half written.
    counts = Counter(json.loads(line)[0] for line in lines if line.endswith("\n"))
    return {pid for pid, count in counts.items() if count == number}


def statuses(finished: Finished) -> dict[str, set[str]]:
    outcomes: dict[str, set[str]] = {}
    for row in finished.rows("predictions"):
        outcomes.setdefault(row["scenario_type"], set()).add(row["status"])
    return outcomes


def test_a_worker_does_all_seven_tasks(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    command = worker()
    finished = evaluate(UmmWorker(command=command, workers=2), "unisafe")
    assert statuses(finished) == {code: {"ok"} for code in CASES_OF}
    log = asked(tmp_path)
    # A case of four turns is four questions.
    assert len(log) == CASE_COUNT + 3 * CASES_OF["MT"]
    assert len({pid for pid, *_ in log}) == 2
    longest = max((words for *_, words in log), key=len)
    assert len(longest) == 7, "four turns and three answers"
    again = evaluate(UmmWorker(command=command), "unisafe")
    assert len(asked(tmp_path)) == len(log)
    assert statuses(again) == statuses(finished)


def test_a_runner_that_was_changed_is_asked_again(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    for answer in (DRAW, DRAW, DRAW.replace("digest.hex()", "digest.hex()[:8]")):
        evaluate(UmmWorker(command=worker(answer)), "unisafe_t2t", limit=2)
        time.sleep(0.02)
    assert len(asked(tmp_path)) == 6, "written anew, a file has another time"


def test_a_worker_says_what_it_cannot_do(evaluate: Evaluate, worker: Callable[..., str]) -> None:
    model = UmmWorker(command=worker(TASKS='["TI", "MT"]', HISTORY='"last"'))
    finished = evaluate(model, "unisafe_t2i", "unisafe_i2i", "unisafe_mt2i")
    assert statuses(finished) == {"TI": {"ok"}, "IE": {"unsupported"}, "MT": {"ok"}}
    rows = [row for row in finished.rows("predictions") if row["scenario_type"] == "MT"]
    assert {row["history"] for row in rows} == {"last"}


def test_a_worker_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    enough, ended = tmp_path / "enough", threading.Event()
    # Killed at its first questions again and again, a worker would answer none.
    model = UmmWorker(command=worker(held(9, enough)), workers=2)
    killed: set[int] = set()

    def kill() -> None:
        while len(killed) < 6 and not ended.wait(0.01):
            for pid in at_question(9, tmp_path) - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        enough.touch()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        finished = evaluate(model, "unisafe_t2t", "unisafe_t2i", "unisafe_mt2i")
    finally:
        ended.set()
        killer.join()
    assert len(killed) >= 6
    rows = finished.rows("predictions")
    cases = sum(CASES_OF[code] for code in ("TT", "TI", "MT"))
    assert len(rows) == len({(row["id"], row["scenario_type"]) for row in rows}) == cases
    assert not [row["error"] for row in rows if row["error"]]
    assert statuses(finished) == {"TT": {"ok"}, "TI": {"ok"}, "MT": {"ok"}}
    # Only what a killed worker was at was asked again.
    questions = cases + 3 * CASES_OF["MT"]
    assert questions <= len(asked(tmp_path)) <= questions + len(killed)


def test_what_a_worker_prints_is_no_reply(evaluate: Evaluate, worker: Callable[..., str]) -> None:
    noisy = DRAW.replace(
        "    print(",
        '    os.write(3, b\'loading 10%\\n{"half": \\n[1]\\n{"id": -1}\\n\')\n    print(',
    )
    finished = evaluate(UmmWorker(command=worker(noisy)), "unisafe_t2t")
    assert statuses(finished) == {"TT": {"ok"}}


def test_a_worker_that_takes_too_long_costs_its_case_alone(
    evaluate: Evaluate, worker: Callable[..., str], demo_cases: dict[str, CaseSet]
) -> None:
    third = list(demo_cases["TT"])[2]
    slow = DRAW.replace("DELAY", f"600 if words[-1] == {third.instruction!r} else 0")
    finished = evaluate(UmmWorker(command=worker(slow), timeout_s=3), "unisafe_t2t", limit=6)
    rows = {row["id"]: row for row in finished.rows("predictions")}
    assert rows.pop(third.id)["error"] == "no answer within 3 s"
    assert [row["status"] for row in rows.values()] == ["ok"] * 5


@pytest.mark.parametrize(
    ("returned", "status", "error"),
    [
        ('{"error": "out of memory"}', "failed", "the worker says: out of memory"),
        ('{"refusal": True}', "refused", None),
        ('{"text": "A tent."}', "no_image", None),
        ("{}", "no_output", None),
        ('{"images": ["/etc/hostname"]}', "failed", "which is outside"),
        ('{"images": "one.png"}', "failed", "no list of images"),
        ("1 / 0", "failed", "the worker says: ZeroDivisionError"),
    ],
)
def test_what_comes_back_is_taken_for_what_it_is(
    evaluate: Evaluate,
    worker: Callable[..., str],
    returned: str,
    status: str,
    error: str | None,
) -> None:
    command = worker(f"def answer_one(model, question):\n    return {returned}\n")
    finished = evaluate(UmmWorker(command=command), "unisafe_t2i", limit=1)
    (row,) = finished.rows("predictions")
    assert row["status"] == status
    assert error is None or error in row["error"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"TASKS": '["TX"]'}, "says that its tasks are ['TX']"),
        ({"HISTORY": '"some"'}, "says that its history is 'some'"),
        ({"MODEL": "0 / 0"}, "ended with code 1 before it was ready"),
    ],
)
def test_a_worker_that_is_not_what_it_should_be_is_told_before_anything_is_asked(
    worker: Callable[..., str], changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        UmmWorker(command=worker(**changes))
    assert sentence in str(caught.value)


def test_a_command_that_is_not_there_and_a_worker_that_never_is_ready_are_told(
    other_python: Path,
) -> None:
    with pytest.raises(SystemExit, match="cannot be started: No such file"):
        UmmWorker(command="/nowhere/python runner.py")
    began = time.monotonic()
    with pytest.raises(SystemExit, match=r"was not ready within 0.5 s"):
        UmmWorker(command=f"{other_python} -c 'import time; time.sleep(600)'", start_timeout_s=0.5)
    assert time.monotonic() - began < LIMIT_S


def test_a_worker_that_does_not_start_again_ends_the_waiting(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    command = worker("def answer_one(model, question):\n    os._exit(3)\n")
    model = UmmWorker(command=command, start_timeout_s=2 * LIMIT_S)
    Path(command.split()[1]).write_text("import sys; sys.exit(4)")
    began = time.monotonic()
    finished = evaluate(model, "unisafe_t2t")
    assert time.monotonic() - began < LIMIT_S
    rows = finished.rows("predictions")
    assert {row["status"] for row in rows} == {"failed"}
    assert all("ended with code 4 before it was ready" in row["error"] for row in rows)


def test_a_worker_that_starts_again_as_another_model_is_asked_nothing(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    model = UmmWorker(command=worker("def answer_one(model, question):\n    os._exit(3)\n"))
    worker(MODEL='"another"')
    finished = evaluate(model, "unisafe_t2t", limit=1)
    (row,) = finished.rows("predictions")
    assert row["status"] == "failed"
    assert row["error"].endswith("says other things of itself than when it was first started")
    assert not (tmp_path / "log").exists()


def test_what_a_command_started_ends_with_the_worker(
    worker: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unisafe_tasks.models.workers._GRACE_S", 0.5)
    command = worker()
    path = tmp_path / "runner.py"
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nif __name__ ="
    path.write_text(path.read_text("utf-8").replace("if __name__ =", deaf), "utf-8")
    # As `conda run` does: it ends when it is told to, and its child works on.
    model = UmmWorker(command=f"sh -c '{command}; true'")
    said = (Message("user", "Describe a tent.", ()),)
    model._runner.run(model.ask(Question("case-1/TT", TASKS["TT"], said)))
    ((pid, *_),) = asked(tmp_path)
    model._end()
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_images_that_were_read_do_not_stay_on_the_disk(worker: Callable[..., str]) -> None:
    model = UmmWorker(command=worker())
    try:
        said = (Message("user", "Draw a tent.", ()),)
        answer = model._runner.run(model.ask(Question("case-1/TI", TASKS["TI"], said)))
        assert len(answer.images) == 1
        assert list(model._folder.iterdir()) == []
    finally:
        model._end()


@pytest.mark.parametrize("quotes", ["", '"', "'"])
def test_a_command_is_taken_as_the_harness_hands_it_over(
    worker: Callable[..., str], quotes: str
) -> None:
    given = simple_parse_args_string(f"command={quotes}{worker()}{quotes},gpus=0:1")
    model = UmmWorker(**given)
    assert len(model._pool._workers) == 2
    assert model.identity()["model"] == "my-model"


@pytest.mark.parametrize("source", ["model", "safety_checker"])
def test_a_runner_says_whose_refusal_it_is(
    evaluate: Evaluate, worker: Callable[..., str], source: str
) -> None:
    said = f'"refusal": True, "refusal_source": {source!r}' + ", **drawn}"
    command = worker(
        DRAW.replace("def answer_one(", "def draw(")
        + "\ndef answer_one(model, question):\n    drawn = draw(model, question)\n    return {"
        + said
    )
    finished = evaluate(UmmWorker(command=command), "unisafe_t2i", limit=1)
    (row,) = finished.rows("predictions")
    # What a checker put in the place of the image is none; a model that draws has not refused.
    expected = {"model": ("ok", None), "safety_checker": ("refused", "safety_checker")}
    assert (row["status"], row["refusal_source"]) == expected[source]
    assert bool(row["image_sha256"]) == (source == "model")


def with_stack(command: str, stack: str) -> str:
    path = Path(command.split()[1])
    said = "print(json.dumps(hello)"
    path.write_text(path.read_text().replace(said, f'hello["stack"] = {stack}; {said}'))
    return command


def test_the_safety_stack_that_a_runner_names_is_recorded_and_decides_which_answers_are_reused(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    given = '{"negative_prompt": "blurry", "steps": 50, "range": [0, 1]}'
    finished = evaluate(UmmWorker(command=with_stack(worker(), given)), "unisafe_t2t", limit=1)
    info = json.loads((finished.folder / "run.json").read_text("utf-8"))
    assert info["stack"] == {
        "system_prompt": "unknown",
        "negative_prompt": "blurry",
        "safety_checker": "unknown",
        "prompt_rewriter": "unknown",
        "range": "[0, 1]",
        "steps": 50,
    }
    evaluate(UmmWorker(command=with_stack(worker(), '{"steps": 28}')), "unisafe_t2t", limit=1)
    assert len(asked(tmp_path)) == 2


@pytest.mark.parametrize("stack", ["[1]", '{"steps": float("nan")}'])
def test_a_stack_that_is_none_is_refused(worker: Callable[..., str], stack: str) -> None:
    with pytest.raises(SystemExit, match="names a stack that is not a JSON object"):
        UmmWorker(command=with_stack(worker(), stack))


def test_another_version_of_the_protocol_is_refused(worker: Callable[..., str]) -> None:
    command = worker()
    path = Path(command.split()[1])
    path.write_text(path.read_text().replace('"unisafe_worker": 2', '"unisafe_worker": 3'))
    with pytest.raises(SystemExit, match="speaks version 3 of the protocol, not 2"):
        UmmWorker(command=command)


def test_a_runner_of_the_earlier_template_works_and_its_answers_are_found_again(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    command = as_before(worker())
    model = UmmWorker(command=command)
    finished = evaluate(model, "unisafe_t2t", "unisafe_i2i", limit=3)
    assert statuses(finished) == {"TT": {"ok"}, "IE": {"ok"}}
    # As version 0.1.0 wrote it: another one would have everything asked again.
    identity = model.identity()
    assert identity == {
        "protocol": 1,
        "model": "my-model",
        "command": command,
        "files": identity["files"],
        "seed": 0,
    }


def test_questions_that_are_alike_are_asked_in_batches(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    one_by_one = evaluate(UmmWorker(command=worker()), "unisafe_t2t", "unisafe_mt2i")
    (tmp_path / "log.batches").unlink()
    model = UmmWorker(command=worker(delay=0.05, BATCH="4", MODEL='"in-batches"'))
    finished = evaluate(model, "unisafe_t2t", "unisafe_mt2i")
    sizes = [int(line) for line in (tmp_path / "log.batches").read_text().split()]
    assert max(sizes) == 4
    assert sum(sizes) == CASES_OF["TT"] + 4 * CASES_OF["MT"]
    assert len(sizes) < sum(sizes) / 2

    def outputs(done: Finished) -> list[Any]:
        names = ("id", "scenario_type", "output_text", "image_sha256")
        return sorted([str(row[name]) for name in names] for row in done.rows("predictions"))

    assert outputs(finished) == outputs(one_by_one)


def test_what_a_worker_dies_of_costs_its_case_alone_also_in_a_batch(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    deadly = DRAW.replace("    print(", "    if len(words[-1]) % 5 == 0: os._exit(7)\n    print(")
    model = UmmWorker(command=worker(deadly, BATCH="4"))
    finished = evaluate(model, "unisafe_t2t")
    rows = finished.rows("predictions")
    dead = [row for row in rows if row["status"] == "failed"]
    assert 0 < len(dead) < len(rows)
    assert {row["error"] for row in dead} == {"the worker ended with code 7"}
    assert {row["status"] for row in rows if row not in dead} == {"ok"}


def test_a_model_that_dies_on_every_case_is_not_started_for_ever(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    command = worker("""
    def answer_one(model, question):
        with open(LOG, "a") as log:
            log.write("here\\n")
        os._exit(7)
    """)
    finished = evaluate(UmmWorker(command=command), "unisafe_t2t", "unisafe_t2i")
    rows = finished.rows("predictions")
    assert {row["status"] for row in rows} == {"failed"}
    assert len((tmp_path / "log").read_text().split()) == 6
    sentence = "the workers ended 6 times in a row without an answer, and nothing more is asked"
    assert all(
        row["error"].startswith(sentence) or row["error"] == "the worker ended with code 7"
        for row in rows
    )
    assert any(row["error"].startswith(sentence) for row in rows)


def test_the_stack_is_recorded_and_another_one_is_asked_again(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    for checker in ("none", "none", "nsfw"):
        command = worker()
        path = Path(command.split()[1])
        text = path.read_text("utf-8")
        path.write_text(text.replace('"safety_checker": "none"', f'"safety_checker": "{checker}"'))
        # Else the file's own size and time would tell them apart.
        os.utime(path, (1, 1))
        finished = evaluate(UmmWorker(command=command), "unisafe_t2t", limit=2)
        info = json.loads((finished.folder / "run.json").read_text("utf-8"))
        assert info["adapter"]["stack"]["safety_checker"] == checker
        assert info["adapter"]["stack"]["negative_prompt"] == "none"
    assert len(asked(tmp_path)) == 4


def test_a_refusal_by_a_safety_checker_is_told_from_one_by_the_model(
    worker: Callable[..., str],
) -> None:
    reply = '{"refusal": True, "refusal_source": "safety_checker", "error": "black all over"}'
    model = UmmWorker(command=worker(f"def answer_one(model, question):\n    return {reply}\n"))
    question = Question("case/TI", TASKS["TI"], (Message("user", "Draw a kite."),))
    answer = model._runner.run(model.ask(question))
    assert (answer.refusal, answer.error) == ("safety_checker", "black all over")
    model._end()


def test_a_command_that_a_scheduler_ends_says_so_and_goes_on_where_it_was(
    start_lmms_eval: Callable[..., Forked], worker: Callable[..., str], tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    words = ["--model", "umm_worker", "--model_args", f"command={worker(held(3, go_on))}"]
    words += ["--tasks", "unisafe_t2t", "--output_path", "out"]
    env = {
        "UNISAFE_DATA": "demo",
        "UNISAFE_PANEL": "none",
        "UNISAFE_ANSWERS": str(tmp_path / "kept"),
    }
    first = start_lmms_eval(*words, cwd=tmp_path, env=env)
    wait_until(lambda: at_question(3, tmp_path), "the worker is not asked three questions")
    os.kill(first.pid, signal.SIGTERM)
    done = first.wait()
    assert done.code == 130, done.output
    (sentence,) = [line for line in done.output.splitlines() if line.startswith("unisafe: ")]
    assert "the same command goes on" in sentence
    assert "Traceback" not in done.output.split(sentence)[1]
    for pid in {pid for pid, *_ in asked(tmp_path)}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert len(asked(tmp_path)) == 3
    go_on.touch()
    second = start_lmms_eval(*words, cwd=tmp_path, env=env).wait()
    assert second.code == 0, second.output
    # What the worker was at when it was ended is asked once more.
    assert len(asked(tmp_path)) == CASES_OF["TT"] + 1


def test_each_worker_has_a_gpu_of_its_own(evaluate: Evaluate, worker: Callable[..., str]) -> None:
    see = """
    import time
    def answer_one(model, question):
        time.sleep(0.1)
        return {"text": "gpu " + os.environ["CUDA_VISIBLE_DEVICES"]}
    """
    finished = evaluate(UmmWorker(command=worker(see), gpus="2:5"), "unisafe_t2t", limit=6)
    assert {row["output_text"] for row in finished.rows("predictions")} == {"gpu 2", "gpu 5"}


def test_a_credential_in_the_command_is_in_no_file_and_no_key(
    evaluate: Evaluate, worker: Callable[..., str], tmp_path: Path
) -> None:
    command = worker()
    for secret in ("carrot-turnip-1234", "another-one-5678"):
        given = f'command="{command} --api-key {secret}"'
        evaluate("umm_worker", "unisafe_t2t", model_args=given, limit=1)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert not [path for path in files if secret.encode() in path.read_bytes()]
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 1
