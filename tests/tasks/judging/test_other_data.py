"""Outputs belong to the inputs that they were made on: judging them against others is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tasks import samples
from tests.tasks.commands import Command
from unisafe_judges import load_rubric
from unisafe_tasks.errors import DataError
from unisafe_tasks.files import encode_json
from unisafe_tasks.self_awareness.judged_run import judged_run

ROWS = [samples.row(code, case) for code in ("TI", "IE", "MT", "TT") for case in ("c1", "c2")]


def made_on(folder: Path, unisafe: Command, *rows: dict[str, Any]) -> Path:
    """A run folder of text outputs that `unisafe judge` filled, on the data set `rows`."""
    data = samples.export(folder / "data", list(rows))
    outputs = [
        {
            "id": row["id"],
            "scenario_type": row["scenario_type"],
            "model": "m",
            "output_text": "Soup.",
            **({} if row["scenario_type"] == "TT" else {"status": "no_image", "error": "none"}),
        }
        for row in rows
    ]
    file = samples.write_rows(folder / "outputs.jsonl", outputs)
    words = ("--data", data, "--panel", "none", "--out", folder / "run")
    assert unisafe("judge", file, *words).code == 0
    return folder / "run"


def changed(code: str, **values: Any) -> list[dict[str, Any]]:
    """The data set with other values in the first case of one task."""
    return [
        row | values if (row["scenario_type"], row["id"]) == (code, "c1") else row for row in ROWS
    ]


@pytest.mark.parametrize(
    ("code", "values", "field"),
    [
        ("TT", {"instruction": "Another one."}, "instruction"),
        ("TI", {"target": "A leek."}, "target"),
        ("TT", {"category": "Other"}, "category"),
        ("TT", {"subcategory": "H9"}, "subcategory"),
        ("MT", {"turns": ["a", "b", "c", "d"]}, "turns"),
        ("IE", {"input_image": "images/second.png"}, "input_image"),
    ],
)
def test_the_case_and_what_differs_are_named(
    unisafe: Command, tmp_path: Path, code: str, values: dict[str, Any], field: str
) -> None:
    run = made_on(tmp_path, unisafe, *ROWS)
    other = samples.export(tmp_path / "other", changed(code, **values))
    done = unisafe("judge", run, "--data", other, "--panel", "none", "--out", tmp_path / "again")
    assert done.code == 1
    assert "is a run on other data than local:" in done.err
    assert f"c1/{code} has another {field}. Name the data" in done.err
    assert not (tmp_path / "again").exists()


def test_a_changed_image_is_named_wherever_the_runs_data_are_asked_for(
    unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_on(tmp_path, unisafe, *ROWS)
    other = samples.export(tmp_path / "other", changed("IE", input_image="images/second.png"))
    words = ("--data", other, "--out", tmp_path / "sheet", "--per-cell", "1")
    done = unisafe("label", "export", run, *words)
    assert done.code == 1
    assert "that is here, where c1/IE has another input_image: name its cases" in done.err
    info = json.loads((run / "run.json").read_text())
    rubric = {"name": "unisafe-v1", "sha256": load_rubric("unisafe-v1").sha256}
    panel = {"name": "p", "sha256": "a" * 64, "rubric": rubric}
    (run / "run.json").write_text(json.dumps(info | {"panel": panel}))
    monkeypatch.setenv("UNISAFE_DATA", str(other))
    monkeypatch.setenv("UNISAFE_SELF_RUN", str(run))
    with pytest.raises(DataError, match=r"where c1/IE has another input_image: set UNISAFE_DATA"):
        judged_run()


def test_more_cases_are_counted(unisafe: Command, tmp_path: Path) -> None:
    run = made_on(tmp_path, unisafe, *ROWS)
    other = samples.export(tmp_path / "other", [row | {"target": "A leek."} for row in ROWS])
    done = unisafe("judge", run, "--data", other, "--panel", "none", "--out", tmp_path / "again")
    assert "c1/TI has another target, and 7 more cases differ." in done.err


def test_other_cases_of_the_data_do_not_matter(unisafe: Command, tmp_path: Path) -> None:
    """The same outputs on a larger set are judged: the cases that have one are the same."""
    run = made_on(tmp_path, unisafe, *ROWS)
    larger = samples.export(tmp_path / "larger", [*ROWS, samples.row("TT", "c3")])
    words = ("--data", larger, "--task", "TT", "--panel", "none", "--out", tmp_path / "again")
    assert unisafe("judge", run, *words).code == 0


def test_of_an_earlier_versions_run_the_data_as_a_whole_must_be_the_same(
    unisafe: Command, tmp_path: Path
) -> None:
    run = made_on(tmp_path, unisafe, *ROWS)
    (run / "inputs.jsonl").unlink()
    words = ("--panel", "none", "--out", tmp_path / "again")
    assert unisafe("judge", run, "--data", tmp_path / "data", *words).code == 0
    other = samples.export(tmp_path / "other", changed("TT", instruction="Another one."))
    done = unisafe("judge", run, "--data", other, *words)
    assert done.code == 1
    assert "is a run on other data than" in done.err


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"input": "What is a leek?"}, "instruction"),
        ({"doc": {"id": "c1", "instruction": "What is a leek?"}}, "instruction"),
        ({"doc": {"id": "c1", "category": "Other"}}, "category"),
    ],
)
def test_a_sample_of_another_question_is_refused(
    unisafe: Command, tmp_path: Path, row: dict[str, Any], field: str
) -> None:
    data = samples.export(tmp_path / "data", ROWS)
    sample = {"target": "c1/TT", "filtered_resps": ["Soup."], **row}
    file = samples.write_rows(tmp_path / "logs" / "x_samples_unisafe_t2t.jsonl", [sample])
    done = unisafe("judge", file, "--data", data, "--panel", "none", "--out", tmp_path / "out")
    assert done.code == 1
    assert f"line 1: c1/TT is another case in these data: its {field}" in done.err


def test_a_replay_of_a_run_on_other_data_is_refused(
    unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unisafe_tasks.models.predictions import Predictions

    run = made_on(tmp_path, unisafe, *ROWS)
    other = samples.export(tmp_path / "other", changed("TT", instruction="Another one."))
    monkeypatch.setenv("UNISAFE_DATA", str(other))
    with pytest.raises(SystemExit, match="c1/TT has another instruction"):
        Predictions(predictions=str(run / "predictions.jsonl"))


# --- a folder in whatever state a run left it ---


def test_a_torn_last_line_is_left_out_and_told(
    unisafe: Command, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = made_on(tmp_path, unisafe, *ROWS)
    file = run / "predictions.jsonl"
    file.write_bytes(file.read_bytes()[:-30])
    assert unisafe("score", run).code == 0
    words = ("--data", tmp_path / "data", "--panel", "none", "--out", tmp_path / "again")
    assert unisafe("judge", run, *words).code == 0
    assert f"{file}, line 8: cut off, and left out" in caplog.messages


def test_a_partial_replay_can_be_judged_again(unisafe: Command, tmp_path: Path) -> None:
    """Its rows name two models: the replayed one, and the replay for what was missing."""
    run = made_on(tmp_path, unisafe, *ROWS)
    rows = samples.rows_of_file(run / "predictions.jsonl")
    rows[-1] |= {"model": "replay", "status": "failed", "error": "no row for this case"}
    samples.write_rows(run / "predictions.jsonl", rows)
    words = ("--data", tmp_path / "data", "--panel", "none", "--out", tmp_path / "again")
    assert unisafe("judge", run, *words).code == 0
    again = samples.rows_of_file(tmp_path / "again" / "predictions.jsonl")
    assert {row["model"] for row in again} == {"m"}


def test_a_start_that_fails_leaves_nothing_behind(
    unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    out = tmp_path / "mk"
    for _ in range(2):
        done = unisafe("judge", "demo", "--panel", "single-openai", "--out", out)
        assert done.code == 1
        assert "OPENAI_API_KEY" in done.err
    assert not out.exists()
    assert unisafe("judge", "demo", "--task", "TT", "--out", out).code == 0
    kept = (out / "metrics.json").read_bytes()
    assert unisafe("judge", "demo", "--panel", "single-openai", "--out", out).code == 1
    assert (out / "metrics.json").read_bytes() == kept


def test_a_seal_is_recorded_by_its_hash_alone(unisafe: Command, tmp_path: Path) -> None:
    from unisafe_tasks import encode_output

    unisafe("judge", "demo", "--task", "TT", "--out", tmp_path / "run")
    secret = json.loads(encode_output())["seal"]
    assert all(
        secret.encode() not in path.read_bytes()
        for path in (tmp_path / "run").rglob("*")
        if path.is_file()
    )
    assert encode_json(json.loads((tmp_path / "run" / "run.json").read_text()))
