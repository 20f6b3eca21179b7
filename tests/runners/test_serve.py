"""The loop that all runners share: what it refuses, and how it answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import unisafe_tasks.runners
from tests.waiting import LIMIT_S

RUNNERS = Path(unisafe_tasks.runners.__file__).parent
COMMIT = "1234567890123456789012345678901234567890"
SCRIPT = """
import os, sys, time
from serve import opened, saved, serve

RUNNER = {
    "model": "M", "repository": "https://code.example/a/m", "commit": "%s", "gpu_gb": 12,
    "dtypes": ["bfloat16", "float32"],
    "tasks": ["TI", "TT"], "history": "last", "batch": 4,
    "stack": {"safety_checker": "%s"},
}

def load(options):
    import m  # a module of the repository, which has the name of this script
    print("what a library prints")
    assert sys.stdin.read() == ""
    return m.load(options)

def answer(model, questions):
    return model(questions)

if __name__ == "__main__":
    serve(RUNNER, load, answer)
"""
LOADS = """
from PIL import Image
import serve, sys
from types import SimpleNamespace

def fake_gpu(works):
    def synchronize():
        if not works:
            raise RuntimeError("CUDA error: device-side assert triggered")
    cuda = SimpleNamespace(
        is_initialized=lambda: True, synchronize=synchronize, empty_cache=lambda: None
    )
    sys.modules["torch"] = SimpleNamespace(cuda=cuda)

def load(options):
    fake_gpu(works=True)
    def answer(questions):
        words = [question["words"] for question in questions]
        if "lose" in words:
            fake_gpu(works=False)
            raise RuntimeError("CUDA error: device-side assert triggered")
        if "fail" in words:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        if words == ["short"]:
            return []
        if words == ["black"] or words == ["grey"]:
            image = Image.new("RGB", (8, 8), words[0])
            return [{"images": serve.saved(questions[0], [image])}]
        return [{"text": f"{each} of {len(words)}, {options.dtype}"} for each in words]
    return answer
"""


@dataclass(frozen=True)
class Said:
    """What a runner wrote on its pipe, and its exit code."""

    code: int
    lines: Sequence[Mapping[str, Any]]
    errors: str

    @property
    def problem(self) -> str:
        (line,) = self.lines
        return str(line["error"])


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a runner on a CPU, with a repository of a commit and a folder of weights."""
    runners = tmp_path / "runners"
    runners.mkdir()
    (runners / "serve.py").write_text((RUNNERS / "serve.py").read_text("utf-8"), "utf-8")
    repository = tmp_path / f"m-{COMMIT}"
    repository.mkdir()
    (repository / "m.py").write_text(LOADS)

    def go(
        *words: str,
        requests: Sequence[Sequence[str]] = (),
        checker: str = "none",
        repository: Path = repository,
        pretrained: str = str(tmp_path),
        device: str = "cpu",
        env: Mapping[str, str] | None = None,
    ) -> Said:
        script = runners / "m.py"
        script.write_text(SCRIPT % (COMMIT, checker))
        lines = [
            json.dumps(
                {
                    "id": number,
                    "questions": [{"words": word, "out": str(tmp_path)} for word in batch],
                }
            )
            for number, batch in enumerate(requests)
        ]
        given = ["--repository", str(repository), "--pretrained", pretrained, "--device", device]
        done = subprocess.run(
            [sys.executable, str(script), *given, *words],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
            env={**os.environ, **(env or {})},
        )
        return Said(
            done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr
        )

    return go


def git(folder: Path, *words: str) -> str:
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(
        ["git", *name, "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_it_says_what_it_is_and_answers_batches(run: Run) -> None:
    said = run("--dtype", "float32", requests=[["a", "b"], ["c"]])
    assert said.code == 0, said.errors
    hello, first, second = said.lines
    assert hello == {
        "unisafe_worker": 2,
        "model": "M",
        "tasks": ["TI", "TT"],
        "history": "last",
        "batch": 4,
        "stack": {"safety_checker": "none", "dtype": "float32"},
        "commit": COMMIT,
        "weights": None,
    }
    texts = [{"text": "a of 2, float32"}, {"text": "b of 2, float32"}]
    assert first == {"id": 0, "answers": texts}
    assert second == {"id": 1, "answers": [{"text": "c of 1, float32"}]}


def test_a_question_that_fails_fails_alone(run: Run) -> None:
    said = run(requests=[["a", "b", "fail", "c"]])
    a, b, failed, c = said.lines[1]["answers"]
    assert [each["text"][0] for each in (a, b, c)] == ["a", "b", "c"]
    assert failed == {
        "error": "the GPU's memory is too small: CUDA out of memory. Tried to allocate 2 GiB"
    }


def test_a_question_that_the_gpu_does_not_survive_is_answered_before_the_process_ends(
    run: Run,
) -> None:
    said = run(requests=[["a"], ["lose"], ["b"]])
    assert said.code == 1
    _, first, lost = said.lines
    assert first["answers"] == [{"text": "a of 1, bfloat16"}]
    assert lost["answers"] == [{"error": "RuntimeError: CUDA error: device-side assert triggered"}]


def test_no_half_of_a_batch_is_tried_on_a_gpu_that_is_lost(run: Run) -> None:
    said = run(requests=[["a", "lose"], ["b"]])
    assert said.code == 1
    (hello,) = said.lines
    assert hello["model"] == "M"


def test_fewer_answers_than_questions_are_a_failure(run: Run) -> None:
    (reply,) = run(requests=[["short"]]).lines[1]["answers"]
    assert reply == {"error": "ValueError: 0 answers to 1 questions"}


@pytest.mark.parametrize(
    ("color", "checker", "kind"),
    [
        ("black", "none", "error"),
        ("black", "a classifier", "refusal"),
        ("grey", "a classifier", "images"),
    ],
)
def test_a_black_image_is_the_checkers_refusal_or_a_failure(
    run: Run, color: str, checker: str, kind: str
) -> None:
    (reply,) = run(requests=[[color]], checker=checker).lines[1]["answers"]
    if kind == "images":
        assert list(reply) == ["images"]
        return
    assert "black all over" in reply["error"]
    assert "images" not in reply
    assert reply.get("refusal_source") == ("safety_checker" if kind == "refusal" else None)


def test_without_the_repository_it_says_how_to_get_it(run: Run, tmp_path: Path) -> None:
    said = run(repository=tmp_path / "nowhere")
    assert said.code == 1
    assert f"git clone https://code.example/a/m {tmp_path}/nowhere" in said.problem
    assert f"checkout {COMMIT}" in said.problem


def test_another_commit_is_refused_and_a_change_is_told(run: Run, tmp_path: Path) -> None:
    repository = tmp_path / "checkout"
    repository.mkdir()
    (repository / "m.py").write_text(LOADS)
    assert "is not a git repository" in run(repository=repository).problem
    git(repository, "init", "--quiet")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "first")
    head = git(repository, "rev-parse", "HEAD")
    problem = run(repository=repository).problem
    assert problem.startswith(f"{repository} is at commit {head}, ")
    assert COMMIT in problem


def test_changes_of_the_code_are_in_what_it_says_of_the_commit(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "checkout"
    repository.mkdir()
    (repository / "m.py").write_text(LOADS)
    git(repository, "init", "--quiet")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "first")
    monkeypatch.setitem(globals(), "COMMIT", git(repository, "rev-parse", "HEAD"))
    assert run(repository=repository).lines[0]["commit"] == COMMIT
    (repository / "m.py").write_text(LOADS + "\n# another line\n")
    changed = run(repository=repository).lines[0]["commit"]
    assert changed.startswith(f"{COMMIT}+")
    assert len(changed) == 40 + 1 + 12


def test_a_type_that_the_code_cannot_be_run_in_is_refused(run: Run) -> None:
    assert run("--dtype", "float16").problem == (
        "M is run in bfloat16 or float32, not in float16: its code converts its inputs to that type"
    )


@pytest.mark.parametrize("name", ["/nowhere/at/all", "./nowhere", "nowhere"])
def test_missing_weights_are_told_by_their_folder(run: Run, name: str) -> None:
    said = run(pretrained=name)
    assert said.code == 1
    assert said.problem == f"the weights are missing: there is no folder {os.path.abspath(name)}"


def test_weights_that_the_hub_does_not_give_are_told(run: Run) -> None:
    said = run(pretrained="nobody/nothing", env={"HF_HUB_OFFLINE": "1", "HF_HOME": "/nowhere"})
    assert said.code == 1
    assert "the hub gives no nobody/nothing: " in said.problem


def test_a_model_that_cannot_be_loaded_is_one_sentence(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / f"broken-{COMMIT}"
    broken.mkdir()
    (broken / "m.py").write_text("import no_such_package")
    said = run(repository=broken)
    assert said.code == 1
    assert said.problem == (
        f"M cannot be loaded from {tmp_path}: ModuleNotFoundError: No module named "
        "'no_such_package'"
    )


@pytest.mark.parametrize(
    ("gigabytes", "device", "sentence"),
    [
        ([], "cuda", "finds no GPU here for device=cuda"),
        ([9.9], "cuda", "M needs about 12 GB of GPU memory, and there are 10 GB"),
        ([80], "cuda:1", "device=cuda:1 is not there: 1 GPUs are seen"),
    ],
)
def test_a_gpu_that_is_missing_or_too_small_is_told_before_loading(
    run: Run, tmp_path: Path, gigabytes: list[float], device: str, sentence: str
) -> None:
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "torch.py").write_text(f"""
from types import SimpleNamespace
__version__ = "2"
_sizes = {gigabytes}
cuda = SimpleNamespace(
    is_available=lambda: bool(_sizes),
    device_count=lambda: len(_sizes),
    get_device_properties=lambda number: SimpleNamespace(total_memory=_sizes[number] * 1e9),
)
""")
    said = run(device=device, env={"PYTHONPATH": str(fake)})
    assert said.code == 1
    assert sentence in said.problem


@pytest.mark.parametrize(
    ("package", "where"),
    [("torch", {"device": "cuda"}), ("huggingface_hub", {"pretrained": "nobody/nothing"})],
)
def test_an_environment_without_a_package_is_one_sentence(
    run: Run, tmp_path: Path, package: str, where: Mapping[str, str]
) -> None:
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / f"{package}.py").write_text(f"raise ModuleNotFoundError('no {package} here')")
    said = run(**where, env={"PYTHONPATH": str(fake)})
    assert said.code == 1
    assert said.problem.endswith(f": ModuleNotFoundError: no {package} here")


def test_a_scheduler_ends_it_without_a_traceback(run: Run, tmp_path: Path) -> None:
    run()
    script = tmp_path / "runners/m.py"
    words = ["--repository", str(tmp_path / f"m-{COMMIT}"), "--pretrained", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, str(script), *words, "--device", "cpu"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "unisafe_worker" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
        assert "Traceback" not in process.stderr.read()
