"""`unisafe export --format submission`: whatever judged a run, its submission gives its scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import Command, metrics_of
from tests.tasks.publishing.synthetic import rewrite
from tests.tasks.run_folders import PANEL, judged_run, outcomes
from tests.tasks.samples import rows_of_file, write_rows
from unisafe_tasks.files import encode_json
from unisafe_tasks.results.scored_run import read_scored_run

Row = dict[str, Any]
WORDS = "The carrot is calm."


@pytest.fixture
def run_of(tmp_path: Path) -> Callable[..., Path]:
    """Writes a run of two tasks under a panel; `change` is done to each of its verdicts."""

    def write(change: Callable[[Row], Row] = dict, **panel: Any) -> Path:
        cells = {
            **outcomes("TT", D1="safe unsafe safe", E2="unsafe refused blocked failed"),
            **outcomes("TI", D1="unsafe unsafe", F1="safe no_image safe"),
        }
        folder = judged_run(
            tmp_path / "run",
            cells,
            judges=("kettle", "teapot"),
            started="2026-03-01T10:00:00+00:00",
            ended="2026-03-01T12:00:00+00:00",
        )
        judges = {"judges": [{"name": "kettle"}, {"name": "teapot"}]}
        rewrite(folder, "run.json", panel=PANEL | judges | panel)
        hashed = [
            {**row, "output_text": WORDS, "output_sha256": f"{number:064x}"}
            if row["status"] == "ok"
            else row
            for number, row in enumerate(rows_of_file(folder / "predictions.jsonl"))
        ]
        write_rows(folder / "predictions.jsonl", hashed)
        verdicts = rows_of_file(folder / "verdicts.jsonl")
        write_rows(
            folder / "verdicts.jsonl", [change({**row, "reasoning": WORDS}) for row in verdicts]
        )
        return folder

    return write


def submission_of(unisafe: Command, run: Path) -> Path:
    """The submission of a run, whose metrics.json is written first."""
    (run / "metrics.json").write_bytes(encode_json(read_scored_run(run).metrics))
    out = run.parent / "submissions"
    done = unisafe("export", run, "--format", "submission", "--out", out)
    assert done.code == 0, done.err
    [folder] = out.iterdir()
    assert all(WORDS not in path.read_text("utf-8") for path in folder.iterdir())
    return folder


def test_judges_and_their_failures(unisafe: Command, run_of: Callable[..., Path]) -> None:
    nothing = {"judgment": None, "risk_rating": None, "refusal": None, "failure": "timeout"}
    run = run_of(lambda row: {**row, **nothing} if row["id"] == "D1-0" else row)
    folder = submission_of(unisafe, run)
    assert read_scored_run(folder).metrics == metrics_of(run)
    assert metrics_of(run)["tasks"]["unisafe_t2t"]["judge_failures"]


def test_guards_that_give_no_rating(unisafe: Command, run_of: Callable[..., Path]) -> None:
    run = run_of(lambda row: {**row, "risk_rating": None, "refusal": None}, kind="guard")
    folder = submission_of(unisafe, run)
    assert read_scored_run(folder).metrics == metrics_of(run)
    assert metrics_of(run)["tasks"]["unisafe_t2t"]["average_risk_rating"] is None


def test_a_second_view_of_the_outputs(unisafe: Command, run_of: Callable[..., Path]) -> None:
    run = run_of(views=["in-context", "output-only"])
    alone = [
        {**row, "judgment": 0, "risk_rating": 1, "refusal": False}
        for row in rows_of_file(run / "verdicts.jsonl")
    ]
    write_rows(run / "output_only_verdicts.jsonl", alone)
    folder = submission_of(unisafe, run)
    assert read_scored_run(folder).metrics == metrics_of(run)
    view = metrics_of(run)["views"]["output-only"]["unisafe_t2t"]
    assert view["attack_success_rate"] == 0
    assert json.loads((folder / "submission.json").read_bytes())["files"].keys() == {
        path.name for path in folder.iterdir()
    } - {"submission.json"}


def test_a_policy_s_codes_and_what_is_depicted(
    unisafe: Command, run_of: Callable[..., Path]
) -> None:
    rubric = PANEL["rubric"] | {
        "version": "3",
        "tells_depiction": True,
        "codes": {"image": {"A1": "Spilled tea"}, "text": {"B1": "Rude words"}},
    }

    def named(row: Row) -> Row:
        codes = ["A1"] if row["scenario_type"] == "TI" else ["B1"]
        return {**row, "violated": codes if row["judgment"] else [], "depicts_target": "fully"}

    run = run_of(named, rubric=rubric)
    folder = submission_of(unisafe, run)
    assert read_scored_run(folder).metrics == metrics_of(run)
    assert metrics_of(run)["tasks"]["unisafe_t2t"]["policy"]


def test_repeats_of_a_judge(unisafe: Command, run_of: Callable[..., Path]) -> None:
    run = run_of(judge_repeats=2)
    rows = rows_of_file(run / "verdicts.jsonl")
    write_rows(
        run / "verdicts.jsonl", [{**row, "repeat": number} for row in rows for number in (0, 1)]
    )
    folder = submission_of(unisafe, run)
    assert read_scored_run(folder).metrics == metrics_of(run)
    assert len(rows_of_file(folder / "verdicts.jsonl")) == 2 * len(rows)


def test_a_path_in_a_judge_s_version_is_shortened(
    unisafe: Command, run_of: Callable[..., Path]
) -> None:
    folder = submission_of(
        unisafe, run_of(lambda row: {**row, "judge_version": "/home/jane/weights/kettle"})
    )
    versions = {row["judge_version"] for row in rows_of_file(folder / "verdicts.jsonl")}
    assert versions == {"kettle"}
    assert read_scored_run(folder).metrics == metrics_of(folder)


def test_a_run_whose_outputs_have_no_hash_is_refused(
    unisafe: Command, run_of: Callable[..., Path], tmp_path: Path
) -> None:
    run = run_of()
    rows = rows_of_file(run / "predictions.jsonl")
    write_rows(run / "predictions.jsonl", [{**row, "output_sha256": None} for row in rows])
    done = unisafe("export", run, "--format", "submission", "--out", tmp_path / "o")
    assert done.code == 1
    assert "predictions.jsonl, line 1: the row has no output_sha256" in done.err
    assert not (tmp_path / "o").exists()


def test_words_in_the_place_of_a_code_are_refused(
    unisafe: Command, run_of: Callable[..., Path], tmp_path: Path
) -> None:
    run = run_of(lambda row: {**row, "violated": ["The prompt was: " + "tea " * 20]})
    done = unisafe("export", run, "--format", "submission", "--out", tmp_path / "o")
    assert done.code == 1
    assert "verdicts.jsonl, line 1: violated.0: " in done.err
