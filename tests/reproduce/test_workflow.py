"""The workflow as it is run: three tiny models, one of which always fails, killed in the middle."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harnesses.model_server import Asked, ModelServer
from tests.harnesses.tiny_models import save_tiny_llama
from tests.reproduce.conftest import (
    LIMIT_S,
    Workflow,
    end,
    environment,
    models_file,
    needs_snakemake,
)
from tests.servers import Answer, JudgeServer
from tests.tasks.commands import CASES_OF, by_case

pytestmark = [pytest.mark.reproduce, needs_snakemake]


class Brake:
    """Lets so many questions through, and holds the others until it is let go."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._left: float = float("inf")

    def after(self, count: float) -> None:
        with self._lock:
            self._left = count
            self._lock.notify_all()

    def wait_until_used_up(self) -> None:
        with self._lock:
            assert self._lock.wait_for(lambda: self._left <= 0, LIMIT_S)

    def __call__(self, question: Asked) -> Answer | None:
        with self._lock:
            self._left -= 1
            self._lock.notify_all()
            self._lock.wait_for(lambda: self._left >= 0, 60)
        return None


@pytest.fixture
def brake() -> Brake:
    return Brake()


@pytest.fixture
def painter(brake: Brake) -> Iterator[ModelServer]:
    with ModelServer(brake) as running:
        yield running


@pytest.fixture
def workflow(tmp_path: Path, painter: ModelServer) -> Iterator[Workflow]:
    llama = save_tiny_llama(tmp_path / "tiny-llama")
    address = f"base_url={painter.root}/v1,api=chat,model=unified,api_key_env=A_KEY"
    models = models_file(
        tmp_path,
        {
            "name": "painter",
            "tasks": ["TI", "TT"],
            "shards": 2,
            "model": "umm_openai",
            "model_args": f"{address},modalities=text:image,max_concurrency=1",
        },
        {
            "name": "llama",
            "tasks": ["TT"],
            "model": "umm_transformers",
            "model_args": f"pretrained={llama},max_new_tokens=8,do_sample=False",
        },
        {
            "name": "broken",
            "tasks": ["TI"],
            "model": "umm_openai",
            "model_args": "base_url=http://127.0.0.1:9/v1,api=chat,model=nobody,api_key_env=A_KEY",
        },
    )
    with JudgeServer(by_case) as judge:
        panel = tmp_path / "panel.yaml"
        panel.write_text(
            "rubric: unisafe-v1\njudges:\n  - name: local\n    backend: openai-compatible\n"
            f"    model: judge\n    base_url: {judge.base_url}\n"
        )
        yield Workflow(
            tmp_path, models, environment(tmp_path, UNISAFE_PANEL=str(panel), A_KEY="none")
        )


def test_a_killed_workflow_goes_on_to_the_same_table(
    workflow: Workflow, painter: ModelServer, brake: Brake
) -> None:
    assert workflow.run("whole") == 0, workflow.said("whole")
    table = (workflow.folder / "whole" / "table.md").read_text("utf-8")
    asked = len(painter.questions)

    for number in (signal.SIGTERM, signal.SIGKILL):
        brake.after(5)
        process = workflow.start("again")
        brake.wait_until_used_up()
        assert end(process, number) != 0
        brake.after(float("inf"))
        assert not (workflow.folder / "again" / "table.md").exists()
    assert workflow.run("again") == 0, workflow.said("again")
    for name in ("table.md", "failures.md"):
        files = [(workflow.folder / results / name).read_text() for results in ("whole", "again")]
        assert files[0].replace("whole/", "again/") == files[1], name
    # Questions that were under way when it was killed are asked again, and no others.
    assert len(painter.questions) - asked <= asked + 8

    lines = [line for line in table.splitlines() if line.startswith("| ")]
    assert next(line for line in lines if line.startswith("| broken |")).endswith("| – | – |")
    cases = CASES_OF["TI"]
    assert f"broken: unisafe\\_t2i: 0 of {cases} cases scored ({cases} failed)." in table
    assert any(line.startswith("| unified | ") and "–" not in line for line in lines)
    said = (workflow.folder / "again" / "failures.md").read_text("utf-8")
    assert said.count("\n") == 1
    beginning = "- broken, unisafe_t2i, shard 1/1, exit code 1: `model nobody cannot be reached at"
    assert said.startswith(beginning)

    # Nothing is left to do, and a part of a run folder is no row.
    before = (workflow.folder / "again" / "table.md").stat().st_mtime_ns
    assert workflow.run("again") == 0
    assert (workflow.folder / "again" / "table.md").stat().st_mtime_ns == before
    info = json.loads((workflow.folder / "again" / "runs" / "painter" / "run.json").read_text())
    assert [folder["shard"] for folder in info["made_by"]["folders"]] == [
        {"number": number, "of": 2} for number in (1, 2, 1, 2)
    ]


def test_both_arms_of_a_model_are_in_the_table_and_a_folder_with_a_space_is_one_folder(
    tmp_path: Path,
) -> None:
    replay = {"name": "demo", "tasks": ["TT"], "benign": ["TT"], "model": "predictions"}
    models = models_file(tmp_path, {**replay, "model_args": "predictions=demo"})
    workflow = Workflow(tmp_path, models, environment(tmp_path, UNISAFE_PANEL="labels"))
    # Before the report is written, the folder of an earlier one is deleted.
    other = tmp_path / "my" / "photo.png"
    other.parent.mkdir()
    other.touch()
    assert workflow.run("my results") == 0, workflow.said("my results")
    assert other.is_file()
    assert (tmp_path / "my results" / "report" / "report.html").is_file()
    table = (tmp_path / "my results" / "table.md").read_text("utf-8")
    assert "table 3, demo: subcategories scored in both arms: TT" in table


def test_judges_that_cannot_work_make_no_table_and_the_same_command_goes_on(
    workflow: Workflow,
) -> None:
    panel = Path(workflow.env["UNISAFE_PANEL"])
    good = panel.read_text()
    panel.write_text(
        good.replace("model: judge", "model: judge\n    timeout_s: 1").replace(
            good.partition("base_url: ")[2].strip(), "http://127.0.0.1:9/v1"
        )
    )
    assert workflow.run("results", "--until", "judge") != 0
    assert not (workflow.folder / "results" / "painter" / "judged.json").exists()
    panel.write_text(good)
    assert workflow.run("results") == 0, workflow.said("results")
    assert (workflow.folder / "results" / "table.md").exists()
