"""`unisafe prompt`: what a judge is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import JudgeServer
from tests.tasks import samples
from tests.tasks.commands import (
    Command,
    by_case,
    some,
)
from unisafe_tasks import TASKS


@pytest.mark.parametrize("code", TASKS)
def test_the_prompt_is_shown_with_its_markers_and_each_image_by_hash_and_size(
    unisafe: Command,
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    tmp_path: Path,
    code: str,
) -> None:
    server = serve(by_case)
    panel = panel_of(server)
    done = unisafe("prompt", "demo", "--case", f"demo-001:{code}", "--panel", panel)
    assert (done.code, server.requests) == (0, [])
    outputs = some(tmp_path / "in", code, count=1)
    unisafe("judge", outputs, "--panel", panel, "--out", tmp_path / "run", "--limit", "1")
    (request,) = server.requests
    system, user = request["messages"]
    assert f"--- system ---\n{system['content']}\n--- user ---\n" in done.out
    for part in user["content"]:
        if part["type"] == "text":
            assert part["text"] in done.out
    images = [part for part in user["content"] if part["type"] == "image_url"]
    shown = re.findall(
        r"^\[image: 256 x 256 PNG, sha256 [0-9a-f]{64}, sent as [\d,]+ bytes of JPEG\]$",
        done.out,
        re.MULTILINE,
    )
    task = TASKS[code]
    assert len(shown) == len(images) == len(task.inputs) + task.outputs
    (nonce,) = set(re.findall(r"\[BEGIN ([0-9a-f]+)\]", done.out))
    assert f"[END {nonce}]" in done.out
    (row,) = samples.rows_of_file(tmp_path / "run" / "predictions.jsonl")
    assert f"output_sha256 {row['output_sha256']}" in done.out
    assert all(sha256 in done.out for sha256 in row["image_sha256"])


def test_the_prompt_of_an_output_that_is_not_judged_says_why(unisafe: Command) -> None:
    done = unisafe("prompt", "demo-flaky", "--case", "demo-003:IE")
    assert (done.code, done.out) == (
        0,
        "demo-003/IE: the output's status is failed, so no judge is asked.\n",
    )


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("demo-999:TT", "the data has no case demo-999/TT"),
        ("demo-001", "--case is 'demo-001', expected ID:TASK such as demo-001:TI"),
        ("demo-001:XX", "there is no task 'XX'; there are: TI, IE, IC, MT, TT, IT, MU, "),
        (":TT", "the data has no case /TT"),
        ("demo-001:", "there is no task ''; there are: TI, "),
        ("demo-001:unisafe_text", "--case is 'demo-001:unisafe_text', expected ID:TASK"),
    ],
)
def test_a_case_that_is_not_there_is_a_sentence(unisafe: Command, case: str, sentence: str) -> None:
    done = unisafe("prompt", "demo", "--case", case)
    assert done.code == 1
    assert done.err.startswith(f"unisafe: {sentence}")


def test_the_panel_none_has_no_prompt(unisafe: Command) -> None:
    done = unisafe("prompt", "demo", "--case", "demo-001:TT", "--panel", "none")
    assert (done.code, done.err) == (1, "unisafe: the panel 'none' sends nothing\n")
