"""An image file that two cases name: it is known of neither of them what the model drew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tasks import samples
from tests.tasks.commands import rows_by_case
from unisafe_judges import load_panel
from unisafe_tasks import TASKS, CaseSet, RawOutput, Source, read_run
from unisafe_tasks.judging.panels import PRESETS
from unisafe_tasks.judging.pending import Pending
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.outputs.saved import read_outputs
from unisafe_tasks.runs.reading import scored_case

BY_NAME = "each case needs its own file"


@pytest.fixture
def drawn(tmp_path: Path) -> RawOutput:
    """What a model returns that gives every image the same name."""
    file = tmp_path / "out.png"
    file.write_bytes(samples.picture())
    return RawOutput(images=(str(file),))


def session(folder: Path, source: Source, rank: int = 0) -> Session:
    return Session(RunSettings(folder, rank=rank), source, load_panel(PRESETS["labels"]))


def statuses(pending: list[Pending]) -> list[str]:
    return [scored_case(case.row, case.verdicts(), "case").status for case in pending]


def test_whoever_names_a_file_second_fails_both_cases_and_voids_the_verdicts(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path, drawn: RawOutput
) -> None:
    first, second, third, *_ = demo_cases["TI"]
    run = session(tmp_path / "run", demo)
    pending = [run.submit(first, drawn)]
    # Long judged when the second comes.
    assert pending[0].verdicts()
    pending += [run.submit(second, drawn), run.submit(third, drawn)]
    assert statuses(pending) == ["failed"] * 3
    assert [list(case.verdicts()) for case in pending] == [[], [], []]
    run.finish_task("unisafe_t2i", [])
    run.close()
    rows = rows_by_case(tmp_path / "run" / "predictions.jsonl")
    assert all(BY_NAME in row["error"] for row in rows.values())
    assert [row["output_image"] for row in rows.values()] == [None] * 3
    assert samples.rows_of_file(tmp_path / "run" / "verdicts.jsonl") == []
    assert [case.status for case in read_run(tmp_path / "run").cases] == ["failed"] * 3


def test_a_predictions_file_that_names_a_picture_for_two_cases_fails_both(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path
) -> None:
    cases = list(demo_cases["TI"])[:3]
    (tmp_path / "own.png").write_bytes(samples.picture("red"))
    (tmp_path / "shared.png").write_bytes(samples.picture())
    names = ["own.png", "shared.png", "./shared.png"]
    rows = [
        {"id": case.id, "scenario_type": "TI", "model": "m", "output_image": name}
        for case, name in zip(cases, names, strict=True)
    ]
    file = samples.write_rows(tmp_path / "m.jsonl", rows)
    outputs = read_outputs(str(file), demo, [TASKS["TI"]])
    errors = {case.id: raw.error for case, raw in outputs.items if raw.error}
    assert cases[0].id not in errors
    assert all(BY_NAME in str(errors[case.id]) for case in cases[1:])


def test_a_run_that_was_stopped_is_read_the_same(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path, drawn: RawOutput
) -> None:
    first, second, *_ = demo_cases["TI"]
    run = session(tmp_path / "run", demo)
    run.submit(first, drawn).verdicts()
    run.submit(second, drawn)
    contents = read_run(tmp_path / "run")
    run.close()
    assert [(case.status, case.rows) for case in contents.cases] == [("failed", ())] * 2


def test_a_case_may_name_its_own_file_again(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path, drawn: RawOutput
) -> None:
    first, *_ = demo_cases["TI"]
    run = session(tmp_path / "run", demo)
    assert run.submit(first, drawn) is run.submit(first, drawn)
    assert run.submit(first, RawOutput(images=drawn.images, text="again")).row["status"] == "ok"
    run.close()


def test_a_file_that_two_ranks_name_fails_both(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    drawn: RawOutput,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launched = {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1"}
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    first, second, third, *_ = demo_cases["TI"]
    (tmp_path / "other.png").write_bytes(samples.picture("red"))
    other = session(tmp_path / "run", demo, rank=1)
    run = session(tmp_path / "run", demo)
    kept = run.submit(first, drawn)
    other.submit(second, drawn).verdicts()
    other.submit(third, RawOutput(images=(str(tmp_path / "other.png"),))).verdicts()
    settled = run.settle("unisafe_t2i")
    assert {case: row["status"] for case, row in settled.items()} == {
        first.id: "failed",
        second.id: "failed",
        third.id: "ok",
    }
    assert kept.row["status"] == "failed"
    # Before the ranks are merged, and after.
    assert sorted(case.status for case in read_run(tmp_path / "run").cases) == [
        "failed",
        "failed",
        "ok",
    ]
    other.close()
    run.close()
    rows = rows_by_case(tmp_path / "run" / "predictions.jsonl")
    assert [rows[case.id, "TI"]["status"] for case in (first, second, third)] == [
        "failed",
        "failed",
        "ok",
    ]
    judged = samples.rows_of_file(tmp_path / "run" / "verdicts.jsonl")
    assert {row["id"] for row in judged} == {third.id}
    left = sorted(path.name for path in (tmp_path / "run").iterdir() if path.is_file())
    assert left == ["inputs.jsonl", "predictions.jsonl", "run.json", "verdicts.jsonl"]
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "stopped"
