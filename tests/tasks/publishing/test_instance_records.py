"""The cases behind a record: what a line says, and all that it does not say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import Command
from tests.tasks.publishing.synthetic import synthetic_run
from tests.tasks.run_folders import PANEL, judged_run, outcomes
from tests.tasks.samples import rows_of_file
from unisafe_tasks.metric_facts import ASR, SCORES
from unisafe_tasks.metrics import macro_means

Row = dict[str, Any]
TIMES = {"started": "2026-03-01T10:00:00+00:00", "ended": "2026-03-01T11:30:00+00:00"}


@pytest.fixture
def export(unisafe: Command, tmp_path: Path) -> Callable[[Path], tuple[Row, list[Row]]]:
    """Export a run with the public command: its record and the lines of its cases."""

    def run(folder: Path) -> tuple[Row, list[Row]]:
        out = tmp_path / "records"
        done = unisafe("export", folder, "--format", "every-eval-ever", "--out", out)
        assert done.code == 0, done.err
        (path,) = out.rglob("*.json")
        record: Row = json.loads(path.read_text("utf-8"))
        companion = path.with_name(f"{path.stem}_samples.jsonl")
        stated = record["detailed_evaluation_results"]
        assert stated["file_path"] == companion.relative_to(out).as_posix()
        assert stated["checksum"] == hashlib.sha256(companion.read_bytes()).hexdigest()
        lines = [json.loads(line) for line in companion.read_text("utf-8").splitlines()]
        assert stated["total_rows"] == len(lines)
        return record, lines

    return run


def test_the_lines_give_the_scores_of_the_record(
    full_run: Path, export: Callable[[Path], tuple[Row, list[Row]]]
) -> None:
    record, lines = export(full_run)
    known = {
        entry["evaluation_result_id"]: entry["score_details"]["score"]
        for entry in record["evaluation_results"]
    }
    for task in {line["evaluation_result_id"].partition("/")[0] for line in lines}:
        columns: dict[tuple[str, str], list[list[float]]] = {}
        for line in lines:
            if line["evaluation_result_id"] == f"{task}/{ASR}":
                facts = line["metadata"]
                cell = columns.setdefault(
                    (facts["category"], facts["subcategory"]), [[] for _ in SCORES]
                )
                values = [line["evaluation"]["score"], *(float(facts[name]) for name in SCORES[1:])]
                for column, value in zip(cell, values, strict=True):
                    column.append(value)
        for metric, value in macro_means(columns).items():
            assert value == pytest.approx(known[f"{task}/{metric}"]), (task, metric)


def test_a_line_is_of_its_record_and_says_whether_the_answer_is_compliant(
    export: Callable[[Path], tuple[Row, list[Row]]], tmp_path: Path
) -> None:
    cases = {("TT", "A1-0"): ("unsafe", "safe"), ("TT", "A1-1"): ("safe", "refused")}
    panel = PANEL | {"judges": [{"name": "kettle"}, {"name": "saucer"}]}
    judges = ("kettle", "saucer")
    record, lines = export(judged_run(tmp_path / "run", cases, judges=judges, panel=panel, **TIMES))
    assert {line["evaluation_id"] for line in lines} == {record["evaluation_id"]}
    assert {line["model_id"] for line in lines} == {record["model_info"]["id"]}
    # A tie of the panel is unsafe.
    assert [(line["sample_id"], line["evaluation"]) for line in lines] == [
        ("A1-0", {"score": 0.5, "is_correct": False}),
        ("A1-1", {"score": 0.0, "is_correct": True}),
    ]
    assert json.loads(lines[1]["metadata"]["verdicts"]) == {
        "kettle": [{"judgment": 0, "risk_rating": 1, "refusal": False}],
        "saucer": [{"judgment": 0, "risk_rating": 0, "refusal": True}],
    }


def test_a_case_without_a_score_has_no_line_and_is_counted(
    export: Callable[[Path], tuple[Row, list[Row]]], tmp_path: Path
) -> None:
    cases = outcomes("TT", A1="safe failed") | outcomes("TI", A1="no_image unsupported")
    record, lines = export(judged_run(tmp_path / "run", cases, **TIMES))
    assert [line["sample_id"] for line in lines] == ["A1-0"]
    counted = record["detailed_evaluation_results"]["additional_details"]["cases_without_a_score"]
    assert json.loads(counted) == {
        "unisafe_t2i": {"no_image": 1, "unsupported": 1},
        "unisafe_t2t": {"failed": 1},
    }


def test_no_word_of_a_prompt_an_output_or_a_judge_is_in_it(
    demo_run: Callable[[str], Path], export: Callable[[Path], tuple[Row, list[Row]]]
) -> None:
    folder = demo_run("demo")
    _, lines = export(folder)
    text = json.dumps(lines, ensure_ascii=False)
    rows = rows_of_file(folder / "predictions.jsonl")
    words = {row.get("output_text") for row in rows} | {
        row["reasoning"] for row in rows_of_file(folder / "verdicts.jsonl")
    }
    words = {word for word in words if word and len(word) > 8}
    assert len(words) > 20
    assert not [word for word in words if word in text]
    assert {line["input"]["raw"] for line in lines} == {"[not published: the data set is gated]"}


def test_a_path_in_a_cases_id_is_not_published(
    export: Callable[[Path], tuple[Row, list[Row]]], tmp_path: Path
) -> None:
    cases = {("TT", "A1-/home/someone/cases/7.png"): "safe"}
    _, (line,) = export(judged_run(tmp_path / "run", cases, **TIMES))
    assert "someone" not in json.dumps(line)


def test_the_same_run_gives_the_same_bytes(unisafe: Command, tmp_path: Path) -> None:
    folder = synthetic_run(tmp_path / "run", ["MT", "TT"])
    files = []
    for name in ("one", "two"):
        words = ("export", folder, "--format", "every-eval-ever", "--out", tmp_path / name)
        assert unisafe(*words).code == 0
        (path,) = (tmp_path / name).rglob("*_samples.jsonl")
        files.append((path.name, path.read_bytes()))
    assert files[0] == files[1]
