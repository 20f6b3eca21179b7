"""Cases exported for inference elsewhere: nothing is lost on the way out and back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.tasks import samples
from tests.tasks.commands import CASE_COUNT, DEMO, Command
from tests.tasks.conftest import Use
from tests.waiting import LIMIT_S
from unisafe_tasks import TASKS, load_cases
from unisafe_tasks.data.sources import resolve_source


def test_the_export_is_the_data_again(unisafe: Command, use: Use, tmp_path: Path) -> None:
    out = tmp_path / "cases"
    done = unisafe("cases", "export", out)
    assert done.lines[-1] == f"{CASE_COUNT} cases written to {out / 'cases.jsonl'}"
    demo, back = resolve_source("demo"), use(out)
    for task in TASKS.values():
        before, after = list(load_cases(demo, task)), list(load_cases(back, task))
        assert [case.key for case in before] == [case.key for case in after]
        assert before == after
        for one, other in zip(before, after, strict=True):
            assert [i.read() for i in one.images] == [i.read() for i in other.images]


def test_one_task_is_exported_alone_with_its_images_alone(unisafe: Command, tmp_path: Path) -> None:
    out = tmp_path / "cases"
    assert unisafe("cases", "export", out, "--task", "IC").code == 0
    rows = samples.rows_of_file(out / "cases.jsonl")
    assert {row["scenario_type"] for row in rows} == {"IC"}
    named = {row[column] for row in rows for column in ("input_image", "input_image_b")}
    assert {f"images/{path.name}" for path in (out / "images").iterdir()} == named


def test_nothing_is_written_over(unisafe: Command, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "mine.txt").write_text("mine")
    done = unisafe("cases", "export", tmp_path / "cases")
    assert done.code == 1
    assert "is not empty" in done.err


def test_outputs_made_elsewhere_come_back_as_predictions(unisafe: Command, tmp_path: Path) -> None:
    out = tmp_path / "cases"
    unisafe("cases", "export", out)
    words = ("judge", DEMO / "predictions" / "demo.jsonl", "--panel", "none", "--data", out)
    assert unisafe(*words, "--out", tmp_path / "run").code == 0
    assert len(samples.rows_of_file(tmp_path / "run" / "predictions.jsonl")) == CASE_COUNT


def test_the_template_runs_as_it_is_printed(unisafe: Command, tmp_path: Path) -> None:
    path = tmp_path / "runner.py"
    path.write_text(unisafe("worker-template").out)
    question = '{"task": "TT", "turn": 1, "messages": [], "seed": 0, "out": "."}'
    done = subprocess.run(
        [sys.executable, "-I", str(path)],
        input=f'{{"id": 1, "questions": [{question}]}}\n',
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={"PATH": os.environ["PATH"]},
        check=True,
    )
    hello, reply = done.stdout.splitlines()
    assert '"unisafe_worker": 2' in hello
    assert "fill in answer()" in reply
